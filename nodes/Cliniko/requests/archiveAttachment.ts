import { ClinikoError } from '../errors';
import type { ClinikoApi, UnknownOutcome } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { retry } from '../transport/retry';
import { readRecord } from './readRecord';

/** The maximum number of attempts. */
const TRIES = 3;

/** The first backoff, in ms. */
const FIRST_WAIT = 1000;

/** Statuses with which Cliniko may answer if the attachment is archived already. */
const MAY_BE_ARCHIVED = [404, 409, 422];

/**
 * Archives an attachment. It is idempotent, so that a workflow can be run again: Cliniko's reply for an
 * archived attachment is not documented, so its record is read.
 *
 * @param id a validated id
 * @throws ClinikoError if Cliniko refuses it, or if the outcome is unknown
 */
export async function archiveAttachment(api: ClinikoApi, pause: Pause, id: string): Promise<void> {
	const attempt = async () => await tryToArchive(api, id);
	const shouldRetry = (unclear?: UnknownOutcome) => unclear !== undefined;
	const unclear = await retry(attempt, { tries: TRIES, firstWait: FIRST_WAIT, shouldRetry, pause });
	if (unclear) throw unclear.error;
}

/** @returns undefined if the attachment is archived; an UnknownOutcome if it may not be */
async function tryToArchive(api: ClinikoApi, id: string): Promise<UnknownOutcome | undefined> {
	const path = `/patient_attachments/${id}/archive`;
	const errorContext = {
		action: `archive attachment ${id}`,
		notFound: `Cliniko has no attachment with the ID ${id}.`,
	};
	const outcome = await api
		.postAction(path, errorContext)
		.catch((refusal: ClinikoError) => refusal);
	if (outcome === undefined) return undefined;
	const isRefused = outcome instanceof ClinikoError;
	if (isRefused && !MAY_BE_ARCHIVED.includes(outcome.httpCode ?? 0)) throw outcome;
	const action = `see whether attachment ${id} is archived, which Cliniko has not said`;
	const record = await readRecord(api, 'patient_attachments', id, action);
	if (record.archived_at) return undefined;
	if (isRefused) throw outcome;
	return outcome;
}
