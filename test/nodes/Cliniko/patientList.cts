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

	private answer({ filters, query }: Sent, count: number): Answer {
		if (query.get('sort')?.includes('id')) return reply(400, { message: 'Cannot sort by id' });
		const page = Number(query.get('page'));
		this.beforePage(count, page);
		const selected = this.rows.filter(({ id }) =>
			filters.every((filter) => {
				const [, than, bound = ''] = /^id:(<|>=|=)(\d+)$/.exec(filter) ?? [];
				if (!than) return true;
				if (than === '=') return id === bound;
				return (than === '<') === BigInt(String(id)) < BigInt(bound);
			}),
		);
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

/** Puts rows into another order (Fisher and Yates). */
export function shuffle<Row>(rows: Row[], random: () => number): void {
	for (let last = rows.length - 1; last > 0; last--) {
		const other = Math.floor(random() * (last + 1));
		[rows[last], rows[other]] = [rows[other]!, rows[last]!];
	}
}
