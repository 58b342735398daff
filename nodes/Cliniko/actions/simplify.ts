import type { INodeProperties } from 'n8n-workflow';

/** Whether the output is the few fields that a workflow mostly needs, or the record as it is. */
export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};
