import { ClinikoError } from '../errors';
import { linkedId, type ClinikoRecord } from '../records/clinikoRecord';
import { compareFileNames } from '../records/compareFileNames';
import { isUnreadable, patientIdOf, type PatientAttachment } from '../records/patientAttachment';
import { listRecords, newestFirst } from '../requests/listRecords';
import { WAITS_FOR_RECORD } from '../requests/readCreated';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';
import type { Pause } from '../transport/pause';
import type { PatientFile } from './patientFile';

/** The waits before each attempt, in ms. They also allow for an unanswered request that still runs. */
const WAITS = WAITS_FOR_RECORD;

/** How long to wait until a possible match is processed, and the interval between polls, in ms. */
const PROCESSING = 60_000;
const PROCESSING_INTERVAL = 3000;

/**
 * How long before the creation the search begins, in ms: `created_at` has whole seconds, and the
 * clocks of Cliniko's servers may differ.
 */
export const LOOK_BACK = 5 * 60_000;

/** How far n8n's clock may be ahead of Cliniko's if Cliniko's replies have no date, in ms. */
export const CLOCK_ERROR = 60 * 60_000;

/** What the search depends on. */
export interface RecordSearch {
	api: ClinikoApi;
	pause: Pause;
	/** The SHA-256 of a processed record's file, in hex; undefined if the file is unavailable. */
	digestOf: (record: PatientAttachment) => Promise<string | undefined>;
	/** The id of the API key's user; undefined if Cliniko does not say. */
	ownUser: () => Promise<string | undefined>;
}

/** Whether a record is the one of the file. */
type Match = 'ours' | 'maybe' | 'unprocessed' | 'other';

/**
 * Searches for the record of a file whose creation has an unknown outcome.
 *
 * A record does not say which request created it, and Cliniko may change its name, description and
 * perhaps its size. So the content decides: each new record of the patient is downloaded once it is
 * processed, and is ours if its content is the same. If it cannot be downloaded, a record with our name
 * or size may be ours, unless another user created it.
 *
 * The caller holds the patient's lock, so that no other file of this run creates a record meanwhile.
 * Files with the same content are interchangeable: each gets one of the records.
 *
 * @param since the creation was requested after this, in ms since 1970 by Cliniko's clock
 * @param isAnothers whether the record with this id belongs to another upload
 * @returns the record; undefined if there is none
 * @throws ClinikoError if it is unknown whether there is one
 */
export async function findRecord(
	search: RecordSearch,
	upload: PatientFile,
	since: number,
	isAnothers: (id: string) => boolean,
): Promise<PatientAttachment | undefined> {
	const lastLook = WAITS.length + Math.ceil(PROCESSING / PROCESSING_INTERVAL);
	for (let look = 0; ; look++) {
		await search.pause(WAITS[look] ?? PROCESSING_INTERVAL);
		const candidates = (await recordsSince(search.api, upload, since - LOOK_BACK)).filter(
			// Cliniko may ignore the filter.
			(record) => !isAnothers(record.id) && mayBeSince(record, since),
		);
		const unclear: PatientAttachment[] = [];
		let unprocessed = false;
		// Newest first, because an earlier execution may have stored the same file.
		for (const record of candidates.sort(newestFirst)) {
			const match = await classify(search, record, upload);
			if (match === 'ours') return record;
			if (match !== 'other') unclear.push(record);
			unprocessed ||= match === 'unprocessed';
		}
		if (look < WAITS.length - 1 || (unprocessed && look < lastLook)) continue;
		if (unclear.length === 0) return undefined;
		throw cannotTell(upload, unclear);
	}
}

/** Whether a record may have been created after `since`. One without `created_at` may have been. */
export function mayBeSince({ created_at: created }: ClinikoRecord, since: number): boolean {
	return !(Date.parse(String(created)) < wholeSecond(since - LOOK_BACK));
}

async function classify(
	{ digestOf, ownUser }: RecordSearch,
	record: PatientAttachment,
	{ file, patientId, isRenamed = false }: PatientFile,
): Promise<Match> {
	// If Cliniko ignores the filter, the list has other patients' records.
	if ((patientIdOf(record) ?? patientId) !== patientId) return 'other';
	const user = linkedId(record.user, 'users');
	const own = await ownUser();
	const isAnothers = user !== undefined && own !== undefined && user !== own;
	if (record.processing_completed !== true && !isUnreadable(record)) {
		return isAnothers ? 'other' : 'unprocessed';
	}
	const sameName = isRenamed || compareFileNames(record.filename, file.name) !== 'different';
	const sameSize = Number(record.size) === file.size;
	// A record of another user is worth a download only if its size is the same.
	if (isAnothers && !sameSize) return 'other';
	const digest = await digestOf(record);
	if (digest !== undefined && digest === (await file.digest().catch(rethrowMayBeStored))) {
		// An archived record may be of an earlier execution, and the same content under another name may
		// be another upload.
		return record.archived_at || !(sameName || hasNoName(record)) ? 'maybe' : 'ours';
	}
	if (isAnothers) return 'other';
	// Without the content, or if Cliniko may have changed it, the same name or size is not proof.
	const isLike =
		digest === undefined ? sameName || sameSize || hasNoName(record) : sameName && !sameSize;
	return isLike ? 'maybe' : 'other';
}

function hasNoName({ filename, size }: PatientAttachment): boolean {
	return !filename || size === null || size === undefined;
}

async function recordsSince(
	api: ClinikoApi,
	{ patientId, file }: PatientFile,
	since: number,
): Promise<PatientAttachment[]> {
	const filters = [
		`patient_id:=${patientId}`,
		`created_at:>=${clinikoTimestamp(since)}`,
		'archived_at:*',
	];
	const errorContext = {
		action: `check whether the file "${file.name}" was saved on the record of patient ${patientId} before the connection broke`,
	};
	return await listRecords(api, 'patient_attachments', filters, errorContext).catch(
		rethrowMayBeStored,
	);
}

/**
 * Adds to an error the advice to look first. Its own advice is to run the workflow again, which might
 * store the file twice.
 */
export function mayBeStored({ message, description, httpCode }: ClinikoError): ClinikoError {
	return new ClinikoError(
		message,
		`The file may be there: look at the patient’s files in Cliniko before you run the workflow again. ${description}`,
		httpCode,
	);
}

function rethrowMayBeStored(error: ClinikoError): never {
	throw mayBeStored(error);
}

function cannotTell({ file, patientId }: PatientFile, unclear: PatientAttachment[]): ClinikoError {
	const ids = unclear.slice(0, 5).map(({ id }) => id);
	const more = unclear.length > ids.length ? ` (or ${unclear.length - ids.length} more)` : '';
	return new ClinikoError(
		`The connection broke while the file "${file.name}" was put on the record of patient ${patientId}, and it is not known whether it is there. It may be attachment ${ids.join(' or ')}${more}.`,
		'Look at the patient’s files in Cliniko. If the file is not there, run the workflow again for it.',
	);
}

function wholeSecond(time: number): number {
	return Math.floor(time / 1000) * 1000;
}
