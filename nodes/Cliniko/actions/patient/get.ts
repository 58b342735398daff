import type { IExecuteFunctions } from 'n8n-workflow';

import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { readRecord } from '../../requests/readRecord';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedPatient;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			id: patientIdOf(context, itemIndex, api.shard),
			show: outputOf(context, itemIndex, simplifiedPatient),
		}),
		run: async ({ id, show }) => {
			const patient = await readRecord(api, 'patients', id);
			return [{ json: show(patient) }];
		},
	});
}

export const get: Operation = {
	name: 'Get',
	value: 'get',
	action: 'Get patient',
	description: 'Return the record of a patient whose ID is known, archived or not',
	fields: [patientIdField('The patient to return'), ...outputFields(simplifiedPatient)],
	execute,
};
