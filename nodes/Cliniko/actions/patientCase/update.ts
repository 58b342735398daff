import type { IExecuteFunctions } from 'n8n-workflow';

import { CASE_FIELDS } from '../../cases/fields';
import { updateCase } from '../../cases/updateCase';
import { simplifiedCase, type SimplifiedCase } from '../../records/patientCase';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { caseFields, caseOf } from '../parameters/caseId';
import { changedFields, changesIn } from '../parameters/changedFields';
import { outputFields, outputOf } from '../parameters/output';

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedCase & { changed: string[]; warning?: string };

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			chosen: caseOf(context, itemIndex, api.shard),
			values: changesIn(context, itemIndex, CASE_FIELDS),
			show: outputOf(context, itemIndex, simplifiedCase),
		}),
		run: async ({ chosen, values, show }) => {
			const { record, changed, warning } = await updateCase(api, chosen, values);
			const json = show(record);
			return [{ json: { ...json, changed, ...(warning && { warning }) } }];
		},
	});
}

export const update: Operation = {
	name: 'Update',
	value: 'update',
	action: 'Update patient case',
	description: 'Change details of a case, or close it',
	fields: [
		...caseFields('The case to change'),
		...changedFields(
			CASE_FIELDS,
			'What to change. A field whose expression gives nothing is left as it is.',
		),
		...outputFields(simplifiedCase),
	],
	execute,
};
