import { ClinikoError } from '../errors';
import type { PatientAttachment } from '../records/patientAttachment';

/** The file is stored, but may not be linked to its case. */
export class NotLinked extends ClinikoError {
	/** @param reason without its advice to run the workflow again, which would store the file twice */
	constructor(
		fileName: string,
		caseId: string,
		readonly record: PatientAttachment,
		{ message, description, httpCode = 0 }: ClinikoError,
	) {
		const isAboutKey = [401, 403].includes(httpCode);
		super(
			`The file "${fileName}" is stored, as attachment ${record.id}, but may not be linked to case ${caseId}. ${message}`,
			`Do not upload it again: link it in Cliniko, or use Retry on this execution, which only links it.${isAboutKey ? ` ${description}` : ''}`,
		);
	}
}
