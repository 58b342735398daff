import { ClinikoList, forgetWhatCanBeSorted, MINUTE, SECOND, UPDATED } from './clinikoList.cts';
import { Watching } from './watching.cts';

let list: ClinikoList;

beforeEach(() => {
	list = new ClinikoList();
	forgetWhatCanBeSorted();
});

/** A watch on one record that was created long before. */
async function watchOne() {
	const row = list.add({ created_at: list.now - 60 * MINUTE });
	return { row, watching: await Watching.from(list, UPDATED) };
}

describe('A changed record', () => {
	it('is reported once, in one request, when nothing has changed for half a minute', async () => {
		const { row, watching } = await watchOne();
		list.now += MINUTE;
		list.change(row);
		const before = list.requests;
		expect(await watching.pollForRevisions()).toEqual([]);
		list.now += 29 * SECOND;
		expect(await watching.pollForRevisions()).toEqual([]);
		list.now += SECOND;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@1`]);
		expect(await watching.pollForRevisions()).toEqual([]);
		list.now += 30 * MINUTE;
		expect(await watching.pollForRevisions()).toEqual([]);
		expect(list.requests - before).toBe(5);
		expect(watching.cursor.known).toEqual({});
	});

	it('is reported once, in its latest state, for all changes between two polls', async () => {
		const { row, watching } = await watchOne();
		for (let change = 1; change <= 3; change++) {
			list.now += MINUTE;
			list.change(row);
		}
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@3`]);
		expect(await watching.pollForRevisions()).toEqual([]);
	});

	it('is reported again for each later change', async () => {
		const { row, watching } = await watchOne();
		for (let change = 1; change <= 3; change++) {
			list.change(row);
			list.now += MINUTE;
			expect(await watching.pollForRevisions()).toEqual([`${row.id}@${change}`]);
		}
	});

	it('is not missed if it is changed again in the same second, after a poll', async () => {
		const { row, watching } = await watchOne();
		list.change(row);
		expect(await watching.pollForRevisions()).toEqual([]);
		list.now += SECOND / 2;
		list.change(row);
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@2`]);
	});

	it('is not missed if it is changed in the second of the start', async () => {
		const { row } = await watchOne();
		list.change(row);
		const watching = await Watching.from(list, UPDATED);
		list.now += SECOND / 2;
		list.change(row);
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@2`]);
	});

	it('is not reported if it was changed before the start', async () => {
		const { row } = await watchOne();
		list.change(row);
		list.now += 30 * SECOND;
		const watching = await Watching.from(list, UPDATED);
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([]);
	});

	it('is not missed if the server of the later change has a clock that is behind', async () => {
		const { row, watching } = await watchOne();
		list.now += MINUTE;
		list.change(row, { at: list.now + 3 * SECOND });
		await watching.poll();
		list.now += 2 * SECOND;
		list.change(row, { at: list.now - 3 * SECOND });
		list.now += 40 * SECOND;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@2`]);
		expect(await watching.pollForRevisions()).toEqual([]);
	});

	it('is reported if lists show the change minutes later', async () => {
		const { row, watching } = await watchOne();
		list.change(row, { lag: 9 * MINUTE });
		for (let minute = 0; minute < 8; minute++) {
			list.now += MINUTE;
			expect(await watching.pollForRevisions()).toEqual([]);
		}
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@1`]);
	});

	it('is not reported in an earlier state after a later one', async () => {
		const { row, watching } = await watchOne();
		list.change(row);
		list.now += MINUTE;
		list.change(row);
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@2`]);
		// A replica that is behind answers.
		row.earlier[1]!.until = list.now + 1;
		expect(await watching.pollForRevisions()).toEqual([]);
		list.now += SECOND;
		expect(await watching.pollForRevisions()).toEqual([]);
	});

	it('is all the same reported whatever page it moves to while the list is read', async () => {
		const rows = Array.from({ length: 250 }, () =>
			list.add({ created_at: list.now - 60 * MINUTE }),
		);
		const watching = await Watching.from(list, UPDATED);
		for (const row of rows) list.change(row);
		list.now += MINUTE;
		list.beforePage = (page) => {
			if (page === 2) list.change(rows[249]!);
			if (page === 3) list.change(rows[0]!);
		};
		const told = await watching.pollForRevisions();
		list.beforePage = () => {};
		list.now += MINUTE;
		told.push(...(await watching.pollForRevisions()));
		expect(new Set(told).size).toBe(told.length);
		expect(told).toEqual(
			expect.arrayContaining(rows.map(({ id, revision }) => `${id}@${revision}`)),
		);
	});
});

describe('A new record', () => {
	it('is not reported as changed', async () => {
		const watching = await Watching.from(list, UPDATED);
		list.add();
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([]);
	});

	it('is reported if it was changed after that second', async () => {
		const watching = await Watching.from(list, UPDATED);
		const row = list.add();
		list.now += SECOND;
		list.change(row);
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@1`]);
	});
});

describe('An archived record', () => {
	it('is not reported, and its last change is when it is brought back', async () => {
		const { row, watching } = await watchOne();
		list.change(row);
		row.archived = true;
		list.now += MINUTE;
		expect(await watching.pollForRevisions()).toEqual([]);
		row.archived = false;
		expect(await watching.pollForRevisions()).toEqual([`${row.id}@1`]);
	});
});
