import { ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isArchived, mergedInto, type Patient } from '../records/patient';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/** How many ids one request asks for: a page of Cliniko's lists. */
const IDS_PER_REQUEST = 100;

/**
 * Which of these patients are out of use, so that a file on their record would be a lost file. Asked
 * before the first file is sent; one request serves a hundred patients.
 *
 * A patient whom the list does not show is let pass: the presigned post is refused if there is none.
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
		const filters = [`id:=${ids.slice(from, from + IDS_PER_REQUEST).join(',')}`, 'archived_at:*'];
		const purpose = { what: 'look up the patients' };
		for await (const rows of api.list('patients', filters, purpose)) {
			for (const row of rows.filter(isClinikoRecord)) {
				if (isArchived(row) || mergedInto(row)) closed.set(row.id, whyClosed(row));
			}
		}
	}
	return closed;
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
