import { whyInactive } from '../records/patient';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { readRecord } from './readRecord';

/** @throws ClinikoError if the patient is archived, merged or unknown: nobody would see what is added */
export async function assertActive(api: ClinikoApi, patientId: string): Promise<undefined> {
	const inactive = whyInactive(await readRecord(api, 'patients', patientId));
	if (inactive) throw inactive;
	return undefined;
}
