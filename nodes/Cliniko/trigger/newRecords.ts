import { isClinikoRecord, type ClinikoRecord } from '../records/clinikoRecord';
import { listRecords } from '../requests/listRecords';
import type { ClinikoApi, Page } from '../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../transport/cliniko/refusal';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';

/**
 * How far back each poll looks behind the newest record it knows of, in ms. Cliniko writes whole
 * seconds, its servers' clocks may differ, and a record may show up some time after the moment that is
 * written on it.
 */
const OVERLAP = 10 * 60_000;

/** What is watched for: records of a collection, by the moment at which something was done to them. */
export interface Watch {
	collection: 'patients' | 'patient_attachments';
	moment: 'created_at' | 'processed_at';
	errorContext: ErrorContext;
}

/** How far the news have been told. n8n keeps it in its database, so it is plain JSON. */
export interface Mark {
	/** When Cliniko answered the last complete poll, ms since 1970 by its own clock. */
	at: number;
	/** The moments of the records from `OVERLAP` before it on, by id: told, or older than the start. */
	known: Record<string, number>;
}

/**
 * Starts from now: what is there already is no news. Two requests, if not more than a hundred records
 * are from the last minutes: Cliniko's clock is asked for first, since ours may be another.
 */
export async function startFromNow(api: ClinikoApi, watch: Watch): Promise<Mark> {
	const { collection, errorContext } = watch;
	const { date } = await api.page(collection, [], errorContext, newestFirst());
	const { mark } = await newRecordsSince(api, watch, { at: date, known: {} });
	return mark;
}

/**
 * What has happened since the mark. One request, if there is less than a page of it.
 *
 * @returns the records in the order in which it happened, and the mark that comes after them; if a
 *   request fails it throws, and the old mark still holds
 */
export async function newRecordsSince(
	api: ClinikoApi,
	watch: Watch,
	mark: Mark,
): Promise<{ records: ClinikoRecord[]; mark: Mark }> {
	const reading = await readSince(api, watch, mark);
	const moments = new Map<string, number>();
	const records = new Map<string, ClinikoRecord>();
	for (const [record, at] of timestampsOf(reading.rows, watch)) {
		// Nobody knows any more whether it has been told.
		if (at < oldestOf(mark.at)) continue;
		moments.set(record.id, at);
		// The list holds archived records too.
		if (mark.known[record.id] === undefined && !record.archived_at) records.set(record.id, record);
	}
	// Our own clock may be ahead, so without Cliniko's only what it shows counts as past.
	const latest = [...moments.values()].filter((one) => one <= reading.date);
	const at = reading.isDated
		? Math.max(reading.date, mark.at)
		: latest.reduce((a, b) => Math.max(a, b), mark.at);
	const known = new Map([...Object.entries(mark.known), ...moments]);
	return {
		records: [...records.values()].sort(
			(a, b) => moments.get(a.id)! - moments.get(b.id)! || compareIds(a.id, b.id),
		),
		mark: {
			at,
			known: Object.fromEntries([...known].filter(([, one]) => one >= oldestOf(at))),
		},
	};
}

/**
 * All records from `OVERLAP` before the mark on. Where the first page shows that nothing has come since
 * the last poll, one request is enough, however many records the overlap holds.
 *
 * @returns the records, each once, and when Cliniko answered first
 */
async function readSince(
	api: ClinikoApi,
	{ collection, moment, errorContext }: Watch,
	{ at, known }: Mark,
): Promise<{ rows: ClinikoRecord[]; date: number; isDated: boolean }> {
	const oldest = oldestOf(at);
	// Archived ones as well: archiving one must not move others between the pages.
	const filters = [`${moment}:>=${clinikoTimestamp(oldest)}`, 'archived_at:*'];
	const told = Object.values(known).filter((one) => one >= oldest).length;
	const reply = { date: at, isDated: false };
	const isEnough = ({ rows, total, date, isDated }: Page) => {
		Object.assign(reply, { date, isDated });
		const isKnown = rows.filter(isClinikoRecord).every(({ id }) => known[id] !== undefined);
		return isKnown && total === told;
	};
	const rows = await listRecords(api, collection, filters, errorContext, { isEnough });
	return { ...reply, rows };
}

/** The newest record there is, for a person who wants to see what one looks like. */
export async function newestRecord(
	api: ClinikoApi,
	{ collection, moment, errorContext }: Watch,
): Promise<ClinikoRecord | undefined> {
	const filters = moment === 'created_at' ? [] : [`${moment}:?`];
	const { rows } = await api.page(collection, filters, errorContext, newestFirst());
	return rows.find(isClinikoRecord);
}

function newestFirst(): Record<string, string> {
	return { per_page: '1', page: '1', sort: 'created_at:desc' };
}

/** The oldest moment that a poll asks for, in whole seconds as Cliniko has them. */
function oldestOf(at: number): number {
	return Math.floor((at - OVERLAP) / 1000) * 1000;
}

function timestampsOf(rows: ClinikoRecord[], { moment }: Watch): Map<ClinikoRecord, number> {
	const moments = new Map<ClinikoRecord, number>();
	for (const row of rows) {
		const at = Date.parse(String(row[moment]));
		if (Number.isFinite(at)) moments.set(row, at);
	}
	return moments;
}

function compareIds(a: string, b: string): number {
	return a.length - b.length || (a < b ? -1 : 1);
}
