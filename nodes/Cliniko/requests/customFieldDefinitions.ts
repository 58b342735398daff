import type { IDataObject } from 'n8n-workflow';

import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/** A field that a clinic has defined for its patients, and that is not archived. */
export interface CustomFieldDefinition {
	/** Cliniko's id of the field, a UUID. */
	token: string;
	name: string;
	type: (typeof TYPES)[number];
	section: { token: string; name: string };
	/** What can be chosen, without archived options; empty for a field of text. */
	options: Array<{ token: string; name: string }>;
	/** Whether a text may be given in place of an option. */
	takesOther: boolean;
}

const TYPES = ['checkboxes', 'date', 'paragraph', 'radiobuttons', 'text'] as const;

const FORBIDDEN =
	'Use the key of a user whose role may view the settings, such as an Administrator, or remove the values under Custom Fields.';

/** What is known for each execution: the settings are read once. */
const known = new WeakMap<ClinikoApi, Promise<CustomFieldDefinition[]>>();

/**
 * The clinic's custom fields of patients (OpenAPI of 2023-10, `Settings`), in their order. Archived ones,
 * and those of a type that the reference does not have, are left out.
 *
 * @throws ClinikoError if the settings cannot be read, such as a 403 for most roles
 */
export async function customFieldDefinitions(api: ClinikoApi): Promise<CustomFieldDefinition[]> {
	const definitions = known.get(api) ?? readDefinitions(api);
	known.set(api, definitions);
	return await definitions;
}

async function readDefinitions(api: ClinikoApi): Promise<CustomFieldDefinition[]> {
	const errorContext = {
		action: 'read the clinic’s custom fields in the settings',
		forbidden: FORBIDDEN,
	};
	const { body } = await api.get('/settings', errorContext);
	const definition = body.patient_custom_fields_definition as IDataObject | undefined | null;
	return inUse(definition?.sections).flatMap(({ fields, ...section }) =>
		inUse(fields).flatMap((field) => {
			const type = TYPES.find((one) => one === field.type);
			const other = field.other as IDataObject | undefined | null;
			if (!type) return [];
			return {
				...named(field),
				type,
				section: named(section),
				options: inUse(field.options).map(named),
				takesOther: other?.enabled === true && other.archived !== true,
			};
		}),
	);
}

/** What is not archived of a list. */
function inUse(list: unknown): IDataObject[] {
	const all = (Array.isArray(list) ? list : []) as Array<IDataObject | null>;
	return all.filter((one): one is IDataObject => {
		return typeof one?.token === 'string' && one.archived !== true;
	});
}

function named({ token, name }: IDataObject) {
	return { token: String(token), name: String(name ?? '') };
}
