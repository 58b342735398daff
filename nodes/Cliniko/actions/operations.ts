import { updateDisplayOptions, type INodeProperties } from 'n8n-workflow';

import type { Operation, Resource } from './operation';
import { patient } from './patient';
import { patientAttachment } from './patientAttachment';

const resources: Resource[] = [patient, patientAttachment];

/** All parameters of the node; each is shown only for its own operation. */
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
 * @param resource the value of the node's parameter "Resource"
 * @param operation the value of the node's parameter "Operation"
 * @returns the operation; undefined if this version does not have it
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
