import type { IDataObject } from 'n8n-workflow';

import { field, labelsOf, type Field, type FieldValues } from '../fields/field';
import { CUSTOM_FIELDS, type CustomFieldValue } from './customFields';

/**
 * What is known of a patient: see `FieldValues`. The custom fields are a list of values, and all of the
 * record's, as Cliniko takes them, once they are sent.
 */
export type PatientValues = FieldValues<CustomFieldValue[] | IDataObject>;

export const PHONE_NUMBERS = 'patient_phone_numbers';

const short = (name: string, label: string, more: Partial<Field> = {}): Field =>
	field(name, label, { maxLength: 255, ...more });

/**
 * The fields that Cliniko takes for a patient (OpenAPI of 2023-10, `requestBodies.Patient`), without the
 * custom fields, which each clinic defines itself, and the referral source, which has a request of its own.
 */
export const FIELDS: Field[] = [
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
		pattern: {
			regExp: /^[NVQSWT]([A-Z ][0-9]{1,6}|[A-Z]{2}[0-9]{1,5}|[A-Z]{3}[0-9]{1,4})[A-Z]?$/,
			advice:
				'A DVA card number has no spaces and begins with the letter of a state, such as NX123456.',
		},
		placeholder: 'e.g. NX123456',
		description: 'The number of a card of Australia’s Department of Veterans’ Affairs',
	}),
	short('email', 'Email', { kind: 'email', placeholder: 'e.g. jane@mail.example' }),
	short('emergency_contact', 'Emergency Contact'),
	short('first_name', 'First Name', { isNotNullable: true, placeholder: 'e.g. Jane' }),
	field('gender_identity', 'Gender Identity'),
	field('invoice_default_to', 'Invoice To', {
		description: 'Whom invoices are addressed to, if not the patient',
	}),
	field('invoice_email', 'Invoice Email', {
		kind: 'email',
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
