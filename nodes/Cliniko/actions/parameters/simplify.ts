import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** Whether the output is the few fields that a workflow mostly needs, or the record as it is. */
export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

/** What an item says there. */
export function simplifyOf(context: IExecuteFunctions, itemIndex: number): boolean {
	return Boolean(context.getNodeParameter('simplify', itemIndex, true));
}
