import { ClinikoError } from '../errors';
import type { ClinikoApi, UnknownOutcome } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { retry } from '../transport/retry';
import { NOUNS, readRecord, type Readable } from './readRecord';

/** The maximum number of attempts. */
const TRIES = 3;

/** The first backoff, in ms. */
const FIRST_WAIT = 1000;

/** Statuses with which Cliniko may answer if the record is archived already. */
const MAY_BE_ARCHIVED = [404, 409, 422];

/**
 * Archives a record. It is idempotent, so that a workflow can be run again: Cliniko's reply for an
 * archived record is not documented, so the record is read.
 *
 * @param id a validated id
 * @throws ClinikoError if Cliniko refuses it, or if the outcome is unknown
 */
export async function archiveRecord(
	api: ClinikoApi,
	pause: Pause,
	collection: Exclude<Readable, 'patients'>,
	id: string,
): Promise<void> {
	const attempt = async () => await tryToArchive(api, collection, id);
	const shouldRetry = (unclear?: UnknownOutcome) => unclear !== undefined;
	const unclear = await retry(attempt, { tries: TRIES, firstWait: FIRST_WAIT, shouldRetry, pause });
	if (unclear) throw unclear.error;
}

/** @returns undefined if the record is archived; an UnknownOutcome if it may not be */
async function tryToArchive(
	api: ClinikoApi,
	collection: Readable,
	id: string,
): Promise<UnknownOutcome | undefined> {
	const noun = NOUNS[collection];
	const path = `/${collection}/${id}/archive`;
	const errorContext = {
		action: `archive ${noun} ${id}`,
		notFound: `Cliniko has no ${noun} with the ID ${id}.`,
	};
	const outcome = await api
		.postAction(path, errorContext)
		.catch((refusal: ClinikoError) => refusal);
	if (outcome === undefined) return undefined;
	const isRefused = outcome instanceof ClinikoError;
	if (isRefused && !MAY_BE_ARCHIVED.includes(outcome.httpCode ?? 0)) throw outcome;
	const action = `see whether ${noun} ${id} is archived, which Cliniko has not said`;
	const record = await readRecord(api, collection, id, action);
	if (record.archived_at) return undefined;
	if (isRefused) throw outcome;
	return outcome;
}
