import { newestRecord } from '../../../../nodes/Cliniko/trigger/newRecords.ts';
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

describe.each([false, true])(
	'Appointments with one practitioner, filters ignored: %s',
	(ignored) => {
		const ALL = ['created_at', 'updated_at', 'cancelled_at'] as const;

		beforeEach(() => (list.ignoresPractitioner = ignored));

		/** Something that each of the events reports. */
		const happen = (more: Partial<Row> = {}) => {
			const row = list.add({ created_at: list.now - SECOND, ...more });
			list.change(row);
			return row;
		};

		it.each(ALL)(
			'are reported, those with others are not, in one request: %s',
			async (timestamp) => {
				const watching = await Watching.from(list, appointments(timestamp, '21'));
				const isCancelled = timestamp === 'cancelled_at' && { cancelled_at: list.now };
				const { id } = happen({ ...isCancelled });
				happen({ ...isCancelled, practitioner: '22' });
				list.now += MINUTE;
				const before = list.requests;
				expect(await watching.poll()).toEqual([id]);
				expect(await watching.poll()).toEqual([]);
				expect(list.requests - before).toBe(2);
			},
		);

		it('are all reported of more than a hundred, in a list without an order', async () => {
			list.isUnstable = true;
			const watching = await Watching.from(list, appointments('created_at', '22'));
			list.addMany(150);
			const wanted = list.addMany(150);
			for (const row of wanted) row.practitioner = '22';
			expect(sorted(await watching.poll())).toEqual(sorted(idsOf(wanted)));
			expect(await watching.poll()).toEqual([]);
		});

		it('are reported as changed when they come from another one, and not when they leave', async () => {
			const [come, leave] = [happen({ practitioner: '22' }), happen()];
			list.now += MINUTE;
			const watching = await Watching.from(list, appointments('updated_at', '21'));
			list.now += MINUTE;
			expect(await watching.poll()).toEqual([]);
			for (const [row, practitioner] of [
				[come, '21'],
				[leave, '22'],
			] as const) {
				list.change(row);
				row.practitioner = practitioner;
			}
			list.now += MINUTE;
			expect(await watching.poll()).toEqual([come.id]);
			expect(await watching.poll()).toEqual([]);
		});

		it('that come from another one are new for ten minutes after they were booked', async () => {
			const watching = await Watching.from(list, appointments('created_at', '21'));
			list.now += MINUTE;
			const rows = [list.add({ practitioner: '22' }), list.add({ practitioner: '22' })];
			expect(await watching.poll()).toEqual([]);
			list.now += MINUTE;
			rows[0]!.practitioner = '21';
			expect(await watching.poll()).toEqual([rows[0]!.id]);
			expect(await watching.poll()).toEqual([]);
			list.now += 20 * MINUTE;
			await watching.poll();
			rows[1]!.practitioner = '21';
			expect(await watching.poll()).toEqual([]);
		});

		it('that were booked before the start are not new when they come from another one', async () => {
			const row = list.add({ practitioner: '22' });
			const watching = await Watching.from(list, appointments('created_at', '21'));
			list.now += MINUTE;
			row.practitioner = '21';
			expect(await watching.poll()).toEqual([]);
		});

		it('are reported as cancelled only if they are with that one then', async () => {
			const rows = list.addMany(3);
			const watching = await Watching.from(list, appointments('cancelled_at', '21'));
			list.now += MINUTE;
			rows[1]!.practitioner = '22';
			for (const row of rows.slice(0, 2)) cancel(row);
			expect(await watching.poll()).toEqual([rows[0]!.id]);
		});

		it('have an example that is one of them, or none', async () => {
			const example = async (practitioner: string) =>
				(await newestRecord(list.api, appointments('created_at', practitioner)))?.id;
			const { id } = list.add({ practitioner: '22' });
			list.now += SECOND;
			list.add();
			expect(await example('22')).toBe(id);
			expect(await example('23')).toBeUndefined();
		});
	},
);
