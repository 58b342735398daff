import { field, labelsOf, type Field } from '../fields/field';

/**
 * The fields that Cliniko takes for a case (OpenAPI of 2023-10, `requestBodies.PatientCase`), without
 * its patient, attendees and attachments.
 */
export const CASE_FIELDS: Field[] = [
	field('closed', 'Closed', {
		kind: 'boolean',
		description: 'Whether the case is closed',
	}),
	field('contact_id', 'Contact', {
		kind: 'id',
		isNotNullable: true,
		listSearch: 'searchContacts',
		description: 'A contact in Cliniko, such as the referring doctor',
	}),
	field('expiry_date', 'Expiry Date', {
		kind: 'date',
		placeholder: 'e.g. 2027-05-31',
		description: 'Year, month and day in this order',
	}),
	field('include_cancelled_attendees', 'Include Cancelled Attendees', {
		kind: 'boolean',
		description: 'Whether cancelled appointments count',
	}),
	field('include_dna_attendees', 'Include Attendees Who Did Not Arrive', {
		kind: 'boolean',
		description: 'Whether missed appointments count',
	}),
	field('issue_date', 'Issue Date', {
		kind: 'date',
		placeholder: 'e.g. 2026-05-31',
		description: 'Year, month and day in this order',
	}),
	field('max_invoiceable_amount', 'Max Invoiceable Amount', {
		kind: 'amount',
		placeholder: 'e.g. 1500.50',
		description: 'The most that may be invoiced, with digits and a point only',
	}),
	field('max_sessions', 'Max Sessions', {
		kind: 'count',
		max: 200,
		placeholder: 'e.g. 10',
		description: 'The most sessions, from 1 to 200',
	}),
	field('name', 'Name', { isNotNullable: true, placeholder: 'e.g. Left knee' }),
	field('notes', 'Notes', { isLong: true }),
	field('referral', 'Referral', {
		kind: 'boolean',
		description: 'Whether the patient was referred',
	}),
	field('referral_type', 'Referral Type', {
		kind: 'choice',
		choices: ['dva', 'medicare'],
		choiceNames: ['DVA', 'Medicare'],
		description: 'The Australian scheme that the referral is for',
	}),
];

/** What messages call the fields, by Cliniko's names. */
export const CASE_LABELS = labelsOf(CASE_FIELDS);
