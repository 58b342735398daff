import { newestRecord, type Watch } from '../../../../nodes/Cliniko/trigger/newRecords.ts';
import { rejection, reply } from '../connection.cts';
import {
	ClinikoList,
	CREATED,
	forgetWhatCanBeSorted,
	MINUTE,
	PROCESSED,
	SECOND,
} from './clinikoList.cts';
import { idsOf, sorted, Watching } from './watching.cts';

let list: ClinikoList;

beforeEach(() => {
	list = new ClinikoList();
	forgetWhatCanBeSorted();
});

describe('starting from now', () => {
	it('reports nothing that is there already', async () => {
		for (let ago = 0; ago <= 20; ago++) list.add({ created_at: list.now - ago * MINUTE });
		const watching = await Watching.from(list);
		expect(await watching.poll()).toEqual([]);
		list.now += MINUTE;
		expect(await watching.poll()).toEqual([]);
	});

	it('reports nothing that is there already, however much of it is new', async () => {
		for (let count = 0; count < 350; count++) list.add({ created_at: list.now - count * SECOND });
		const watching = await Watching.from(list);
		expect(await watching.poll()).toEqual([]);
	});

	it('reads no more of a long list than the last minutes', async () => {
		for (let ago = 0; ago < 1000; ago++) list.add({ created_at: list.now - ago * MINUTE });
		await Watching.from(list);
		expect(list.requests).toBeLessThanOrEqual(2);
	});

	it('tells the first record of an empty list', async () => {
		const watching = await Watching.from(list);
		const { id } = list.add();
		expect(await watching.poll()).toEqual([id]);
	});

	it('reports what is created in the second in which it started', async () => {
		const there = list.add();
		const watching = await Watching.from(list);
		const { id } = list.add({ created_at: there.created_at });
		expect(await watching.poll()).toEqual([id]);
	});

	it.each([-60, -1, 1, 60])(
		'goes by Cliniko’s clock when ours is %i minutes beside it',
		async (minutes) => {
			list = new ClinikoList(-minutes * MINUTE);
			list.add({ created_at: list.now - 2 * SECOND });
			const watching = await Watching.from(list);
			expect(watching.cursor.at).toBeLessThanOrEqual(list.now);
			expect(watching.cursor.at).toBeGreaterThan(list.now - 61 * MINUTE);
			list.now += SECOND;
			const { id } = list.add();
			expect(await watching.poll()).toEqual([id]);
		},
	);

	it.each([
		['one reply is dated an hour ahead', [60]],
		['each reply is dated 11 minutes ahead', Array.from({ length: 99 }, () => 11)],
	])('misses nothing if %s', async (_what, minutes) => {
		const ahead = [...minutes];
		list.skew = () => (ahead.shift() ?? 0) * MINUTE;
		const watching = await Watching.from(list);
		for (let poll = 0; poll < 15; poll++) {
			list.now += MINUTE;
			const { id } = list.add();
			expect(await watching.poll()).toEqual([id]);
		}
	});

	it('goes on with a cursor that is ahead of both clocks', async () => {
		const watching = await Watching.from(list);
		watching.cursor.at += 60 * MINUTE;
		list.now += MINUTE;
		const { id } = list.add();
		expect(await watching.poll()).toEqual([id]);
	});

	it('reports what comes after a record whose timestamp was ahead of the clock', async () => {
		list.add({ created_at: list.now + 3 * MINUTE });
		const watching = await Watching.from(list);
		list.now += SECOND;
		const { id } = list.add();
		expect(await watching.poll()).toEqual([id]);
		expect(await watching.poll()).toEqual([]);
	});

	it('knows existing records to the second when a reply has no date', async () => {
		list.tellsDate = false;
		list.now = list.cliniko.clock.time += SECOND / 2;
		list.add({ created_at: list.now - SECOND / 2 - 10 * MINUTE });
		const watching = await Watching.from(list);
		expect(await watching.poll()).toEqual([]);
	});

	it('uses our clock when a reply has no date', async () => {
		list.tellsDate = false;
		list.now = list.cliniko.clock.time += SECOND / 2;
		const watching = await Watching.from(list);
		const late = list.now - SECOND / 2 - 10 * MINUTE;
		const ids = [list.add({ created_at: late }).id, list.add().id];
		expect(await watching.poll()).toEqual(ids);
		expect(await watching.poll()).toEqual([]);
	});

	it('throws if Cliniko does not answer as it should, and has started nothing', async () => {
		list.beforePage = () => reply(401, 'HTTP Basic: Access denied.');
		const { message } = await rejection(Watching.from(list));
		expect(message).toContain('refused the API key');
	});
});

describe('new records', () => {
	it('are reported once, in one request each time when they fit on a page', async () => {
		const watching = await Watching.from(list);
		const ids = [list.add().id, list.add().id];
		const before = list.requests;
		expect(await watching.poll()).toEqual(ids);
		expect(await watching.poll()).toEqual([]);
		list.now += 30 * MINUTE;
		expect(await watching.poll()).toEqual([]);
		expect(watching.cursor).toEqual({ at: list.now, known: {} });
		expect(list.requests - before).toBe(3);
	});

	it('come in the order of their timestamps, and of their ids when these are equal', async () => {
		const watching = await Watching.from(list);
		list.now += MINUTE;
		const [nine, ten, older] = [
			list.add({ id: '99' }),
			list.add({ id: '100' }),
			list.add({ id: '101', created_at: list.now - SECOND }),
		].map(({ id }) => id);
		expect(await watching.poll()).toEqual([older, nine, ten]);
	});

	it('are reported, each once, when all timestamps are equal', async () => {
		const watching = await Watching.from(list);
		const stamp = { created_at: list.now + SECOND };
		for (let poll = 0; poll < 5; poll++) {
			const { id } = list.add(stamp);
			expect(await watching.poll()).toEqual([id]);
		}
	});

	it.each([1, 99, 100, 101, 250])('are all reported when there are %i of them', async (count) => {
		const watching = await Watching.from(list);
		const ids = Array.from({ length: count }, () => {
			list.now += SECOND / 4;
			return list.add().id;
		});
		const before = list.requests;
		expect(await watching.poll()).toEqual(ids);
		expect(list.requests - before).toBe(Math.ceil(count / 100));
		expect(await watching.poll()).toEqual([]);
		expect(list.requests - before).toBe(2 * Math.ceil(count / 100));
	});

	it('are reported once when a late record shifts the pages while they are read', async () => {
		const watching = await Watching.from(list);
		for (let count = 0; count < 150; count++) list.add();
		list.beforePage = (page) => {
			if (page === 2) list.add({ id: '1', created_at: list.now - MINUTE });
		};
		const told = await watching.poll();
		expect(new Set(told).size).toBe(told.length);
		list.beforePage = () => {};
		expect([...told, ...(await watching.poll())].sort()).toEqual(
			list.rows.map(({ id }) => id).sort(),
		);
	});

	it.each([1, 2, 3])('are all left to the next poll when page %i fails', async (failing) => {
		const watching = await Watching.from(list);
		const ids = Array.from({ length: 250 }, () => list.add().id);
		const { cursor } = watching;
		list.beforePage = (page) => (page === failing ? reply(500) : undefined);
		expect((await rejection(watching.poll())).message).toContain('look for new patients');
		expect(watching.cursor).toBe(cursor);
		list.beforePage = () => {};
		expect(await watching.poll()).toEqual(ids);
	});

	it('leave out what was reported before it was archived and brought back', async () => {
		const watching = await Watching.from(list);
		const row = list.add();
		expect(await watching.poll()).toEqual([row.id]);
		row.archived = true;
		const { id } = list.add();
		expect(await watching.poll()).toEqual([id]);
		row.archived = false;
		expect(await watching.poll()).toEqual([]);
	});

	it('skip what is not a record', async () => {
		const watching = await Watching.from(list);
		const { id } = list.add();
		list.beforePage = () => ({
			patients: [
				{ id: '12/3', created_at: '2026-03-02T09:00:01Z' },
				{ id: '13', created_at: 'soon' },
				{ id: '14' },
				{ id, created_at: '2026-03-02T09:00:01Z' },
			],
		});
		expect(await watching.poll()).toEqual([id]);
	});
});

describe('a list of several pages', () => {
	it('shows all others when a record is archived between two of them', async () => {
		const watching = await Watching.from(list);
		const rows = list.addMany(250);
		list.beforePage = (page) => {
			if (page === 2) rows[249]!.archived = true;
		};
		const told = await watching.poll();
		expect(sorted([...told, rows[249]!.id])).toEqual(
			expect.arrayContaining(sorted(idsOf(rows.slice(0, 249)))),
		);
		expect(new Set(told).size).toBe(told.length);
	});

	it('shows all others when a record is deleted between two of them', async () => {
		const watching = await Watching.from(list);
		const ids = idsOf(list.addMany(250));
		list.beforePage = (page) => {
			if (page === 2 && list.rows.length === 250) list.rows.pop();
		};
		const told = await watching.poll();
		expect(sorted(told)).toEqual(expect.arrayContaining(ids.slice(0, 249)));
		expect(new Set(told).size).toBe(told.length);
	});

	it('hides no record that is processed late while another leaves the list', async () => {
		const watching = await Watching.from(list, PROCESSED);
		// Created an hour ago, so on the second page, newest first.
		const late = list.add({ created_at: list.now - 60 * MINUTE });
		const others = Array.from({ length: 130 }, () => list.add({ processed_at: list.now }));
		expect(await watching.poll()).toHaveLength(130);
		list.rows.splice(list.rows.indexOf(others[3]!), 1);
		late.processed_at = list.now;
		expect(await watching.poll()).toEqual([late.id]);
	});

	it.each([
		['no count', () => undefined],
		['a count of none', () => 0],
		['a count that is too small', (count: number) => Math.floor(count / 2)],
		['a count that is too large', (count: number) => count + 7],
		['a count as a text', String],
	])('is reported once each with %s', async (_, total) => {
		const watching = await Watching.from(list);
		list.total = total;
		const ids = idsOf(list.addMany(250));
		expect(await watching.poll()).toEqual(ids);
		const before = list.requests;
		list.now += MINUTE;
		const { id } = list.add();
		expect(await watching.poll()).toEqual([id]);
		expect(await watching.poll()).toEqual([]);
		expect(list.requests - before).toBeLessThanOrEqual(24);
	});
});

it('a row that is older than what was requested is not reported', async () => {
	const watching = await Watching.from(list);
	list.beforePage = () => ({
		patients: [{ id: '3', created_at: '2026-03-02T08:00:00Z' }],
		total_entries: 1,
	});
	expect(await watching.poll()).toEqual([]);
});

describe('a record that shows up late', () => {
	/** A watch that has just reported a record with the current timestamp. */
	async function afterOneOf(watch: Watch): Promise<Watching> {
		const watching = await Watching.from(list, watch);
		list.now += 30 * MINUTE;
		list.add({ processed_at: list.now });
		expect(await watching.poll()).toHaveLength(1);
		return watching;
	}

	it.each([CREATED, PROCESSED])(
		'is reported up to ten minutes behind the newest that was reported ($timestamp)',
		async (watch) => {
			const watching = await afterOneOf(watch);
			const late = list.now - 10 * MINUTE;
			const { id } = list.add({ created_at: late, processed_at: late });
			list.now += 60 * MINUTE;
			expect(await watching.poll()).toEqual([id]);
			expect(await watching.poll()).toEqual([]);
		},
	);

	it.each([CREATED, PROCESSED])(
		'is not reported if it is further behind ($timestamp)',
		async (watch) => {
			const watching = await afterOneOf(watch);
			const late = list.now - 10 * MINUTE - SECOND;
			list.add({ created_at: late, processed_at: late });
			expect(await watching.poll()).toEqual([]);
		},
	);

	it('is reported up to ten minutes behind the start when nothing has been reported yet', async () => {
		const watching = await Watching.from(list);
		const start = list.now;
		list.now += 60 * MINUTE;
		const { id } = list.add({ created_at: start - 10 * MINUTE });
		list.add({ created_at: start - 10 * MINUTE - SECOND });
		expect(await watching.poll()).toEqual([id]);
	});

	it('is reported ten minutes behind one whose timestamp was ahead of the clock', async () => {
		const watching = await Watching.from(list);
		list.add({ created_at: list.now + 4 * MINUTE });
		expect(await watching.poll()).toHaveLength(1);
		const { id } = list.add({ created_at: list.now - 6 * MINUTE });
		expect(await watching.poll()).toEqual([id]);
	});
});

describe('a record whose timestamp is far ahead of the clock', () => {
	it('hides nothing that comes until then, and is reported once itself', async () => {
		const watching = await Watching.from(list);
		const ids = [list.add().id, list.add({ created_at: list.now + 60 * MINUTE }).id];
		expect(await watching.poll()).toEqual(ids);
		for (let minute = 0; minute < 120; minute++) {
			list.now += MINUTE;
			const { id } = list.add();
			expect(await watching.poll()).toEqual([id]);
		}
	});
});

describe('what the cursor keeps', () => {
	it('is no more than the last ten minutes of timestamps', async () => {
		const watching = await Watching.from(list);
		for (let minute = 0; minute < 100; minute++) {
			list.now += MINUTE;
			list.add();
			await watching.poll();
		}
		expect(Object.keys(watching.cursor.known)).toHaveLength(11);
		expect(watching.cursor.at).toBe(list.now);
	});

	it('is no name, no address and no date of birth', async () => {
		const watching = await Watching.from(list);
		list.now += SECOND;
		const { id, created_at: at } = list.add();
		await watching.poll();
		expect(watching.cursor).toEqual({ at, known: { [id]: at } });
	});
});

describe('processed records', () => {
	it('are reported when they are processed, and not before', async () => {
		const watching = await Watching.from(list, PROCESSED);
		const row = list.add();
		list.now += MINUTE;
		expect(await watching.poll()).toEqual([]);
		row.processed_at = list.now;
		expect(await watching.poll()).toEqual([row.id]);
		expect(await watching.poll()).toEqual([]);
	});

	it('are reported in the order of processing, which is not that of creation', async () => {
		const watching = await Watching.from(list, PROCESSED);
		const rows = [list.add(), list.add(), list.add()] as const;
		list.now += MINUTE;
		rows[2].processed_at = list.now - 3 * SECOND;
		rows[0].processed_at = list.now - 2 * SECOND;
		expect(await watching.poll()).toEqual([rows[2].id, rows[0].id]);
		rows[1].processed_at = list.now;
		expect(await watching.poll()).toEqual([rows[1].id]);
	});

	it('are reported however long ago they were created', async () => {
		const old = list.add({ created_at: list.now - 3 * 24 * 60 * MINUTE });
		for (let count = 0; count < 250; count++) list.add({ processed_at: list.now });
		const watching = await Watching.from(list, PROCESSED);
		list.now += MINUTE;
		old.processed_at = list.now;
		expect(await watching.poll()).toEqual([old.id]);
	});

	it('are not reported if they were processed before the start', async () => {
		for (let ago = 0; ago < 20; ago++) {
			list.add({ created_at: list.now - 40 * MINUTE, processed_at: list.now - ago * MINUTE });
		}
		const watching = await Watching.from(list, PROCESSED);
		expect(await watching.poll()).toEqual([]);
	});

	it('are not reported if they were processed before the start, however many came after', async () => {
		const waited = { created_at: list.now - 40 * MINUTE, processed_at: list.now - MINUTE };
		for (let count = 0; count < 120; count++) list.add(waited);
		for (let count = 0; count < 120; count++) list.add({ created_at: list.now - 20 * MINUTE });
		const watching = await Watching.from(list, PROCESSED);
		expect(await watching.poll()).toEqual([]);
	});

	it('are reported once when they are processed again soon afterwards', async () => {
		const watching = await Watching.from(list, PROCESSED);
		const row = list.add({ processed_at: list.now });
		expect(await watching.poll()).toEqual([row.id]);
		list.now += 5 * MINUTE;
		row.processed_at = list.now;
		expect(await watching.poll()).toEqual([]);
	});
});

describe('the newest record', () => {
	it('is requested with one request for one record', async () => {
		list.add({ created_at: list.now - MINUTE });
		const { id } = list.add();
		list.add({ created_at: list.now - 2 * MINUTE });
		expect(await newestRecord(list.api, CREATED)).toMatchObject({ id });
		expect(list.cliniko.sent[0]!.query.get('per_page')).toBe('1');
		expect(list.requests).toBe(1);
	});

	it('is a processed one if the watch is for those', async () => {
		const { id } = list.add({ processed_at: list.now, created_at: list.now - MINUTE });
		list.add();
		expect(await newestRecord(list.api, PROCESSED)).toMatchObject({ id });
	});

	it('is nothing in an empty list', async () => {
		expect(await newestRecord(list.api, CREATED)).toBeUndefined();
	});
});
