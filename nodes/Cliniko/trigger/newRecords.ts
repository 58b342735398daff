import type { Appointment } from '../records/appointment';
import { isClinikoRecord, type ClinikoRecord } from '../records/clinikoRecord';
import { filtersFor, isMeant, type AppointmentsFor } from '../requests/appointmentsFor';
import { listRecordsDated, type DatedRecords } from '../requests/listRecords';
import { PAGE_SIZE, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../transport/cliniko/refusal';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';

/**
 * How far before the cursor each poll begins, in ms. Cliniko's timestamps have whole seconds, its
 * servers' clocks may differ, and a record may appear some time after its timestamp.
 */
const OVERLAP = 10 * 60_000;

/**
 * How long a record has to be unchanged before its change is reported, in ms. Two changes within one
 * second, or by servers whose clocks differ, may have the same timestamp or the wrong order. After this
 * time, the list shows the later one.
 */
const SETTLING = 30_000;

/** What to watch: a collection, and the timestamp of the event. */
export interface Watch {
	collection: 'patients' | 'patient_attachments' | 'individual_appointments' | 'patient_forms';
	timestamp: 'created_at' | 'processed_at' | 'updated_at' | 'cancelled_at' | 'completed_at';
	errorContext: ErrorContext;
	/** Which appointments; all if it is empty or missing, and for other collections. */
	meant?: AppointmentsFor;
}

/**
 * Filters with which a list shows all its records, so that archiving or cancelling one does not move
 * others between pages. Integrators report that lists hide cancelled appointments otherwise. Forms can be
 * filtered by none of these.
 */
const ALL: Record<Watch['collection'], string[]> = {
	patients: ['archived_at:*'],
	patient_attachments: ['archived_at:*'],
	individual_appointments: ['archived_at:*', 'cancelled_at:*', 'deleted_at:*'],
	patient_forms: [],
};

/** Timestamps of what happens to a record more than once. The others count once, by the record's id. */
const REPEATED: Array<Watch['timestamp']> = ['updated_at', 'cancelled_at', 'completed_at'];

/**
 * The position up to which records have been output. n8n stores it in its database, so it is plain
 * JSON, and its keys must not change: saved workflows have them.
 */
export interface Cursor {
	/** When Cliniko answered the last complete poll, in ms since 1970 by its own clock. */
	at: number;
	/** The timestamps of the records within `OVERLAP` of it, by id: output already, or from before the start. */
	known: Record<string, number>;
}

/**
 * A cursor that starts now: existing records are not new, except those changed within `SETTLING`, whose
 * next change may have the same timestamp. Appointments that are not meant count as well, since one of them
 * may become one that is. Reads Cliniko's clock first, because ours may differ. Two requests, or more if
 * over a hundred records are within the overlap.
 */
export async function startFromNow(api: ClinikoApi, watch: Watch): Promise<Cursor> {
	const { collection, errorContext } = watch;
	const { date } = await api.page(collection, [], errorContext, newestFirst());
	const all = { ...watch, meant: {} };
	const { cursor } = await newRecordsSince(api, all, { at: notAhead(api, date), known: {} });
	return cursor;
}

/**
 * The records with news since the cursor, each in its latest state. One request for each hundred records within the overlap, at least one.
 *
 * @returns the records in the order of their timestamps, and the next cursor
 * @throws ClinikoError if a request fails; the old cursor is still valid
 */
export async function newRecordsSince(
	api: ClinikoApi,
	watch: Watch,
	stored: Cursor,
): Promise<{ records: ClinikoRecord[]; cursor: Cursor }> {
	const cursor = { ...stored, at: notAhead(api, stored.at) };
	const reading = await readSince(api, watch, cursor);
	const timestamps = new Map<string, number>();
	const records = new Map<string, ClinikoRecord>();
	for (const [record, at] of timestampsOf(reading.records, watch)) {
		// The cursor no longer knows whether this record has been output.
		if (at < oldestOf(cursor.at)) continue;
		if (watch.timestamp === 'updated_at') {
			// Left to a later poll: one that was removed may be brought back without another change.
			if (at > reading.date - SETTLING || isRemoved(record)) continue;
		}
		const known = cursor.known[record.id] ?? -Infinity;
		// A replica of the database may still show the state before the one that was output.
		const isNews = REPEATED.includes(watch.timestamp) ? at > known : known === -Infinity;
		if (isNews && isReported(record, watch)) records.set(record.id, record);
		timestamps.set(record.id, Math.max(at, known));
	}
	// Without Cliniko's clock, only the records' own timestamps count: ours may be ahead.
	const latest = [...timestamps.values()].filter((one) => one <= reading.date);
	const at = reading.isDated
		? Math.max(notAhead(api, reading.date), cursor.at)
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
 * All records since `OVERLAP` before the cursor, and the time of Cliniko's first reply. It reads the
 * whole list: the number of records may be unchanged although one was removed and another added, and a
 * record that was processed late may be on any page. Cliniko may ignore a filter.
 */
async function readSince(
	api: ClinikoApi,
	{ collection, timestamp, errorContext, meant = {} }: Watch,
	{ at }: Cursor,
): Promise<DatedRecords<ClinikoRecord>> {
	const others = ALL[collection].filter((filter) => filter !== `${timestamp}:*`);
	const since = `${timestamp}:>=${clinikoTimestamp(oldestOf(at))}`;
	const filters = [since, ...others, ...filtersFor(meant)];
	const reading = await listRecordsDated(api, collection, filters, errorContext);
	const records = reading.records.filter((record) => isMeant(record as Appointment, meant));
	return { ...reading, records };
}

/**
 * Whether an event is reported, in the state in which the record is now. That an appointment was
 * cancelled counts even if it was removed afterwards.
 */
function isReported(record: ClinikoRecord, { timestamp }: Watch): boolean {
	if (timestamp === 'cancelled_at') return true;
	if (timestamp === 'updated_at') return isChanged(record);
	return !isRemoved(record) && !record.cancelled_at;
}

/** The lists have such records too. */
function isRemoved({ archived_at: archivedAt, deleted_at: deletedAt }: ClinikoRecord): boolean {
	return Boolean(archivedAt) || Boolean(deletedAt);
}

/** Whether a record was changed since it was created: the same second is part of its creation. */
function isChanged({ created_at: createdAt, updated_at: updatedAt }: ClinikoRecord): boolean {
	return Date.parse(String(createdAt)) !== Date.parse(String(updatedAt));
}

/**
 * A time of Cliniko's clock, but not much later than ours: a single reply with a wrong date would otherwise
 * move the cursor past what is still to come. If our clock is behind, so is the cursor, and more is read
 * again at each poll.
 */
function notAhead(api: ClinikoApi, at: number): number {
	return Math.min(at, api.now() + OVERLAP / 2);
}

/** The newest record, as an example for a person who sets up the trigger. */
export async function newestRecord(
	api: ClinikoApi,
	{ collection, timestamp, errorContext, meant = {} }: Watch,
): Promise<ClinikoRecord | undefined> {
	const chosen = filtersFor(meant);
	const filters = [...(timestamp === 'created_at' ? [] : [`${timestamp}:?`]), ...chosen];
	// Cliniko may ignore what is chosen.
	const query = newestFirst(chosen.length === 0 ? 1 : PAGE_SIZE);
	const { rows } = await api.page(collection, filters, errorContext, query);
	return rows.filter(isClinikoRecord).find((record) => isMeant(record as Appointment, meant));
}

function newestFirst(count = 1): Record<string, string> {
	return { per_page: String(count), page: '1', sort: 'created_at:desc' };
}

/** The oldest timestamp that a poll asks for, in whole seconds like Cliniko's. */
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
