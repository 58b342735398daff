import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { ClinikoRecord } from '../../records/clinikoRecord';

/** The switch between the few fields that most workflows need and the complete record. */
export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

const SELECTED = 'selectedFields';

/** In a tool of an AI agent; an older n8n does not know of it, and shows Simplify there as well. */
const IN_TOOL = { '@tool': [true] };

/**
 * The fields in which the user chooses how much of a record to return. In a tool, Output takes the place of
 * Simplify, as n8n's guidelines ask; it has the same name, so that saved workflows keep their meaning.
 *
 * @param simplified what Simplify makes of a record
 */
export function outputFields(
	simplified: (record: ClinikoRecord) => IDataObject,
): INodeProperties[] {
	const names = Object.keys(simplified({ id: '' })).filter((name) => name !== 'id');
	return [
		{ ...simplifyField, displayOptions: { hide: IN_TOOL } },
		{
			displayName: 'Output',
			name: simplifyField.name,
			type: 'options',
			default: true,
			description: 'How much of the response to give to the model',
			options: [
				{ name: 'Simplified', value: true, description: 'The most useful fields' },
				{ name: 'Raw', value: false, description: 'Everything, as Cliniko gives it' },
				{ name: 'Selected Fields', value: SELECTED, description: 'Only the fields you choose' },
			],
			displayOptions: { show: IN_TOOL },
		},
		{
			displayName: 'Fields',
			name: 'outputFields',
			type: 'multiOptions',
			default: [],
			description: 'The fields to return besides the ID',
			options: names.map((name) => ({ name: label(name), value: name })),
			displayOptions: { show: { ...IN_TOOL, [simplifyField.name]: [SELECTED] } },
		},
	];
}

/**
 * How an item's records are returned.
 *
 * @param simplified what Simplify makes of a record
 */
export function outputOf<R extends ClinikoRecord>(
	context: IExecuteFunctions,
	itemIndex: number,
	simplified: (record: R) => IDataObject,
): (record: R) => IDataObject {
	const chosen: unknown = context.getNodeParameter(simplifyField.name, itemIndex, true);
	if (chosen !== SELECTED) return chosen ? simplified : (record) => record;
	const names: unknown = context.getNodeParameter('outputFields', itemIndex, []);
	const isWanted = (name: string) => name === 'id' || (names as string[]).includes(name);
	return (record) =>
		Object.fromEntries(Object.entries(simplified(record)).filter(([name]) => isWanted(name)));
}

/** `patient_id` becomes `Patient ID`. */
function label(name: string): string {
	const words = name.replaceAll('_', ' ').replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
	return words.replace(/\b(Id|Url)\b/g, (word) => word.toUpperCase());
}
