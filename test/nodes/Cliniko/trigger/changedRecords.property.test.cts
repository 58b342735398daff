import fc from 'fast-check';

import {
	newRecordsSince,
	startFromNow,
	type Cursor,
} from '../../../../nodes/Cliniko/trigger/newRecords.ts';
import { rejection, reply } from '../connection.cts';
import {
	ClinikoList,
	forgetWhatCanBeSorted,
	MINUTE,
	SECOND,
	UPDATED,
	type Row,
} from './clinikoList.cts';

/** The worst case: the servers' clocks and the lag of lists, together less than half a minute. */
const SKEW = 5 * SECOND;
const LAG = 15 * SECOND;

/** Fewer records than steps, so that the same ones are changed again and again. */
const RECORDS = 6;
const LONGEST_PAGE = 2;

const change = fc.record({
	row: fc.nat(RECORDS - 1),
	skew: fc.constantFrom(0, 0, SECOND, SKEW, -SKEW),
	lag: fc.constantFrom(0, 0, SECOND, LAG),
});

const wait = fc.constantFrom(0, 300, SECOND, 10 * SECOND, 35 * SECOND, MINUTE, 60 * MINUTE);

const step = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), change }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: wait }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant('poll' as const),
			between: fc.array(fc.record({ page: fc.integer({ min: 1, max: 3 }), change })),
			failing: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined, freq: 4 }),
		}),
	},
);

const isChangedLater = ({ created_at: created, updated_at: updated }: Row) =>
	Math.floor(created / SECOND) !== Math.floor(updated / SECOND);

it('The last change of each record is reported, once, whatever happens between', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isUnstable) => {
			forgetWhatCanBeSorted();
			const list = new ClinikoList();
			Object.assign(list, { longestPage: LONGEST_PAGE, isUnstable });
			for (let ago = 1; ago <= RECORDS; ago++) list.add({ created_at: list.now - ago * MINUTE });
			let inMemory = await startFromNow(list.api, UPDATED);
			let inDatabase = JSON.stringify(inMemory);
			const told: string[] = [];

			const make = ({ row, skew, lag }: { row: number; skew: number; lag: number }) => {
				const one = list.rows[row]!;
				// Lists show changes in the order in which they were made.
				const shown = Math.max(list.now + lag, one.earlier.at(-1)?.until ?? 0);
				list.change(one, { at: list.now + skew, lag: shown - list.now });
			};
			const poll = async () => {
				const { records, cursor } = await newRecordsSince(list.api, UPDATED, inMemory);
				told.push(...records.map(({ id, revision }) => `${id}@${String(revision)}`));
				inMemory = cursor;
				if (records.length > 0) inDatabase = JSON.stringify(cursor);
			};
			for (const one of steps) {
				if (one.kind === 'change') make(one.change);
				if (one.kind === 'wait') list.now += one.ms;
				if (one.kind === 'restart') inMemory = JSON.parse(inDatabase) as Cursor;
				if (one.kind !== 'poll') continue;
				let isFailing = false;
				list.beforePage = (page) => {
					for (const between of one.between) if (between.page === page) make(between.change);
					if (page !== one.failing) return undefined;
					isFailing = true;
					return reply(403);
				};
				const polling = poll();
				// The page that fails may not be requested.
				await polling.catch(async () => {
					expect(isFailing).toBe(true);
					await rejection(polling);
				});
				list.beforePage = () => {};
			}
			list.now += MINUTE;
			await poll();

			const last = list.rows.filter(isChangedLater).filter(({ revision }) => revision > 0);
			expect(told).toEqual(
				expect.arrayContaining(last.map(({ id, revision }) => `${id}@${revision}`)),
			);
			expect(new Set(told).size).toBe(told.length);
			for (const { id } of list.rows) {
				const revisions = told
					.filter((one) => one.startsWith(`${id}@`))
					.map((one) => Number(one.split('@')[1]));
				expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
			}
		}),
		{ numRuns: 1000 },
	);
}, 120_000);
