import {
	appointments,
	ClinikoList,
	forgetWhatCanBeSorted,
	MINUTE,
	SECOND,
	type Row,
} from './clinikoList.cts';
import { idsOf, sorted, Watching } from './watching.cts';

let list: ClinikoList;

beforeEach(() => {
	list = new ClinikoList();
	forgetWhatCanBeSorted();
});

/** Cancels an appointment, which changes it. */
function cancel(row: Row): void {
	list.change(row);
	row.cancelled_at = list.now;
}

describe('A new appointment', () => {
	it('is reported once, whatever happens to it afterwards', async () => {
		const watching = await Watching.from(list, appointments('created_at'));
		const row = list.add();
		expect(await watching.poll()).toEqual([row.id]);
		cancel(row);
		expect(await watching.poll()).toEqual([]);
		row.cancelled_at = null;
		expect(await watching.poll()).toEqual([]);
	});

	it.each<Partial<Row>>([{ cancelled_at: 1 }, { archived: true }, { deleted: true }])(
		'is not reported if nobody expects the patient any more: %j',
		async (more) => {
			const watching = await Watching.from(list, appointments('created_at'));
			list.add(more);
			expect(await watching.poll()).toEqual([]);
		},
	);

	it('is not missed when others are cancelled while the pages are read', async () => {
		const watching = await Watching.from(list, appointments('created_at'));
		const rows = list.addMany(250);
		list.beforePage = (page) => {
			if (page === 2) rows.slice(200).forEach(cancel);
		};
		const told = await watching.poll();
		expect(told).toEqual(expect.arrayContaining(idsOf(rows.slice(0, 200))));
		expect(new Set(told).size).toBe(told.length);
	});
});

describe('A changed appointment', () => {
	it('is reported when it was cancelled, and not when it was removed', async () => {
		const rows = list.addMany(3);
		for (const row of rows) row.created_at -= 60 * MINUTE;
		const watching = await Watching.from(list, appointments('updated_at'));
		list.now += MINUTE;
		for (const row of rows) cancel(row);
		rows[1]!.deleted = true;
		rows[2]!.archived = true;
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${rows[0]!.id}@1`]);
		expect(await watching.pollForRevisions()).toEqual([]);
	});
});

describe('A cancelled appointment', () => {
	it('is reported at once, once, in one request', async () => {
		const old = list.add({ created_at: list.now - 60 * MINUTE });
		cancel(list.add());
		const watching = await Watching.from(list, appointments('cancelled_at'));
		list.now += SECOND;
		cancel(old);
		const before = list.requests;
		expect(await watching.poll()).toEqual([old.id]);
		list.change(old);
		expect(await watching.poll()).toEqual([]);
		list.now += 30 * MINUTE;
		expect(await watching.poll()).toEqual([]);
		expect(list.requests - before).toBe(3);
	});

	it.each(['archived', 'deleted'] as const)('is reported although it is %s', async (removed) => {
		const row = list.add();
		const watching = await Watching.from(list, appointments('cancelled_at'));
		cancel(row);
		row[removed] = true;
		expect(await watching.poll()).toEqual([row.id]);
		expect(await watching.poll()).toEqual([]);
	});

	it('is reported again when it is cancelled again', async () => {
		const row = list.add();
		const watching = await Watching.from(list, appointments('cancelled_at'));
		for (let time = 0; time < 3; time++) {
			list.now += MINUTE;
			cancel(row);
			expect(await watching.poll()).toEqual([row.id]);
			row.cancelled_at = null;
			expect(await watching.poll()).toEqual([]);
		}
	});

	it('is reported up to ten minutes late', async () => {
		const row = list.add();
		const watching = await Watching.from(list, appointments('cancelled_at'));
		list.now += 30 * MINUTE;
		await watching.poll();
		row.cancelled_at = list.now - 10 * MINUTE;
		list.now += 60 * MINUTE;
		expect(await watching.poll()).toEqual([row.id]);
	});

	it('is not missed when others leave the list while it is read', async () => {
		const rows = list.addMany(250);
		const watching = await Watching.from(list, appointments('cancelled_at'));
		list.now += SECOND;
		rows.forEach(cancel);
		list.beforePage = (page) => {
			if (page === 2) for (const row of rows.slice(200)) row.cancelled_at = null;
		};
		const told = await watching.poll();
		expect(sorted(told)).toEqual(expect.arrayContaining(idsOf(rows.slice(0, 200))));
		expect(new Set(told).size).toBe(told.length);
	});
});
