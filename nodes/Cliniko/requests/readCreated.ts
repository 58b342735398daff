import type { PatientAttachment } from '../records/patientAttachment';
import { readRecordIfExists } from './readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';

/**
 * The waits between looks for a new record, in ms: it may take Cliniko some time to show it. Only a
 * minute without the record counts as "not there".
 */
export const WAITS_FOR_RECORD: readonly number[] = [2000, 4000, 8000, 16_000, 30_000];

/**
 * Reads a record that is known to have been created. One of Cliniko's servers may not know it yet.
 *
 * @param action it is read for, as in `ErrorContext`
 * @param waits between the looks, in ms; a minute in all if left out
 * @returns nothing if Cliniko has not shown it by then
 * @throws ClinikoError if Cliniko cannot be asked
 */
export async function readCreated(
	api: ClinikoApi,
	pause: Pause,
	id: string,
	action?: string,
	waits = WAITS_FOR_RECORD,
): Promise<PatientAttachment | undefined> {
	const read = async () => await readRecordIfExists(api, 'patient_attachments', id, action);
	let record = await read();
	for (const wait of waits) {
		if (record) break;
		await pause(wait);
		record = await read();
	}
	return record;
}
