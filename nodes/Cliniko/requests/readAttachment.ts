import { ClinikoError } from '../errors';
import { patientIdOf, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { readRecord } from './readRecord';

/** An attachment that a user has chosen. */
export interface ChosenAttachment {
	id: string;
	/** The patient it has to belong to, if given. */
	patientId?: string;
}

/** @throws ClinikoError if the attachment does not exist or belongs to another patient */
export async function readAttachment(
	api: ClinikoApi,
	{ id, patientId }: ChosenAttachment,
): Promise<PatientAttachment> {
	const record = await readRecord(api, 'patient_attachments', id);
	if (patientId !== undefined && patientIdOf(record) !== patientId) {
		throw new ClinikoError(
			`Attachment ${id} is not on the record of patient ${patientId}.`,
			'Nothing was done with it. Check both IDs, or leave the patient empty if only the attachment is known.',
		);
	}
	return record;
}

/**
 * Checks that the attachment belongs to the patient. Sends a request only if a patient is given.
 *
 * @throws ClinikoError if it does not
 */
export async function assertOwner(api: ClinikoApi, attachment: ChosenAttachment): Promise<void> {
	if (attachment.patientId !== undefined) await readAttachment(api, attachment);
}
