import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { readDate, readEmail } from '../find/criteria';
import { CUSTOM_FIELDS, type CustomFieldValue } from './customFields';

/** A phone number as Cliniko takes it. */
export interface PhoneNumber {
	phone_type?: string;
	number: string;
}

/** Pronouns as Cliniko takes them: all of them, or none. */
export type Pronouns = Record<(typeof PRONOUNS)[number]['name'], string>;

/**
 * What is known of a patient, by Cliniko's names. Only fields that were given; null empties a field. The
 * custom fields are a list of values, and all of the record's, as Cliniko takes them, once they are sent.
 */
export type PatientValues = Record<
	string,
	string | boolean | number | PhoneNumber[] | Pronouns | CustomFieldValue[] | IDataObject | null
>;

type Kind =
	| 'text'
	| 'date'
	| 'email'
	| 'choice'
	| 'boolean'
	| 'id'
	| 'count'
	| 'amount'
	| 'pronouns'
	| 'phones';

/** A field of a patient that can be set. */
export interface PatientField {
	/** Cliniko's name. */
	name: string;
	/** The name of the parameter in the node. */
	label: string;
	kind: Kind;
	/** In characters. */
	maxLength?: number;
	/** The largest number that a count may be; the smallest is 1. */
	max?: number;
	pattern?: RegExp;
	choices?: string[];
	/** What people call the choices, if not as Cliniko does. */
	choiceNames?: string[];
	/** Whether it may hold several lines. */
	isLong?: true;
	/** Whether Cliniko's reference does not say that it can be emptied. */
	isNotNullable?: true;
	/** For an ID: the method that fills the list from which the record is chosen. */
	listSearch?: string;
	description?: string;
	placeholder?: string;
}

const EMAIL = /^[A-Z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Z0-9.-]+\.[A-Z]{2,63}$/i;

const DVA_CARD = /^[NVQSWT]([A-Z ][0-9]{1,6}|[A-Z]{2}[0-9]{1,5}|[A-Z]{3}[0-9]{1,4})[A-Z]?$/;

export const PHONE_NUMBERS = 'patient_phone_numbers';

export const PHONE_TYPES = ['Fax', 'Home', 'Mobile', 'Other', 'Work'];

export const PRONOUNS = [
	{ name: 'nominative', label: 'Nominative', placeholder: 'e.g. she' },
	{ name: 'accusative', label: 'Accusative', placeholder: 'e.g. her' },
	{ name: 'pronominal_possessive', label: 'Pronominal Possessive', placeholder: 'e.g. her' },
	{ name: 'predicative_possessive', label: 'Predicative Possessive', placeholder: 'e.g. hers' },
	{ name: 'reflexive', label: 'Reflexive', placeholder: 'e.g. herself' },
] as const;

/** A field, which is a text unless `more` says otherwise. */
export const field = (
	name: string,
	label: string,
	more: Partial<PatientField> = {},
): PatientField => ({
	name,
	label,
	kind: 'text',
	...more,
});

const short = (name: string, label: string, more: Partial<PatientField> = {}): PatientField =>
	field(name, label, { maxLength: 255, ...more });

/**
 * The fields that Cliniko takes for a patient (OpenAPI of 2023-10, `requestBodies.Patient`), without the
 * custom fields, which each clinic defines itself, and the referral source, which has a request of its own.
 */
export const FIELDS: PatientField[] = [
	field('accepted_email_marketing', 'Accepted Email Marketing', {
		kind: 'boolean',
		description: 'Whether the patient has agreed to marketing by e-mail',
	}),
	field('accepted_privacy_policy', 'Accepted Privacy Policy', {
		kind: 'boolean',
		description: 'Whether the patient has accepted the clinic’s privacy policy',
	}),
	short('address_1', 'Address Line 1'),
	short('address_2', 'Address Line 2'),
	short('address_3', 'Address Line 3'),
	field('appointment_notes', 'Appointment Notes', { isLong: true }),
	short('city', 'City'),
	field('concession_type_id', 'Concession Type', {
		kind: 'id',
		isNotNullable: true,
		listSearch: 'searchConcessionTypes',
		description: 'One of the clinic’s concession types in Cliniko',
	}),
	field('country', 'Country', { placeholder: 'e.g. Australia' }),
	field('date_of_birth', 'Date of Birth', {
		kind: 'date',
		placeholder: 'e.g. 1987-05-31',
		description: 'Year, month and day in this order',
	}),
	field('dva_card_number', 'DVA Card Number', {
		pattern: DVA_CARD,
		placeholder: 'e.g. NX123456',
		description: 'The number of a card of Australia’s Department of Veterans’ Affairs',
	}),
	short('email', 'Email', { kind: 'email', pattern: EMAIL, placeholder: 'e.g. jane@mail.example' }),
	short('emergency_contact', 'Emergency Contact'),
	short('first_name', 'First Name', { isNotNullable: true, placeholder: 'e.g. Jane' }),
	field('gender_identity', 'Gender Identity'),
	field('invoice_default_to', 'Invoice To', {
		description: 'Whom invoices are addressed to, if not the patient',
	}),
	field('invoice_email', 'Invoice Email', {
		kind: 'email',
		pattern: EMAIL,
		placeholder: 'e.g. accounts@mail.example',
	}),
	field('invoice_extra_information', 'Invoice Extra Information', { isLong: true }),
	short('last_name', 'Last Name', { isNotNullable: true, placeholder: 'e.g. Citizen' }),
	short('medicare', 'Medicare Number'),
	short('medicare_reference_number', 'Medicare Reference Number'),
	field('notes', 'Notes', { isLong: true }),
	short('occupation', 'Occupation'),
	short('old_reference_id', 'Old Reference ID', {
		description: 'The number that the patient had in another system before Cliniko',
	}),
	field(PHONE_NUMBERS, 'Phone Numbers', { kind: 'phones', isNotNullable: true }),
	field('post_code', 'Postcode'),
	short('preferred_first_name', 'Preferred First Name', {
		description: 'The name the patient goes by, which Cliniko keeps beside the first name',
	}),
	field('pronouns', 'Pronouns', {
		kind: 'pronouns',
		description: 'All five forms, or none',
	}),
	field('receives_confirmation_emails', 'Receives Confirmation Emails', {
		kind: 'boolean',
		description: 'Whether the patient gets e-mails that confirm appointments',
	}),
	field('referring_doctor_id', 'Referring Doctor', {
		kind: 'id',
		isNotNullable: true,
		listSearch: 'searchContacts',
		description: 'The doctor, who is a contact in Cliniko',
	}),
	field('reminder_type', 'Reminder Type', {
		kind: 'choice',
		choices: ['Email', 'None', 'SMS', 'SMS & Email'],
		description: 'How the patient is reminded of appointments',
	}),
	field('sex', 'Sex'),
	field('state', 'State', { placeholder: 'e.g. VIC' }),
	field('time_zone', 'Time Zone', { placeholder: 'e.g. Australia/Melbourne' }),
	short('title', 'Title', { placeholder: 'e.g. Ms' }),
	field('unsubscribe_sms_marketing', 'Unsubscribed From SMS Marketing', {
		kind: 'boolean',
		isNotNullable: true,
		description: 'Whether the patient does not want marketing by SMS',
	}),
];

/** What messages call the fields, by Cliniko's names. */
export const LABELS: Record<string, string> = {
	...labelsOf(FIELDS),
	[CUSTOM_FIELDS]: 'Custom Fields',
};

/** The labels of fields, by Cliniko's names. */
export function labelsOf(fields: PatientField[]): Record<string, string> {
	return Object.fromEntries(fields.map(({ name, label }) => [name, label]));
}

/**
 * Checks a value by the rules of Cliniko's reference, before anything is sent.
 *
 * @param value not empty
 * @returns the value as Cliniko takes it
 * @throws ClinikoError if Cliniko would not accept it
 */
export function checkedValue(field: PatientField, value: string): string | boolean | number {
	const { label, kind, choices = [], max } = field;
	switch (kind) {
		case 'date':
			return readDate(value, label);
		case 'email':
			return checkedText(field, readEmail(value, label));
		case 'boolean': {
			const answer = value.toLowerCase();
			if (answer === 'true' || answer === 'false') return answer === 'true';
			throw new ClinikoError(
				`${label} is neither true nor false for this item.`,
				'An expression can turn an answer into one of them: {{ $json.consent === "Yes" }}.',
			);
		}
		case 'choice': {
			const choice = choices.find((one) => one.toLowerCase() === value.toLowerCase());
			if (choice !== undefined) return choice;
			throw new ClinikoError(
				`${label} is none of Cliniko’s choices for this item.`,
				`Give one of these: ${choices.join(', ')}.`,
			);
		}
		case 'count': {
			const count = /^\d{1,9}$/.test(value) ? Number(value) : 0;
			if (count >= 1 && count <= (max ?? Infinity)) return count;
			throw new ClinikoError(
				`${label} is not a whole number that Cliniko accepts for this item.`,
				`Give a number from 1 to ${max}.`,
			);
		}
		case 'amount':
			if (/^\d+(\.\d+)?$/.test(value) && /[1-9]/.test(value)) return value;
			throw new ClinikoError(
				`${label} is not an amount above 0 for this item.`,
				'Write it with digits and a point only, such as 1500.50.',
			);
		default:
			return checkedText(field, value);
	}
}

function checkedText({ label, maxLength = Infinity, pattern }: PatientField, value: string) {
	const length = [...value].length;
	if (length > maxLength) {
		throw new ClinikoError(
			`${label} has ${length} characters for this item, and Cliniko accepts at most ${maxLength}.`,
			`Shorten it. With an expression, .slice(0, ${maxLength}) at its end cuts it.`,
		);
	}
	if (!pattern || pattern.test(value)) return value;
	throw new ClinikoError(
		`${label} is not in the form that Cliniko accepts for this item.`,
		pattern === DVA_CARD
			? 'A DVA card number has no spaces and begins with the letter of a state, such as NX123456.'
			: 'Give an address without accents or spaces, such as jane@mail.example.',
	);
}
