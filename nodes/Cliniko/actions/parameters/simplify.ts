import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** The switch between the few fields that most workflows need and the complete record. */
export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

/** Its value for an item. */
export function simplifyOf(context: IExecuteFunctions, itemIndex: number): boolean {
	return Boolean(context.getNodeParameter('simplify', itemIndex, true));
}
