import type { IExecuteFunctions } from 'n8n-workflow';

import { archiveRecord } from '../../requests/archiveRecord';
import { assertOwner } from '../../requests/readAttachment';
import { connect, pauseFor } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { attachmentFields, attachmentOf } from '../parameters/attachment';

/** What an item of the output holds. */
export interface Output {
	id: string;
	archived: boolean;
}

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => attachmentOf(context, itemIndex, api.shard),
		run: async (attachment) => {
			const { id } = attachment;
			await assertOwner(api, attachment);
			await archiveRecord(api, pauseFor(context), 'patient_attachments', id);
			return [{ json: { id, archived: true } }];
		},
	});
}

export const archive: Operation = {
	name: 'Archive',
	value: 'archive',
	action: 'Archive patient attachment',
	description: 'Take an attachment out of the patient’s files. Cliniko keeps it as archived.',
	fields: attachmentFields('The attachment to archive'),
	execute,
};
