import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { textOf } from './text';

/** What an item gives to search by. */
export interface Sought<Name extends string> {
	/** What is given, trimmed and not empty. */
	given: Partial<Record<Name, string>>;
	/** The labels of fields that are filled in, and whose expression gives nothing for the item. */
	empty: string[];
}

/**
 * Reads the fields of a search.
 *
 * @param options of the item; a field there comes before the parameter of that name
 * @throws ClinikoError if a value is not text
 */
export function searchFieldsOf<Name extends string>(
	context: IExecuteFunctions,
	itemIndex: number,
	fields: Array<{ name: Name; label: string }>,
	options: IDataObject = {},
): Sought<Name> {
	const { parameters } = context.getNode();
	const set: IDataObject = { ...parameters, ...(parameters.options as IDataObject | undefined) };
	const sought: Sought<Name> = { given: {}, empty: [] };
	for (const { name, label } of fields) {
		const value = options[name] ?? context.getNodeParameter(name, itemIndex, '');
		const text = textOf(value, label).trim();
		if (text !== '') sought.given[name] = text;
		else if (set[name] !== undefined && set[name] !== '') sought.empty.push(label);
	}
	return sought;
}

/** Why nobody was looked for: "Email is empty for this item, so no patient was looked for." */
export function emptyFields(labels: string[], noun: string): string {
	const are = labels.length > 1 ? 'are' : 'is';
	return `${labels.join(' and ')} ${are} empty for this item, so no ${noun} was looked for.`;
}
