import type { PatientAttachment } from '../records/patientAttachment';
import { readRecordIfExists } from './readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { retry } from '../transport/retry';

/** How often a record is asked for before it counts as gone, and the first backoff, in ms. */
const TRIES = 3;
const FIRST_WAIT = 2000;

/**
 * Reads a record that is known to have been created. One of Cliniko's servers may not know it yet.
 *
 * @param action it is read for, as in `ErrorContext`
 * @returns nothing if it is gone
 * @throws ClinikoError if Cliniko cannot be asked
 */
export async function readCreated(
	api: ClinikoApi,
	pause: Pause,
	id: string,
	action?: string,
): Promise<PatientAttachment | undefined> {
	const attempt = async () => await readRecordIfExists(api, 'patient_attachments', id, action);
	const shouldRetry = (record?: PatientAttachment) => record === undefined;
	return await retry(attempt, { tries: TRIES, firstWait: FIRST_WAIT, shouldRetry, pause });
}
