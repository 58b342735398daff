import { ClinikoError } from '../errors';
import type { ClinikoApi, Page } from '../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../transport/cliniko/refusal';
import { isClinikoRecord, type ClinikoRecord } from '../records/clinikoRecord';

/** A page of Cliniko's lists has at most this many records. */
const LONGEST_PAGE = 100;

/** How many records a part is meant to have, so that it fits on a page though some are not known yet. */
const PART = 75;

/** How often a part is divided again before the list counts as one that cannot be read whole. */
const MOST_DIVISIONS = 64;

/** What to read of a list. */
export interface Reading {
	/** Reading ends once there are so many records; all of the list if left out. */
	limit?: number;
	/** Cliniko's `sort`; the newest first if left out. */
	sort?: string;
}

/** A list that was read, and when Cliniko answered its first page: see `ClinikoReply`. */
export interface DatedRecords extends Pick<Page, 'date' | 'isDated'> {
	records: ClinikoRecord[];
}

/**
 * Reads a list and makes sure that nothing of it is missing.
 *
 * No document says that Cliniko's lists have a stable order: where records have equal sort keys, or
 * while records are added and archived, a page may repeat records of another one and leave others out.
 * So the records are counted against `total_entries`. If some are missing, the list is read again in
 * parts of one page each, divided by ids: on one page the order does not matter.
 *
 * @param collection the path below `/v1`, such as `patients`
 * @param filters for Cliniko's `q[]`; a record has to fit all
 * @returns each record once, in the order of `sort`; the newest first if the list was read in parts. At
 *   least as many as `limit` if there are so many
 * @throws ClinikoError if Cliniko cannot be asked, or if the list cannot be read whole
 */
export async function listRecords(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	errorContext: ErrorContext,
	reading: Reading = {},
): Promise<ClinikoRecord[]> {
	return (await listRecordsDated(api, collection, filters, errorContext, reading)).records;
}

/**
 * Reads a list, newest first, with as few requests as its pages allow.
 *
 * @param collection such as `patients`
 * @param filters for Cliniko's `q[]`; a record has to fit all
 * @param limit the most records to return
 * @throws ClinikoError if Cliniko cannot be asked, or if the list cannot be read whole
 */
export async function newestRecords(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	limit: number,
	errorContext: ErrorContext,
): Promise<ClinikoRecord[]> {
	const records = await listRecords(api, collection, filters, errorContext, { limit });
	return records.slice(0, limit);
}

/** The same as `listRecords`, with the time of the reply. */
export async function listRecordsDated(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	errorContext: ErrorContext,
	{ limit = Infinity, sort = 'created_at:desc' }: Reading = {},
): Promise<DatedRecords> {
	const query = { per_page: String(Math.min(limit, LONGEST_PAGE)), sort };
	const records = new Map<string, ClinikoRecord>();
	const totals: Array<number | undefined> = [];
	let isOnePage = false;
	let date = NaN;
	let isDated = false;
	for await (const page of api.pages(collection, filters, errorContext, query)) {
		for (const row of page.rows) if (isClinikoRecord(row)) records.set(row.id, row);
		totals.push(page.total);
		const isFirst = totals.length === 1;
		if (isFirst) ({ date, isDated } = page);
		if (records.size >= limit) return { records: [...records.values()], date, isDated };
		// Rows that are no records count as well.
		isOnePage = isFirst && !page.hasMore && page.rows.length >= (page.total ?? 0);
	}
	const first = totals[0] ?? Infinity;
	let last = totals.at(-1) ?? first;
	if (!isOnePage && last > first && records.size < last) {
		// In a stable order those that were added are on the first page now, and nothing is missing. In
		// another one they may have been counted in place of others.
		const again = await api.page(collection, filters, errorContext, { ...query, page: '1' });
		for (const row of again.rows) if (isClinikoRecord(row)) records.set(row.id, row);
		last = again.total ?? last;
	}
	// What was taken out meanwhile has moved others between pages.
	const isWhole = isOnePage || (last >= first && records.size >= last);
	const whole = isWhole
		? [...records.values()]
		: await readInParts(api, collection, filters, errorContext, [...records.keys()], last);
	return { records: whole, date, isDated };
}

/**
 * Reads a list in parts of one page each. A part that turns out longer is divided again.
 *
 * @param known the ids that are known to be in it
 * @param total how many records it has, if that is known
 */
async function readInParts(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	errorContext: ErrorContext,
	known: string[],
	total: number,
): Promise<ClinikoRecord[]> {
	const records = new Map<string, ClinikoRecord>();
	const readPart = async (part: Part, divisions: number): Promise<void> => {
		const range = [
			...(part.from === undefined ? [] : [`id:>=${part.from}`]),
			...(part.to === undefined ? [] : [`id:<${part.to}`]),
		];
		const page = await api.page(collection, [...filters, ...range], errorContext, {
			page: '1',
			per_page: String(LONGEST_PAGE),
		});
		const found = page.rows.filter(isClinikoRecord).filter(({ id }) => isIn(part, BigInt(id)));
		const isFull = page.rows.length >= LONGEST_PAGE && page.rows.length < (page.total ?? 0);
		if (!page.hasMore && !isFull) {
			for (const record of found) records.set(record.id, record);
			return;
		}
		const ids = sorted([...part.ids, ...found.map(({ id }) => BigInt(id))]);
		if (ids.length < 2 || divisions === MOST_DIVISIONS) throw incomplete(errorContext);
		const parts = divided({ ...part, ids }, Math.max(2, Math.ceil(ids.length / PART)));
		for (const one of parts) await readPart(one, divisions + 1);
	};
	const ids = sorted(known.map(BigInt));
	// A count that is far from what was read is not believed.
	const count = Math.min(Math.max(total, ids.length), 2 * ids.length);
	for (const part of divided({ ids }, Math.ceil(count / PART))) await readPart(part, 0);
	return [...records.values()].sort(newestFirst);
}

/** A part of a list: the records with ids from `from` on and below `to`. */
interface Part {
	from?: bigint;
	to?: bigint;
	/** Those that are known to be in it, in ascending order. */
	ids: bigint[];
}

/** Divides a part into so many with about as many known ids each, but none without any. */
function divided({ from, to, ids }: Part, count: number): Part[] {
	const starts = Array.from({ length: count }, (_, at) => Math.floor((at * ids.length) / count));
	const distinct = [...new Set(starts)];
	if (distinct.length === 0) return [{ from, to, ids }];
	return distinct.map((start, at) => {
		const end = distinct[at + 1];
		return {
			from: at === 0 ? from : ids[start],
			to: end === undefined ? to : ids[end],
			ids: ids.slice(start, end),
		};
	});
}

function isIn({ from, to }: Part, id: bigint): boolean {
	return (from === undefined || id >= from) && (to === undefined || id < to);
}

function sorted(ids: bigint[]): bigint[] {
	return [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
}

/** Compares records for a list that begins with the newest. */
export function newestFirst(a: ClinikoRecord, b: ClinikoRecord): number {
	const byTime = Date.parse(String(b.created_at)) - Date.parse(String(a.created_at));
	return byTime || (BigInt(a.id) < BigInt(b.id) ? 1 : -1);
}

function incomplete({ action }: ErrorContext): ClinikoError {
	return new ClinikoError(
		`Could not ${action}: Cliniko’s list changes while it is read, so it cannot be read whole.`,
		'Run the step again. With a filter that fewer records fit it has a better chance.',
	);
}
