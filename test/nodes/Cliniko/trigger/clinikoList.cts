import type { IDataObject, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import type { Watch } from '../../../../nodes/Cliniko/trigger/newRecords.ts';
import { ClinikoApi } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import { FakeCliniko, reply, type Answer, type Sent } from '../connection.cts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

export const CREATED: Watch = {
	collection: 'patients',
	timestamp: 'created_at',
	errorContext: { action: 'look for new patients' },
};

export const PROCESSED: Watch = {
	collection: 'patient_attachments',
	timestamp: 'processed_at',
	errorContext: { action: 'look for new attachments' },
};

/** Lets the process ask again whether lists can be sorted by ids, which it remembers. */
export function forgetWhatCanBeSorted(): void {
	(ClinikoApi as unknown as { sortsById: boolean }).sortsById = true;
}

/** A record as Cliniko keeps it; times are ms since 1970 by its clock. */
export interface Row {
	id: string;
	created_at: number;
	processed_at: number | null;
	/** From when on lists show it. */
	shown: number;
	/** From when on they say that it is processed. */
	processed_shown: number;
	archived: boolean;
}

/**
 * One of Cliniko's lists in memory, with a clock of its own, behind the real ClinikoApi. It takes what
 * a trigger may ask for and nothing else, so that a request that Cliniko would not take is seen.
 */
export class ClinikoList {
	/** Cliniko's clock, ms since 1970. */
	now = Date.parse('2026-03-02T09:00:00Z');

	readonly rows: Row[] = [];

	/** Called before each page is read; what it gives is answered in the page's place. */
	beforePage: (page: number) => Answer | undefined | void = () => {};

	/** Whether replies have a Date header. */
	tellsDate = true;

	/** How many rows the largest page has; Cliniko's has 100. */
	longestPage = 100;

	/** Whether rows of the same second come in another order with each request. */
	isUnstable = false;

	/** Whether `id` is a column that lists can be sorted by. */
	sortsById = true;

	/** A number from 0 to 1, for the order where it is unstable. */
	random: () => number = Math.random;

	/** What is answered as `total_entries` for so many rows. */
	total: (count: number) => unknown = (count) => count;

	/** By how much the clock of the server that answers is off, in ms. */
	skew: () => number = () => 0;

	readonly cliniko = new FakeCliniko((sent) => this.answer(sent));

	readonly api = this.cliniko.api;

	private lastId = 8;

	/** Adds a record; its stamp is the clock's time where nothing else is said. */
	add(more: Partial<Row> = {}): Row {
		const row = {
			id: String(++this.lastId),
			created_at: this.now,
			processed_at: null,
			shown: this.now,
			processed_shown: this.now,
			archived: false,
			...more,
		};
		this.rows.push(row);
		return row;
	}

	get requests(): number {
		return this.cliniko.sent.length;
	}

	/** Answers a request that does not come through `api`. */
	async answerTo(options: IHttpRequestOptions): Promise<IN8nHttpFullResponse> {
		const { pathname, searchParams } = new URL(options.url);
		const path = pathname.replace('/v1', '');
		const filters = searchParams.getAll('q[]');
		const given = this.answer({ path, filters, query: searchParams });
		return await Promise.resolve(given as IN8nHttpFullResponse);
	}

	private answer({ path, filters, query }: Pick<Sent, 'path' | 'filters' | 'query'>): Answer {
		const page = Number(query.get('page'));
		const instead = this.beforePage(page);
		if (instead) return instead;
		const perPage = (Number(query.get('per_page')) / 100) * this.longestPage;
		const columns = (query.get('sort') ?? 'created_at').split(',');
		if (!this.sortsById && columns.some((column) => column.startsWith('id'))) {
			return reply(400, { message: 'Cannot sort by id' });
		}
		const isArchivedShown = filters.includes('archived_at:*');
		const tests = filters.map(testOf);
		const rank = new Map(this.rows.map((row) => [row.id, this.isUnstable ? this.random() : 0]));
		const selected = this.rows
			.filter((row) => row.shown <= this.now && (isArchivedShown || !row.archived))
			.map((row) => (row.processed_shown <= this.now ? row : { ...row, processed_at: null }))
			.filter((row) => tests.every((test) => test(row)))
			.sort(orderOf(columns, (a, b) => rank.get(a.id)! - rank.get(b.id)! || byId(a, b)));
		const start = (page - 1) * Math.ceil(perPage);
		const end = start + Math.ceil(perPage);
		const body = {
			[path.slice(1)]: selected.slice(start, end).map(render),
			total_entries: this.total(selected.length),
			links: { ...(end < selected.length && { next: 'https://elsewhere.example/' }) },
		};
		const date = new Date(this.now + this.skew()).toUTCString();
		return reply(200, body, this.tellsDate ? { date } : {});
	}
}

/** Whether a row fits a filter; throws if Cliniko would not take the filter. */
function testOf(filter: string): (row: Row) => boolean {
	if (filter === 'archived_at:*') return () => true;
	const [, than, id] = /^id:(<|>=)(\d+)$/.exec(filter) ?? [];
	if (id) {
		const bound = BigInt(id);
		return (row) => (than === '<') === BigInt(row.id) < bound;
	}
	const [, column = '', operator, value = ''] =
		/^(created_at|processed_at):(>=|\?)(\S*)$/.exec(filter) ?? [];
	if (operator === '?') return (row) => timeOf(row, column) !== 0;
	if (operator !== '>=' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) {
		throw new Error(`Cliniko would not take ${filter}`);
	}
	const bound = Date.parse(value);
	return (row) => timeOf(row, column) !== 0 && timeOf(row, column) >= bound;
}

function timeOf(row: Row, column: string): number {
	const time = row[column as 'created_at' | 'processed_at'];
	if (time === undefined) throw new Error(`Cliniko has no column ${column}`);
	return time ?? 0;
}

type Compare = (a: Row, b: Row) => number;

/** The order by columns such as `created_at:desc`, and by `last` where they are equal. */
function orderOf(columns: string[], last: Compare): Compare {
	return columns.reduceRight<Compare>((next, sortKey) => {
		const [column = '', direction] = sortKey.split(':');
		// Times are compared in whole seconds, as they are shown.
		const seconds = (row: Row) => Math.floor(timeOf(row, column) / 1000);
		const compare: Compare = column === 'id' ? byId : (a, b) => seconds(a) - seconds(b);
		return (a, b) => (direction === 'desc' ? -compare(a, b) : compare(a, b)) || next(a, b);
	}, last);
}

/** By number, which is by length first: ids have no leading zeros. */
function byId({ id: a }: Row, { id: b }: Row): number {
	return a.length - b.length || (a < b ? -1 : Number(a !== b));
}

function render({ id, created_at, processed_at, archived }: Row): IDataObject {
	return {
		id,
		created_at: stamp(created_at),
		processed_at: processed_at && stamp(processed_at),
		archived_at: archived ? stamp(created_at) : null,
	};
}

/** Whole seconds, as Cliniko writes them. */
function stamp(time: number): string {
	return new Date(time).toISOString().replace(/\.\d+/, '');
}
