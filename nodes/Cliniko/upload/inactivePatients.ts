import type { ClinikoError } from '../errors';
import { whyInactive } from '../records/patient';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { PatientLookup } from './patientLookup';

/**
 * Finds the archived and merged patients among these: nobody would see a file on their record. One
 * request serves a hundred patients, of all executions that begin together. A patient who does not
 * exist is not reported: Cliniko will refuse the presigned post.
 *
 * @param patientIds validated ids
 * @returns the reason, by the id of each patient who must not get a file
 * @throws ClinikoError if a request fails
 */
export async function inactivePatients(
	api: ClinikoApi,
	pause: Pause,
	patientIds: string[],
): Promise<Map<string, ClinikoError>> {
	const patients = await PatientLookup.of(api).read(api, pause, [...new Set(patientIds)]);
	const inactive = new Map<string, ClinikoError>();
	for (const [id, patient] of patients) {
		const reason = whyInactive(patient);
		if (reason) inactive.set(id, reason);
	}
	return inactive;
}
