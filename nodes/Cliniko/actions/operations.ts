import {
	updateDisplayOptions,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
} from 'n8n-workflow';

import { patient } from './patient';
import { patientAttachment } from './patientAttachment';

/** Something the node can do. To add one, write its file and put it into its resource's list. */
export interface Operation {
	name: string;
	value: string;
	/** As in n8n's node panel: a sentence without articles. */
	action: string;
	description: string;
	fields: INodeProperties[];
	/** Works through all input items at once; outputs in their order. */
	execute: (context: IExecuteFunctions) => Promise<INodeExecutionData[]>;
}

/** What operations are about. */
export interface Resource {
	name: string;
	value: string;
	defaultOperation: string;
	operations: Operation[];
}

const resources: Resource[] = [patient, patientAttachment];

/** All parameters of the node, each shown for its own operation only. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: resources.map(({ name, value }) => ({ name, value })),
		default: 'patientAttachment',
	},
	...resources.flatMap(operationParameters),
	...resources.flatMap(({ value, operations }) =>
		operations.flatMap(({ value: operation, fields }) =>
			updateDisplayOptions({ show: { resource: [value], operation: [operation] } }, fields),
		),
	),
];

/**
 * @param resource the node's parameter of that name
 * @param operation likewise
 * @returns nothing if the node cannot do that
 */
export function operationFor(resource: string, operation: string): Operation | undefined {
	return resources
		.find(({ value }) => value === resource)
		?.operations.find(({ value }) => value === operation);
}

function operationParameters({
	value: resource,
	operations,
	defaultOperation,
}: Resource): INodeProperties[] {
	return [
		{
			displayName: 'Operation',
			name: 'operation',
			type: 'options',
			noDataExpression: true,
			displayOptions: { show: { resource: [resource] } },
			options: operations.map(({ name, value, action, description }) => ({
				name,
				value,
				action,
				description,
			})),
			default: defaultOperation,
		},
	];
}
