import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { ChosenAttachment } from '../../requests/readAttachment';
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

/** @throws ClinikoError if a parameter is not an id */
export function attachmentOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): ChosenAttachment {
	const patientId = optionalPatientIdOf(context, itemIndex, shard);
	return { id: attachmentIdOf(context, itemIndex, shard), patientId };
}
