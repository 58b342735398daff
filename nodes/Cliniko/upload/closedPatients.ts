import { ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isArchived, mergedInto, type Patient } from '../records/patient';
import { readRecordIfExists } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/** The number of ids per request: a page of Cliniko's lists. */
const IDS_PER_REQUEST = 100;

/**
 * Finds the archived and merged patients among these: nobody would see a file on their record. One
 * request serves a hundred patients.
 *
 * A patient missing from the list is read separately, since lists may hide merged patients. A patient
 * who does not exist is not reported: Cliniko will refuse the presigned post.
 *
 * @param patientIds validated ids
 * @returns the reason, by the id of each patient who must not get a file
 * @throws ClinikoError if a request fails
 */
export async function closedPatients(
	api: ClinikoApi,
	patientIds: string[],
): Promise<Map<string, ClinikoError>> {
	const ids = [...new Set(patientIds)];
	const closed = new Map<string, ClinikoError>();
	for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
		for (const patient of await patientsOf(api, ids.slice(from, from + IDS_PER_REQUEST))) {
			if (isArchived(patient) || mergedInto(patient)) closed.set(patient.id, whyClosed(patient));
		}
	}
	return closed;
}

/** Reads the patients with these ids, at most a page of them; those who do not exist are left out. */
async function patientsOf(api: ClinikoApi, ids: string[]): Promise<Patient[]> {
	const patients = new Map<string, Patient>();
	const filters = [`id:=${ids.join(',')}`, 'archived_at:*'];
	for await (const rows of api.list('patients', filters, { action: 'look up the patients' })) {
		for (const row of rows.filter(isClinikoRecord)) patients.set(row.id, row);
	}
	for (const id of ids.filter((one) => !patients.has(one))) {
		const patient = await readRecordIfExists(api, 'patients', id, `look up patient ${id}`);
		if (patient) patients.set(id, patient);
	}
	return [...patients.values()];
}

function whyClosed(patient: Patient): ClinikoError {
	const { id } = patient;
	const into = mergedInto(patient);
	return into
		? new ClinikoError(
				`Patient ${id} was merged into patient ${into} in Cliniko, so nothing was sent.`,
				`Use patient ${into} instead. Patient > Find leads from a merged patient to the one in use.`,
			)
		: new ClinikoError(
				`Patient ${id} is archived in Cliniko, so nothing was sent.`,
				'Check that it is the right patient, and take them out of the archive in Cliniko first.',
			);
}
