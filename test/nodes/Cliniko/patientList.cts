import type { IDataObject } from 'n8n-workflow';
import { FakeCliniko, reply, type Answer, type Sent } from './connection.cts';

/** A pseudo-random sequence of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** When all patients of the list are created, if nothing else is said. */
export const SECOND = '2026-03-02T09:00:00Z';

/** So many patients, with the ids from 1 on. */
export const patients = (count: number): IDataObject[] =>
	upTo(count).map((id) => ({ id: String(id), created_at: SECOND }));

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

export const ascending = (ids: number[]): number[] => [...ids].sort((a, b) => a - b);

/**
 * Cliniko's list of patients, all created in the same second, in another order with each request. It
 * cannot be sorted by ids, and heeds no filters but those by ids.
 */
export class PatientList {
	/** Called before each page is read. */
	beforePage: (request: number, page: number) => void = () => {};

	/** What is answered as `total_entries` for so many rows. */
	total: (count: number) => unknown = (count) => count;

	/** Whether a page names a next one. */
	hasNext = (isLast: boolean) => !isLast;

	/** Whether the order is another one with each request. */
	isUnstable = true;

	readonly cliniko = new FakeCliniko((sent, count) => this.answer(sent, count));

	constructor(
		public rows: IDataObject[],
		private readonly random: () => number = Math.random,
	) {}

	/** How many requests there were, without those that were refused. */
	get requests(): number {
		return this.cliniko.sent.filter(({ query }) => !sortsById(query)).length;
	}

	private answer({ filters, query }: Sent, count: number): Answer {
		if (sortsById(query)) return reply(400, { message: 'Cannot sort by id' });
		const page = Number(query.get('page'));
		this.beforePage(count, page);
		const tests = filters.map(testOf);
		const selected = this.rows.filter(({ id }) => tests.every((test) => test(String(id))));
		if (this.isUnstable) shuffle(selected, this.random);
		const perPage = Number(query.get('per_page'));
		const isLast = page * perPage >= selected.length;
		return {
			patients: selected.slice((page - 1) * perPage, page * perPage),
			total_entries: this.total(selected.length) as never,
			links: this.hasNext(isLast) ? { next: 'https://elsewhere.example/' } : {},
		};
	}
}

function sortsById(query: URLSearchParams): boolean {
	return query.get('sort')?.includes('id') ?? false;
}

/** Whether an id fits a filter; other filters let everything through. */
function testOf(filter: string): (id: string) => boolean {
	const [, operator, value = ''] = /^id:(<|>=|=)(\d+)$/.exec(filter) ?? [];
	if (!operator) return () => true;
	if (operator === '=') return (id) => id === value;
	const bound = BigInt(value);
	return (id) => (operator === '<') === BigInt(id) < bound;
}

/** Puts rows into another order (Fisher and Yates). */
export function shuffle<Row>(rows: Row[], random: () => number): void {
	for (let last = rows.length - 1; last > 0; last--) {
		const other = Math.floor(random() * (last + 1));
		[rows[last], rows[other]] = [rows[other]!, rows[last]!];
	}
}
