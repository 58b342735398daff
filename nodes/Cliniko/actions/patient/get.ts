import type { IExecuteFunctions } from 'n8n-workflow';

import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { readRecord } from '../../requests/readRecord';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { simplifyField, simplifyOf } from '../parameters/simplify';

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedPatient;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			id: patientIdOf(context, itemIndex, api.shard),
			simplify: simplifyOf(context, itemIndex),
		}),
		run: async ({ id, simplify }) => {
			const patient = await readRecord(api, 'patients', id);
			return [{ json: simplify ? simplifiedPatient(patient) : patient }];
		},
	});
}

export const get: Operation = {
	name: 'Get',
	value: 'get',
	action: 'Get patient',
	description: 'Return the record of a patient whose ID is known, archived or not',
	fields: [patientIdField('The patient to return'), simplifyField],
	execute,
};
