import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { patientIdOf as ownerOf, type PatientAttachment } from '../../records/patientAttachment';
import { readRecord } from '../../records/readRecord';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { attachmentIdField, attachmentIdOf } from '../attachmentId';
import { optionalPatientIdField, optionalPatientIdOf } from '../patientId';

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
	/** Reads the record, and makes sure that it is the patient's. */
	read: () => Promise<PatientAttachment>;
	/** Makes sure that it is the patient's, if a patient is given; costs a request then only. */
	assertOwner: () => Promise<void>;
}

/**
 * @throws ClinikoError if the parameters are no ids; what it returns throws it if the attachment is not
 *   there or is another patient's
 */
export function attachmentOf(
	context: IExecuteFunctions,
	itemIndex: number,
	api: ClinikoApi,
): OneAttachment {
	const patientId = optionalPatientIdOf(context, itemIndex, api.shard);
	const id = attachmentIdOf(context, itemIndex, api.shard);
	const read = async () => {
		const record = await readRecord(api, 'patient_attachments', id);
		if (patientId !== undefined && ownerOf(record) !== patientId) {
			throw new ClinikoError(
				`Attachment ${id} is not on the record of patient ${patientId}.`,
				'Nothing was done with it. Check both IDs, or leave the patient empty if only the attachment is known.',
			);
		}
		return record;
	};
	return {
		id,
		read,
		assertOwner: async () => {
			if (patientId !== undefined) await read();
		},
	};
}
