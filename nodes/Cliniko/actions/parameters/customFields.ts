import type { IExecuteFunctions, INodeProperties, ResourceMapperValue } from 'n8n-workflow';

import { oneLine } from '../../errors';
import type { GivenCustomField } from '../../patients/customFields';
import { textOf } from './text';

/** The fields that the clinic has defined itself, of which the user adds those to be set. */
export const customFieldsField: INodeProperties = {
	displayName: 'Custom Fields',
	name: 'customFields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	description:
		'The fields that your clinic has defined for patients in Cliniko’s settings. Choices are given by name. A field that is empty here is left as it is.',
	typeOptions: {
		resourceMapper: {
			resourceMapperMethod: 'getCustomFields',
			mode: 'add',
			valuesLabel: 'Custom Fields',
			fieldWords: { singular: 'custom field', plural: 'custom fields' },
			addAllFields: false,
			supportAutoMap: false,
			noFieldsError: 'Cliniko has no custom fields for patients.',
		},
	},
};

/**
 * What an item gives for custom fields. An expression that gives nothing is no value.
 *
 * @throws ClinikoError if a value is neither text nor a list of texts
 */
export function givenCustomFields(
	context: IExecuteFunctions,
	itemIndex: number,
): GivenCustomField[] {
	// As a whole: n8n would compare its parts with choices that may have changed since.
	const mapper = context.getNodeParameter(customFieldsField.name, itemIndex, {}) as
		| Partial<ResourceMapperValue>
		| undefined;
	return Object.entries(mapper?.value ?? {}).flatMap(([token, given]) => {
		const name = mapper?.schema?.find(({ id }) => id === token)?.displayName ?? token;
		const label = `The custom field "${oneLine(name, 80)}"`;
		const texts = [given as unknown]
			.flat()
			.map((one) => textOf(one, label).trim())
			.filter((text) => text !== '');
		return texts.length > 0 ? [{ token, name, texts }] : [];
	});
}

/** Whether a custom field is added in the node, whatever its expression gives. */
export function areCustomFieldsAdded(context: IExecuteFunctions): boolean {
	const mapper = context.getNode().parameters[customFieldsField.name] as
		| Partial<ResourceMapperValue>
		| undefined;
	return Object.values(mapper?.value ?? {}).some((one) => one !== null && one !== '');
}
