import { ClinikoList, forgetWhatCanBeSorted, MINUTE, SECOND } from './clinikoList.cts';
import { idsOf, sorted, Watching } from './watching.cts';

let list: ClinikoList;

beforeEach(() => {
	list = new ClinikoList();
	forgetWhatCanBeSorted();
});

describe('a burst of 3000 records', () => {
	it('is reported once, and costs one request a poll once it is over', async () => {
		const watching = await Watching.from(list);
		const ids = Array.from({ length: 3000 }, () => {
			list.now += SECOND / 20;
			return list.add().id;
		});
		let before = list.requests;
		expect(await watching.poll()).toEqual(ids);
		expect(list.requests - before).toBe(30);
		for (let minute = 1; minute <= 20; minute++) {
			list.now += MINUTE;
			before = list.requests;
			expect(await watching.poll()).toEqual([]);
			// The whole burst is read while it is in the overlap.
			expect(list.requests - before).toBeLessThanOrEqual(minute <= 12 ? 30 : 1);
		}
		const { id } = list.add();
		before = list.requests;
		expect(await watching.poll()).toEqual([id]);
		expect(list.requests - before).toBe(1);
	});

	it('hides no record that comes while it is in the overlap, and is not reported again', async () => {
		const watching = await Watching.from(list);
		const ids = idsOf(list.addMany(3000));
		expect(await watching.poll()).toEqual(ids);
		for (let minute = 1; minute <= 12; minute++) {
			list.now += MINUTE;
			const [early, late] = [list.add({ created_at: list.now - 3 * MINUTE }), list.add()];
			expect(await watching.poll()).toEqual([early.id, late.id]);
			expect(await watching.poll()).toEqual([]);
		}
	});

	it('is reported once when one poll comes every hour', async () => {
		const watching = await Watching.from(list);
		list.isUnstable = true;
		list.sortsById = false;
		list.now += 60 * MINUTE;
		const ids = idsOf(list.addMany(3000));
		expect(sorted(await watching.poll())).toEqual(ids);
		list.now += 60 * MINUTE;
		expect(await watching.poll()).toEqual([]);
	});
});
