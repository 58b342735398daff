import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { replaceAll } from '../../patients/changes';
import { FIELDS } from '../../patients/fields';
import { updatePatient } from '../../patients/updatePatient';
import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { connect, pauseFor } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { changedFields, changesIn } from '../parameters/changedFields';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { simplifyField, simplifyOf } from '../parameters/simplify';

const fields: INodeProperties[] = [
	patientIdField('The patient to change'),
	...changedFields(
		FIELDS,
		'What to change. A field whose expression gives nothing is left as it is. Phone numbers are added to those on the record.',
	),
	simplifyField,
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedPatient & { changed: string[]; warning?: string };

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	const pause = pauseFor(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			id: patientIdOf(context, itemIndex, api.shard),
			values: changesIn(context, itemIndex, FIELDS),
			simplify: simplifyOf(context, itemIndex),
		}),
		run: async ({ id, values, simplify }) => {
			const updated = await updatePatient(api, pause, id, values, replaceAll);
			const { patient, changed, warning } = updated;
			const record = simplify ? simplifiedPatient(patient) : patient;
			return [{ json: { ...record, changed, ...(warning && { warning }) } }];
		},
	});
}

export const update: Operation = {
	name: 'Update',
	value: 'update',
	action: 'Update patient',
	description: 'Change details of a patient whose ID is known',
	fields,
	execute,
};
