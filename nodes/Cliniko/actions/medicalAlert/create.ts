import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { newAlert, sameAlert } from '../../alerts/medicalAlerts';
import { ClinikoError } from '../../errors';
import { simplifiedAlert, type SimplifiedAlert } from '../../records/medicalAlert';
import { assertActive } from '../../requests/activePatient';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import { onceCreatorFor } from '../onceCreator';
import type { Operation } from '../operation';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { textOf } from '../parameters/text';

/** In characters, as Cliniko's reference says. */
const LONGEST_NAME = 255;

const fields: INodeProperties[] = [
	patientIdField('The patient whom the alert is about'),
	{
		displayName: 'Name',
		name: 'name',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. Penicillin',
		description: 'What the alert says, of at most 255 characters',
	},
	...outputFields(simplifiedAlert),
];

/** What an item of the output holds with Simplify on. */
export type Output = { outcome: string } & SimplifiedAlert;

async function execute(context: IExecuteFunctions) {
	if (context.getInputData().length === 0) return [];
	const api = await connect(context);
	const creator = onceCreatorFor(context, api);
	return await eachItem(context, {
		read: (itemIndex) => ({
			wanted: newAlert(
				api,
				patientIdOf(context, itemIndex, api.shard),
				nameOf(context, itemIndex),
				itemIndex,
			),
			show: outputOf(context, itemIndex, simplifiedAlert),
		}),
		run: async ({ wanted, show }) => {
			let outcome = 'created';
			const record = await creator.create(wanted, async () => {
				await assertActive(api, wanted.patientId);
				const existing = await sameAlert(api, wanted);
				if (existing) outcome = 'existing';
				return existing;
			});
			return [{ json: { outcome, ...show(record) } }];
		},
	});
}

function nameOf(context: IExecuteFunctions, itemIndex: number): string {
	const name = textOf(context.getNodeParameter('name', itemIndex, ''), 'Name').trim();
	const { length } = [...name];
	if (length > 0 && length <= LONGEST_NAME) return name;
	throw length === 0
		? new ClinikoError(
				'Name is empty for this item, so no medical alert was created.',
				'Check what the node before gives there. An If node can pass over items without one.',
			)
		: new ClinikoError(
				`Name has ${length} characters for this item, and Cliniko accepts at most ${LONGEST_NAME}.`,
				`Shorten it. With an expression, .slice(0, ${LONGEST_NAME}) at its end cuts it.`,
			);
}

export const create: Operation = {
	name: 'Create',
	value: 'create',
	action: 'Create medical alert',
	description: 'Add a medical alert to a patient, unless the patient has the same one',
	fields,
	execute,
};
