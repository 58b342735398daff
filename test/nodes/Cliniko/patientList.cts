import type { IDataObject } from 'n8n-workflow';

import { FakeCliniko, reply, type Answer, type Sent } from './connection.cts';
import { shuffle } from './random.cts';

/** The default `created_at`. */
export const SECOND = '2026-03-02T09:00:00Z';

/** Patients with ids from 1 to `count`. */
export const patients = (count: number): IDataObject[] =>
	upTo(count).map((id) => ({ id: String(id), created_at: SECOND }));

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

export const ascending = (ids: number[]): number[] => [...ids].sort((a, b) => a - b);

/**
 * Cliniko's list of patients, all created in the same second, in a new order with each request. It
 * cannot be sorted by id, and ignores filters other than by id.
 */
export class PatientList {
	/** Called before each page is read. */
	beforePage: (request: number, page: number) => void = () => {};

	/** The `total_entries` of the reply. */
	total: (count: number) => unknown = (count) => count;

	/** Whether a page links to a next one. */
	hasNext = (isLast: boolean) => !isLast;

	/** Whether the order changes with each request. */
	isUnstable = true;

	readonly cliniko = new FakeCliniko((sent, count) => this.answer(sent, count));

	constructor(
		public rows: IDataObject[],
		private readonly random: () => number = Math.random,
	) {}

	/** The number of requests, not counting rejected ones. */
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

/** Whether an id matches a filter; only filters by id are supported. */
function testOf(filter: string): (id: string) => boolean {
	const [, operator, value = ''] = /^id:(<|>=|=)(\d+)$/.exec(filter) ?? [];
	if (!operator) return () => true;
	if (operator === '=') return (id) => id === value;
	const bound = BigInt(value);
	return (id) => (operator === '<') === BigInt(id) < bound;
}
