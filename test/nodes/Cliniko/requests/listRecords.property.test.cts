import fc from 'fast-check';

import { listRecords } from '../../../../nodes/Cliniko/requests/listRecords.ts';
import { ascending, PatientList, patients, SECOND, upTo } from '../patientList.cts';
import { randomOf } from '../random.cts';

const PURPOSE = { action: 'list patients' };

const read = async ({ cliniko }: PatientList) =>
	(await listRecords(cliniko.api, 'patients', [], PURPOSE)).map(({ id }) => Number(id));

describe('A list without a stable order', () => {
	it('of 257 records is read whole, each once, newest first', async () => {
		for (let seed = 1; seed <= 50; seed++) {
			const list = new PatientList(patients(257), randomOf(seed));
			expect(ascending(await read(list))).toEqual(upTo(257));
			expect(list.requests).toBeLessThanOrEqual(10);
		}
	});
});

describe('A list that changes while it is read', () => {
	it('never counts a new record in place of a missing one', async () => {
		for (let seed = 1; seed <= 200; seed++) {
			const list = new PatientList(patients(102), randomOf(seed));
			list.beforePage = (_, page) => {
				if (page === 2 && list.rows.length === 102) {
					list.rows.push(...patients(3).map((row, at) => ({ ...row, id: String(900 + at) })));
				}
			};
			const ids = new Set(await read(list));
			expect(upTo(102).filter((id) => !ids.has(id))).toEqual([]);
		}
	});
});

describe('A list that is read in parts', () => {
	const LARGEST = 2n ** 63n - 1n;

	/** Dense ids, sparse ids, or both. */
	const ids = fc
		.array(
			fc.record({
				from: fc.oneof(
					fc.bigInt({ min: 0n, max: 2000n }),
					fc.bigInt({ min: 0n, max: LARGEST - 1000n }),
					fc.constant(LARGEST - 400n),
				),
				count: fc.integer({ min: 1, max: 400 }),
				step: fc.constantFrom(1n, 1n, 7n, 10n ** 14n),
			}),
			{ minLength: 1, maxLength: 5 },
		)
		.map((runs) => [
			...new Set(
				runs
					.flatMap(({ from, count, step }) =>
						Array.from({ length: count }, (_, at) => from + BigInt(at) * step),
					)
					.filter((id) => id <= LARGEST),
			),
		]);

	it('ends with all of it for all sets of ids, in any order', async () => {
		let worst = 0;
		await fc.assert(
			fc.asyncProperty(
				ids,
				fc.integer(),
				fc.constantFrom(undefined, 1, 2),
				fc.boolean(),
				async (set, seed, factor, isUnstable) => {
					const rows = set.map((id) => ({ id: String(id), created_at: SECOND }));
					const list = new PatientList(rows, randomOf(seed));
					list.isUnstable = isUnstable;
					list.total = (count) => factor && count * factor;
					const got = await listRecords(list.cliniko.api, 'patients', [], PURPOSE);
					expect(got.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
					const pages = Math.ceil(set.length / 100);
					worst = Math.max(worst, list.requests - 6 * pages);
				},
			),
			{ numRuns: 150 },
		);
		// At most six requests a page, and a few more for a list of little more than one page.
		expect(worst).toBeLessThanOrEqual(3);
	}, 120_000);
});
