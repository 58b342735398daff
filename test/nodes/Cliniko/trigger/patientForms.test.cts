import { ClinikoList, COMPLETED, forgetWhatCanBeSorted, MINUTE, SECOND } from './clinikoList.cts';
import { idsOf, sorted, Watching } from './watching.cts';

let list: ClinikoList;

beforeEach(() => {
	list = new ClinikoList();
	forgetWhatCanBeSorted();
});

describe('A patient form', () => {
	it('is reported when it is completed, once, however long ago it was made', async () => {
		const form = list.add({ created_at: list.now - 30 * 24 * 60 * MINUTE });
		const watching = await Watching.from(list, COMPLETED);
		list.now += MINUTE;
		expect(await watching.poll()).toEqual([]);
		form.completed_at = list.now;
		const before = list.requests;
		expect(await watching.poll()).toEqual([form.id]);
		expect(await watching.poll()).toEqual([]);
		list.now += 30 * MINUTE;
		expect(await watching.poll()).toEqual([]);
		expect(list.requests - before).toBe(3);
	});

	it('is not reported if it was completed before the start, or archived', async () => {
		list.add({ completed_at: list.now });
		const watching = await Watching.from(list, COMPLETED);
		list.add({ completed_at: list.now, archived: true });
		expect(await watching.poll()).toEqual([]);
	});

	it('is reported again if it gets another time of completion', async () => {
		const form = list.add();
		const watching = await Watching.from(list, COMPLETED);
		for (let time = 0; time < 2; time++) {
			list.now += SECOND;
			form.completed_at = list.now;
			expect(await watching.poll()).toEqual([form.id]);
		}
	});

	it('is reported if others were completed in the same second', async () => {
		const forms = list.addMany(3);
		const watching = await Watching.from(list, COMPLETED);
		for (const form of forms) {
			form.completed_at = list.now;
			expect(await watching.poll()).toEqual([form.id]);
		}
	});

	it('is not missed when others are archived while the list is read', async () => {
		const watching = await Watching.from(list, COMPLETED);
		const forms = list.addMany(250);
		for (const form of forms) form.completed_at = list.now;
		list.beforePage = (page) => {
			if (page === 2) for (const form of forms.slice(200)) form.archived = true;
		};
		const told = await watching.poll();
		expect(sorted(told)).toEqual(expect.arrayContaining(idsOf(forms.slice(0, 200))));
		expect(new Set(told).size).toBe(told.length);
	});
});
