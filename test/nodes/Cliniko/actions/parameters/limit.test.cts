import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { limitOf } from '../../../../../nodes/Cliniko/actions/parameters/limit.ts';
import { NEWEST_FIRST } from '../../../../../nodes/Cliniko/records/order.ts';
import { firstRecords } from '../../../../../nodes/Cliniko/requests/listRecords.ts';
import { FakeCliniko, rejection, reply, thrownBy } from '../../connection.cts';
import { PatientList, upTo } from '../../patientList.cts';
import { randomOf } from '../../random.cts';

const PURPOSE = { action: 'list patients' };

/** A Cliniko with `count` patients, numbered from 1. */
const withPatients = (count: number) =>
	new FakeCliniko(({ query }) => {
		const [page, perPage] = [Number(query.get('page')), Number(query.get('per_page'))];
		const ids = Array.from({ length: count }, (_, at) => ({ id: String(at + 1) }));
		return {
			patients: ids.slice((page - 1) * perPage, page * perPage),
			total_entries: count,
			links: page * perPage < count ? { next: 'https://evil.example/' } : {},
		};
	});

const idsOf = (rows: IDataObject[]) => rows.map(({ id }) => Number(id));

describe('A list, newest first', () => {
	it.each([
		[1, 250, 1, ['1']],
		[50, 250, 50, ['50']],
		[99, 250, 99, ['99']],
		[100, 250, 100, ['100']],
		[101, 250, 101, ['100', '100']],
		[200, 250, 200, ['100', '100']],
		[201, 250, 201, ['100', '100', '100']],
		[Infinity, 250, 250, ['100', '100', '100']],
		[Infinity, 200, 200, ['100', '100']],
		[Infinity, 0, 0, ['100']],
		[50, 20, 20, ['50']],
	])(
		'of at most %d out of %d records gives %d, by pages of %j',
		async (limit, count, given, pages) => {
			const cliniko = withPatients(count);
			const rows = await firstRecords(
				cliniko.api,
				'patients',
				[],
				{ limit, sort: NEWEST_FIRST },
				PURPOSE,
			);
			expect(idsOf(rows)).toEqual(upTo(given));
			expect(cliniko.sent.map(({ query }) => query.get('per_page'))).toEqual(pages);
			expect(cliniko.sent.map(({ query }) => query.get('page'))).toEqual(
				pages.map((_, at) => String(at + 1)),
			);
		},
	);

	it('is requested with its filters and its order on every page', async () => {
		const cliniko = withPatients(150);
		await firstRecords(
			cliniko.api,
			'patients',
			['last_name:~a&b', 'archived_at:*'],
			{ limit: Infinity, sort: NEWEST_FIRST },
			PURPOSE,
		);
		for (const { path, filters, query } of cliniko.sent) {
			expect(path).toBe('/patients');
			expect(filters).toEqual(['last_name:~a&b', 'archived_at:*']);
			expect(query.get('sort')).toBe('created_at:desc,id:desc');
		}
		expect(cliniko.sent).toHaveLength(2);
	});

	it('has a record once that comes again because a new one has moved it to the next page', async () => {
		const page = (from: number) => upTo(100).map((at) => ({ id: String(from + at) }));
		const { api } = new FakeCliniko((_, count) =>
			count === 1
				? { patients: page(0), total_entries: 199, links: { next: 'more' } }
				: { patients: [{ id: '100' }, ...page(100)], total_entries: 200, links: {} },
		);
		const rows = await firstRecords(
			api,
			'patients',
			[],
			{ limit: Infinity, sort: NEWEST_FIRST },
			PURPOSE,
		);
		expect(idsOf(rows)).toEqual(upTo(200));
	});

	it('has as many as requested though one came twice', async () => {
		const cliniko = new FakeCliniko((_, count) => ({
			patients: [{ id: '1' }, { id: '2' }, { id: String(2 + count) }],
			links: { next: 'more' },
		}));
		const rows = await firstRecords(
			cliniko.api,
			'patients',
			[],
			{ limit: 4, sort: NEWEST_FIRST },
			PURPOSE,
		);
		expect(idsOf(rows)).toEqual([1, 2, 3, 4]);
		expect(cliniko.sent).toHaveLength(2);
	});

	it('leaves out what has no valid id', async () => {
		const { api } = new FakeCliniko(() => ({ patients: [{ id: '1/3' }, null, { id: '2' }, {}] }));
		expect(
			idsOf(await firstRecords(api, 'patients', [], { limit: 10, sort: NEWEST_FIRST }, PURPOSE)),
		).toEqual([2]);
	});

	it('is all or nothing: a later page that is refused is no end', async () => {
		const { api } = new FakeCliniko((_, count) =>
			count === 1 ? { patients: [{ id: '1' }], links: { next: 'more' } } : reply(403),
		);
		const { message } = await rejection(
			firstRecords(api, 'patients', [], { limit: 10, sort: NEWEST_FIRST }, PURPOSE),
		);
		expect(message).toMatch(/^Could not list patients: /);
	});
});

it('The limit is kept though the list has to be read in parts', async () => {
	const rows = upTo(257).map((id) => ({ id: String(id) }));
	for (const limit of [1, 50, 150, 200, 250, 256]) {
		const { cliniko } = new PatientList(rows, randomOf(limit));
		const given = await firstRecords(
			cliniko.api,
			'patients',
			[],
			{ limit, sort: NEWEST_FIRST },
			PURPOSE,
		);
		expect(new Set(idsOf(given)).size).toBe(limit);
		expect(given).toHaveLength(limit);
	}
});

describe('The limit', () => {
	const limit = (parameters: IDataObject) =>
		limitOf(
			{
				getNodeParameter: (name: string, _: number, fallback: unknown) =>
					parameters[name] ?? fallback,
			} as unknown as IExecuteFunctions,
			0,
		);

	it.each([
		[{}, 50],
		[{ limit: 1 }, 1],
		[{ limit: 101 }, 101],
		[{ limit: '7' }, 7],
		[{ limit: 7.9 }, 7],
		[{ limit: '' }, 50],
		[{ limit: null }, 50],
		[{ returnAll: true }, Infinity],
		[{ returnAll: true, limit: 3 }, Infinity],
		[{ returnAll: false, limit: 3 }, 3],
	])('of %j is %d', (parameters, most) => {
		expect(limit(parameters)).toBe(most);
	});

	it.each([0, -3, 0.5, 'many', [], [7], { a: 1 }, true, NaN])(
		'is not %j: fewer records would come than are meant, or more',
		(given) => {
			const error = thrownBy(() => limit({ limit: given as never }));
			expect(error.message).toBe('Limit is not a number above 0 for this item.');
			expect(error.description).toContain('Return All');
		},
	);
});
