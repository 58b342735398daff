import fc from 'fast-check';

import {
	newRecordsSince,
	startFromNow,
	type Cursor,
	type Watch,
} from '../../../../nodes/Cliniko/trigger/newRecords.ts';
import { reply } from '../connection.cts';
import { randomOf } from '../random.cts';
import {
	ClinikoList,
	CREATED,
	forgetWhatCanBeSorted,
	MINUTE,
	PROCESSED,
	SECOND,
} from './clinikoList.cts';
import { idsOf, sorted, Watching } from './watching.cts';

/**
 * The worst case: timestamps ahead of Cliniko's clock or behind it, records that show up late, and slow
 * polls. Together exactly the overlap of ten minutes.
 */
const AHEAD = 2 * MINUTE;
const BEHIND = 4 * MINUTE;
const LATE = 2 * MINUTE;
const POLL = 2 * MINUTE;

/** Short pages, so that a lot happens between them. */
const LONGEST_PAGE = 4;
const MOST_ROWS = 60;

/** The most that happens while one poll reads its pages. */
const MOST_HAPPENINGS = 3;

/** Records created at the same time. */
interface Making {
	/** For each, how far its watched timestamp is off the clock, in ms. */
	beside: number[];
	/** How long after that lists show it, in ms. */
	late: number;
	/** How long processing takes, in ms. */
	processing: number;
}

type Step =
	| { kind: 'make'; making: Making }
	| { kind: 'wait'; ms: number }
	| { kind: 'restart' }
	| { kind: 'archive'; row: number }
	| {
			kind: 'poll';
			/** What is created or archived before this page, and how long that takes. */
			between: Array<{ page: number; wait: number; making?: Making; archived?: number }>;
			/** The page that fails, if any, and how. */
			failing?: { page: number; status: number };
	  };

/** Often the same few times, so that timestamps are equal, and the bounds. */
const upTo = (most: number) =>
	fc.oneof(
		fc.constantFrom(0, 0, SECOND, most),
		fc.integer({ min: 0, max: Math.floor(most / SECOND) }).map((seconds) => seconds * SECOND),
		fc.integer({ min: 0, max: most }),
	);

const making: fc.Arbitrary<Making> = fc.record({
	beside: fc.array(
		fc.oneof(
			fc.constant(0),
			upTo(AHEAD),
			upTo(BEHIND).map((ms) => -ms),
		),
		{ minLength: 1, maxLength: 6 },
	),
	late: upTo(LATE),
	processing: fc.oneof(upTo(MINUTE), upTo(3 * 60 * MINUTE)),
});

const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('make' as const), making }) },
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('wait' as const),
			ms: fc.oneof(upTo(5 * SECOND), upTo(5 * MINUTE), upTo(60 * MINUTE)),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
	{
		weight: 1,
		arbitrary: fc.record({ kind: fc.constant('archive' as const), row: fc.nat(MOST_ROWS) }),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant('poll' as const),
			between: fc.array(
				fc.record(
					{
						page: fc.integer({ min: 1, max: 5 }),
						wait: upTo(POLL / MOST_HAPPENINGS),
						making,
						archived: fc.nat(MOST_ROWS),
					},
					{ requiredKeys: ['page', 'wait'] },
				),
				{ maxLength: MOST_HAPPENINGS },
			),
			failing: fc.option(
				fc.record({
					page: fc.integer({ min: 1, max: 4 }),
					status: fc.constantFrom(401, 403, 500),
				}),
				{ nil: undefined, freq: 3 },
			),
		}),
	},
);

/** See `ClinikoList`. */
type Order = Pick<ClinikoList, 'isUnstable' | 'sortsById'>;

const order: fc.Arbitrary<Order> = fc.record({ isUnstable: fc.boolean(), sortsById: fc.boolean() });

/** A list, a watch on it, and n8n, which saves the cursor of each poll with new records. */
class World {
	readonly list = new ClinikoList();

	/** The ids of the reported records, in order. */
	readonly told: string[] = [];

	private inMemory!: Cursor;

	private inDatabase!: string;

	constructor(
		private readonly watch: Watch,
		order: Order,
	) {
		Object.assign(this.list, order, { longestPage: LONGEST_PAGE });
		forgetWhatCanBeSorted();
	}

	async start(between: Array<Extract<Step, { kind: 'poll' }>['between'][number]>): Promise<void> {
		this.happenBetween(between);
		this.save(await startFromNow(this.list.api, this.watch));
	}

	make({ beside, late, processing }: Making): void {
		const { now } = this.list;
		for (const one of beside) {
			if (this.list.rows.length === MOST_ROWS) return;
			const done = now + processing;
			this.list.add(
				this.watch === CREATED
					? { created_at: now + one, shown: now + late }
					: { processed_at: done + one, processed_shown: done + late },
			);
		}
	}

	archive(row: number): void {
		const { rows } = this.list;
		if (rows.length > 0) rows[row % rows.length]!.archived = true;
	}

	async do(one: Step): Promise<void> {
		if (one.kind === 'archive') this.archive(one.row);
		if (one.kind === 'make') this.make(one.making);
		if (one.kind === 'wait') this.list.now += one.ms;
		if (one.kind === 'restart') this.inMemory = JSON.parse(this.inDatabase) as Cursor;
		if (one.kind === 'poll') {
			this.happenBetween(one.between, one.failing);
			// Only a poll with a failing page may throw.
			await this.poll().catch((error: unknown) => {
				if (!one.failing) throw error;
			});
		}
	}

	async poll(): Promise<void> {
		const { records, cursor } = await newRecordsSince(this.list.api, this.watch, this.inMemory);
		this.told.push(...records.map(({ id }) => id));
		// As in the trigger: n8n saves the cursor only with new records.
		if (records.length > 0) this.save(cursor);
	}

	/** Sorted, without archived records: these may have been reported before, or not. */
	withoutArchived(ids: string[]): string[] {
		const archived = this.list.rows.filter((row) => row.archived).map(({ id }) => id);
		return ids.filter((id) => !archived.includes(id)).sort();
	}

	private save(cursor: Cursor): void {
		this.inMemory = cursor;
		this.inDatabase = JSON.stringify(cursor);
	}

	private happenBetween(
		between: Extract<Step, { kind: 'poll' }>['between'],
		failing?: { page: number; status: number },
	): void {
		this.list.beforePage = (page) => {
			for (const one of between.filter((happening) => happening.page === page)) {
				this.list.now += one.wait;
				if (one.making) this.make(one.making);
				if (one.archived !== undefined) this.archive(one.archived);
			}
			return failing?.page === page ? reply(failing.status) : undefined;
		};
	}

	/** Waits until every record shows up, and polls. */
	async end(): Promise<void> {
		this.list.beforePage = () => {};
		this.list.now += LATE;
		await this.poll();
	}
}

describe('records that are made at any time, with polls, failing polls and restarts between', () => {
	it('are reported once each, and what was there at the start is not reported', async () => {
		const between = fc.array(
			fc.record({ page: fc.integer({ min: 1, max: 4 }), wait: upTo(5000) }),
			{
				maxLength: 2,
			},
		);
		await fc.assert(
			fc.asyncProperty(
				fc.array(making, { maxLength: 8 }),
				fc.array(upTo(10 * MINUTE), { maxLength: 8 }),
				between,
				fc.array(step, { maxLength: 25 }),
				order,
				async (earlier, waits, duringStart, steps, ordered) => {
					const world = new World(CREATED, ordered);
					earlier.forEach((one, index) => {
						world.make(one);
						world.list.now += waits[index] ?? 0;
					});
					const { list } = world;
					const there = list.rows.filter(({ shown }) => shown <= list.now).map(({ id }) => id);
					const startedAt = list.now;
					await world.start(duringStart);
					const duringIt = list.rows
						.filter(({ shown }) => shown > startedAt && shown <= list.now)
						.map(({ id }) => id);
					for (const one of steps) await world.do(one);
					await world.end();

					// Records that show up during activation may count as old or new.
					const expected = list.rows
						.map(({ id }) => id)
						.filter((id) => !there.includes(id) && !duringIt.includes(id));
					const told = world.told.filter((id) => !duringIt.includes(id));
					expect(world.withoutArchived(told)).toEqual(world.withoutArchived(expected));
					expect(there.filter((id) => told.includes(id))).toEqual([]);
					expect(new Set(world.told).size).toBe(world.told.length);
				},
			),
			{ numRuns: 1000 },
		);
	}, 120_000);
});

describe('records that are processed in another order than they were created in', () => {
	it('are reported once each when they are processed, and not if they were before the start', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.tuple(upTo(60 * MINUTE), upTo(60 * MINUTE)), { maxLength: 12 }),
				fc.array(step, { maxLength: 25 }),
				order,
				async (earlier, steps, ordered) => {
					const world = new World(PROCESSED, ordered);
					const { list } = world;
					for (const [ago, processing] of earlier) {
						const created = list.now - ago;
						const done = created + processing;
						list.add({ created_at: created, processed_at: done, processed_shown: done });
					}
					const before = list.rows.filter((row) => row.processed_shown <= list.now);
					await world.start([]);
					for (const one of steps) await world.do(one);
					list.now += 3 * 60 * MINUTE;
					await world.end();

					const expected = list.rows.filter((row) => !before.includes(row)).map(({ id }) => id);
					expect(world.withoutArchived(world.told)).toEqual(world.withoutArchived(expected));
					expect(new Set(world.told).size).toBe(world.told.length);
				},
			),
			{ numRuns: 1000 },
		);
	}, 120_000);
});

describe('a list of several pages', () => {
	it('is reported once each in any order, whether or not Cliniko can sort by id', async () => {
		for (let seed = 1; seed <= 50; seed++) {
			forgetWhatCanBeSorted();
			const list = new ClinikoList();
			list.isUnstable = true;
			list.sortsById = seed % 2 === 0;
			list.random = randomOf(seed);
			const watching = await Watching.from(list);
			const ids = idsOf(list.addMany(100 + seed * 7));
			expect(sorted(await watching.poll())).toEqual(ids);
			// After an hour, a missed record would be outside the overlap.
			list.now += 60 * MINUTE;
			expect(await watching.poll()).toEqual([]);
		}
	});
});

it('records are reported once when the clocks of Cliniko’s servers are five seconds apart', async () => {
	const random = randomOf(7);
	const skew = () => Math.round((random() - 0.5) * 5) * SECOND;
	forgetWhatCanBeSorted();
	const list = new ClinikoList();
	list.skew = skew;
	const watching = await Watching.from(list);
	const told: string[] = [];
	const ids: string[] = [];
	for (let poll = 0; poll < 200; poll++) {
		list.now += Math.floor(random() * 30) * SECOND;
		for (let count = Math.floor(random() * 4); count > 0; count--) {
			ids.push(list.add({ created_at: list.now + skew() }).id);
		}
		told.push(...(await watching.poll()));
	}
	expect(sorted(told)).toEqual(ids);
});
