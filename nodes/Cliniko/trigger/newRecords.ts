import { isClinikoRecord, type ClinikoRecord } from '../records/clinikoRecord';
import { listRecordsDated, type DatedRecords } from '../requests/listRecords';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../transport/cliniko/refusal';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';

/**
 * How far back each poll looks behind the newest record it knows of, in ms. Cliniko writes whole
 * seconds, its servers' clocks may differ, and a record may show up some time after the timestamp
 * that is written on it.
 */
const OVERLAP = 10 * 60_000;

/** What is watched for: records of a collection, by the timestamp of what was done to them. */
export interface Watch {
	collection: 'patients' | 'patient_attachments';
	timestamp: 'created_at' | 'processed_at';
	errorContext: ErrorContext;
}

/**
 * Up to where new records have been told. n8n keeps it in its database, so it is plain JSON with keys
 * that must not change: saved workflows have them.
 */
export interface Cursor {
	/** When Cliniko answered the last complete poll, ms since 1970 by its own clock. */
	at: number;
	/** The timestamps of the records from `OVERLAP` before it on, by id: told, or older than the start. */
	known: Record<string, number>;
}

/**
 * Starts from now: what is there already is not new. Two requests, if not more than a hundred records
 * are from the last minutes: Cliniko's clock is asked for first, since ours may be another.
 */
export async function startFromNow(api: ClinikoApi, watch: Watch): Promise<Cursor> {
	const { collection, errorContext } = watch;
	const { date } = await api.page(collection, [], errorContext, newestFirst());
	const { cursor } = await newRecordsSince(api, watch, { at: date, known: {} });
	return cursor;
}

/**
 * What has happened since the cursor. One request for every hundred records in the overlap, and one if
 * there are fewer.
 *
 * @returns the records in the order in which it happened, and the cursor that comes after them; if a
 *   request fails it throws, and the old cursor still holds
 */
export async function newRecordsSince(
	api: ClinikoApi,
	watch: Watch,
	cursor: Cursor,
): Promise<{ records: ClinikoRecord[]; cursor: Cursor }> {
	const reading = await readSince(api, watch, cursor);
	const timestamps = new Map<string, number>();
	const records = new Map<string, ClinikoRecord>();
	for (const [record, at] of timestampsOf(reading.records, watch)) {
		// Nobody knows any more whether it has been told.
		if (at < oldestOf(cursor.at)) continue;
		timestamps.set(record.id, at);
		// The list holds archived records too.
		const isKnown = cursor.known[record.id] !== undefined;
		if (!isKnown && !record.archived_at) records.set(record.id, record);
	}
	// Our own clock may be ahead, so without Cliniko's only what it shows counts as past.
	const latest = [...timestamps.values()].filter((one) => one <= reading.date);
	const at = reading.isDated
		? Math.max(reading.date, cursor.at)
		: latest.reduce((a, b) => Math.max(a, b), cursor.at);
	const known = new Map([...Object.entries(cursor.known), ...timestamps]);
	return {
		records: [...records.values()].sort(
			(a, b) => timestamps.get(a.id)! - timestamps.get(b.id)! || compareIds(a.id, b.id),
		),
		cursor: {
			at,
			known: Object.fromEntries([...known].filter(([, one]) => one >= oldestOf(at))),
		},
	};
}

/**
 * All records from `OVERLAP` before the cursor on, each once, and when Cliniko answered first. The whole
 * list, since nothing shorter shows that there are no new records: their number may be the same as
 * before though one has gone and another has come, and a record that is processed late is on any page.
 */
async function readSince(
	api: ClinikoApi,
	{ collection, timestamp, errorContext }: Watch,
	{ at }: Cursor,
): Promise<DatedRecords> {
	// Archived ones as well: archiving one must not move others between the pages.
	const filters = [`${timestamp}:>=${clinikoTimestamp(oldestOf(at))}`, 'archived_at:*'];
	return await listRecordsDated(api, collection, filters, errorContext);
}

/** The newest record there is, for a person who wants to see what one looks like. */
export async function newestRecord(
	api: ClinikoApi,
	{ collection, timestamp, errorContext }: Watch,
): Promise<ClinikoRecord | undefined> {
	const filters = timestamp === 'created_at' ? [] : [`${timestamp}:?`];
	const { rows } = await api.page(collection, filters, errorContext, newestFirst());
	return rows.find(isClinikoRecord);
}

function newestFirst(): Record<string, string> {
	return { per_page: '1', page: '1', sort: 'created_at:desc' };
}

/** The oldest timestamp that a poll asks for, in whole seconds as Cliniko has them. */
function oldestOf(at: number): number {
	return Math.floor((at - OVERLAP) / 1000) * 1000;
}

function timestampsOf(rows: ClinikoRecord[], { timestamp }: Watch): Map<ClinikoRecord, number> {
	const timestamps = new Map<ClinikoRecord, number>();
	for (const row of rows) {
		const at = Date.parse(String(row[timestamp]));
		if (Number.isFinite(at)) timestamps.set(row, at);
	}
	return timestamps;
}

function compareIds(a: string, b: string): number {
	return a.length - b.length || (a < b ? -1 : 1);
}
