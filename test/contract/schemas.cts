/**
 * JSON Schemas for what Cliniko's reference (2023-10) and its guides say of the records and bodies
 * that the node reads and sends. Attachments and presigned posts are described in full, and so is what
 * is sent of a patient, and cases; patients, users and settings as far as the node reads them. The reference marks nothing as required; what it
 * lists for every record is required here.
 */
import type { SchemaObject } from 'ajv';

const orNull = (schema: SchemaObject): SchemaObject => ({ ...schema, type: [schema.type, 'null'] });

const text: SchemaObject = { type: 'string' };
const uri: SchemaObject = { type: 'string', format: 'uri' };
const dateTime: SchemaObject = { type: 'string', format: 'date-time' };
const date: SchemaObject = { type: 'string', format: 'date' };
/** A 64-bit integer in text. */
const id: SchemaObject = { type: 'string', pattern: '^\\d{1,19}$' };
const description = orNull({ type: 'string', maxLength: 255 });

/** An object with these properties, all required, and no others. */
const only = (properties: Record<string, SchemaObject>): SchemaObject => ({
	type: 'object',
	required: Object.keys(properties),
	properties,
	additionalProperties: false,
});

const links = only({ self: uri });
const link = only({ links });

const exported = {
	id,
	content: link,
	content_type: orNull(text),
	created_at: dateTime,
	description,
	filename: orNull(text),
	links,
	patient: link,
	pinned_at: orNull(dateTime),
	processed_at: orNull(dateTime),
	processing_completed: orNull({ type: 'boolean' }),
	size: orNull({ type: 'integer', minimum: 0 }),
	updated_at: dateTime,
	user: link,
};

/** A file that somebody uploaded. */
export const uploadedAttachment = only({ ...exported, archived_at: orNull(dateTime) });

/** Either that or a file that Cliniko made itself (FullPatientExport), which cannot be archived. */
export const attachment: SchemaObject = {
	type: 'object',
	if: { required: ['archived_at'] },
	then: uploadedAttachment,
	else: only(exported),
};

const short = { type: 'string', maxLength: 255 };
const yesOrNo: SchemaObject = { type: 'boolean' };
/** The reference writes the pattern in capitals; its examples are in small letters. */
const email = {
	type: 'string',
	pattern: "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,63}$",
};
const phoneType: SchemaObject = { enum: ['Fax', 'Home', 'Mobile', 'Other', 'Work'] };
const pronouns = only({
	accusative: text,
	nominative: text,
	predicative_possessive: text,
	pronominal_possessive: text,
	reflexive: text,
});

const token: SchemaObject = { type: 'string', format: 'uuid' };

/** With some properties required. */
const withSome = (required: string[], properties: Record<string, SchemaObject>): SchemaObject => ({
	...only(properties),
	required,
});

/** The values of the fields that the clinic has defined. */
const customFields = withSome([], {
	sections: {
		type: 'array',
		items: withSome(['token', 'fields'], {
			name: orNull(text),
			token,
			archived: orNull(yesOrNo),
			fields: {
				type: 'array',
				items: withSome(['token'], {
					archived: orNull(yesOrNo),
					name: orNull(text),
					token,
					type: orNull(text),
					options: {
						type: 'array',
						items: withSome(['token'], {
							archived: orNull(yesOrNo),
							name: orNull(text),
							token,
							selected: yesOrNo,
						}),
					},
					other: withSome([], {
						enabled: orNull(yesOrNo),
						archived: orNull(yesOrNo),
						selected: yesOrNo,
						value: short,
					}),
					value: text,
				}),
			},
		}),
	},
});

/** What a patient's record has just as it was sent. */
const patientDetails: Record<string, SchemaObject> = {
	accepted_email_marketing: orNull(yesOrNo),
	accepted_privacy_policy: orNull(yesOrNo),
	address_1: orNull(short),
	address_2: orNull(short),
	address_3: orNull(short),
	appointment_notes: orNull(text),
	city: orNull(short),
	country: orNull(text),
	custom_fields: orNull(customFields),
	date_of_birth: orNull(date),
	dva_card_number: orNull({
		type: 'string',
		pattern: '^[NVQSWT]([A-Z ][0-9]{1,6}|[A-Z]{2}[0-9]{1,5}|[A-Z]{3}[0-9]{1,4})[A-Z]?$',
	}),
	email: orNull({ ...email, maxLength: 255 }),
	emergency_contact: orNull(short),
	first_name: short,
	gender_identity: orNull(text),
	invoice_default_to: orNull(text),
	invoice_email: orNull(email),
	invoice_extra_information: orNull(text),
	last_name: short,
	medicare: orNull(short),
	medicare_reference_number: orNull(short),
	notes: orNull(text),
	occupation: orNull(short),
	old_reference_id: orNull(short),
	post_code: orNull(text),
	preferred_first_name: orNull(short),
	pronouns: orNull(pronouns),
	receives_confirmation_emails: orNull(yesOrNo),
	referral_source: orNull(short),
	reminder_type: { enum: ['None', 'SMS', 'Email', 'SMS & Email', null] },
	sex: orNull(text),
	state: orNull(text),
	time_zone: orNull(text),
	title: orNull(short),
};

/** The body that creates or changes a patient. */
export const changedPatient: SchemaObject = {
	...only({
		...patientDetails,
		concession_type_id: id,
		patient_phone_numbers: {
			type: 'array',
			items: only({ phone_type: phoneType, number: { type: 'string', pattern: '\\d' } }),
		},
		referring_doctor_id: id,
		unsubscribe_sms_marketing: yesOrNo,
	}),
	required: [],
	minProperties: 1,
};

/** The same for a new patient, who has a name. */
export const newPatient: SchemaObject = {
	...changedPatient,
	required: ['first_name', 'last_name'],
};

export const patient: SchemaObject = {
	type: 'object',
	required: ['id', 'first_name', 'last_name', 'archived_at', 'created_at', 'updated_at', 'links'],
	properties: {
		...patientDetails,
		id,
		label: orNull(text),
		accepted_sms_marketing: orNull(yesOrNo),
		patient_phone_numbers: orNull({
			type: 'array',
			items: only({ phone_type: phoneType, number: text, normalized_number: text }),
		}),
		concession_type: link,
		referring_doctor: link,
		archived_at: orNull(dateTime),
		deleted_at: orNull(dateTime),
		merged_at: orNull(dateTime),
		merged_with_patient: link,
		created_at: dateTime,
		updated_at: dateTime,
		links,
	},
};

/** What a case's record has just as it was sent. */
const caseDetails: Record<string, SchemaObject> = {
	closed: orNull(yesOrNo),
	expiry_date: orNull(date),
	include_cancelled_attendees: orNull(yesOrNo),
	include_dna_attendees: orNull(yesOrNo),
	issue_date: orNull(date),
	// The reference has a minimum of 0, which is itself excluded.
	max_invoiceable_amount: orNull({ type: 'string', pattern: '^(?=.*[1-9])\\d+(?:\\.\\d+)?$' }),
	max_sessions: orNull({ type: 'integer', minimum: 1, maximum: 200 }),
	name: text,
	notes: orNull(text),
	referral: orNull(yesOrNo),
	referral_type: { enum: ['dva', 'medicare', null] },
};

/** The body that changes a case. */
export const changedCase: SchemaObject = {
	...only({ ...caseDetails, contact_id: id, patient_attachment_ids: { type: 'array', items: id } }),
	required: [],
	minProperties: 1,
};

/** The same for a new case, which has a name and a patient. */
export const newCase: SchemaObject = {
	...only({ ...caseDetails, contact_id: id, patient_id: id }),
	required: ['name', 'patient_id'],
};

export const patientCase: SchemaObject = {
	...only({
		...caseDetails,
		id,
		archived_at: orNull(dateTime),
		attendee_ids: orNull({ type: 'array', items: id }),
		attendees: link,
		bookings: link,
		contact: link,
		created_at: dateTime,
		invoices: link,
		links,
		patient: link,
		patient_attachments: link,
		updated_at: dateTime,
	}),
	required: ['id', 'name', 'archived_at', 'created_at', 'updated_at', 'links', 'patient'],
};

const alertName: SchemaObject = { type: 'string', minLength: 1, maxLength: 255 };

/** The body that creates a medical alert. */
export const newAlert: SchemaObject = {
	...only({ name: alertName, patient_id: id }),
	required: ['name', 'patient_id'],
};

export const medicalAlert: SchemaObject = {
	...only({
		id,
		archived_at: orNull(dateTime),
		created_at: dateTime,
		deleted_at: orNull(dateTime),
		links,
		name: alertName,
		patient: link,
		updated_at: dateTime,
	}),
	required: ['id', 'name', 'archived_at', 'created_at', 'updated_at', 'links', 'patient'],
};

const memoDetails: Record<string, SchemaObject> = {
	category_code: { type: 'integer', enum: [12] },
	confidential: orNull({ type: 'boolean' }),
	content: orNull(text),
	direction_code: orNull({ type: 'integer', enum: [1, 2, null] }),
	from: orNull(text),
	to: orNull(text),
	type_code: orNull({ type: 'integer', enum: [1, 2, 3, 4, null] }),
};

/** The body that creates a memo. */
export const newMemo: SchemaObject = {
	...only({ ...memoDetails, patient_id: id }),
	required: ['category_code', 'content', 'type_code', 'direction_code', 'patient_id'],
};

export const memo: SchemaObject = {
	...only({
		...memoDetails,
		id,
		archived_at: orNull(dateTime),
		category: orNull({ type: 'string', enum: ['Memo', null] }),
		created_at: dateTime,
		direction_description: orNull({ type: 'string', enum: ['Received', 'Sent', null] }),
		links,
		patient: link,
		type: orNull({ type: 'string', enum: ['Email', 'Other', 'Phone call', 'SMS', null] }),
		updated_at: dateTime,
	}),
	required: ['id', 'archived_at', 'created_at', 'updated_at', 'links', 'patient'],
};

/** All of an appointment's fields; Cliniko does not say which every one has. */
export const appointment: SchemaObject = {
	...only({
		id,
		appointment_type: link,
		archived_at: orNull(dateTime),
		attendees: link,
		booking_ip_address: orNull(text),
		business: link,
		cancellation_note: orNull(text),
		cancellation_reason: orNull({ type: 'integer' }),
		cancellation_reason_description: {
			enum: [
				'Feeling Better',
				'Condition Worse',
				'Sick',
				'COVID-19 related',
				'Away',
				'Other',
				'Work',
				null,
			],
		},
		cancelled_at: orNull(dateTime),
		conflicts: orNull(link),
		created_at: dateTime,
		deleted_at: orNull(dateTime),
		did_not_arrive: orNull(yesOrNo),
		email_reminder_sent: orNull(yesOrNo),
		ends_at: dateTime,
		has_patient_appointment_notes: orNull(yesOrNo),
		invoice_status: orNull({ type: 'integer' }),
		links,
		notes: orNull(text),
		online_booking_policy_accepted: orNull(yesOrNo),
		patient: link,
		patient_arrived: orNull(yesOrNo),
		patient_case: link,
		patient_name: orNull(text),
		practitioner: link,
		repeat_rule: orNull({ type: 'object' }),
		repeated_from: link,
		repeats: orNull(link),
		sms_reminder_sent: orNull(yesOrNo),
		starts_at: dateTime,
		telehealth_url: orNull(uri),
		treatment_note_status: orNull({ type: 'integer' }),
		updated_at: dateTime,
	}),
	required: ['id', 'created_at', 'updated_at', 'starts_at', 'ends_at', 'cancelled_at', 'links'],
};

/** What an appointment is with, at and for: as far as the node reads it. */
export const practitioner: SchemaObject = {
	type: 'object',
	required: ['id', 'active', 'display_name', 'first_name', 'last_name', 'title', 'links'],
	properties: {
		id,
		active: orNull(yesOrNo),
		display_name: orNull(text),
		first_name: orNull(text),
		label: orNull(text),
		last_name: orNull(text),
		title: orNull(text),
		created_at: dateTime,
		updated_at: dateTime,
		links,
	},
};

export const business: SchemaObject = {
	type: 'object',
	required: ['id', 'business_name', 'archived_at', 'deleted_at', 'links'],
	properties: {
		id,
		archived_at: orNull(dateTime),
		business_name: orNull(text),
		created_at: dateTime,
		deleted_at: orNull(dateTime),
		display_name: orNull(text),
		label: orNull(text),
		updated_at: dateTime,
		links,
	},
};

export const appointmentType: SchemaObject = {
	type: 'object',
	required: ['id', 'name', 'archived_at', 'links'],
	properties: {
		id,
		archived_at: orNull(dateTime),
		created_at: dateTime,
		name: short,
		updated_at: dateTime,
		links,
	},
};

const choice: SchemaObject = only({ value: orNull(short), selected: orNull(yesOrNo) });

const question: SchemaObject = {
	...only({
		name: short,
		type: {
			enum: ['checkboxes', 'date', 'paragraph', 'radiobuttons', 'signature', 'text', null],
		},
		required: yesOrNo,
		signature_id: id,
		answer: { type: 'string', maxLength: 10_000 },
		answers: { type: 'array', items: choice },
		other: only({ enabled: yesOrNo, selected: yesOrNo, value: short }),
	}),
	required: ['name', 'type'],
};

const section: SchemaObject = {
	...only({
		name: orNull(short),
		description: orNull({ type: 'string', maxLength: 10_000 }),
		questions: { type: 'array', items: question },
	}),
	required: ['questions'],
};

/** All of a patient form's fields; Cliniko does not say which every one has. */
export const patientForm: SchemaObject = {
	...only({
		id,
		attendee: link,
		booking: link,
		completed_at: orNull(dateTime),
		content: orNull(only({ sections: { type: 'array', items: section } })),
		created_at: dateTime,
		email_to_patient_on_completion: orNull(yesOrNo),
		links,
		name: short,
		patient: link,
		restricted_to_practitioner: orNull(yesOrNo),
		signatures: orNull(link),
		updated_at: dateTime,
		url: orNull(uri),
	}),
	required: ['id', 'completed_at', 'created_at', 'updated_at', 'links'],
};

export const user: SchemaObject = {
	type: 'object',
	required: ['id', 'first_name', 'last_name', 'role', 'links'],
	properties: {
		id,
		first_name: text,
		last_name: text,
		role: {
			enum: [
				'administrator',
				'bookkeeper',
				'power receptionist',
				'practitioner',
				'receptionist',
				'scheduler',
				null,
			],
		},
		links,
	},
};

/** A concession type, or what all referral source types have. */
export const namedType: SchemaObject = {
	type: 'object',
	required: ['id', 'name', 'created_at', 'updated_at', 'links'],
	properties: {
		id,
		name: short,
		referrer_type: { enum: ['Contact', 'Patient', null] },
		subcategories: orNull({ type: 'array', items: text }),
		created_at: dateTime,
		updated_at: dateTime,
		links,
	},
};

export const contact: SchemaObject = {
	type: 'object',
	required: ['id', 'archived_at', 'created_at', 'updated_at', 'links'],
	properties: {
		id,
		title: orNull(text),
		first_name: orNull(short),
		last_name: orNull(short),
		company_name: orNull(short),
		email: orNull(short),
		provider_number: orNull(short),
		type: { enum: ['Doctor', '3rd Party Payer', 'Standard', null] },
		type_code: { enum: [0, 1, 2, null] },
		archived_at: orNull(dateTime),
		created_at: dateTime,
		updated_at: dateTime,
		links,
	},
};

export const referralSource: SchemaObject = withSome(
	['id', 'created_at', 'updated_at', 'links', 'patient'],
	{
		id,
		notes: orNull(text),
		subcategory: orNull(text),
		patient: link,
		referral_source_type: link,
		referrer: orNull(link),
		referrer_type: { enum: ['Patient', 'Contact', null] },
		created_at: dateTime,
		updated_at: dateTime,
		links,
	},
);

/** The body that changes a patient's referral source. */
export const changedReferralSource = withSome(['referral_source_type_id'], {
	notes: orNull(text),
	referrer_id: id,
	referral_source_type_id: id,
	subcategory: orNull(text),
});

const definedFields: SchemaObject = {
	type: 'array',
	items: withSome(['name', 'token', 'type'], {
		archived: yesOrNo,
		name: short,
		token,
		type: { enum: ['checkboxes', 'date', 'paragraph', 'radiobuttons', 'text', null] },
		options: {
			type: 'array',
			items: withSome(['name', 'token'], { archived: yesOrNo, name: short, token }),
		},
		other: withSome([], { enabled: yesOrNo, archived: yesOrNo }),
	}),
};

/** What every user of an account may know of it. */
export const publicSettings: SchemaObject = {
	type: 'object',
	required: ['account'],
	properties: {
		account: orNull({
			type: 'object',
			required: ['id', 'name', 'country_code', 'subdomain'],
			properties: { id, name: text, country: text, country_code: text, subdomain: text },
		}),
	},
};

/** What a user may know of it who can view the settings, as far as the node reads it. */
export const settings: SchemaObject = {
	type: 'object',
	required: ['patient_custom_fields_definition'],
	properties: {
		patient_custom_fields_definition: orNull(
			only({
				sections: {
					type: 'array',
					items: withSome(['name', 'token', 'fields'], {
						name: short,
						token,
						archived: yesOrNo,
						fields: definedFields,
					}),
				},
			}),
		),
	},
};

/** A page of a list. */
export const pageOf = (collection: string, record: SchemaObject): SchemaObject =>
	only({
		[collection]: { type: 'array', items: record, maxItems: 100 },
		total_entries: { type: 'integer', minimum: 0 },
		links: { ...only({ self: uri, next: uri, previous: uri }), required: ['self'] },
	});

/** What the reference has; see the gaps for what the guide has besides. */
export const presignedPost = only({
	url: uri,
	fields: only({
		key: text,
		policy: text,
		'x-amz-credential': text,
		'x-amz-signature': text,
		'x-amz-algorithm': text,
		success_action_status: { const: '201' },
		acl: { const: 'private' },
	}),
});

/** The body of a 422. */
export const validationError = only({
	message: text,
	errors: { type: 'object', minProperties: 1, additionalProperties: text },
});

/** The body that makes a record for an uploaded file. */
export const newAttachment: SchemaObject = {
	...only({ patient_id: id, description, upload_url: uri }),
	required: ['patient_id', 'upload_url'],
};

/** The reference of 2023-10 does not have the change of a record; this is what the node sends. */
export const changedAttachment = only({ description });
