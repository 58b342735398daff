import {
	NodeConnectionTypes,
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { hints, operationFor, properties, subtitle } from './actions/operations';
import { errorText, nodeError } from './actions/report';
import { getCustomFields } from './methods/getCustomFields';
import { searchAttachments } from './methods/searchAttachments';
import { searchContacts } from './methods/searchContacts';
import { searchCasesToLink, searchPatientCases } from './methods/searchPatientCases';
import { searchPatients } from './methods/searchPatients';
import {
	searchAppointmentTypes,
	searchBusinesses,
	searchConcessionTypes,
	searchPractitioners,
	searchReferralSourceTypes,
} from './methods/searchTypes';

export class Cliniko implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Cliniko',
		name: 'cliniko',
		icon: { light: 'file:cliniko.svg', dark: 'file:cliniko.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle,
		description:
			'Put files on patients’ records in Cliniko, fetch them, and find, create and update patients',
		defaults: { name: 'Cliniko' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'clinikoApi', required: true }],
		hints,
		builderHint: {
			searchHint:
				'Puts files from forms, e-mails and other nodes on a patient’s record. Nearly always two of these nodes in a row: Patient > Find by what the sender gave (date of birth and both names, or e-mail and a name), then Patient Attachment > Upload with Patient by ID set to the id that Find outputs. Never choose a patient from Get Many by position: Find gives exactly one patient or says why not. Keep IDs as text. Set Upload’s option ifAlreadyUploaded to skip for forms that people may send twice. As a tool of an AI agent it can find patients and list or describe files; a file itself cannot pass through a tool call.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-cliniko.clinikoTrigger',
					relationHint: 'Starts a workflow for each new file or patient in Cliniko',
				},
				{ nodeType: 'n8n-nodes-base.formTrigger', relationHint: 'Takes files from patients' },
				{ nodeType: 'n8n-nodes-base.emailReadImap', relationHint: 'Takes files from e-mails' },
			],
		},
		properties,
	};

	methods = {
		listSearch: {
			searchAppointmentTypes,
			searchAttachments,
			searchBusinesses,
			searchCasesToLink,
			searchConcessionTypes,
			searchContacts,
			searchPatientCases,
			searchPatients,
			searchPractitioners,
			searchReferralSourceTypes,
		},
		resourceMapping: { getCustomFields },
	};

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
