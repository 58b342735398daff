import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { casesOf } from '../../cases/readCase';
import { comparison } from '../../records/order';
import { simplifiedCase, type SimplifiedCase } from '../../records/patientCase';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { sortField, sortOf, type SortChoice } from '../parameters/sort';

const FILTERS: FilterField[] = [
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Expiry Date', name: 'expiry_date', kind: 'date' },
	{ displayName: 'Updated At', name: 'updated_at', kind: 'dateTime' },
];

const SORTS: SortChoice[] = [{ name: 'Expiry Date (Soonest First)', sort: 'expiry_date:asc' }];

const fields: INodeProperties[] = [
	patientIdField('The patient whose cases to return'),
	...limitFields,
	sortField(SORTS),
	...filterFields(FILTERS),
	{
		displayName: 'Closed',
		name: 'closed',
		type: 'options',
		default: 'exclude',
		description: 'Whether to return closed cases',
		options: [
			{ name: 'Leave Out', value: 'exclude' },
			{ name: 'Include', value: 'include' },
		],
	},
	...outputFields(simplifiedCase),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedCase;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			patientId: patientIdOf(context, itemIndex, api.shard),
			filters: filtersOf(context, itemIndex, FILTERS),
			withClosed: context.getNodeParameter('closed', itemIndex, 'exclude') === 'include',
			limit: limitOf(context, itemIndex),
			sort: sortOf(context, itemIndex, SORTS),
			show: outputOf(context, itemIndex, simplifiedCase),
		}),
		run: async ({ patientId, filters, withClosed, limit, sort, show }) => {
			const records = await casesOf(api, patientId, filters);
			const wanted = records
				.filter(({ closed }) => withClosed || closed !== true)
				.sort(comparison(sort))
				.slice(0, limit);
			hintAtLimit(context, wanted.length, limit);
			return wanted.map((record) => ({ json: show(record) }));
		},
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many patient cases',
	description: 'Return the cases of a patient, newest first by default',
	fields,
	execute,
};
