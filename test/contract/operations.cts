import type { SchemaObject } from 'ajv';

import * as schemas from './schemas.cts';

type Kind = 'text' | 'number' | 'date' | 'dateTime';

/** One of Cliniko's operations that the node uses. */
export interface Operation {
	name: string;
	method: 'GET' | 'POST' | 'PATCH';
	/** Below `/v1`. */
	path: RegExp;
	/** The reference of 2023-10 does not have it. */
	isUndocumented?: true;
	/** What `q[]` can filter by. */
	filters?: Record<string, Kind>;
	isList?: true;
	/** Whether it is for a file and not for JSON. */
	isFile?: true;
	/** The body that is sent. */
	body?: SchemaObject;
	/** The body of the reply for each documented status; null where there is none. */
	replies: Record<number, SchemaObject | null>;
}

const patientFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	updated_at: 'dateTime',
	date_of_birth: 'date',
	email: 'text',
	first_name: 'text',
	last_name: 'text',
	old_reference_id: 'text',
	preferred_first_name: 'text',
};

const typeFilters: Record<string, Kind> = {
	id: 'number',
	created_at: 'dateTime',
	updated_at: 'dateTime',
};

const contactFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	deleted_at: 'dateTime',
	updated_at: 'dateTime',
	email: 'text',
	first_name: 'text',
	last_name: 'text',
	type_code: 'number',
};

const attachmentFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	updated_at: 'dateTime',
	processed_at: 'dateTime',
	content_type: 'text',
	description: 'text',
	filename: 'text',
	patient_id: 'number',
	size: 'number',
	user_id: 'number',
};

const caseFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	updated_at: 'dateTime',
	expiry_date: 'date',
	patient_id: 'number',
};

const alertFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	deleted_at: 'dateTime',
	updated_at: 'dateTime',
	patient_id: 'number',
};

const communicationFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	updated_at: 'dateTime',
	category_code: 'number',
	patient_id: 'number',
};

const appointmentFilters: Record<string, Kind> = {
	id: 'number',
	archived_at: 'dateTime',
	created_at: 'dateTime',
	deleted_at: 'dateTime',
	updated_at: 'dateTime',
	appointment_type_id: 'number',
	business_id: 'number',
	cancelled_at: 'dateTime',
	ends_at: 'dateTime',
	patient_id: 'number',
	practitioner_id: 'number',
	repeated_from_id: 'number',
	starts_at: 'dateTime',
};

const practitionerFilters: Record<string, Kind> = { ...typeFilters, user_id: 'number' };

const businessFilters: Record<string, Kind> = {
	...typeFilters,
	archived_at: 'dateTime',
	deleted_at: 'dateTime',
};

const appointmentTypeFilters: Record<string, Kind> = {
	...typeFilters,
	archived_at: 'dateTime',
	category: 'text',
	online_payments_mode: 'text',
};

const formFilters: Record<string, Kind> = {
	id: 'number',
	created_at: 'dateTime',
	updated_at: 'dateTime',
	attendee_id: 'number',
	completed_at: 'dateTime',
	patient_id: 'number',
};

const byItself: Record<string, Kind> = { archived_at: 'dateTime' };

/** The operations that the node uses, as the reference of 2023-10 has them. */
export const OPERATIONS: Operation[] = [
	{
		name: 'get the user',
		method: 'GET',
		path: /^\/user$/,
		replies: { 200: schemas.user },
	},
	{
		name: 'get the public settings',
		method: 'GET',
		path: /^\/settings\/public$/,
		replies: { 200: schemas.publicSettings },
	},
	{
		name: 'get the settings',
		method: 'GET',
		path: /^\/settings$/,
		replies: { 200: schemas.settings },
	},
	{
		name: 'list patients',
		method: 'GET',
		path: /^\/patients$/,
		isList: true,
		filters: patientFilters,
		replies: { 200: schemas.pageOf('patients', schemas.patient) },
	},
	{
		name: 'get a patient',
		method: 'GET',
		path: /^\/patients\/\d+$/,
		filters: byItself,
		replies: { 200: schemas.patient },
	},
	{
		name: 'create a patient',
		method: 'POST',
		path: /^\/patients$/,
		body: schemas.newPatient,
		replies: { 201: schemas.patient, 422: schemas.validationError },
	},
	{
		name: 'change a patient',
		method: 'PATCH',
		path: /^\/patients\/\d+$/,
		body: schemas.changedPatient,
		replies: { 200: schemas.patient, 422: schemas.validationError },
	},
	{
		name: 'get a referral source',
		method: 'GET',
		path: /^\/patients\/\d+\/referral_source$/,
		replies: { 200: schemas.referralSource },
	},
	{
		name: 'change a referral source',
		method: 'PATCH',
		path: /^\/patients\/\d+\/referral_source$/,
		body: schemas.changedReferralSource,
		replies: { 200: schemas.referralSource, 422: schemas.validationError },
	},
	...['concession_types', 'referral_source_types'].map((collection) => ({
		name: `list ${collection}`,
		method: 'GET' as const,
		path: new RegExp(`^/${collection}$`),
		isList: true as const,
		filters: typeFilters,
		replies: { 200: schemas.pageOf(collection, schemas.namedType) },
	})),
	{
		name: 'list contacts',
		method: 'GET',
		path: /^\/contacts$/,
		isList: true,
		filters: contactFilters,
		replies: { 200: schemas.pageOf('contacts', schemas.contact) },
	},
	{
		name: 'get a presigned post',
		method: 'GET',
		path: /^\/patients\/\d+\/attachment_presigned_post$/,
		replies: { 200: schemas.presignedPost },
	},
	{
		name: 'list attachments',
		method: 'GET',
		path: /^\/patient_attachments$/,
		isList: true,
		filters: attachmentFilters,
		replies: { 200: schemas.pageOf('patient_attachments', schemas.attachment) },
	},
	{
		name: 'create an attachment',
		method: 'POST',
		path: /^\/patient_attachments$/,
		body: schemas.newAttachment,
		replies: { 201: schemas.uploadedAttachment, 422: schemas.validationError },
	},
	{
		name: 'get an attachment',
		method: 'GET',
		path: /^\/patient_attachments\/\d+$/,
		filters: byItself,
		replies: { 200: schemas.attachment },
	},
	{
		name: 'change an attachment',
		method: 'PATCH',
		path: /^\/patient_attachments\/\d+$/,
		isUndocumented: true,
		body: schemas.changedAttachment,
		replies: { 200: schemas.attachment, 422: schemas.validationError },
	},
	{
		name: 'archive an attachment',
		method: 'POST',
		path: /^\/patient_attachments\/\d+\/archive$/,
		replies: { 204: null },
	},
	{
		name: 'list medical alerts',
		method: 'GET',
		path: /^\/medical_alerts$/,
		isList: true,
		filters: alertFilters,
		replies: { 200: schemas.pageOf('medical_alerts', schemas.medicalAlert) },
	},
	{
		name: 'get a medical alert',
		method: 'GET',
		path: /^\/medical_alerts\/\d+$/,
		filters: byItself,
		replies: { 200: schemas.medicalAlert },
	},
	{
		name: 'create a medical alert',
		method: 'POST',
		path: /^\/medical_alerts$/,
		body: schemas.newAlert,
		replies: { 201: schemas.medicalAlert, 422: schemas.validationError },
	},
	{
		name: 'list communications',
		method: 'GET',
		path: /^\/communications$/,
		isList: true,
		filters: communicationFilters,
		replies: { 200: schemas.pageOf('communications', schemas.memo) },
	},
	{
		name: 'get a communication',
		method: 'GET',
		path: /^\/communications\/\d+$/,
		filters: byItself,
		replies: { 200: schemas.memo },
	},
	{
		name: 'create a memo',
		method: 'POST',
		path: /^\/communications$/,
		body: schemas.newMemo,
		replies: { 201: schemas.memo, 422: schemas.validationError },
	},
	{
		name: 'list cases',
		method: 'GET',
		path: /^\/patient_cases$/,
		isList: true,
		filters: caseFilters,
		replies: { 200: schemas.pageOf('patient_cases', schemas.patientCase) },
	},
	{
		name: 'get a case',
		method: 'GET',
		path: /^\/patient_cases\/\d+$/,
		filters: byItself,
		replies: { 200: schemas.patientCase },
	},
	{
		name: 'create a case',
		method: 'POST',
		path: /^\/patient_cases$/,
		body: schemas.newCase,
		replies: { 201: schemas.patientCase, 422: schemas.validationError },
	},
	{
		name: 'change a case',
		method: 'PATCH',
		path: /^\/patient_cases\/\d+$/,
		body: schemas.changedCase,
		replies: { 200: schemas.patientCase, 422: schemas.validationError },
	},
	{
		name: 'archive a case',
		method: 'POST',
		path: /^\/patient_cases\/\d+\/archive$/,
		replies: { 204: null },
	},
	{
		name: 'list the attachments of a case',
		method: 'GET',
		path: /^\/patient_cases\/\d+\/patient_attachments$/,
		isList: true,
		filters: attachmentFilters,
		replies: { 200: schemas.pageOf('patient_attachments', schemas.attachment) },
	},
	{
		name: 'list appointments',
		method: 'GET',
		path: /^\/individual_appointments$/,
		isList: true,
		filters: appointmentFilters,
		replies: { 200: schemas.pageOf('individual_appointments', schemas.appointment) },
	},
	{
		name: 'list practitioners',
		method: 'GET',
		path: /^\/practitioners$/,
		isList: true,
		filters: practitionerFilters,
		replies: { 200: schemas.pageOf('practitioners', schemas.practitioner) },
	},
	{
		name: 'get a practitioner',
		method: 'GET',
		path: /^\/practitioners\/\d+$/,
		replies: { 200: schemas.practitioner },
	},
	{
		name: 'list businesses',
		method: 'GET',
		path: /^\/businesses$/,
		isList: true,
		filters: businessFilters,
		replies: { 200: schemas.pageOf('businesses', schemas.business) },
	},
	{
		name: 'get a business',
		method: 'GET',
		path: /^\/businesses\/\d+$/,
		filters: { ...byItself, deleted_at: 'dateTime' },
		replies: { 200: schemas.business },
	},
	{
		name: 'list appointment types',
		method: 'GET',
		path: /^\/appointment_types$/,
		isList: true,
		filters: appointmentTypeFilters,
		replies: { 200: schemas.pageOf('appointment_types', schemas.appointmentType) },
	},
	{
		name: 'get an appointment type',
		method: 'GET',
		path: /^\/appointment_types\/\d+$/,
		filters: byItself,
		replies: { 200: schemas.appointmentType },
	},
	{
		name: 'list patient forms',
		method: 'GET',
		path: /^\/patient_forms$/,
		isList: true,
		filters: formFilters,
		replies: { 200: schemas.pageOf('patient_forms', schemas.patientForm) },
	},
	{
		name: 'get the content',
		method: 'GET',
		path: /^\/patient_attachments\/\d+\/content$/,
		isUndocumented: true,
		isFile: true,
		replies: { 303: null },
	},
];

const DATE_TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[+-]\\d\\d:\\d\\d)';
const COMPARED = '(?:>=|>|<=|<)';
const EMPTY_OR_NOT = '!?\\?';

/** What follows `field:` in a filter (guide "Filtering results"). Date-times have no `=`. */
const CONDITIONS: Record<Kind, string> = {
	text: `(?:!=|~~|=|~)[^]*|${EMPTY_OR_NOT}`,
	number: `=\\d+(?:,\\d+)*|(?:!=|${COMPARED})\\d+|${EMPTY_OR_NOT}`,
	date: `${COMPARED}\\d{4}-\\d\\d-\\d\\d|=[\\d*]{4}-[\\d*]{2}-[\\d*]{2}|${EMPTY_OR_NOT}`,
	dateTime: `${COMPARED}${DATE_TIME}|${EMPTY_OR_NOT}|\\*`,
};

/** The query of an operation: each parameter's values, as often as it comes. */
export function querySchema({ filters = {}, isList }: Operation): SchemaObject {
	const fields = Object.keys(filters).join('|');
	const once = (pattern: string): SchemaObject => ({
		type: 'array',
		maxItems: 1,
		items: { type: 'string', pattern },
	});
	const conditions = Object.entries(filters).map(
		([name, kind]) => `${name}:(?:${CONDITIONS[kind]})`,
	);
	return {
		type: 'object',
		additionalProperties: false,
		properties: {
			...(conditions.length > 0 && {
				'q[]': {
					type: 'array',
					items: { type: 'string', pattern: `^(?:${conditions.join('|')})$` },
				},
			}),
			...(isList && {
				page: once('^[1-9]\\d*$'),
				per_page: once('^(?:[1-9]\\d?|100)$'),
				// "Comma separated search fields": those that can be filtered by.
				sort: once(`^(?:${fields})(?::(?:asc|desc))?(?:,(?:${fields})(?::(?:asc|desc))?)*$`),
			}),
		},
	};
}

/** The headers that Cliniko's documentation asks for. */
export function headersSchema({ isFile, body }: Operation): SchemaObject {
	return {
		type: 'object',
		required: ['authorization', 'user-agent', 'accept', ...(body ? ['content-type'] : [])],
		properties: {
			authorization: { type: 'string', pattern: '^Basic [A-Za-z0-9+/]+=*$' },
			'user-agent': { type: 'string', pattern: '^[^()]+ \\([^\\s@()]+@[^\\s@()]+\\)$' },
			accept: { type: 'string', ...(!isFile && { pattern: '^application/json$' }) },
			...(body && { 'content-type': { type: 'string', pattern: '^application/json\\b' } }),
		},
	};
}
