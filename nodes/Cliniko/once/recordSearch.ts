import { ClinikoError } from '../errors';
import { linkedId } from '../records/clinikoRecord';
import { compareFileNames } from '../records/compareFileNames';
import { listRecords, newestFirst } from '../requests/listRecords';
import { WAITS_FOR_RECORD } from '../requests/readCreated';
import { isUnreadable, patientIdOf, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';
import type { Pause } from '../transport/pause';
import type { PatientFile } from './patientFile';

/**
 * The waits before each look, in ms. They also cover a request that nobody answered and that may still
 * run.
 */
const WAITS = WAITS_FOR_RECORD;

/** How long a record that may be ours is waited for until it is processed, in ms, and how often. */
const PROCESSING = 60_000;
const PROCESSING_INTERVAL = 3000;

/**
 * How far back to look before the creation, in ms: `created_at` has whole seconds, and the clocks of
 * Cliniko's servers may differ.
 */
const LOOK_BACK = 5 * 60_000;

/** What the search needs to know of Cliniko beside the list of records. */
export interface RecordSearch {
	api: ClinikoApi;
	pause: Pause;
	/** The SHA-256 of a processed record's file, in hex; nothing if the file cannot be had. */
	digestOf: (record: PatientAttachment) => Promise<string | undefined>;
	/** The id of the user that the API key belongs to; nothing if Cliniko does not say. */
	ownUser: () => Promise<string | undefined>;
}

/** What a record is to a file that may have become it. */
type Verdict = 'ours' | 'maybe' | 'unprocessed' | 'other';

/**
 * Looks for the record of a file whose creation has an unknown outcome.
 *
 * A record does not say which request created it, and Cliniko may change its name, its description and
 * perhaps its size. So the file's bytes decide: every new record of the patient is downloaded once it
 * is processed, and is ours if its bytes are. Where the file cannot be downloaded, a record that shows
 * our name or size may be ours, unless another user created it.
 *
 * The caller holds the patient's lock, so that no other file of this run creates a record meanwhile.
 * Files with the same bytes are interchangeable: each gets one of the records.
 *
 * @param since the creation was asked for after this, ms since 1970 by Cliniko's clock
 * @param claimed ids of records that belong to other files of this execution
 * @returns the record; nothing if there is none
 * @throws ClinikoError if it cannot be told whether there is one
 */
export async function findRecord(
	search: RecordSearch,
	upload: PatientFile,
	since: number,
	claimed: ReadonlySet<string>,
): Promise<PatientAttachment | undefined> {
	const lastLook = WAITS.length + Math.ceil(PROCESSING / PROCESSING_INTERVAL);
	for (let look = 0; ; look++) {
		await search.pause(WAITS[look] ?? PROCESSING_INTERVAL);
		const candidates = (await recordsSince(search.api, upload, since - LOOK_BACK)).filter(
			// Cliniko may not heed the filter.
			(record) => !claimed.has(record.id) && mayBeSince(record, since),
		);
		const unclear: PatientAttachment[] = [];
		let unprocessed = false;
		// The newest first: an earlier execution may have stored the same file.
		for (const record of candidates.sort(newestFirst)) {
			const verdict = await judge(search, record, upload);
			if (verdict === 'ours') return record;
			if (verdict !== 'other') unclear.push(record);
			unprocessed ||= verdict === 'unprocessed';
		}
		if (look < WAITS.length - 1 || (unprocessed && look < lastLook)) continue;
		if (unclear.length === 0) return undefined;
		throw cannotTell(upload, unclear);
	}
}

/**
 * Whether a record may be one that was asked for after `since`; so may one that does not say when it
 * was created.
 */
export function mayBeSince({ created_at: created }: PatientAttachment, since: number): boolean {
	return !(Date.parse(String(created)) < wholeSecond(since - LOOK_BACK));
}

async function judge(
	{ digestOf, ownUser }: RecordSearch,
	record: PatientAttachment,
	{ file, patientId, isRenamed = false }: PatientFile,
): Promise<Verdict> {
	// A filter that Cliniko does not heed must not lead to another patient's record.
	if ((patientIdOf(record) ?? patientId) !== patientId) return 'other';
	const user = linkedId(record.user, 'users');
	const own = await ownUser();
	const isAnothers = user !== undefined && own !== undefined && user !== own;
	if (record.processing_completed !== true && !isUnreadable(record)) {
		return isAnothers ? 'other' : 'unprocessed';
	}
	const sameName = isRenamed || compareFileNames(record.filename, file.name) !== 'different';
	const sameSize = Number(record.size) === file.size;
	// A colleague's file is ours only if it is the very same one, which its size tells.
	if (isAnothers && !sameSize) return 'other';
	const digest = await digestOf(record);
	if (digest !== undefined && digest === (await file.digest().catch(rethrowMayBeStored))) {
		// One that an earlier execution created may have been archived since; then ours is not there. And
		// the same bytes under another name may be another upload of them.
		return record.archived_at || !(sameName || hasNoName(record)) ? 'maybe' : 'ours';
	}
	if (isAnothers) return 'other';
	// Without the bytes, and where Cliniko may have changed them, a likeness decides nothing.
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
 * The same error with advice to look first: its own is to run the workflow again, which might store
 * the file twice.
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
		`The connection broke while the file "${file.name}" was put on the record of patient ${patientId}, and it cannot be told whether it is there. It may be attachment ${ids.join(' or ')}${more}.`,
		'Look at the patient’s files in Cliniko. If the file is not there, run the workflow again for it.',
	);
}

function wholeSecond(time: number): number {
	return Math.floor(time / 1000) * 1000;
}
