import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { newCase } from '../../cases/createCase';
import { CASE_FIELDS } from '../../cases/fields';
import { ClinikoError } from '../../errors';
import { simplifiedCase, type SimplifiedCase } from '../../records/patientCase';
import { assertActive } from '../../requests/activePatient';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import { onceCreatorFor } from '../onceCreator';
import type { Operation } from '../operation';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { fieldCollection, fieldValuesOf } from '../parameters/recordFields';

const fields: INodeProperties[] = [
	patientIdField('The patient whose case it is'),
	{
		displayName: 'Name',
		name: 'name',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. Left knee',
		description: 'What the case is called in Cliniko',
	},
	fieldCollection(
		{
			displayName: 'Additional Fields',
			name: 'additionalFields',
			placeholder: 'Add field',
			description:
				'What else is known of the case. A field whose expression gives nothing stays empty.',
		},
		CASE_FIELDS,
		['name'],
	),
	...outputFields(simplifiedCase),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedCase;

async function execute(context: IExecuteFunctions) {
	if (context.getInputData().length === 0) return [];
	const api = await connect(context);
	const creator = onceCreatorFor(context, api);
	return await eachItem(context, {
		read: (itemIndex) => {
			const patientId = patientIdOf(context, itemIndex, api.shard);
			const values = valuesIn(context, itemIndex);
			return {
				wanted: newCase(api, patientId, values, itemIndex),
				show: outputOf(context, itemIndex, simplifiedCase),
			};
		},
		run: async ({ wanted, show }) => {
			const prepare = async () => await assertActive(api, wanted.patientId);
			const record = await creator.create(wanted, prepare);
			return [{ json: show(record) }];
		},
	});
}

function valuesIn(context: IExecuteFunctions, itemIndex: number) {
	const name: unknown = context.getNodeParameter('name', itemIndex, '');
	const more: IDataObject = context.getNodeParameter('additionalFields', itemIndex, {});
	const values = fieldValuesOf({ ...more, name: name as string }, CASE_FIELDS);
	if (values.name !== undefined) return values;
	throw new ClinikoError(
		'Name is empty for this item, so no case was created.',
		'Check what the node before gives there.',
	);
}

export const create: Operation = {
	name: 'Create',
	value: 'create',
	action: 'Create patient case',
	description: 'Open a case for a patient',
	fields,
	execute,
};
