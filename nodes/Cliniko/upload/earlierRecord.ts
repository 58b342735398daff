import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { PatientAttachment } from '../records/patientAttachment';

/**
 * Reads the record that a file became in an earlier try of this execution.
 *
 * @throws ClinikoError if it cannot be read, or is gone
 */
export async function earlierRecord(
	api: ClinikoApi,
	id: string,
	fileName: string,
): Promise<PatientAttachment> {
	const { body } = await api.get(`/patient_attachments/${id}`, {
		what: `read attachment ${id}, which the file "${fileName}" became in an earlier try`,
		notFound: `The file "${fileName}" was stored in an earlier try of this execution, as attachment ${id}, and that is not in Cliniko any more.`,
	});
	if (isClinikoRecord(body)) return body;
	throw new ClinikoError(
		`Cliniko's reply about attachment ${id}, which the file "${fileName}" became in an earlier try, is no record.`,
		'The file is on the patient’s record. Run the workflow again if a later step needs the record.',
	);
}
