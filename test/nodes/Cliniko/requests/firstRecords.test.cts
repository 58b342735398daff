import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { comparison, isInOrder, NEWEST_FIRST } from '../../../../nodes/Cliniko/records/order.ts';
import { firstRecords } from '../../../../nodes/Cliniko/requests/listRecords.ts';
import { FakeCliniko, rejection, reply } from '../connection.cts';

type Row = IDataObject & { id: string };

const BY_NAME = 'last_name:asc,first_name:asc';

/** A Cliniko with patients, which sorts in some way or not at all. */
function withPatients(rows: Row[], sorts: 'as asked' | 'nulls first' | 'ignores' | 'refuses') {
	return new FakeCliniko(({ query, path }) => {
		const sort = query.get('sort') ?? '';
		const isUsual = sort.startsWith(NEWEST_FIRST);
		if (sorts === 'refuses' && !isUsual) return reply(400, { message: 'Cannot sort' });
		const [page, perPage] = [Number(query.get('page')), Number(query.get('per_page'))];
		const sorted = [...rows];
		if (sorts === 'as asked' || sorts === 'nulls first') {
			sorted.sort(comparison(sort.replace(/,?id:\w+/, '') || NEWEST_FIRST));
		}
		if (sorts === 'nulls first') {
			sorted.sort((a, b) => Number(a.last_name !== null) - Number(b.last_name !== null));
		}
		const ofIds = query.getAll('q[]').reduce((left, filter) => {
			const [, than, id = '0'] = /^id:(<|>=)(\d+)$/.exec(filter) ?? [];
			if (!than) return left;
			return left.filter((row) => (than === '<') === BigInt(row.id) < BigInt(id));
		}, sorted);
		return {
			[path.slice(1)]: ofIds.slice((page - 1) * perPage, page * perPage),
			total_entries: ofIds.length,
			links: page * perPage < ofIds.length ? { next: 'https://elsewhere.example/' } : {},
		};
	});
}

/** Names in no order, some of them empty. */
const patients = (count: number): Row[] =>
	Array.from({ length: count }, (_, at) => ({
		id: String(at + 1),
		first_name: 'Jo',
		last_name: at % 9 === 8 ? null : `Name ${(at * 37) % count}`,
		created_at: `2026-01-01T00:00:${String(at % 60).padStart(2, '0')}Z`,
	}));

const first = async (cliniko: FakeCliniko, limit: number, sort = BY_NAME) =>
	(await firstRecords(cliniko.api, 'patients', [], { limit, sort }, { action: 'list' })).map(
		({ id }) => id,
	);

describe.each(['as asked', 'nulls first', 'ignores', 'refuses'] as const)(
	'From a Cliniko that sorts: %s',
	(sorts) => {
		it.each([
			[1, 250],
			[20, 250],
			[150, 250],
			[Infinity, 250],
			[20, 15],
			[20, 0],
		])('the first %d of %d are those that come first by name', async (limit, count) => {
			const rows = patients(count);
			const expected = [...rows].sort(comparison(BY_NAME)).slice(0, limit);
			const cliniko = withPatients(rows, sorts);
			expect(await first(cliniko, limit)).toEqual(expected.map(({ id }) => id));
		});
	},
);

it('is not misled by records that were created in that order', async () => {
	const rows = patients(300).map((row, at) => ({ ...row, last_name: `Name ${300 + at}` }));
	rows.push({ ...rows[0]!, id: '301', last_name: 'A' });
	expect(await first(withPatients(rows, 'ignores'), 2)).toEqual(['301', '1']);
});

it('costs two requests if Cliniko sorts by it', async () => {
	const cliniko = withPatients(patients(950), 'as asked');
	await first(cliniko, 5);
	expect(cliniko.sent).toHaveLength(2);
});

it('takes the newest as they come', async () => {
	const cliniko = withPatients(patients(250), 'ignores');
	expect(await first(cliniko, 3, NEWEST_FIRST)).toEqual(['1', '2', '3']);
	expect(cliniko.sent).toHaveLength(1);
});

it('passes on any other fault', async () => {
	const cliniko = new FakeCliniko(() => reply(403));
	expect((await rejection(first(cliniko, 3))).httpCode).toBe(403);
});

describe('The order', () => {
	const row = (id: string, name: unknown): Row => ({ id, filename: name as string });

	it('minds neither capitals nor accents, and takes numbers for numbers', () => {
		const rows = ['scan 10', 'Éa', 'eb', 'Scan 2', null, ''].map((name, at) =>
			row(`${at + 1}`, name),
		);
		const sorted = [...rows].sort(comparison('filename:asc')).map(({ filename }) => filename);
		expect(sorted).toEqual(['Éa', 'eb', 'Scan 2', 'scan 10', null, '']);
	});

	it('goes by time, whatever its zone, with the latest first if asked', () => {
		const at = (id: string, time: string | null) => ({ id, updated_at: time });
		const rows = [
			at('1', null),
			at('2', '2026-03-01T00:00:00Z'),
			at('3', '2026-03-01T09:00:00+10:00'),
			at('4', '2026-03-01T00:00:01Z'),
		];
		expect(rows.sort(comparison('updated_at:desc')).map(({ id }) => id)).toEqual([
			'4',
			'2',
			'3',
			'1',
		]);
	});

	it('is the same whatever the rows came in, and is recognised', () => {
		const name = fc.constantFrom('a', 'A', 'b', 'ä', '', null, 'Z 1', 'z 02');
		fc.assert(
			fc.property(fc.array(name, { minLength: 2 }), fc.integer(), (all, seed) => {
				const rows = all.map((one, at) => row(`${at + 1}`, one));
				const sorted = [...rows].sort(comparison('filename:asc'));
				const other = [...rows].sort(
					(a, b) => ((Number(a.id) * seed) % 7) - ((Number(b.id) * seed) % 7),
				);
				expect(other.sort(comparison('filename:asc'))).toEqual(sorted);
				const keys = new Set(
					sorted.map(({ filename }) =>
						String(filename ?? '')
							.normalize('NFD')
							.replace(/[^a-z0-9 ]/gi, '')
							.replace('02', '2')
							.toLowerCase(),
					),
				);
				expect(isInOrder(sorted, 'filename:asc')).toBe(keys.size > 1);
				if (keys.size > 1) expect(isInOrder([...sorted].reverse(), 'filename:asc')).toBe(false);
			}),
		);
	});
});
