import type { INodeParameterResourceLocator, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { exactId } from '../../records/clinikoRecord';
import { textOf } from './text';

/**
 * The parameter in which a record is chosen: from a list, by its ID, or by its name.
 *
 * @param searchListMethod the method that fills the list
 * @param exampleName if the record can be given by its name
 */
export function chosenRecord(
	field: { displayName: string; name: string; description?: string },
	searchListMethod: string,
	exampleName?: string,
): INodeProperties {
	return {
		...field,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod, searchable: true },
			},
			{
				displayName: 'By ID',
				name: 'id',
				type: 'string',
				placeholder: 'e.g. 1234567890123456789',
			},
			...(exampleName === undefined
				? []
				: [
						{
							displayName: 'By Name',
							name: 'name',
							type: 'string' as const,
							placeholder: `e.g. ${exampleName}`,
						},
					]),
		],
	};
}

/** The value of a parameter that may be a resource locator, and its mode if it is one. */
export function chosenIn(given: unknown): { value: unknown; mode?: string } {
	const isLocator = typeof given === 'object' && given !== null && '__rl' in given;
	return isLocator ? (given as INodeParameterResourceLocator) : { value: given };
}

/**
 * The ID that is chosen, from a list or otherwise.
 *
 * @returns undefined if nothing is chosen
 * @throws ClinikoError if it is no exact ID
 */
export function chosenId(given: unknown, label: string): string | undefined {
	const { value } = chosenIn(given);
	if (typeof value === 'number' && !Number.isSafeInteger(value)) {
		throw new ClinikoError(
			`${label} came as a number too large to be exact, so its last digits may be wrong.`,
			'Keep the ID as text in the nodes before this one: it then has quotes around it in the JSON view.',
		);
	}
	const text = textOf(value, label).trim();
	if (text === '') return undefined;
	const id = exactId(text);
	if (id !== undefined) return id;
	throw new ClinikoError(
		`${label} is not a whole number for this item, as Cliniko IDs are.`,
		'Copy the ID from Cliniko, and keep it as text in the nodes before this one.',
	);
}
