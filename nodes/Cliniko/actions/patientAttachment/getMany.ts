import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { mayBeOfPatient } from '../../records/clinikoRecord';
import {
	simplified,
	type PatientAttachment,
	type SimplifiedAttachment,
} from '../../records/patientAttachment';
import { firstRecords } from '../../requests/listRecords';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { outputFields, outputOf } from '../parameters/output';
import { patientOrAllFields, patientOrAllOf } from '../parameters/patientId';
import { sortField, sortOf, type SortChoice } from '../parameters/sort';

const FILTERS: FilterField[] = [
	{ displayName: 'Content Type', name: 'content_type', kind: 'text' },
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Description', name: 'description', kind: 'text' },
	{ displayName: 'File Name', name: 'filename', kind: 'text' },
	{ displayName: 'Processed At', name: 'processed_at', kind: 'dateTime' },
	{ displayName: 'Updated At', name: 'updated_at', kind: 'dateTime' },
];

const SORTS: SortChoice[] = [{ name: 'File Name (A to Z)', sort: 'filename:asc' }];

const fields: INodeProperties[] = [
	...patientOrAllFields('Attachments Of', 'attachments'),
	...limitFields,
	sortField(SORTS),
	...filterFields(FILTERS),
	...outputFields(simplified),
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
			return {
				patientId,
				filters,
				limit: limitOf(context, itemIndex),
				sort: sortOf(context, itemIndex, SORTS),
				show: outputOf(context, itemIndex, simplified),
			};
		},
		run: async ({ patientId, filters, limit, sort, show }) => {
			const errorContext = { action: 'list attachments' };
			const isMeant = (record: PatientAttachment) =>
				patientId === undefined || mayBeOfPatient(record, patientId);
			const first = { limit, sort, isMeant };
			const records = await firstRecords(api, 'patient_attachments', filters, first, errorContext);
			hintAtLimit(context, records.length, limit);
			return records.map((record) => ({ json: show(record) }));
		},
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many patient attachments',
	description: 'Return the attachments of a patient or of all patients, newest first by default',
	fields,
	execute,
};
