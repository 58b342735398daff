import type { IExecuteFunctions } from 'n8n-workflow';

import { readCase } from '../../cases/readCase';
import { archiveRecord } from '../../requests/archiveRecord';
import { connect, pauseFor } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { caseFields, caseOf } from '../parameters/caseId';

/** What an item of the output holds. */
export interface Output {
	id: string;
	archived: boolean;
}

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => caseOf(context, itemIndex, api.shard),
		run: async (chosen) => {
			const { id, patientId } = chosen;
			if (patientId !== undefined) await readCase(api, chosen);
			await archiveRecord(api, pauseFor(context), 'patient_cases', id);
			return [{ json: { id, archived: true } }];
		},
	});
}

export const archive: Operation = {
	name: 'Archive',
	value: 'archive',
	action: 'Archive patient case',
	description: 'Take a case out of the patient’s cases. Cliniko keeps it as archived.',
	fields: caseFields('The case to archive'),
	execute,
};
