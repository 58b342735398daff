import type { IExecuteFunctions } from 'n8n-workflow';

import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { firstRecords } from '../../requests/listRecords';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { outputFields, outputOf } from '../parameters/output';
import { sortField, sortOf, type SortChoice } from '../parameters/sort';

const FILTERS: FilterField[] = [
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Date of Birth', name: 'date_of_birth', kind: 'date' },
	{ displayName: 'Email', name: 'email', kind: 'text' },
	{ displayName: 'First Name', name: 'first_name', kind: 'text' },
	{ displayName: 'Last Name', name: 'last_name', kind: 'text' },
	{ displayName: 'Old Reference ID', name: 'old_reference_id', kind: 'text' },
	{ displayName: 'Preferred First Name', name: 'preferred_first_name', kind: 'text' },
	{ displayName: 'Updated At', name: 'updated_at', kind: 'dateTime' },
];

const SORTS: SortChoice[] = [{ name: 'Last Name (A to Z)', sort: 'last_name:asc,first_name:asc' }];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedPatient;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			filters: filtersOf(context, itemIndex, FILTERS),
			limit: limitOf(context, itemIndex),
			sort: sortOf(context, itemIndex, SORTS),
			show: outputOf(context, itemIndex, simplifiedPatient),
		}),
		run: async ({ filters, limit, sort, show }) => {
			const errorContext = { action: 'list patients' };
			const patients = await firstRecords(api, 'patients', filters, { limit, sort }, errorContext);
			hintAtLimit(context, patients.length, limit);
			return patients.map((patient) => ({ json: show(patient) }));
		},
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many patients',
	description: 'Return the patients that fit some filters, newest first by default',
	fields: [
		...limitFields,
		sortField(SORTS),
		...filterFields(FILTERS),
		...outputFields(simplifiedPatient),
	],
	execute,
};
