import type { IExecuteFunctions } from 'n8n-workflow';

import { readCase } from '../../cases/readCase';
import { simplifiedCase, type SimplifiedCase } from '../../records/patientCase';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { caseFields, caseOf } from '../parameters/caseId';
import { outputFields, outputOf } from '../parameters/output';

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedCase;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			chosen: caseOf(context, itemIndex, api.shard),
			show: outputOf(context, itemIndex, simplifiedCase),
		}),
		run: async ({ chosen, show }) => {
			const record = await readCase(api, chosen);
			return [{ json: show(record) }];
		},
	});
}

export const get: Operation = {
	name: 'Get',
	value: 'get',
	action: 'Get patient case',
	description: 'Return a case whose ID is known, archived or not',
	fields: [...caseFields('The case to return'), ...outputFields(simplifiedCase)],
	execute,
};
