import type { IDataObject, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import { ClinikoApi } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import type { Watch } from '../../../../nodes/Cliniko/trigger/newRecords.ts';
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

export const UPDATED: Watch = {
	collection: 'patients',
	timestamp: 'updated_at',
	errorContext: { action: 'look for changed patients' },
};

/** A watch on appointments. */
export const appointments = (
	timestamp: 'created_at' | 'updated_at' | 'cancelled_at',
	practitionerId?: string,
): Watch => ({
	collection: 'individual_appointments',
	timestamp,
	errorContext: { action: 'look for appointments' },
	meant: { practitionerId },
});

export const COMPLETED: Watch = {
	collection: 'patient_forms',
	timestamp: 'completed_at',
	errorContext: { action: 'look for completed patient forms' },
};

/** Resets the cached answer to whether lists can be sorted by id. */
export function forgetWhatCanBeSorted(): void {
	(ClinikoApi as unknown as { sortsById: boolean }).sortsById = true;
}

/** A record in Cliniko; times are ms since 1970 by Cliniko's clock. */
export interface Row {
	id: string;
	created_at: number;
	processed_at: number | null;
	updated_at: number;
	/** How often it was changed. */
	revision: number;
	/** Its states before the changes, and until when lists show them. */
	earlier: Array<Pick<Row, 'updated_at' | 'revision'> & { until: number }>;
	/** When lists start to show it. */
	shown: number;
	/** When lists start to show it as processed. */
	processed_shown: number;
	archived: boolean;
	/** Lists show deleted records only if they are asked for, as with archived and cancelled ones. */
	deleted: boolean;
	cancelled_at: number | null;
	completed_at: number | null;
	/** The id of an appointment's practitioner. */
	practitioner: string;
}

/**
 * One of Cliniko's lists in memory, with its own clock, behind the real ClinikoApi. It accepts only
 * what a trigger may ask for, and throws at anything that Cliniko would reject.
 */
export class ClinikoList {
	readonly rows: Row[] = [];

	/** Called before each page; a return value replaces the page. */
	beforePage: (page: number) => Answer | undefined | void = () => {};

	/** Whether replies have a Date header. */
	tellsDate = true;

	/** Maximum rows per page; 100 in Cliniko. */
	longestPage = 100;

	/** Whether the order of rows with equal timestamps changes with each request. */
	isUnstable = false;

	/** Whether `id` is a column that lists can be sorted by. */
	sortsById = true;

	/** Whether filters by the practitioner do nothing. */
	ignoresPractitioner = false;

	/** Random numbers for an unstable order. */
	random: () => number = Math.random;

	/** The `total_entries` of the reply. */
	total: (count: number) => unknown = (count) => count;

	/** Clock skew of the server that answers, in ms. */
	skew: () => number = () => 0;

	readonly cliniko = new FakeCliniko((sent) => this.answer(sent));

	readonly api = this.cliniko.api;

	private lastId = 8;

	private time = Date.parse('2026-03-02T09:00:00Z');

	/** @param behind how far our own clock is behind Cliniko's, in ms */
	constructor(private readonly behind = 0) {
		this.now = this.time;
	}

	/** Cliniko's clock, ms since 1970. */
	get now(): number {
		return this.time;
	}

	/** Our clock goes on as well. */
	set now(time: number) {
		this.time = time;
		this.cliniko.clock.time = time - this.behind;
	}

	/** Adds a record, by default created now. */
	add(more: Partial<Row> = {}): Row {
		const row = {
			id: String(++this.lastId),
			created_at: this.now,
			processed_at: null,
			updated_at: more.created_at ?? this.now,
			revision: 0,
			earlier: [],
			shown: this.now,
			processed_shown: this.now,
			archived: false,
			deleted: false,
			cancelled_at: null,
			completed_at: null,
			practitioner: '21',
			...more,
		};
		this.rows.push(row);
		return row;
	}

	/** Adds records with the same timestamp. */
	addMany(count: number): Row[] {
		return Array.from({ length: count }, () => this.add());
	}

	/**
	 * Changes a record.
	 *
	 * @param lag how long lists still show the state before, in ms
	 */
	change(row: Row, { at = this.now, lag = 0 } = {}): void {
		const { updated_at, revision } = row;
		row.earlier.push({ updated_at, revision, until: this.now + lag });
		Object.assign(row, { updated_at: at, revision: revision + 1 });
	}

	get requests(): number {
		return this.cliniko.sent.length;
	}

	/** Answers a request that was not sent through `api`. */
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
		if (path === '/patient_forms' && filters.some((filter) => filter.startsWith('archived_at'))) {
			return reply(400, { message: 'archived_at is not filterable' });
		}
		const isArchivedShown = filters.includes('archived_at:*');
		const isCancelledShown = filters.some((filter) => filter.startsWith('cancelled_at:'));
		const isDeletedShown = filters.includes('deleted_at:*');
		if ((isCancelledShown || isDeletedShown) && path !== '/individual_appointments') {
			return reply(400, { message: 'cancelled_at is not filterable' });
		}
		const tests = filters
			.filter((filter) => !this.ignoresPractitioner || !filter.startsWith('practitioner_id:'))
			.map(testOf);
		const rank = new Map(this.rows.map((row) => [row.id, this.isUnstable ? this.random() : 0]));
		const selected = this.rows
			.filter((row) => row.shown <= this.now && (isArchivedShown || !row.archived))
			.filter((row) => isCancelledShown || !row.cancelled_at)
			.filter((row) => isDeletedShown || !row.deleted)
			.map((row) => ({ ...row, ...row.earlier.find(({ until }) => until > this.now) }))
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

/** Whether a row matches a filter; throws if Cliniko would reject the filter. */
function testOf(filter: string): (row: Row) => boolean {
	if (/^(archived|cancelled|deleted)_at:\*$/.test(filter)) return () => true;
	const [, practitioner] = /^practitioner_id:=(\d+)$/.exec(filter) ?? [];
	if (practitioner) return (row) => row.practitioner === practitioner;
	const [, than, id] = /^id:(<|>=)(\d+)$/.exec(filter) ?? [];
	if (id) {
		const bound = BigInt(id);
		return (row) => (than === '<') === BigInt(row.id) < bound;
	}
	const [, column = '', operator, value = ''] =
		/^(created_at|processed_at|updated_at|cancelled_at|completed_at):(>=|\?)(\S*)$/.exec(filter) ??
		[];
	if (operator === '?') return (row) => timeOf(row, column) !== 0;
	if (operator !== '>=' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) {
		throw new Error(`Cliniko would not take ${filter}`);
	}
	const bound = Date.parse(value);
	return (row) => timeOf(row, column) !== 0 && timeOf(row, column) >= bound;
}

function timeOf(row: Row, column: string): number {
	const time = row[column as Watch['timestamp']];
	if (time === undefined) throw new Error(`Cliniko has no column ${column}`);
	return time ?? 0;
}

type Compare = (a: Row, b: Row) => number;

/** Compares by columns such as `created_at:desc`, then by `last`. */
function orderOf(columns: string[], last: Compare): Compare {
	return columns.reduceRight<Compare>((next, sortKey) => {
		const [column = '', direction] = sortKey.split(':');
		// Cliniko's timestamps have whole seconds.
		const seconds = (row: Row) => Math.floor(timeOf(row, column) / 1000);
		const compare: Compare = column === 'id' ? byId : (a, b) => seconds(a) - seconds(b);
		return (a, b) => (direction === 'desc' ? -compare(a, b) : compare(a, b)) || next(a, b);
	}, last);
}

/** Numerically: ids have no leading zeros, so the longer one is greater. */
function byId({ id: a }: Row, { id: b }: Row): number {
	return a.length - b.length || (a < b ? -1 : Number(a !== b));
}

function render(row: Row): IDataObject {
	const { id, created_at, processed_at, updated_at, archived, revision } = row;
	const { cancelled_at, completed_at, deleted } = row;
	return {
		id,
		revision,
		updated_at: stamp(updated_at),
		created_at: stamp(created_at),
		processed_at: processed_at && stamp(processed_at),
		completed_at: completed_at && stamp(completed_at),
		cancelled_at: cancelled_at && stamp(cancelled_at),
		deleted_at: deleted ? stamp(created_at) : null,
		archived_at: archived ? stamp(created_at) : null,
		practitioner: { links: { self: `https://cliniko/v1/practitioners/${row.practitioner}` } },
	};
}

/** Whole seconds, as Cliniko writes them. */
function stamp(time: number): string {
	return new Date(time).toISOString().replace(/\.\d+/, '');
}
