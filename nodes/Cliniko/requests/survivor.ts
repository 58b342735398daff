import { mergedInto, type Patient } from '../records/patient';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { readRecordIfExists } from './readRecord';

/**
 * The patient that a merged one was merged into, through any number of mergers; a patient who was not
 * merged is returned as they are.
 *
 * @param known patients that need not be read, by id
 * @returns undefined if one of them does not exist
 * @throws ClinikoError if a request fails
 */
export async function survivor(
	api: ClinikoApi,
	patient: Patient,
	known: ReadonlyMap<string, Patient> = new Map(),
): Promise<Patient | undefined> {
	const seen = new Set<string>();
	let current = patient;
	for (let next = mergedInto(current); next && !seen.has(next); next = mergedInto(current)) {
		seen.add(next);
		const read = known.get(next) ?? (await readRecordIfExists(api, 'patients', next));
		if (!read) return undefined;
		current = read;
	}
	return current;
}
