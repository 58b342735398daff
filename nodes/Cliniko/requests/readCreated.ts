import type { ClinikoRecord } from '../records/clinikoRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { readRecordIfExists, type Readable } from './readRecord';

/**
 * The waits between attempts to read a new record, in ms. Cliniko may show it with a delay, so only a
 * minute without it counts as "not there".
 */
export const WAITS_FOR_RECORD: readonly number[] = [2000, 4000, 8000, 16_000, 30_000];

/**
 * Reads a record that was created a short time ago. Not all of Cliniko's servers may have it yet.
 *
 * @param action as in `ErrorContext`
 * @param waits the waits between attempts, in ms; a minute in total by default
 * @returns undefined if Cliniko has not shown it by then
 * @throws ClinikoError if a request fails
 */
export async function readCreated(
	api: ClinikoApi,
	pause: Pause,
	id: string,
	action?: string,
	waits = WAITS_FOR_RECORD,
	collection: Readable = 'patient_attachments',
): Promise<ClinikoRecord | undefined> {
	const read = async () => await readRecordIfExists(api, collection, id, action);
	let record = await read();
	for (const wait of waits) {
		if (record) break;
		await pause(wait);
		record = await read();
	}
	return record;
}
