import type { IDataObject } from 'n8n-workflow';

import { listRecords, type Reading } from '../../../../nodes/Cliniko/requests/listRecords.ts';
import { FakeCliniko, rejection, reply } from '../connection.cts';
import { ascending, PatientList, patients, SECOND, upTo } from '../patientList.cts';
import { randomOf } from '../random.cts';

const PURPOSE = { action: 'list patients' };

const read = async ({ cliniko }: { cliniko: FakeCliniko }, reading?: Reading) =>
	(await listRecords(cliniko.api, 'patients', [], PURPOSE, reading)).map(({ id }) => Number(id));

describe('A list without a stable order', () => {
	it('is sorted by time, and by ids when these are equal, when it was read in parts', async () => {
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
			expect(list.requests).toBe(1);
		}
	});

	it('gives as many as requested, though a page repeats what another one had', async () => {
		for (const limit of [1, 50, 100, 101, 180, 200, 256, 257, 300]) {
			const list = new PatientList(patients(257), randomOf(limit));
			const ids = await read(list, { limit });
			expect(new Set(ids).size).toBe(ids.length);
			expect(ids.length).toBeGreaterThanOrEqual(Math.min(limit, 257));
		}
	});
});

describe('A list with an unreliable count', () => {
	it.each([
		['is not there', () => undefined],
		['is null', () => null],
		['is a text', String],
		['is no number', () => 'many'],
		['is negative', () => -1],
		['is too large', (count: number) => count + 1000],
		['is far too large', () => Number.MAX_SAFE_INTEGER],
	])('is read whole when it %s', async (_, total) => {
		for (const count of [0, 1, 2, 100, 101, 257]) {
			const list = new PatientList(patients(count), randomOf(count));
			list.total = total;
			expect(ascending(await read(list))).toEqual(upTo(count));
			expect(list.requests).toBeLessThanOrEqual(2 + Math.ceil(count / 8));
		}
	});

	it('is read to its end when it is too small, in a stable order', async () => {
		const list = new PatientList(patients(257));
		list.isUnstable = false;
		list.total = () => 5;
		expect(ascending(await read(list))).toEqual(upTo(257));
		expect(list.requests).toBe(3);
	});
});

describe('A list that changes while it is read', () => {
	it('has all others when a record is archived between two pages', async () => {
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

	it('has all others when one is archived and one added between two pages', async () => {
		const list = new PatientList(patients(250));
		list.isUnstable = false;
		list.beforePage = (_, page) => {
			if (page !== 2 || list.rows[0]!.id !== '1') return;
			// Newest first.
			list.rows.splice(5, 1);
			list.rows.unshift({ id: '999', created_at: SECOND });
		};
		const ids = await read(list);
		const old = upTo(250).filter((id) => id !== 6);
		expect(ids).toEqual(expect.arrayContaining(old));
		list.rows = list.rows.filter(({ id }) => id !== '999');
	});

	it('costs one more request when records are added between its pages', async () => {
		const list = new PatientList(patients(250));
		list.isUnstable = false;
		list.beforePage = (request) => list.rows.unshift({ id: String(999 + request) });
		expect(await read(list)).toEqual(expect.arrayContaining(upTo(250)));
		expect(list.requests).toBe(4);
	});

	it('is requested with the newest first, so that what is added comes on the first page', async () => {
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
				'Could not list patients: Cliniko’s list kept changing while it was read, so it could not be read completely.',
			);
		} else {
			expect(ascending(outcome)).toEqual(upTo(count));
		}
		expect(list.requests).toBeLessThanOrEqual(80);
	});

	it('ends with the same rows on each page, when Cliniko ignores both page and filter', async () => {
		const cliniko = new FakeCliniko(() => ({
			patients: patients(100),
			total_entries: 5000,
			links: { next: 'more' },
		}));
		expect((await rejection(read({ cliniko }))).message).toContain('could not be read completely');
		expect(cliniko.sent.length).toBeLessThanOrEqual(20);
	});

	it('ends when each page has rows that were never there before', async () => {
		let id = 0;
		const cliniko = new FakeCliniko(({ filters }) => {
			if (filters.length === 0 && id >= 1000) return { patients: [], total_entries: 5000 };
			const rows = Array.from({ length: 100 }, () => ({ id: String(++id) }));
			return { patients: rows, total_entries: 5000, links: { next: 'more' } };
		});
		expect((await rejection(read({ cliniko }))).message).toContain('could not be read completely');
		expect(cliniko.sent.length).toBeLessThanOrEqual(100);
	});
});

describe('A list that is read in parts', () => {
	it('ends when the first pages have shown only a few of its records', async () => {
		for (const count of [500, 2000]) {
			const rows = patients(count);
			const list = new PatientList(rows);
			list.isUnstable = false;
			// Only the first page is returned unless ids are filtered for.
			const { api } = list.cliniko;
			const page = api.page.bind(api);
			api.page = async (...args) => {
				const given = await page(...args);
				return args[1].length > 0 ? given : { ...given, hasMore: false };
			};
			expect(ascending(await read(list))).toEqual(upTo(count));
			expect(list.requests).toBeLessThanOrEqual((count / 100) * 5);
		}
	});

	it('is not considered complete when a part of it is refused', async () => {
		const list = new PatientList(patients(257), randomOf(1));
		const cliniko = new FakeCliniko((sent, count) =>
			sent.filters.some((filter) => filter.startsWith('id:>='))
				? reply(403)
				: (list as unknown as { answer: (...of: unknown[]) => IDataObject }).answer(sent, count),
		);
		expect((await rejection(read({ cliniko }))).message).toMatch(/^Could not list patients: /);
	});
});
