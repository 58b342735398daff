import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';

import { simplifyField } from './actions/parameters/simplify';
import { nodeError } from './actions/report';
import { poll } from './trigger/poll';

export class ClinikoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Cliniko Trigger',
		name: 'clinikoTrigger',
		icon: { light: 'file:cliniko.svg', dark: 'file:cliniko.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description:
			'Patients and the files on their records in Cliniko: starts the workflow when one is new',
		defaults: { name: 'Cliniko Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'clinikoApi', required: true }],
		properties: [
			{
				displayName: 'Event',
				name: 'event',
				type: 'options',
				noDataExpression: true,
				default: 'attachmentCreated',
				options: [
					{
						name: 'Attachment Created',
						value: 'attachmentCreated',
						description: 'A file was put on a patient’s record, by this or any other way',
					},
					{
						name: 'Attachment Processed',
						value: 'attachmentProcessed',
						description: 'Cliniko has processed a file: it has its name, type and size now',
					},
					{
						name: 'Patient Created',
						value: 'patientCreated',
						description: 'A patient was added',
					},
				],
			},
			simplifyField,
		],
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		try {
			const records = await poll(this);
			return records.length > 0 ? [records.map((json) => ({ json }))] : null;
		} catch (error) {
			throw nodeError(this, error as Error);
		}
	}
}
