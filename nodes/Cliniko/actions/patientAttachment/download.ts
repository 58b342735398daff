import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { downloadFile } from '../../download/downloadFile';
import { ClinikoError } from '../../errors';
import { simplified, type SimplifiedAttachment } from '../../records/patientAttachment';
import { readAttachment } from '../../requests/readAttachment';
import { connect, filesFromS3 } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { attachmentFields, attachmentOf } from '../parameters/attachment';
import { outputFields, outputOf } from '../parameters/output';
import { textOf } from '../parameters/text';

const fields: INodeProperties[] = [
	...attachmentFields('The attachment whose file to download'),
	{
		displayName: 'Put Output File in Field',
		name: 'binaryPropertyName',
		type: 'string',
		default: 'data',
		required: true,
		placeholder: 'e.g. data',
		hint: 'The name of the output binary field to put the file in',
		description:
			'Later steps find the file under this name. A model that uses this node as its tool gets the record only: a file cannot cross into a tool call.',
	},
	...outputFields(simplified),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAttachment & { warning?: string };

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			attachment: attachmentOf(context, itemIndex, api.shard),
			field: outputFieldOf(context, itemIndex),
			show: outputOf(context, itemIndex, simplified),
		}),
		run: async ({ attachment, field, show }) => {
			const record = await readAttachment(api, attachment);
			const { data, warning } = await downloadFile(api, record, filesFromS3(context));
			const json = { ...show(record), ...(warning && { warning }) };
			return [{ json, binary: { [field]: data } }];
		},
	});
}

function outputFieldOf(context: IExecuteFunctions, itemIndex: number): string {
	const given: unknown = context.getNodeParameter('binaryPropertyName', itemIndex, 'data');
	const field = textOf(given, 'Put Output File in Field').trim();
	if (field !== '') return field;
	throw new ClinikoError(
		'Put Output File in Field is empty for this item.',
		'Give the file a field name, such as data.',
	);
}

export const download: Operation = {
	name: 'Download',
	value: 'download',
	action: 'Download patient attachment',
	description: 'Fetch the file of an attachment, with its name and type',
	fields,
	execute,
};
