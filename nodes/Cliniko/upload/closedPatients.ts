import { ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isArchived, mergedInto, type Patient } from '../records/patient';
import { readRecordIfExists } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/** How many ids one request asks for: a page of Cliniko's lists. */
const IDS_PER_REQUEST = 100;

/**
 * Which of these patients are out of use, so that a file on their record would be a lost file. Asked
 * before the first file is sent; one request serves a hundred patients.
 *
 * A patient whom the list does not show is read alone, since lists may hide merged ones. If there is
 * no such patient, nothing is said here: Cliniko refuses the presigned post then.
 *
 * @param patientIds checked ids
 * @returns why, by the ids of those who must not get a file
 * @throws ClinikoError if Cliniko cannot be asked
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

/** The patients with these ids, as far as there are any; at most a page of them. */
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
