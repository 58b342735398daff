import { ClinikoError } from '../errors';
import { isClinikoRecord, type ClinikoRecord } from '../records/clinikoRecord';
import type { Collections } from '../records/collections';
import { comparison, isInOrder, NEWEST_FIRST, reversed } from '../records/order';
import { PAGE_SIZE, type ClinikoApi, type Page } from '../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../transport/cliniko/refusal';

/** The target size of a range, below the page size to leave room for records that are not known yet. */
const RANGE_SIZE = 75;

/** How often a range is divided before reading the list is given up. */
const MAX_DIVISIONS = 64;

/** How to read a list. */
export interface Reading {
	/** Stop after this many records; the whole list by default. */
	limit?: number;
	/** Cliniko's `sort`; newest first by default. */
	sort?: string;
}

/** The records of a list, and the time of Cliniko's reply to its first page: see `ClinikoReply`. */
export interface DatedRecords<R extends ClinikoRecord> extends Pick<Page, 'date' | 'isDated'> {
	records: R[];
}

/**
 * Reads a list and makes sure that no record is missing.
 *
 * Cliniko does not document that its lists have a stable order: if records have equal sort keys, or are
 * added or archived meanwhile, a page may repeat some records and omit others. So the records are
 * counted against `total_entries`. If some are missing, the list is read again in ranges of ids of one
 * page each: within one page, the order does not matter.
 *
 * @param collection the path below `/v1`, such as `patients`
 * @param filters Cliniko's `q[]`; a record has to match all of them
 * @returns each record once, in the order of `sort`; newest first if the list was read in ranges. With
 *   a `limit`, possibly more than that
 * @throws ClinikoError if a request fails, or if the list cannot be read completely
 */
export async function listRecords<C extends keyof Collections>(
	api: ClinikoApi,
	collection: C,
	filters: string[],
	errorContext: ErrorContext,
	reading: Reading = {},
): Promise<Array<Collections[C]>> {
	return (await listRecordsDated(api, collection, filters, errorContext, reading)).records;
}

/** Which records to read of a list. */
export interface First<R> {
	/** The maximum number of records. */
	limit: number;
	/** Such as `last_name:asc,first_name:asc`. */
	sort: string;
	/** Whether the filters ask for a record; all by default. For filters that Cliniko may ignore. */
	isMeant?: (record: R) => boolean;
}

/**
 * Reads the first records of a list in an order: see `listRecords`. By which columns Cliniko sorts is not
 * documented, except for `created_at`. If it refuses or ignores another one, the whole list is read and
 * sorted here; so it is if Cliniko ignores a filter, and too few of the first ones are meant.
 */
export async function firstRecords<C extends keyof Collections>(
	api: ClinikoApi,
	collection: C,
	filters: string[],
	{ limit, sort, isMeant = () => true }: First<Collections[C]>,
	errorContext: ErrorContext,
): Promise<Array<Collections[C]>> {
	const read = async (most: number) =>
		(await firstInOrder(api, collection, filters, most, sort, errorContext)).slice(0, most);
	const first = await read(limit);
	const meant = first.filter(isMeant);
	if (meant.length === first.length || first.length < limit) return meant;
	return (await read(Infinity)).filter(isMeant).slice(0, limit);
}

async function firstInOrder<C extends keyof Collections>(
	api: ClinikoApi,
	collection: C,
	filters: string[],
	limit: number,
	sort: string,
	errorContext: ErrorContext,
): Promise<Array<Collections[C]>> {
	const read = async (reading?: Reading) =>
		await listRecords(api, collection, filters, errorContext, reading);
	if (sort === NEWEST_FIRST) return await read({ limit });
	const asked = Math.max(limit, PAGE_SIZE);
	const records = await read({ limit: asked, sort }).catch((error: ClinikoError) => {
		if (error.httpCode === 400 || error.httpCode === 422) return undefined;
		throw error;
	});
	if (!records) return (await read()).sort(comparison(sort));
	const isWhole = records.length < asked;
	const isSorted =
		isWhole || (await isSortedBy(api, collection, filters, sort, records, errorContext));
	return (isSorted ? records : await read()).sort(comparison(sort));
}

/**
 * Whether Cliniko has sorted a list as asked. The first records may be in that order by chance, if Cliniko
 * ignores it or sorts by creation instead: so the last ones have to come in the reverse order too, and not
 * both in the order of their creation.
 */
async function isSortedBy(
	api: ClinikoApi,
	collection: keyof Collections,
	filters: string[],
	sort: string,
	first: ClinikoRecord[],
	errorContext: ErrorContext,
): Promise<boolean> {
	if (!isInOrder(first, sort)) return false;
	const query = { sort: reversed(sort), page: '1', per_page: String(PAGE_SIZE) };
	const { rows } = await api.page(collection, filters, errorContext, query);
	const last = rows.filter(isClinikoRecord);
	const areInOrder = (by: string) => isInOrder(first, by) && isInOrder(last, reversed(by));
	const byCreation = `created_at:${/asc|desc/.exec(sort)?.[0]}`;
	return areInOrder(sort) && (sort === byCreation || !areInOrder(byCreation));
}

/** Like `listRecords`, with the time of the reply. */
export async function listRecordsDated<C extends keyof Collections>(
	api: ClinikoApi,
	collection: C,
	filters: string[],
	errorContext: ErrorContext,
	{ limit = Infinity, sort = 'created_at:desc' }: Reading = {},
): Promise<DatedRecords<Collections[C]>> {
	const query = { per_page: String(Math.min(limit, PAGE_SIZE)), sort };
	const records = new Map<string, Collections[C]>();
	const isRecord = isClinikoRecord<Collections[C]>;
	const totals: Array<number | undefined> = [];
	let isOnePage = false;
	let date = NaN;
	let isDated = false;
	for await (const page of api.pages(collection, filters, errorContext, query)) {
		for (const row of page.rows) if (isRecord(row)) records.set(row.id, row);
		totals.push(page.total);
		const isFirst = totals.length === 1;
		if (isFirst) ({ date, isDated } = page);
		// If records were removed meanwhile, others have moved between pages.
		const isShorter = (page.total ?? Infinity) < (totals[0] ?? 0);
		if (records.size >= limit && !isShorter) {
			return { records: [...records.values()], date, isDated };
		}
		// `total_entries` also counts rows that are not valid records.
		isOnePage = isFirst && !page.hasMore && page.rows.length >= (page.total ?? 0);
	}
	const first = totals[0] ?? Infinity;
	let last = totals.at(-1) ?? first;
	if (!isOnePage && last > first && records.size < last) {
		// Records were added meanwhile. In a stable order they are on the first page now. Otherwise, some
		// may have been read in place of others, which are still missing.
		const again = await api.page(collection, filters, errorContext, { ...query, page: '1' });
		for (const row of again.rows) if (isRecord(row)) records.set(row.id, row);
		last = again.total ?? last;
	}
	const isWhole = isOnePage || (last >= first && records.size >= last);
	const whole = isWhole
		? [...records.values()]
		: await readInParts(api, collection, filters, errorContext, [...records.keys()], last);
	return { records: whole, date, isDated };
}

/**
 * Reads a list in ranges of ids of one page each. A range with more records is divided again.
 *
 * @param known the ids that were read so far
 * @param total the number of records in the list; Infinity if unknown
 */
async function readInParts<C extends keyof Collections>(
	api: ClinikoApi,
	collection: C,
	filters: string[],
	errorContext: ErrorContext,
	known: string[],
	total: number,
): Promise<Array<Collections[C]>> {
	const records = new Map<string, Collections[C]>();
	const readPart = async (part: Part, divisions: number): Promise<void> => {
		const range = [
			...(part.from === undefined ? [] : [`id:>=${part.from}`]),
			...(part.to === undefined ? [] : [`id:<${part.to}`]),
		];
		const page = await api.page(collection, [...filters, ...range], errorContext, {
			page: '1',
			per_page: String(PAGE_SIZE),
		});
		const found = page.rows
			.filter(isClinikoRecord<Collections[C]>)
			.filter(({ id }) => isIn(part, BigInt(id)));
		const isFull = page.rows.length >= PAGE_SIZE && page.rows.length < (page.total ?? 0);
		if (!page.hasMore && !isFull) {
			for (const record of found) records.set(record.id, record);
			return;
		}
		const ids = sorted([...part.ids, ...found.map(({ id }) => BigInt(id))]);
		if (ids.length < 2 || divisions === MAX_DIVISIONS) throw incomplete(errorContext);
		const parts = divided({ ...part, ids }, Math.max(2, Math.ceil(ids.length / RANGE_SIZE)));
		for (const one of parts) await readPart(one, divisions + 1);
	};
	const ids = sorted(known.map(BigInt));
	// A total far above what was read is implausible.
	const count = Math.min(Math.max(total, ids.length), 2 * ids.length);
	for (const part of divided({ ids }, Math.ceil(count / RANGE_SIZE))) await readPart(part, 0);
	return [...records.values()].sort(newestFirst);
}

/** A range of ids, from `from` (inclusive) to `to` (exclusive). */
interface Part {
	from?: bigint;
	to?: bigint;
	/** The known ids in it, in ascending order. */
	ids: bigint[];
}

/** Divides a range into at most `count`, each with about the same number of known ids. */
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

/** Compares records, for sorting newest first. */
export function newestFirst(a: ClinikoRecord, b: ClinikoRecord): number {
	const byTime = Date.parse(String(b.created_at)) - Date.parse(String(a.created_at));
	return byTime || (BigInt(a.id) < BigInt(b.id) ? 1 : -1);
}

function incomplete({ action }: ErrorContext): ClinikoError {
	return new ClinikoError(
		`Could not ${action}: Cliniko’s list kept changing while it was read, so it could not be read completely.`,
		'Run the step again. A filter that matches fewer records makes this less likely.',
	);
}
