import type { IExecuteFunctions } from 'n8n-workflow';

import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { newestRecords } from '../../requests/listRecords';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { simplifyField, simplifyOf } from '../parameters/simplify';

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

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedPatient;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			filters: filtersOf(context, itemIndex, FILTERS),
			limit: limitOf(context, itemIndex),
			simplify: simplifyOf(context, itemIndex),
		}),
		run: async ({ filters, limit, simplify }) => {
			const errorContext = { action: 'list patients' };
			const patients = await newestRecords(api, 'patients', filters, limit, errorContext);
			hintAtLimit(context, patients.length, limit);
			return patients.map((patient) => ({ json: simplify ? simplifiedPatient(patient) : patient }));
		},
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many patients',
	description: 'Return the patients that fit some filters, newest first',
	fields: [...limitFields, ...filterFields(FILTERS), simplifyField],
	execute,
};
