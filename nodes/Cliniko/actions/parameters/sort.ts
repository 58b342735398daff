import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { NEWEST_FIRST } from '../../records/order';

/** A way to sort records, and what the user calls it. */
export interface SortChoice {
	name: string;
	/** As Cliniko takes it. */
	sort: string;
}

/** The ways to sort any records. */
const USUAL: SortChoice[] = [
	{ name: 'Newest First', sort: NEWEST_FIRST },
	{ name: 'Oldest First', sort: 'created_at:asc' },
	{ name: 'Last Changed First', sort: 'updated_at:desc' },
];

/**
 * The field in which the user chooses the order of the records.
 *
 * @param more further choices
 */
export function sortField(more: SortChoice[] = []): INodeProperties {
	return {
		displayName: 'Sort',
		name: 'sort',
		type: 'options',
		default: NEWEST_FIRST,
		description: 'In which order to return the records. With a limit, the first ones are returned.',
		options: [...USUAL, ...more].map(({ name, sort }) => ({ name, value: sort })),
	};
}

/**
 * The order that an item asks for.
 *
 * @param more as for `sortField`
 * @throws ClinikoError if it is none of the choices
 */
export function sortOf(
	context: IExecuteFunctions,
	itemIndex: number,
	more: SortChoice[] = [],
): string {
	const chosen: unknown = context.getNodeParameter('sort', itemIndex, NEWEST_FIRST);
	const sort = chosen === '' || chosen === null || chosen === undefined ? NEWEST_FIRST : chosen;
	const choices = [...USUAL, ...more];
	const choice = choices.find((one) => one.sort === sort);
	if (choice) return choice.sort;
	throw new ClinikoError(
		'Sort is none of its choices for this item.',
		`Choose from the list, or give one of these: ${choices.map((one) => one.sort).join('; ')}.`,
	);
}
