import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { replaceAll } from '../../patients/changes';
import { FIELDS, LABELS, type PatientValues } from '../../patients/fields';
import { setReferralSource } from '../../patients/referralSource';
import { updatePatient } from '../../patients/updatePatient';
import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { connect, pauseFor } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import {
	areCustomFieldsAdded,
	customFieldsField,
	givenCustomFields,
} from '../parameters/customFields';
import { patientFields, patientValuesOf } from '../parameters/patientFields';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { referralSourceIn } from '../parameters/referralSource';
import { simplifyField, simplifyOf } from '../parameters/simplify';
import { referralSourceOf, withCustomFieldsOf } from './newPatient';

/** The fields that Cliniko's reference says can be empty. */
const NULLABLE = FIELDS.filter(({ isNotNullable }) => !isNotNullable);

const fields: INodeProperties[] = [
	patientIdField('The patient to change'),
	patientFields({
		displayName: 'Update Fields',
		name: 'updateFields',
		placeholder: 'Add field',
		description:
			'What to change. A field whose expression gives nothing is left as it is. Phone numbers are added to those on the record.',
	}),
	{
		displayName: 'Fields to Empty',
		name: 'fieldsToEmpty',
		type: 'multiOptions',
		default: [],
		description: 'Fields whose value is removed from the record',
		options: NULLABLE.map(({ label, name }) => ({ name: label, value: name })),
	},
	customFieldsField,
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
			values: changesIn(context, itemIndex),
			custom: givenCustomFields(context, itemIndex),
			source: referralSourceIn(context.getNodeParameter('updateFields', itemIndex, {})),
			simplify: simplifyOf(context, itemIndex),
		}),
		run: async ({ id, values: given, custom, source, simplify }) => {
			const values = await withCustomFieldsOf(api, given, custom);
			const sourceValues = await referralSourceOf(api, source);
			const updated = await updatePatient(api, pause, id, values, replaceAll);
			const set = sourceValues && (await setReferralSource(api, pause, id, sourceValues, true));
			const { patient } = updated;
			const changed = [...updated.changed, ...(set?.outcome === 'set' ? ['referral_source'] : [])];
			const warning = [updated.warning, set?.warning].filter(Boolean).join(' ');
			const record = simplify ? simplifiedPatient(patient) : patient;
			return [{ json: { ...record, changed, ...(warning && { warning }) } }];
		},
	});
}

function changesIn(context: IExecuteFunctions, itemIndex: number): PatientValues {
	const given = context.getNodeParameter('updateFields', itemIndex, {});
	const toEmpty: unknown = context.getNodeParameter('fieldsToEmpty', itemIndex, []);
	const emptied = (Array.isArray(toEmpty) ? toEmpty : [toEmpty]).filter(Boolean).map(String);
	if (Object.keys(given).length + emptied.length === 0 && !areCustomFieldsAdded(context)) {
		throw new ClinikoError(
			'There is nothing to change: no field is added.',
			'Add at least one field under Update Fields or Custom Fields, or choose one under Fields to Empty.',
		);
	}
	const values = patientValuesOf(given);
	for (const field of emptied) {
		const label = LABELS[field];
		if (!NULLABLE.some(({ name }) => name === field)) {
			throw new ClinikoError(
				'Fields to Empty names a field that cannot be emptied.',
				'Choose the fields from the list.',
			);
		}
		if (field in values) {
			throw new ClinikoError(
				`${label} is both filled in and to be emptied for this item.`,
				`Remove ${label} from Update Fields or from Fields to Empty.`,
			);
		}
		values[field] = null;
	}
	return values;
}

export const update: Operation = {
	name: 'Update',
	value: 'update',
	action: 'Update patient',
	description: 'Change details of a patient whose ID is known',
	fields,
	execute,
};
