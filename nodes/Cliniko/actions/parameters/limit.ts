import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';

/** That of the field below, where n8n’s linter wants the number itself. */
const DEFAULT = 50;

/** Executions that have been told of the limit. */
const told = new WeakSet<object>();

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
	const given: unknown = context.getNodeParameter('limit', itemIndex, DEFAULT);
	if (given === null || given === undefined || given === '') return DEFAULT;
	const isNumber = typeof given === 'number' || typeof given === 'string';
	const limit = isNumber ? Math.trunc(Number(given)) : NaN;
	if (limit >= 1) return limit;
	throw new ClinikoError(
		'Limit is not a number above 0 for this item.',
		'Give a whole number such as 50, or switch Return All on.',
	);
}

/**
 * Tells a person in the editor, once, that there may be more records than an item's limit let through.
 * A limit other than the default was chosen, so it needs no mention.
 *
 * @param count the number of records that the item gave
 */
export function hintAtLimit(context: IExecuteFunctions, count: number, limit: number): void {
	if (limit !== DEFAULT || count < limit || told.has(context)) return;
	told.add(context);
	context.addExecutionHints({
		message: `These are the first ${limit}, and there may be more. Switch Return All on to get all, or change Limit.`,
		location: 'outputPane',
	});
}
