import type { IExecuteFunctions } from 'n8n-workflow';

import { simplified } from '../../records/patientAttachment';
import { connect } from '../../transport/connect';
import { eachItem } from '../eachItem';
import type { Operation } from '../operations';
import { simplifyField } from '../simplify';
import { attachmentFields, attachmentOf } from './oneAttachment';

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, async (itemIndex) => {
		const record = await attachmentOf(context, itemIndex, api).read();
		const simplify = context.getNodeParameter('simplify', itemIndex, true);
		return [{ json: simplify ? simplified(record) : record }];
	});
}

export const get: Operation = {
	name: 'Get',
	value: 'get',
	action: 'Get patient attachment',
	description: 'Return the record of an attachment, archived or not, without the file itself',
	fields: [...attachmentFields('The attachment to return'), simplifyField],
	execute,
};
