import type { Patient } from '../clinic/clinic.cts';
import type { Settings } from '../options.cts';
import { invalid } from '../reply.cts';

/** What is wrong with a value that is not null; undefined if it is valid. */
export type Rule = (value: unknown) => string | undefined;

const LONGEST = 255;

export const text =
	(max = Infinity, pattern = /^[^]*$/): Rule =>
	(value) => {
		if (typeof value !== 'string') return 'must be a string';
		if ([...value].length > max) return `is too long (maximum is ${max} characters)`;
		return pattern.test(value) ? undefined : 'is invalid';
	};

const short = text(LONGEST);

export const boolean: Rule = (value) =>
	typeof value === 'boolean' ? undefined : 'must be a boolean';

export const date: Rule = (value) =>
	typeof value === 'string' &&
	/^\d{4}-\d\d-\d\d$/.test(value) &&
	new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value)
		? undefined
		: 'is not a valid date';

export const id: Rule = (value) =>
	typeof value === 'string' && /^\d{1,19}$/.test(value) ? undefined : 'is invalid';

export const choice =
	(...choices: string[]): Rule =>
	(value) =>
		choices.includes(String(value)) ? undefined : 'is not included in the list';

/** The reference's pattern has capitals only, which cannot be meant: its own examples are in lower case. */
const EMAIL = /^[A-Z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Z0-9.-]+\.[A-Z]{2,63}$/i;

const PRONOUNS = [
	'accusative',
	'nominative',
	'predicative_possessive',
	'pronominal_possessive',
	'reflexive',
];

const phoneType = choice('Fax', 'Home', 'Mobile', 'Other', 'Work');

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const areAll = (list: unknown, test: (one: Record<string, unknown>) => boolean): boolean =>
	Array.isArray(list) &&
	list.every((one) => isObject(one) && typeof one.token === 'string' && test(one));

const isOptional = (value: unknown, type: string): boolean =>
	value === undefined || typeof value === type;

/** What is sent takes the place of all custom fields before: the unkind reading, since none is documented. */
const customFields: Rule = (value) => {
	const isCustomField = ({ value: text, options, other }: Record<string, unknown>) =>
		isOptional(text, 'string') &&
		(options === undefined || areAll(options, ({ selected }) => isOptional(selected, 'boolean'))) &&
		(other === undefined ||
			(isObject(other) &&
				isOptional(other.selected, 'boolean') &&
				isOptional(other.value, 'string') &&
				String(other.value ?? '').length <= LONGEST));
	const isSection = ({ fields }: Record<string, unknown>) => areAll(fields, isCustomField);
	return isObject(value) && areAll(value.sections, isSection) ? undefined : 'is invalid';
};

/** The fields of a patient other than those that lists can be filtered by. */
const DETAILS: Record<string, Rule> = {
	accepted_privacy_policy: boolean,
	accepted_email_marketing: boolean,
	address_1: short,
	address_2: short,
	address_3: short,
	appointment_notes: text(),
	city: short,
	concession_type_id: id,
	country: text(),
	custom_fields: customFields,
	dva_card_number: text(
		LONGEST,
		/^[NVQSWT]([A-Z ][0-9]{1,6}|[A-Z]{2}[0-9]{1,5}|[A-Z]{3}[0-9]{1,4})[A-Z]?$/,
	),
	emergency_contact: short,
	gender_identity: text(),
	invoice_default_to: text(),
	invoice_email: text(Infinity, EMAIL),
	invoice_extra_information: text(),
	medicare: short,
	medicare_reference_number: short,
	notes: text(),
	occupation: short,
	patient_phone_numbers: (value) =>
		Array.isArray(value) && value.every(isPhone) ? undefined : 'is invalid',
	post_code: text(),
	pronouns: (value) =>
		PRONOUNS.every((name) => typeof propertyOf(value, name) === 'string')
			? undefined
			: 'is invalid',
	receives_confirmation_emails: boolean,
	referral_source: short,
	referring_doctor_id: id,
	reminder_type: choice('None', 'SMS', 'Email', 'SMS & Email'),
	sex: text(),
	state: text(),
	time_zone: text(),
	title: short,
	unsubscribe_sms_marketing: boolean,
};

const RULES: Record<string, Rule> = {
	...DETAILS,
	date_of_birth: date,
	email: text(LONGEST, EMAIL),
	first_name: short,
	last_name: short,
	old_reference_id: short,
	preferred_first_name: short,
};

/** Those that the reference does not mark as nullable. */
const NOT_NULLABLE = [
	'concession_type_id',
	'first_name',
	'last_name',
	'patient_phone_numbers',
	'referring_doctor_id',
	'unsubscribe_sms_marketing',
];

/** The properties of a patient that a request may change. */
export type Change = Partial<Omit<Patient, 'id' | 'createdAt' | 'addedAt'>>;

/**
 * Reads the body of a request that creates or changes a patient. Unknown properties are ignored, as
 * elsewhere in the API.
 *
 * @param patient the patient to be changed; undefined for a new one, who needs a first and a last name:
 * the reference marks no field as required, but integrators report that blank names are refused
 * @throws a 422 in the documented shape
 */
export function patientChange(
	body: Record<string, unknown>,
	patient: Patient | undefined,
	settings: Settings,
): Change {
	const { values, errors } = checkedValues(body, RULES, NOT_NULLABLE, settings);
	for (const name of ['first_name', 'last_name']) {
		const isBlank = String(values[name] ?? '').trim() === '';
		if (isBlank && (patient === undefined || name in values)) errors[name] ??= "can't be blank";
	}
	if (Object.keys(errors).length > 0) throw invalid(errors);

	const before = patient?.details ?? {};
	const details = { ...before };
	for (const name of Object.keys(DETAILS)) {
		if (name in values) details[name] = values[name];
	}
	if (values.patient_phone_numbers !== undefined) {
		const kept = settings.patchedArrays === 'appended' ? before.patient_phone_numbers : [];
		details.patient_phone_numbers = [
			...((kept ?? []) as unknown[]),
			...(values.patient_phone_numbers as unknown[]),
		];
	}
	const named = (name: string) => (name in values ? (values[name] as string | null) : undefined);
	return withoutUndefined({
		firstName: named('first_name') ?? undefined,
		lastName: named('last_name') ?? undefined,
		preferredFirstName: named('preferred_first_name'),
		dateOfBirth: named('date_of_birth'),
		email: named('email'),
		oldReferenceId: named('old_reference_id'),
		details,
	});
}

/**
 * The values in the body of a request that have a rule, and what is wrong with them.
 *
 * @param notNullable the names of the fields that cannot be null
 */
export function checkedValues(
	body: Record<string, unknown>,
	rules: Record<string, Rule>,
	notNullable: string[],
	{ emptyTexts }: Pick<Settings, 'emptyTexts'>,
): { values: Record<string, unknown>; errors: Record<string, string> } {
	const errors: Record<string, string> = {};
	const values: Record<string, unknown> = {};
	for (const [name, rule] of Object.entries(rules)) {
		const given = body[name];
		if (given === undefined) continue;
		const isEmpty = given === '' && emptyTexts === 'null';
		const wrong =
			given === null || isEmpty
				? notNullable.includes(name) && "can't be blank"
				: given === ''
					? 'is invalid'
					: rule(given);
		if (wrong) errors[name] = wrong;
		values[name] = isEmpty ? null : given;
	}
	return { values, errors };
}

function isPhone(value: unknown): boolean {
	const [number, type] = [propertyOf(value, 'number'), propertyOf(value, 'phone_type')];
	return typeof number === 'string' && /\d/.test(number) && !phoneType(type);
}

function propertyOf(value: unknown, name: string): unknown {
	return (value as Record<string, unknown> | null)?.[name];
}

function withoutUndefined(change: Change): Change {
	return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
