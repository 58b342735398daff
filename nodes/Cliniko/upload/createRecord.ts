import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isPatientAttachment, patientIdOf, type PatientAttachment } from './patientAttachment';

/**
 * Step 3: creates the patient attachment record for a file that is at `uploadUrl`.
 *
 * @param patientId the same patient that the presigned post was asked for
 * @param uploadUrl from `postToS3`
 * @param description at most 255 characters; empty for none
 * @returns the record, which Cliniko has not processed yet
 * @throws ClinikoError
 */
export async function createRecord(
	api: ClinikoApi,
	patientId: string,
	uploadUrl: string,
	description: string,
	fileName: string,
): Promise<PatientAttachment> {
	const { body } = await api.post(
		'/patient_attachments',
		{ patient_id: patientId, upload_url: uploadUrl, ...(description ? { description } : {}) },
		{
			what: `put the file "${fileName}" on the record of patient ${patientId}`,
			notFound: `Cliniko has no patient with the ID ${patientId}.`,
		},
	);
	if (!isPatientAttachment(body)) {
		throw new ClinikoError(
			`Cliniko created a record for the file "${fileName}" but its reply has no ID.`,
			'Look at the patient’s files in Cliniko before you run the workflow again: the file may be there.',
		);
	}
	const owner = patientIdOf(body);
	if (owner !== undefined && owner !== patientId) {
		throw new ClinikoError(
			`Cliniko put the file "${fileName}" on the record of patient ${owner} instead of ${patientId} (attachment ${body.id}).`,
			`Look at attachment ${body.id} in Cliniko at once and move it by hand.`,
		);
	}
	return body;
}
