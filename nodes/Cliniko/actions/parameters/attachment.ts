import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { patientIdOf as ownerOf, type PatientAttachment } from '../../records/patientAttachment';
import { readRecord } from '../../requests/readRecord';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { attachmentIdField, attachmentIdOf } from './attachmentId';
import { optionalPatientIdField, optionalPatientIdOf } from './patientId';

/** The fields in which the user picks one attachment. */
export function attachmentFields(description: string): INodeProperties[] {
	return [
		optionalPatientIdField(
			'Whose attachment it is. Not needed, but then the list below has only this patient’s files, and an attachment of anybody else is refused.',
		),
		attachmentIdField(description),
	];
}

/** Which attachment an item asks for. */
export interface OneAttachment {
	id: string;
	/** Whose it has to be, if that is given. */
	patientId?: string;
}

/** @throws ClinikoError if the parameters are no ids */
export function attachmentOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): OneAttachment {
	const patientId = optionalPatientIdOf(context, itemIndex, shard);
	return { id: attachmentIdOf(context, itemIndex, shard), patientId };
}

/** @throws ClinikoError if the attachment is not there, or is another patient's */
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
 * Makes sure that the attachment is the patient's, if a patient is given; costs a request then only.
 *
 * @throws ClinikoError if it is not
 */
export async function assertOwner(api: ClinikoApi, attachment: OneAttachment): Promise<void> {
	if (attachment.patientId !== undefined) await readAttachment(api, attachment);
}
