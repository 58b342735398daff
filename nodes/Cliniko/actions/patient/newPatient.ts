import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { PatientCreator, type NewPatient } from '../../patients/createPatient';
import {
	CUSTOM_FIELDS,
	customFieldValues,
	type GivenCustomField,
} from '../../patients/customFields';
import { LABELS, type PatientValues } from '../../patients/fields';
import { PatientMemory } from '../../patients/patientMemory';
import { criteriaOf, personDigest, valuesDigest, type Person } from '../../patients/person';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { pauseFor } from '../../transport/n8n';
import { givenCustomFields } from '../parameters/customFields';
import { patientValuesOf } from '../parameters/patientFields';

/**
 * Reads who is to be created, with everything that is known of them.
 *
 * @param parameters the names of the node's parameters that are fields of the patient; those in
 *   "Additional Fields" come besides
 * @throws ClinikoError if a name is missing, or if Cliniko would not accept a value
 */
export function newPatientOf(
	context: IExecuteFunctions,
	itemIndex: number,
	account: string,
	parameters: string[],
): NewPatient & { custom: GivenCustomField[] } {
	const given = context.getNodeParameter('additionalFields', itemIndex, {});
	const own = parameters.map((name) => [name, context.getNodeParameter(name, itemIndex, '')]);
	const values = patientValuesOf({ ...given, ...(Object.fromEntries(own) as IDataObject) });
	const custom = givenCustomFields(context, itemIndex);
	const person = personIn(values);
	const digests = {
		person: personDigest(account, person),
		values: valuesDigest(account, values, custom),
	};
	return { person, values, custom, creation: { ...digests, itemIndex } };
}

/**
 * The values with those of custom fields, checked by the clinic's definitions.
 *
 * @throws ClinikoError as `customFieldValues`
 */
export async function withCustomFieldsOf(
	api: ClinikoApi,
	values: PatientValues,
	custom: GivenCustomField[],
): Promise<PatientValues> {
	if (custom.length === 0) return values;
	return { ...values, [CUSTOM_FIELDS]: await customFieldValues(api, custom) };
}

/** What creates patients, with what earlier attempts of this execution have left. */
export function creatorFor(context: IExecuteFunctions, api: ClinikoApi) {
	const run = Number(context.evaluateExpression('{{ $runIndex }}', 0));
	const memory = new PatientMemory(context.getContext('node'), run);
	return { memory, creator: new PatientCreator(api, pauseFor(context), memory) };
}

function personIn(values: PatientValues): Person {
	const text = (field: string) => values[field] as string | undefined;
	const person = {
		firstName: text('first_name') ?? missing('first_name'),
		lastName: text('last_name') ?? missing('last_name'),
		dateOfBirth: text('date_of_birth'),
		email: text('email'),
	};
	// Throws if a name has no letters.
	criteriaOf(person);
	return person;
}

function missing(field: string): never {
	throw new ClinikoError(
		`${LABELS[field]} is empty for this item, so no patient was created.`,
		'Check what the form or the e-mail gives there.',
	);
}
