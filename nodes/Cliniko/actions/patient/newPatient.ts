import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { Cancelled, ClinikoError } from '../../errors';
import type { PhoneNumber } from '../../fields/field';
import { PatientCreator, type NewPatient } from '../../patients/createPatient';
import {
	CUSTOM_FIELDS,
	customFieldValues,
	type GivenCustomField,
} from '../../patients/customFields';
import { LABELS, PHONE_NUMBERS, type PatientValues } from '../../patients/fields';
import { PatientMemory } from '../../patients/patientMemory';
import { criteriaOf, personDigest, valuesDigest, type Person } from '../../patients/person';
import {
	LABEL,
	referralSourceValues,
	setReferralSource,
	type GivenReferralSource,
	type ReferralSourceValues,
} from '../../patients/referralSource';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { pauseFor, runIndexOf } from '../../transport/n8n';
import { givenCustomFields } from '../parameters/customFields';
import { patientValuesOf } from '../parameters/patientFields';
import { referralSourceIn } from '../parameters/referralSource';

/** A patient to be created, with what has to be looked up in Cliniko first. */
export interface PatientToCreate extends NewPatient {
	custom: GivenCustomField[];
	source?: GivenReferralSource;
}

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
): PatientToCreate {
	const given = context.getNodeParameter('additionalFields', itemIndex, {});
	const own = parameters.map((name) => [name, context.getNodeParameter(name, itemIndex, '')]);
	const values = patientValuesOf({ ...given, ...(Object.fromEntries(own) as IDataObject) });
	const custom = givenCustomFields(context, itemIndex);
	const source = referralSourceIn(given);
	const person = personIn(values);
	const digests = {
		person: personDigest(account, person),
		values: valuesDigest(account, values, [...custom, ...(source ? [source] : [])]),
	};
	return { person, values, custom, source, creation: { ...digests, itemIndex } };
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

/** The referral source as Cliniko takes it: see `referralSourceValues`. Undefined if none is given. */
export async function referralSourceOf(
	api: ClinikoApi,
	given: GivenReferralSource | undefined,
): Promise<ReferralSourceValues | undefined> {
	return given && (await referralSourceValues(api, given));
}

/**
 * Sets the referral source of a patient who is there already, if one is given. A failure does not hide that.
 *
 * @param mayReplace whether another one on the record is replaced
 * @returns whether it was set, and why not
 * @throws ClinikoError only if the execution is cancelled
 */
export async function setSourceOrWarn(
	context: IExecuteFunctions,
	api: ClinikoApi,
	id: string,
	values: ReferralSourceValues | undefined,
	mayReplace: boolean,
): Promise<{ isSet: boolean; isKept?: boolean; warning?: string }> {
	if (!values) return { isSet: false };
	return await setReferralSource(api, pauseFor(context), id, values, mayReplace).then(
		({ outcome, warning }) => ({ isSet: outcome === 'set', isKept: outcome === 'kept', warning }),
		(error: ClinikoError) => {
			if (error instanceof Cancelled) throw error;
			const { message, description } = error;
			const warning = `The patient is in Cliniko, but ${LABEL} may not be set. ${message} ${description}`;
			return { isSet: false, warning };
		},
	);
}

/** What creates patients, with what earlier attempts of this execution have left. */
export function creatorFor(context: IExecuteFunctions, api: ClinikoApi) {
	const memory = new PatientMemory(context.getContext('node'), runIndexOf(context));
	return { memory, creator: new PatientCreator(api, pauseFor(context), memory) };
}

function personIn(values: PatientValues): Person {
	const text = (field: string) => values[field] as string | undefined;
	const phones = (values[PHONE_NUMBERS] ?? []) as PhoneNumber[];
	const person = {
		firstName: text('first_name') ?? missing('first_name'),
		lastName: text('last_name') ?? missing('last_name'),
		dateOfBirth: text('date_of_birth'),
		email: text('email'),
		mobiles: phones.filter((one) => one.phone_type === 'Mobile').map(({ number }) => number),
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
