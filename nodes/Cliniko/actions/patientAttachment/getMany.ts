import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { simplified, type SimplifiedAttachment } from '../../records/patientAttachment';
import { newestRecords } from '../../requests/listRecords';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { patientOrAllFields, patientOrAllOf } from '../parameters/patientId';
import { simplifyField, simplifyOf } from '../parameters/simplify';

const FILTERS: FilterField[] = [
	{ displayName: 'Content Type', name: 'content_type', kind: 'text' },
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Description', name: 'description', kind: 'text' },
	{ displayName: 'File Name', name: 'filename', kind: 'text' },
	{ displayName: 'Processed At', name: 'processed_at', kind: 'dateTime' },
	{ displayName: 'Updated At', name: 'updated_at', kind: 'dateTime' },
];

const fields: INodeProperties[] = [
	...patientOrAllFields('Attachments Of', 'attachments'),
	...limitFields,
	...filterFields(FILTERS),
	simplifyField,
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAttachment;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => {
			const filters = filtersOf(context, itemIndex, FILTERS);
			const patientId = patientOrAllOf(context, itemIndex, api.shard);
			if (patientId !== undefined) filters.push(`patient_id:=${patientId}`);
			const limit = limitOf(context, itemIndex);
			return { filters, limit, simplify: simplifyOf(context, itemIndex) };
		},
		run: async ({ filters, limit, simplify }) => {
			const errorContext = { action: 'list attachments' };
			const records = await newestRecords(api, 'patient_attachments', filters, limit, errorContext);
			hintAtLimit(context, records.length, limit);
			return records.map((record) => ({ json: simplify ? simplified(record) : record }));
		},
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many patient attachments',
	description: 'Return the attachments of a patient or of all patients, newest first',
	fields,
	execute,
};
