import type { PhoneNumber } from '../fields/field';
import { linkedId } from '../records/clinikoRecord';
import type { Patient } from '../records/patient';
import { plainText } from '../records/plainText';
import {
	CUSTOM_FIELDS,
	dueCustomFields,
	holdsOnlyCustomFields,
	withCustomFields,
	type CustomFieldValue,
} from './customFields';
import { FIELDS, PHONE_NUMBERS, type PatientValues } from './fields';
import { mergedPhoneNumbers } from './phoneNumbers';

/** Whether a field may get a value, where the record's is empty or another one. */
export type MaySet = (field: string, isEmpty: boolean) => boolean;

/** By these fields it is known who the patient is. */
const IDENTITY = ['first_name', 'last_name', 'preferred_first_name', 'date_of_birth'];

const isIdentity = (field: string): boolean => IDENTITY.includes(field);

export const replaceAll: MaySet = () => true;
export const keepIdentity: MaySet = (field) => !isIdentity(field);
export const replaceNothing: MaySet = (field, isEmptyThere) => isEmptyThere && !isIdentity(field);

/** The record shows its opposite as `accepted_sms_marketing`, or so it seems: no document says so. */
const SMS = 'unsubscribe_sms_marketing';

/**
 * What has to be changed on a patient's record so that it has the given values.
 *
 * @param values null empties a field
 * @returns only fields that were given, and whose value differs from the record's. Phone numbers are
 *   added to those on the record, and of custom fields, all are in it that the record has
 * @throws ClinikoError if phone numbers cannot be added, or if the record does not show its custom fields
 */
export function changesTo(patient: Patient, values: PatientValues, maySet: MaySet): PatientValues {
	const changes: PatientValues = {};
	for (const [field, value] of Object.entries(values)) {
		if (field === PHONE_NUMBERS) {
			const phones = mergedPhoneNumbers(patient, value as PhoneNumber[]);
			if (phones) changes[field] = phones;
			continue;
		}
		if (field === CUSTOM_FIELDS) {
			const due = dueCustomFieldsOf(patient, values, maySet);
			if (due.length > 0) changes[field] = withCustomFields(patient[field], due);
			continue;
		}
		const present = shownValue(patient, field);
		const isAllowed = maySet(field, present !== undefined && isEmpty(present));
		if (isAllowed && (present === undefined || !isSame(present, value))) changes[field] = value;
	}
	return changes;
}

/** The custom fields whose value has to be changed so that a record has the given ones. */
export function dueCustomFieldsOf(
	patient: Patient,
	values: PatientValues,
	maySet: MaySet,
): CustomFieldValue[] {
	const wanted = (values[CUSTOM_FIELDS] ?? []) as CustomFieldValue[];
	return dueCustomFields(patient[CUSTOM_FIELDS], wanted, (isEmptyThere) =>
		maySet(CUSTOM_FIELDS, isEmptyThere),
	);
}

/** What Cliniko may fill in for a new patient itself, besides choices and what is yes or no. */
const DEFAULTS = ['country', 'time_zone'];

/**
 * Whether a record has all of the given values and no other one that somebody must have entered.
 * The names, the date of birth and the e-mail address are compared elsewhere if they are given; the
 * record does not show whether marketing by SMS is unsubscribed.
 */
export function holdsOnly(patient: Patient, values: PatientValues): boolean {
	const custom = (values[CUSTOM_FIELDS] ?? []) as CustomFieldValue[];
	if (!holdsOnlyCustomFields(patient[CUSTOM_FIELDS], custom)) return false;
	return FIELDS.every(({ name, kind }) => {
		const present = shownValue(patient, name);
		if (name === PHONE_NUMBERS) return hasOnlyPhoneNumbers(patient, values[name] as PhoneNumber[]);
		if (values[name] !== undefined) {
			const isCompared = ['first_name', 'last_name', 'date_of_birth', 'email', SMS].includes(name);
			return isCompared || present === undefined || isSame(present, values[name]);
		}
		const isDefault = ['choice', 'boolean'].includes(kind) || DEFAULTS.includes(name);
		return isDefault || present === undefined || isEmpty(present);
	});
}

function hasOnlyPhoneNumbers(patient: Patient, given: PhoneNumber[] = []): boolean {
	const present = patient[PHONE_NUMBERS] ?? [];
	const all = { [PHONE_NUMBERS]: given } as unknown as Patient;
	const phones = (Array.isArray(present) ? present : []) as PhoneNumber[];
	const areGiven = mergedPhoneNumbers(all, phones) === undefined;
	return areGiven && mergedPhoneNumbers({ [PHONE_NUMBERS]: phones }, given) === undefined;
}

/** The given fields that the record shows to be empty or to have another value. */
export function differences(patient: Patient, values: PatientValues): string[] {
	const shown = Object.entries(values).filter(
		([field]) => field !== SMS && shownValue(patient, field) !== undefined,
	);
	return Object.keys(changesTo(patient, Object.fromEntries(shown), replaceAll));
}

/** The given fields that tell who the patient is, and that the record lacks. */
export function missingIdentity(patient: Patient, values: PatientValues): string[] {
	return IDENTITY.filter((field) => values[field] && !patient[field]);
}

/** The given fields that a record shows to be empty after they were sent. */
export function droppedFields(after: Patient, sent: PatientValues): string[] {
	return FIELDS.flatMap(({ name }) => {
		const value = sent[name];
		const shown = name === SMS ? undefined : shownValue(after, name);
		const isDropped = value !== undefined && !isEmpty(value) && shown !== undefined;
		return isDropped && isEmpty(shown) ? name : [];
	});
}

/** The fields that were not sent and have lost their value. */
export function emptiedFields(before: Patient, after: Patient, sent: PatientValues): string[] {
	return FIELDS.flatMap(({ name }) => {
		const [old, present] = [shownValue(before, name), shownValue(after, name)];
		if (name in sent || old === undefined || present === undefined) return [];
		return !isEmpty(old) && isEmpty(present) ? name : [];
	});
}

/**
 * The fields whose new value Cliniko shows to have ignored: it is empty, or still the one before.
 *
 * @param changes as they were sent
 */
export function ignoredChanges(before: Patient, after: Patient, changes: PatientValues): string[] {
	return Object.entries(changes)
		.filter(([field, value]) => {
			if ([PHONE_NUMBERS, SMS, CUSTOM_FIELDS].includes(field)) return false;
			const [old, present] = [shownValue(before, field), shownValue(after, field)];
			if (old === undefined || present === undefined) return false;
			const isLost = isEmpty(present) && !isEmpty(value);
			return isLost || (isSame(old, present) && !isSame(present, value));
		})
		.map(([field]) => field);
}

/**
 * The fields that were changed, as far as the record shows it.
 *
 * @param changes as they were sent
 */
export function changedFields(before: Patient, after: Patient, changes: PatientValues): string[] {
	const ignored = ignoredChanges(before, after, changes);
	const { accepted_sms_marketing: accepted } = before;
	const isSmsSame = typeof accepted === 'boolean' && accepted === after.accepted_sms_marketing;
	return Object.keys(changes).filter(
		(field) => !ignored.includes(field) && !(field === SMS && isSmsSame),
	);
}

/** What a record shows about marketing by SMS, if that is not what was sent. */
export function smsMarketingWarning(after: Patient, changes: PatientValues): string | undefined {
	const { accepted_sms_marketing: accepted } = after;
	if (typeof accepted !== 'boolean' || accepted !== changes[SMS]) return undefined;
	return `Cliniko shows that the patient ${accepted ? 'accepts' : 'does not accept'} marketing by SMS.`;
}

/**
 * The value that a record has for a field of a request.
 *
 * @returns null if it is empty; undefined if the record does not show it
 */
function shownValue(patient: Patient, field: string): unknown {
	switch (field) {
		case 'concession_type_id':
			return shownLink(patient.concession_type, 'concession_types');
		case 'referring_doctor_id':
			return shownLink(patient.referring_doctor, 'contacts');
		case SMS:
			return isEmpty(patient.accepted_sms_marketing) ? null : undefined;
		default:
			return patient[field];
	}
}

function shownLink(link: unknown, collection: string): string | null | undefined {
	return link ? linkedId(link, collection) : null;
}

/** Also of a list without entries, and of an object with nothing in it, such as pronouns that are not set. */
function isEmpty(value: unknown): boolean {
	if (typeof value === 'object') return value === null || Object.values(value).every((one) => !one);
	return typeof value === 'string' && value.trim() === '';
}

function isSame(a: unknown, b: unknown): boolean {
	if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
	if (typeof a === 'object' && typeof b === 'object') {
		const [left, right] = [a, b] as Array<Record<string, unknown>>;
		return Object.keys(right!).every((name) => isSame(left![name] ?? null, right![name] ?? null));
	}
	return typeof a === 'string' && typeof b === 'string' ? plainText(a) === plainText(b) : a === b;
}
