import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { recordIdField, recordIdOf, type RecordKind } from './recordId';

const attachment: RecordKind = {
	noun: 'attachment',
	parameter: 'attachmentId',
	listSearch: 'searchAttachments',
	url: '^https:\\/\\/[\\w.-]+\\.([a-z]{2}\\d{1,2})\\.cliniko\\.com\\/(?:[^?#]*\\/)?(?:patient_)?attachments\\/(\\d+)(?=[/?#]|$)',
	exampleUrl: 'https://api.au1.cliniko.com/v1/patient_attachments/1234567890123456789',
	urlAdvice:
		'Use the address that an earlier step gave as content_url, or the attachment’s own. It has /patient_attachments/ and a number in it.',
	noneAdvice:
		'Choose an attachment from the list, or give its ID, which Upload and Get Many output as "id". If an expression gives it, check that the node before found the attachment.',
};

/** The field in which the user chooses an attachment. */
export function attachmentIdField(description: string): INodeProperties {
	return recordIdField(attachment, { displayName: 'Attachment', required: true, description });
}

/**
 * The attachment id that an item asks for: see `recordIdOf`.
 *
 * @throws ClinikoError
 */
export function attachmentIdOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): string {
	return recordIdOf(context, itemIndex, shard, attachment);
}
