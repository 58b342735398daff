import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { patientIdOf as ownerOf, type PatientAttachment } from '../../records/patientAttachment';
import { readRecord } from '../../requests/readRecord';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { attachmentIdField, attachmentIdOf } from './attachmentId';
import { optionalPatientIdField, optionalPatientIdOf } from './patientId';

/** The fields in which the user chooses an attachment. */
export function attachmentFields(description: string): INodeProperties[] {
	return [
		optionalPatientIdField(
			'Whose attachment it is. Not needed, but then the list below has only this patient’s files, and an attachment of anybody else is refused.',
		),
		attachmentIdField(description),
	];
}

/** The attachment that an item asks for. */
export interface OneAttachment {
	id: string;
	/** The patient it has to belong to, if given. */
	patientId?: string;
}

/** @throws ClinikoError if a parameter is not an id */
export function attachmentOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): OneAttachment {
	const patientId = optionalPatientIdOf(context, itemIndex, shard);
	return { id: attachmentIdOf(context, itemIndex, shard), patientId };
}

/** @throws ClinikoError if the attachment does not exist or belongs to another patient */
export async function readAttachment(
	api: ClinikoApi,
	{ id, patientId }: OneAttachment,
): Promise<PatientAttachment> {
	const record = await readRecord(api, 'patient_attachments', id);
	if (patientId !== undefined && ownerOf(record) !== patientId) {
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
export async function assertOwner(api: ClinikoApi, attachment: OneAttachment): Promise<void> {
	if (attachment.patientId !== undefined) await readAttachment(api, attachment);
}
