import { ClinikoError } from '../errors';
import type { ClinikoApi, UnknownOutcome } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { retry } from '../transport/retry';
import { readRecord } from './readRecord';

/** How often archiving is asked for, the first time included. */
const TRIES = 3;

/** The first backoff, in ms. */
const FIRST_WAIT = 1000;

/** Statuses with which Cliniko may refuse what is archived already. */
const MAY_BE_ARCHIVED = [404, 409, 422];

/**
 * Archives an attachment. Archived already counts as done, so that a workflow can be run again: what
 * Cliniko answers then is not documented, so its record is asked.
 *
 * @param id a checked id
 * @throws ClinikoError if Cliniko refuses it, or if it cannot be told whether it was done
 */
export async function archiveAttachment(api: ClinikoApi, pause: Pause, id: string): Promise<void> {
	const attempt = async () => await tryToArchive(api, id);
	const shouldRetry = (unclear?: UnknownOutcome) => unclear !== undefined;
	const unclear = await retry(attempt, { tries: TRIES, firstWait: FIRST_WAIT, shouldRetry, pause });
	if (unclear) throw unclear.error;
}

/** @returns nothing once the attachment is archived; what is known if it may not be */
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
