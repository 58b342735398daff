import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { replaceAll } from '../../patients/changes';
import { FIELDS } from '../../patients/fields';
import { setReferralSource } from '../../patients/referralSource';
import { updatePatient } from '../../patients/updatePatient';
import { simplifiedPatient, type SimplifiedPatient } from '../../records/patient';
import { connect, pauseFor } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { changedFields, changesIn } from '../parameters/changedFields';
import {
	areCustomFieldsAdded,
	customFieldsField,
	givenCustomFields,
} from '../parameters/customFields';
import { filesToPassOn } from '../parameters/inputFiles';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { referralSourceField, referralSourceIn } from '../parameters/referralSource';
import { referralSourceOf, withCustomFieldsOf } from './newPatient';

const fields: INodeProperties[] = [
	patientIdField('The patient to change'),
	...changedFields(
		FIELDS,
		'What to change. A field whose expression gives nothing is left as it is. Phone numbers are added to those on the record.',
		[referralSourceField],
	),
	customFieldsField,
	...outputFields(simplifiedPatient),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedPatient & { changed: string[]; warning?: string };

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	const pause = pauseFor(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			id: patientIdOf(context, itemIndex, api.shard),
			values: changesIn(context, itemIndex, FIELDS, areCustomFieldsAdded(context)),
			custom: givenCustomFields(context, itemIndex),
			source: referralSourceIn(context.getNodeParameter('updateFields', itemIndex, {})),
			show: outputOf(context, itemIndex, simplifiedPatient),
		}),
		files: (itemIndex) => filesToPassOn(context, itemIndex),
		run: async ({ id, values: given, custom, source, show }) => {
			const values = await withCustomFieldsOf(api, given, custom);
			const sourceValues = await referralSourceOf(api, source);
			const updated = await updatePatient(api, pause, id, values, replaceAll);
			const set = sourceValues && (await setReferralSource(api, pause, id, sourceValues, true));
			const { patient } = updated;
			const changed = [...updated.changed, ...(set?.outcome === 'set' ? ['referral_source'] : [])];
			const warning = [updated.warning, set?.warning].filter(Boolean).join(' ');
			const record = show(patient);
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
