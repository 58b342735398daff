import type { IExecuteFunctions } from 'n8n-workflow';

import { simplified, type SimplifiedAttachment } from '../../records/patientAttachment';
import { readAttachment } from '../../requests/readAttachment';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { attachmentFields, attachmentOf } from '../parameters/attachment';
import { outputFields, outputOf } from '../parameters/output';

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAttachment;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			attachment: attachmentOf(context, itemIndex, api.shard),
			show: outputOf(context, itemIndex, simplified),
		}),
		run: async ({ attachment, show }) => {
			const record = await readAttachment(api, attachment);
			return [{ json: show(record) }];
		},
	});
}

export const get: Operation = {
	name: 'Get',
	value: 'get',
	action: 'Get patient attachment',
	description: 'Return the record of an attachment, archived or not, without the file itself',
	fields: [...attachmentFields('The attachment to return'), ...outputFields(simplified)],
	execute,
};
