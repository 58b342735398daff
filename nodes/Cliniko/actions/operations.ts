import { updateDisplayOptions, type INodeProperties, type NodeHint } from 'n8n-workflow';

import { appointment } from './appointment';
import { communication } from './communication';
import { contact } from './contact';
import { medicalAlert } from './medicalAlert';
import type { Operation, Resource } from './operation';
import { patient } from './patient';
import { patientAttachment } from './patientAttachment';
import { patientCase } from './patientCase';

const resources: Resource[] = [
	patientAttachment,
	patient,
	appointment,
	patientCase,
	medicalAlert,
	communication,
	contact,
];

/** All operations, each with the key `resource.operation`. */
const all = resources.flatMap(({ value, operations }) =>
	operations.map((one) => ({ ...one, key: `${value}.${one.value}` })),
);

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

const CHOSEN = '$parameter["resource"] + "." + $parameter["operation"]';

/** The chosen operation in words, such as "Upload patient attachment". */
export const subtitle = `={{ (${JSON.stringify(
	Object.fromEntries(all.map(({ key, action }) => [key, action])),
)})[${CHOSEN}] }}`;

/** The hints of all operations; each is shown only for its own. */
export const hints: NodeHint[] = all.flatMap(({ key, hints: own = [] }) =>
	own.map(({ when, ...hint }) => ({
		...hint,
		location: 'outputPane',
		displayCondition: `={{ ${CHOSEN} === "${key}" && (${when}) }}`,
	})),
);

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
