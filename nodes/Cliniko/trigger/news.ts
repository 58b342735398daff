import type { IDataObject } from 'n8n-workflow';

import { isClinikoRecord, type ClinikoRecord } from '../records/clinikoRecord';
import type { ClinikoApi, Purpose } from '../transport/cliniko/clinikoApi';
import { clinikoMoment } from '../transport/cliniko/moment';

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
	purpose: Purpose;
}

/** How far the news have been told. n8n keeps it in its database, so it is plain JSON. */
export interface Mark {
	/** The newest moment that is known, ms since 1970 by Cliniko's clock. */
	at: number;
	/** The moments of the records from `OVERLAP` before it on, by id: told, or older than the start. */
	known: Record<string, number>;
}

/**
 * Starts from now: what is there already is no news. Two requests, if not more than a hundred records
 * are from the last minutes: Cliniko's clock is asked for first, since ours may be another.
 */
export async function startFromNow(api: ClinikoApi, watch: Watch): Promise<Mark> {
	const { collection, purpose } = watch;
	const { date } = await api.page(collection, [], purpose, newest());
	const { mark } = await newsSince(api, watch, { at: date, known: {} });
	return mark;
}

/**
 * What has happened since the mark. One request, if there is less than a page of it.
 *
 * @returns the records in the order in which it happened, and the mark that comes after them; if a
 *   request fails it throws, and the old mark still holds
 */
export async function newsSince(
	api: ClinikoApi,
	watch: Watch,
	mark: Mark,
): Promise<{ records: ClinikoRecord[]; mark: Mark }> {
	const { collection, moment, purpose } = watch;
	const filters = [`${moment}:>=${clinikoMoment(oldestOf(mark.at))}`];
	const records = new Map<string, ClinikoRecord>();
	const moments = new Map<string, number>();
	let theirNow = mark.at;
	for await (const { rows, date } of api.pages(collection, filters, purpose)) {
		for (const [record, at] of momentsOf(rows, watch)) {
			moments.set(record.id, at);
			// A page that moved on while it was read may show a record twice.
			if (mark.known[record.id] === undefined) records.set(record.id, record);
		}
		theirNow = Math.max(theirNow, date);
	}
	// A moment ahead of Cliniko's own clock must not hide what comes until then.
	let { at } = mark;
	for (const one of moments.values()) if (one <= theirNow) at = Math.max(at, one);
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

/** The newest record there is, for a person who wants to see what one looks like. */
export async function newestRecord(
	api: ClinikoApi,
	{ collection, moment, purpose }: Watch,
): Promise<ClinikoRecord | undefined> {
	const filters = moment === 'created_at' ? [] : [`${moment}:?`];
	const { rows } = await api.page(collection, filters, purpose, newest());
	return rows.find(isClinikoRecord);
}

function newest(): Record<string, string> {
	return { per_page: '1', page: '1', sort: 'created_at:desc' };
}

/** The oldest moment that a poll asks for, in whole seconds as Cliniko has them. */
function oldestOf(at: number): number {
	return Math.floor((at - OVERLAP) / 1000) * 1000;
}

function momentsOf(rows: IDataObject[], { moment }: Watch): Map<ClinikoRecord, number> {
	const moments = new Map<ClinikoRecord, number>();
	for (const row of rows.filter(isClinikoRecord)) {
		const at = Date.parse(String(row[moment]));
		if (Number.isFinite(at)) moments.set(row, at);
	}
	return moments;
}

function compareIds(a: string, b: string): number {
	return a.length - b.length || (a < b ? -1 : 1);
}
