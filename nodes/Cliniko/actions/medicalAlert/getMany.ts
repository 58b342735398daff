import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { mayBeOfPatient } from '../../records/clinikoRecord';
import {
	simplifiedAlert,
	type MedicalAlert,
	type SimplifiedAlert,
} from '../../records/medicalAlert';
import { firstRecords } from '../../requests/listRecords';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { sortField, sortOf } from '../parameters/sort';

const FILTERS: FilterField[] = [
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Updated At', name: 'updated_at', kind: 'dateTime' },
];

const fields: INodeProperties[] = [
	patientIdField('The patient whose medical alerts to return'),
	...limitFields,
	sortField(),
	...filterFields(FILTERS),
	...outputFields(simplifiedAlert),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAlert;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			patientId: patientIdOf(context, itemIndex, api.shard),
			filters: filtersOf(context, itemIndex, FILTERS),
			limit: limitOf(context, itemIndex),
			sort: sortOf(context, itemIndex),
			show: outputOf(context, itemIndex, simplifiedAlert),
		}),
		run: async ({ patientId, filters, limit, sort, show }) => {
			const errorContext = { action: `list the medical alerts of patient ${patientId}` };
			const all = [...filters, `patient_id:=${patientId}`];
			const isMeant = (record: MedicalAlert) => mayBeOfPatient(record, patientId);
			const first = { limit, sort, isMeant };
			const records = await firstRecords(api, 'medical_alerts', all, first, errorContext);
			hintAtLimit(context, records.length, limit);
			return records.map((record) => ({ json: show(record) }));
		},
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many medical alerts',
	description: 'Return the medical alerts of a patient, newest first by default',
	fields,
	execute,
};
