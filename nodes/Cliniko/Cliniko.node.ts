import {
	NodeConnectionTypes,
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { operationFor, properties } from './actions/operations';
import { errorText, nodeError } from './actions/report';
import { searchAttachments } from './methods/searchAttachments';
import { searchPatients } from './methods/searchPatients';

export class Cliniko implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Cliniko',
		name: 'cliniko',
		icon: { light: 'file:cliniko.svg', dark: 'file:cliniko.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description:
			'Find, create and update patients in Cliniko, and put files on their records or fetch them',
		defaults: { name: 'Cliniko' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'clinikoApi', required: true }],
		properties,
	};

	methods = { listSearch: { searchAttachments, searchPatients } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const resource = this.getNodeParameter('resource', 0);
		const name = this.getNodeParameter('operation', 0);
		const operation = operationFor(resource, name);
		if (!operation) {
			throw new NodeOperationError(
				this.getNode(),
				`This version of the Cliniko node cannot do "${name}" with "${resource}".`,
				{ description: 'Choose a resource and an operation in the node, or update the package.' },
			);
		}
		try {
			return [await operation.execute(this)];
		} catch (error) {
			if (!this.continueOnFail()) throw nodeError(this, error as Error, 0);
			// n8n itself would pass the input items on unchanged, to the success output.
			const failed = this.getInputData().map((_, item) => ({
				json: { error: errorText(error as Error, item) },
				pairedItem: { item },
			}));
			return [failed];
		}
	}
}
