import type {
	ILoadOptionsFunctions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import type { ClinikoError } from '../errors';
import {
	customFieldDefinitions,
	type CustomFieldDefinition,
} from '../requests/customFieldDefinitions';
import { connect } from '../transport/n8n';

/**
 * The clinic's custom fields of patients, onto which values are mapped. Where the same name is in
 * several sections, the name of the section comes first.
 *
 * @returns no fields and a notice if the role of the API key's user may not read the settings
 */
export async function getCustomFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const api = await connect(this);
	return await customFieldDefinitions(api).then(
		(definitions) => ({ fields: definitions.map((one) => fieldFor(one, definitions)) }),
		(error: ClinikoError) => {
			if (error.httpCode !== 403) throw error;
			return { fields: [], emptyFieldsNotice: `${error.message} ${error.description}` };
		},
	);
}

function fieldFor(
	{ token, name, type, section, options, takesOther }: CustomFieldDefinition,
	all: CustomFieldDefinition[],
): ResourceMapperField {
	const isUnique = all.filter((one) => one.name === name).length === 1;
	// A list offers no text of one's own, and only one choice.
	const isList = type === 'radiobuttons' && !takesOther;
	return {
		id: token,
		displayName: isUnique ? name : `${section.name}: ${name}`,
		defaultMatch: false,
		canBeUsedToMatch: false,
		required: false,
		display: true,
		removed: true,
		type: isList ? 'options' : 'string',
		...(isList && { options: options.map((one) => ({ name: one.name, value: one.name })) }),
	};
}
