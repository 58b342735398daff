import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import type { ClinikoRecord } from '../../records/clinikoRecord';
import { listRecords } from '../../requests/listRecords';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../../transport/cliniko/refusal';

/** The fields in which the user says how many records are wanted. */
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
 * How many records an item asks for; Infinity for all.
 *
 * @throws ClinikoError if the limit is no number above 0
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

/**
 * Reads a list, newest first, with as few requests as its pages allow.
 *
 * @param collection such as `patients`
 * @param filters for Cliniko's `q[]`; a record has to fit all
 * @param limit the most records to return
 * @throws ClinikoError if Cliniko cannot be asked, or if the list cannot be read whole
 */
export async function newestFirst(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	limit: number,
	errorContext: ErrorContext,
): Promise<ClinikoRecord[]> {
	const sort = 'created_at:desc';
	const records = await listRecords(api, collection, filters, errorContext, { limit, sort });
	return records.slice(0, limit);
}
