import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';

/** The fields in which the user limits the number of records. */
export const limitFields: INodeProperties[] = [
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		description: 'Max number of results to return',
		displayOptions: { show: { returnAll: [false] } },
	},
];

/**
 * The number of records that an item asks for; Infinity for all.
 *
 * @throws ClinikoError if the limit is not a number above 0
 */
export function limitOf(context: IExecuteFunctions, itemIndex: number): number {
	if (context.getNodeParameter('returnAll', itemIndex, false)) return Infinity;
	const given: unknown = context.getNodeParameter('limit', itemIndex, 50);
	if (given === null || given === undefined || given === '') return 50;
	const isNumber = typeof given === 'number' || typeof given === 'string';
	const limit = isNumber ? Math.trunc(Number(given)) : NaN;
	if (limit >= 1) return limit;
	throw new ClinikoError(
		'Limit is not a number above 0 for this item.',
		'Give a whole number such as 50, or switch Return All on.',
	);
}
