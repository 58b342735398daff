import type {
	Appointment,
	AppointmentType,
	Business,
	Communication,
	Contact,
	MedicalAlert,
	NamedType,
	Patient,
	PatientAttachment,
	PatientCase,
	PatientForm,
	Practitioner,
	ReferralSource,
	User,
} from '../clinic/clinic.cts';
import type { Settings } from '../options.cts';
import type { Resource } from './listing.cts';

/** Other fields of a patient, which are empty unless they were sent. */
const EMPTY_PATIENT = Object.fromEntries(
	[
		['accepted_email_marketing', 'accepted_privacy_policy', 'accepted_sms_marketing'],
		['address_1', 'address_2', 'address_3', 'city', 'post_code', 'state', 'country', 'time_zone'],
		['title', 'gender', 'gender_identity', 'sex', 'pronouns', 'occupation', 'emergency_contact'],
		['invoice_default_to', 'invoice_email', 'invoice_extra_information'],
		['medicare', 'medicare_reference_number', 'dva_card_number'],
		['receives_confirmation_emails', 'reminder_type', 'referral_source'],
		['appointment_notes', 'notes', 'custom_fields'],
	]
		.flat()
		.map((name) => [name, null]),
);

/** Lists that a patient's record links to. */
const LISTS_OF_A_PATIENT = [
	'appointments',
	'attendees',
	'invoices',
	'medical_alerts',
	'patient_attachments',
];

/**
 * The patients of `/patients`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function patients(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<Patient> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'patients',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			date_of_birth: { kind: 'date', of: (row) => row.dateOfBirth },
			email: { kind: 'string', of: (row) => row.email },
			first_name: { kind: 'string', of: (row) => row.firstName },
			last_name: { kind: 'string', of: (row) => row.lastName },
			old_reference_id: { kind: 'string', of: (row) => row.oldReferenceId },
			preferred_first_name: { kind: 'string', of: (row) => row.preferredFirstName },
		},
		render: (row) => ({
			...EMPTY_PATIENT,
			...detailsOf(row, base),
			id: row.id,
			label: `${row.firstName} ${row.lastName}`,
			first_name: row.firstName,
			last_name: row.lastName,
			preferred_first_name: row.preferredFirstName,
			date_of_birth: row.dateOfBirth,
			email: row.email,
			old_reference_id: row.oldReferenceId,
			archived_at: time(row.archivedAt) ?? empty,
			deleted_at: empty,
			merged_at: (row.mergedWith && time(row.archivedAt)) ?? empty,
			created_at: time(row.createdAt),
			updated_at: time(row.updatedAt),
			...(row.mergedWith && { merged_with_patient: link(`${base}/patients/${row.mergedWith}`) }),
			...Object.fromEntries(
				LISTS_OF_A_PATIENT.map((name) => [name, link(`${base}/patients/${row.id}/${name}`)]),
			),
			...link(`${base}/patients/${row.id}`),
		}),
	};
}

/** What was sent of a patient's other fields, as the API returns it: ids as links. */
function detailsOf({ details }: Patient, base: string): Record<string, unknown> {
	const {
		concession_type_id: concession,
		referring_doctor_id: doctor,
		unsubscribe_sms_marketing: unsubscribed,
		patient_phone_numbers: phones = [],
		...others
	} = details;
	return {
		...others,
		...(concession !== undefined && {
			concession_type: link(`${base}/concession_types/${String(concession)}`),
		}),
		...(doctor !== undefined && { referring_doctor: link(`${base}/contacts/${String(doctor)}`) }),
		...(unsubscribed !== undefined && { accepted_sms_marketing: !unsubscribed }),
		patient_phone_numbers: (phones as Array<{ number: string }>).map((phone) => ({
			...phone,
			normalized_number: phone.number.replace(/\D/g, ''),
		})),
	};
}

/**
 * The attachments of `/patient_attachments`, in the documented forms: UploadedPatientAttachment,
 * and FullPatientExport, which is the same without `archived_at`. There is no filter for completed
 * processing.
 *
 * @param base prefix of URLs
 */
export function patientAttachments(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<PatientAttachment> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'patient_attachments',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			processed_at: { kind: 'date-time', of: (row) => row.processedAt },
			content_type: { kind: 'string', of: (row) => row.contentType },
			description: { kind: 'string', of: (row) => row.description },
			filename: { kind: 'string', of: (row) => row.filename },
			patient_id: { kind: 'numeric', of: (row) => BigInt(row.patientId) },
			size: { kind: 'numeric', of: (row) => (row.size === null ? null : BigInt(row.size)) },
			user_id: { kind: 'numeric', of: (row) => BigInt(row.userId) },
		},
		render: (row) => ({
			id: row.id,
			...(!row.isExport && { archived_at: time(row.archivedAt) ?? empty }),
			content: link(`${base}/patient_attachments/${row.id}/content`),
			content_type: row.contentType ?? empty,
			created_at: time(row.createdAt),
			description: row.description ?? empty,
			filename: row.filename ?? empty,
			...link(`${base}/patient_attachments/${row.id}`),
			patient: link(`${base}/patients/${row.patientId}`),
			pinned_at: null,
			processed_at: time(row.processedAt) ?? empty,
			processing_completed: row.processedAt !== null,
			size: row.size,
			updated_at: time(row.updatedAt),
			user: link(`${base}/users/${row.userId}`),
		}),
	};
}

/** Fields of a case that are empty unless they were sent: texts and dates, and others. */
const EMPTY_TEXTS_OF_A_CASE = ['issue_date', 'max_invoiceable_amount', 'notes', 'referral_type'];
const EMPTY_VALUES_OF_A_CASE = [
	'closed',
	'include_cancelled_attendees',
	'include_dna_attendees',
	'max_sessions',
	'referral',
];

/** Lists that a case's record links to. */
const LISTS_OF_A_CASE = ['attendees', 'bookings', 'invoices', 'patient_attachments'];

/**
 * The cases of `/patient_cases`, in the documented form. There is no filter for closed ones.
 *
 * @param base prefix of URLs
 */
export function patientCases(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<PatientCase> {
	const empty = emptyValues === 'null' ? null : '';
	const shown = (details: Record<string, unknown>) => ({
		...Object.fromEntries(EMPTY_VALUES_OF_A_CASE.map((name) => [name, details[name] ?? null])),
		...Object.fromEntries(EMPTY_TEXTS_OF_A_CASE.map((name) => [name, details[name] ?? empty])),
		attendee_ids: details.attendee_ids ?? [],
	});
	return {
		name: 'patient_cases',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			expiry_date: { kind: 'date', of: (row) => row.expiryDate },
			patient_id: { kind: 'numeric', of: (row) => BigInt(row.patientId) },
		},
		render: ({ id, details, ...row }) => ({
			...shown(details),
			id,
			name: row.name,
			archived_at: time(row.archivedAt) ?? empty,
			created_at: time(row.createdAt),
			updated_at: time(row.updatedAt),
			expiry_date: row.expiryDate ?? empty,
			patient: link(`${base}/patients/${row.patientId}`),
			...(details.contact_id !== undefined && {
				contact: link(`${base}/contacts/${String(details.contact_id)}`),
			}),
			...Object.fromEntries(
				LISTS_OF_A_CASE.map((name) => [name, link(`${base}/patient_cases/${id}/${name}`)]),
			),
			...link(`${base}/patient_cases/${id}`),
		}),
	};
}

/**
 * The types of `/concession_types` or `/referral_source_types`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function namedTypes(base: string, name: string): Resource<NamedType> {
	return {
		name,
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			// Not a documented filter: they cannot be archived.
			archived_at: { kind: 'date-time', of: () => null },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.createdAt },
		},
		render: (row) => ({
			id: row.id,
			name: row.name,
			...(row.subcategories && { referrer_type: null, subcategories: row.subcategories }),
			created_at: time(row.createdAt),
			updated_at: time(row.createdAt),
			...link(`${base}/${name}/${row.id}`),
		}),
	};
}

const TYPE_CODES = ['Standard', 'Doctor', '3rd Party Payer'];

/**
 * The contacts of `/contacts`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function contacts(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<Contact> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'contacts',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.createdAt },
			email: { kind: 'string', of: (row) => row.email },
			first_name: { kind: 'string', of: (row) => row.firstName },
			last_name: { kind: 'string', of: (row) => row.lastName },
		},
		render: (row) => ({
			id: row.id,
			title: row.title,
			first_name: row.firstName,
			last_name: row.lastName,
			company_name: row.companyName,
			email: row.email,
			provider_number: row.providerNumber,
			type: row.type,
			type_code: TYPE_CODES.indexOf(row.type),
			archived_at: time(row.archivedAt) ?? empty,
			created_at: time(row.createdAt),
			updated_at: time(row.createdAt),
			...link(`${base}/contacts/${row.id}`),
		}),
	};
}

/** How a patient has come to the clinic, in the documented form. */
export function renderReferralSource(
	{ id, typeId, referrerId, subcategory, notes, updatedAt }: ReferralSource,
	patientId: string,
	base: string,
) {
	return {
		id,
		notes,
		subcategory,
		...(typeId && { referral_source_type: link(`${base}/referral_source_types/${typeId}`) }),
		referrer: referrerId && link(`${base}/contacts/${referrerId}`),
		referrer_type: referrerId && 'Contact',
		patient: link(`${base}/patients/${patientId}`),
		created_at: time(updatedAt),
		updated_at: time(updatedAt),
		...link(`${base}/patients/${patientId}/referral_source`),
	};
}

/**
 * The medical alerts of `/medical_alerts`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function medicalAlerts(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<MedicalAlert> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'medical_alerts',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			deleted_at: { kind: 'date-time', of: () => null },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			patient_id: { kind: 'numeric', of: (row) => BigInt(row.patientId) },
		},
		render: (row) => ({
			id: row.id,
			name: row.name,
			archived_at: time(row.archivedAt) ?? empty,
			created_at: time(row.createdAt),
			deleted_at: empty,
			updated_at: time(row.updatedAt),
			patient: link(`${base}/patients/${row.patientId}`),
			...link(`${base}/medical_alerts/${row.id}`),
		}),
	};
}

const TYPES = ['SMS', 'Email', 'Phone call', 'Other'];
const DIRECTIONS = ['Sent', 'Received'];

/**
 * The memos of `/communications`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function communications(
	base: string,
	{ emptyValues, messages }: Pick<Settings, 'emptyValues' | 'messages'>,
): Resource<Communication> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'communications',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			category_code: { kind: 'numeric', of: () => 12n },
			patient_id: { kind: 'numeric', of: (row) => BigInt(row.patientId) },
		},
		render: ({ id, patientId, details, archivedAt, createdAt, updatedAt }) => {
			const {
				type_code: type = null,
				direction_code: direction = null,
				content,
				...rest
			} = details;
			return {
				id,
				from: empty,
				to: empty,
				confidential: null,
				...rest,
				content: shownMessage(String(content ?? ''), messages) || empty,
				category: 'Memo',
				category_code: 12,
				type: TYPES[Number(type) - 1] ?? null,
				type_code: type,
				direction_code: direction,
				direction_description: DIRECTIONS[Number(direction) - 1] ?? null,
				archived_at: time(archivedAt) ?? empty,
				created_at: time(createdAt),
				updated_at: time(updatedAt),
				patient: link(`${base}/patients/${patientId}`),
				...link(`${base}/communications/${id}`),
			};
		},
	};
}

function shownMessage(text: string, messages: Settings['messages']): string {
	if (messages === 'stripped') return text.replace(/<[^<>]*>/g, '');
	return messages === 'html' && text !== '' ? asHtml(text) : text;
}

/** Text as an editor for formatted text may store it. */
function asHtml(text: string): string {
	const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
	return `<p>${escaped.replace(/\n\n+/g, '</p><p>').replace(/\n/g, '<br />')}</p>`;
}

/**
 * The practitioners of `/practitioners`, in the documented form. They cannot be archived.
 *
 * @param base prefix of URLs
 */
export function practitioners(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<Practitioner> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'practitioners',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.createdAt },
			show_in_online_bookings: { kind: 'boolean', of: () => true },
		},
		render: (row) => ({
			id: row.id,
			active: row.active,
			description: empty,
			designation: empty,
			display_name: row.displayName ?? empty,
			first_name: row.firstName ?? empty,
			label: row.displayName ?? empty,
			last_name: row.lastName ?? empty,
			show_in_online_bookings: true,
			title: row.title ?? empty,
			created_at: time(row.createdAt),
			updated_at: time(row.createdAt),
			appointments: link(`${base}/practitioners/${row.id}/appointments`),
			...link(`${base}/practitioners/${row.id}`),
		}),
	};
}

/**
 * The businesses of `/businesses`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function businesses(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<Business> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'businesses',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			deleted_at: { kind: 'date-time', of: () => null },
			updated_at: { kind: 'date-time', of: (row) => row.createdAt },
			show_in_online_bookings: { kind: 'boolean', of: () => true },
		},
		render: (row) => ({
			id: row.id,
			appointment_type_ids: [],
			archived_at: time(row.archivedAt) ?? empty,
			business_name: row.name ?? empty,
			created_at: time(row.createdAt),
			deleted_at: empty,
			display_name: empty,
			label: row.name ?? empty,
			show_in_online_bookings: true,
			time_zone: 'Melbourne',
			time_zone_identifier: 'Australia/Melbourne',
			updated_at: time(row.createdAt),
			...link(`${base}/businesses/${row.id}`),
		}),
	};
}

/**
 * The types of `/appointment_types`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function appointmentTypes(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<AppointmentType> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'appointment_types',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.createdAt },
			show_in_online_bookings: { kind: 'boolean', of: () => true },
		},
		render: (row) => ({
			id: row.id,
			archived_at: time(row.archivedAt) ?? empty,
			category: empty,
			color: '#0069ff',
			created_at: time(row.createdAt),
			description: empty,
			duration_in_minutes: 30,
			max_attendees: 1,
			name: row.name,
			show_in_online_bookings: true,
			updated_at: time(row.createdAt),
			...link(`${base}/appointment_types/${row.id}`),
		}),
	};
}

/** Fields of an appointment that are always empty here. */
const EMPTY_APPOINTMENT = Object.fromEntries(
	[
		['booking_ip_address', 'cancellation_reason', 'cancellation_reason_description'],
		['did_not_arrive', 'email_reminder_sent', 'has_patient_appointment_notes', 'invoice_status'],
		['online_booking_policy_accepted', 'patient_arrived', 'patient_name', 'repeat_rule'],
		['sms_reminder_sent', 'telehealth_url', 'treatment_note_status'],
	]
		.flat()
		.map((name) => [name, null]),
);

/**
 * The appointments of `/individual_appointments`, in the documented form.
 *
 * @param base prefix of URLs
 */
export function appointments(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<Appointment> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'individual_appointments',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			archived_at: { kind: 'date-time', of: (row) => row.archivedAt },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			deleted_at: { kind: 'date-time', of: (row) => row.deletedAt },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			appointment_type_id: { kind: 'numeric', of: (row) => BigInt(row.appointmentTypeId) },
			business_id: { kind: 'numeric', of: (row) => BigInt(row.businessId) },
			cancelled_at: { kind: 'date-time', of: (row) => row.cancelledAt },
			ends_at: { kind: 'date-time', of: (row) => row.endsAt },
			patient_id: { kind: 'numeric', of: (row) => BigInt(row.patientId) },
			practitioner_id: { kind: 'numeric', of: (row) => BigInt(row.practitionerId) },
			starts_at: { kind: 'date-time', of: (row) => row.startsAt },
		},
		render: (row) => ({
			...EMPTY_APPOINTMENT,
			id: row.id,
			appointment_type: link(`${base}/appointment_types/${row.appointmentTypeId}`),
			archived_at: time(row.archivedAt) ?? empty,
			attendees: link(`${base}/individual_appointments/${row.id}/attendees`),
			business: link(`${base}/businesses/${row.businessId}`),
			cancellation_note: row.cancellationNote ?? empty,
			cancelled_at: time(row.cancelledAt) ?? empty,
			conflicts: link(`${base}/individual_appointments/${row.id}/conflicts`),
			created_at: time(row.createdAt),
			deleted_at: time(row.deletedAt) ?? empty,
			ends_at: time(row.endsAt),
			notes: row.notes ?? empty,
			patient: link(`${base}/patients/${row.patientId}`),
			practitioner: link(`${base}/practitioners/${row.practitionerId}`),
			starts_at: time(row.startsAt),
			updated_at: time(row.updatedAt),
			...link(`${base}/individual_appointments/${row.id}`),
		}),
	};
}

/**
 * The forms of `/patient_forms`, in the documented form. There is no filter for archived ones.
 *
 * @param base prefix of URLs
 */
export function patientForms(
	base: string,
	emptyValues: Settings['emptyValues'] = 'null',
): Resource<PatientForm> {
	const empty = emptyValues === 'null' ? null : '';
	return {
		name: 'patient_forms',
		fields: {
			id: { kind: 'numeric', of: (row) => BigInt(row.id) },
			created_at: { kind: 'date-time', of: (row) => row.createdAt },
			updated_at: { kind: 'date-time', of: (row) => row.updatedAt },
			completed_at: { kind: 'date-time', of: (row) => row.completedAt },
			patient_id: { kind: 'numeric', of: (row) => BigInt(row.patientId) },
		},
		render: (row) => ({
			id: row.id,
			completed_at: time(row.completedAt) ?? empty,
			content: { sections: row.sections },
			created_at: time(row.createdAt),
			email_to_patient_on_completion: false,
			name: row.name,
			patient: link(`${base}/patients/${row.patientId}`),
			restricted_to_practitioner: false,
			signatures: null,
			updated_at: time(row.updatedAt),
			url: `https://forms.example/${row.id}`,
			...link(`${base}/patient_forms/${row.id}`),
		}),
	};
}

/** The user that a key belongs to, as returned by `/user`. */
export function renderUser(user: User, base: string) {
	return {
		id: user.id,
		active: true,
		created_at: time(user.createdAt),
		email: user.email,
		first_name: user.firstName,
		last_name: user.lastName,
		new_ui_enabled: null,
		phone_numbers: [],
		privacy_policy_accepted: null,
		role: user.role,
		time_zone: 'Melbourne',
		time_zone_identifier: 'Australia/Melbourne',
		title: null,
		updated_at: time(user.createdAt),
		user_active: true,
		...link(`${base}/users/${user.id}`),
	};
}

/** Cliniko gives times in whole seconds: `2024-02-06T09:30:00Z`. */
function time(at: number | null): string | null {
	return at === null ? null : new Date(at).toISOString().replace(/\.\d{3}/, '');
}

function link(self: string) {
	return { links: { self } };
}
