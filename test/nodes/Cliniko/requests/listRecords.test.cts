import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { listRecords, type Reading } from '../../../../nodes/Cliniko/requests/listRecords.ts';
import { FakeCliniko, rejection, reply } from '../connection.cts';
import { PatientList, randomOf } from '../patientList.cts';

const PURPOSE = { action: 'list patients' };

const SECOND = '2026-03-02T09:00:00Z';

const patients = (count: number, more: IDataObject = {}): IDataObject[] =>
	Array.from({ length: count }, (_, at) => ({ id: String(at + 1), created_at: SECOND, ...more }));

const read = async ({ cliniko }: { cliniko: FakeCliniko }, reading?: Reading) =>
	(await listRecords(cliniko.api, 'patients', [], PURPOSE, reading)).map(({ id }) => Number(id));

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

const ascending = (ids: number[]) => [...ids].sort((a, b) => a - b);

/** The paths of the requests that were for the list, and not refused. */
const requests = ({ cliniko }: { cliniko: FakeCliniko }) =>
	cliniko.sent.filter(({ query }) => !query.get('sort')?.includes('id')).length;

describe('A list without a stable order', () => {
	it('of 257 records is read whole, each once, newest first', async () => {
		for (let seed = 1; seed <= 50; seed++) {
			const list = new PatientList(patients(257), randomOf(seed));
			expect(ascending(await read(list))).toEqual(upTo(257));
			expect(requests(list)).toBeLessThanOrEqual(10);
		}
	});

	it('is sorted by time, and by ids where these are equal, when it was read in parts', async () => {
		const rows = patients(150);
		rows[10]!.created_at = '2026-03-02T09:00:09Z';
		rows[90]!.created_at = '2026-03-02T08:00:09Z';
		const list = new PatientList(rows, randomOf(3));
		const ids = await read(list);
		const others = upTo(150).filter((id) => id !== 11 && id !== 91);
		expect(ids).toEqual([11, ...others.reverse(), 91]);
	});

	it('of one page costs one request', async () => {
		for (const count of [0, 1, 99, 100]) {
			const list = new PatientList(patients(count));
			expect(ascending(await read(list, { sort: 'last_name' }))).toEqual(upTo(count));
			expect(requests(list)).toBe(1);
		}
	});

	it('gives as many as asked for, though a page repeats what another one had', async () => {
		for (const limit of [1, 50, 100, 101, 180, 200, 256, 257, 300]) {
			const list = new PatientList(patients(257), randomOf(limit));
			const ids = await read(list, { limit });
			expect(new Set(ids).size).toBe(ids.length);
			expect(ids.length).toBeGreaterThanOrEqual(Math.min(limit, 257));
		}
	});
});

describe('A list whose count cannot be relied on', () => {
	it.each([
		['is not there', () => undefined],
		['is null', () => null],
		['is a text', String],
		['is no number', () => 'many'],
		['is negative', () => -1],
		['is too large', (count: number) => count + 1000],
		['is far too large', () => Number.MAX_SAFE_INTEGER],
	])('is read whole where it %s', async (_, total) => {
		for (const count of [0, 1, 2, 100, 101, 257]) {
			const list = new PatientList(patients(count), randomOf(count));
			list.total = total;
			expect(ascending(await read(list))).toEqual(upTo(count));
			expect(requests(list)).toBeLessThanOrEqual(2 + Math.ceil(count / 8));
		}
	});

	it('is read to its end where it is too small, in a stable order', async () => {
		const list = new PatientList(patients(257));
		list.isUnstable = false;
		list.total = () => 5;
		expect(ascending(await read(list))).toEqual(upTo(257));
		expect(requests(list)).toBe(3);
	});
});

describe('A list that changes while it is read', () => {
	it('has all others where a record is archived between two pages', async () => {
		for (let taken = 0; taken < 250; taken += 10) {
			const list = new PatientList(patients(250));
			list.isUnstable = false;
			list.beforePage = (_, page) => {
				if (page === 2 && list.rows.length === 250) list.rows.splice(taken, 1);
			};
			const ids = ascending(await read(list));
			expect(ids.filter((id) => id !== taken + 1)).toEqual(
				upTo(250).filter((id) => id !== taken + 1),
			);
		}
	});

	it('has all others where one is archived and one added between two pages', async () => {
		const list = new PatientList(patients(250));
		list.isUnstable = false;
		list.beforePage = (_, page) => {
			if (page !== 2 || list.rows[0]!.id !== '1') return;
			// With the newest first.
			list.rows.splice(5, 1);
			list.rows.unshift({ id: '999', created_at: SECOND });
		};
		const ids = await read(list);
		const old = upTo(250).filter((id) => id !== 6);
		expect(ids).toEqual(expect.arrayContaining(old));
		list.rows = list.rows.filter(({ id }) => id !== '999');
	});

	it('costs one more request where records are added between its pages', async () => {
		const list = new PatientList(patients(250));
		list.isUnstable = false;
		list.beforePage = (request) => list.rows.unshift({ id: String(999 + request) });
		expect(await read(list)).toEqual(expect.arrayContaining(upTo(250)));
		expect(requests(list)).toBe(4);
	});

	it('has no new record counted in place of one that is missing', async () => {
		for (let seed = 1; seed <= 200; seed++) {
			const list = new PatientList(patients(102), randomOf(seed));
			list.beforePage = (_, page) => {
				if (page === 2 && list.rows.length === 102) {
					list.rows.push(...patients(3).map((row, at) => ({ ...row, id: String(900 + at) })));
				}
			};
			expect(await read(list)).toEqual(expect.arrayContaining(upTo(102)));
		}
	});

	it('is asked for with the newest first, so that what is added comes on the first page', async () => {
		const list = new PatientList(patients(3));
		await read(list);
		expect(list.cliniko.sent.at(-1)!.query.get('sort')).toMatch(/^created_at:desc/);
	});
});

describe('A list that never ends', () => {
	it.each([
		['that the first page has all of', 3, (count: number) => count],
		['of which the count is too large', 3, () => 1000],
		['of which the count is far too large', 3, () => Number.MAX_SAFE_INTEGER],
		['of which there is no count', 3, () => undefined],
		['with no rows', 0, (count: number) => count],
		['with full pages', 250, (count: number) => count],
		['with full pages and no count', 250, () => undefined],
	])('ends, with all records or a message: one %s', async (_, count, total) => {
		const list = new PatientList(patients(count), randomOf(5));
		Object.assign(list, { isUnstable: count > 3, hasNext: () => true, total });
		const outcome = await read(list).catch(({ message }: Error) => message);
		if (typeof outcome === 'string') {
			expect(outcome).toBe(
				'Could not list patients: Cliniko’s list changes while it is read, so it cannot be read whole.',
			);
		} else {
			expect(ascending(outcome)).toEqual(upTo(count));
		}
		expect(requests(list)).toBeLessThanOrEqual(80);
	});

	it('ends with the same rows on each page, where Cliniko heeds neither page nor filter', async () => {
		const cliniko = new FakeCliniko(() => ({
			patients: patients(100),
			total_entries: 5000,
			links: { next: 'more' },
		}));
		expect((await rejection(read({ cliniko }))).message).toContain('cannot be read whole');
		expect(cliniko.sent.length).toBeLessThanOrEqual(20);
	});

	it('ends where each page has rows that were never there before', async () => {
		let id = 0;
		const cliniko = new FakeCliniko(({ filters }) => {
			if (filters.length === 0 && id >= 1000) return { patients: [], total_entries: 5000 };
			const rows = Array.from({ length: 100 }, () => ({ id: String(++id) }));
			return { patients: rows, total_entries: 5000, links: { next: 'more' } };
		});
		expect((await rejection(read({ cliniko }))).message).toContain('cannot be read whole');
		expect(cliniko.sent.length).toBeLessThanOrEqual(100);
	});
});

describe('A list that is read in parts', () => {
	const LARGEST = 2n ** 63n - 1n;

	/** Ids that lie close together, far apart, or both. */
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
					worst = Math.max(worst, requests(list) - 6 * pages);
				},
			),
			{ numRuns: 150 },
		);
		// Six requests a page at most, and a few for a list that hardly needs a second page.
		expect(worst).toBeLessThanOrEqual(3);
	}, 120_000);

	it('ends where the first pages have shown only a few of its records', async () => {
		for (const count of [500, 2000]) {
			const rows = patients(count);
			const list = new PatientList(rows);
			list.isUnstable = false;
			// Nothing more than the first page is given where no ids are asked for.
			const { api } = list.cliniko;
			const page = api.page.bind(api);
			api.page = async (...args) => {
				const given = await page(...args);
				return args[1].length > 0 ? given : { ...given, hasMore: false };
			};
			expect(ascending(await read(list))).toEqual(upTo(count));
			expect(requests(list)).toBeLessThanOrEqual((count / 100) * 5);
		}
	});

	it('is not taken for whole where a part of it is refused', async () => {
		const list = new PatientList(patients(257), randomOf(1));
		const cliniko = new FakeCliniko((sent, count) =>
			sent.filters.some((filter) => filter.startsWith('id:>='))
				? reply(403)
				: (list as unknown as { answer: (...of: unknown[]) => IDataObject }).answer(sent, count),
		);
		expect((await rejection(read({ cliniko }))).message).toMatch(/^Could not list patients: /);
	});
});
