import type { IExecuteFunctions } from 'n8n-workflow';

import { archiveAttachment } from '../../records/archiveAttachment';
import { connect, pauseFor } from '../../transport/connect';
import { eachItem } from '../eachItem';
import type { Operation } from '../operations';
import { attachmentFields, attachmentOf } from './oneAttachment';

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, async (itemIndex) => {
		const { id, assertOwner } = attachmentOf(context, itemIndex, api);
		await assertOwner();
		await archiveAttachment(api, pauseFor(context), id);
		return [{ json: { id, archived: true } }];
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
