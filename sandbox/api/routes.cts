import type { Clinic, Patient, PatientAttachment, PatientCase } from '../clinic/clinic.cts';
import { invalid, json, notFound, type Reply } from '../reply.cts';
import { BUCKET_HOST } from '../s3/bucket.cts';
import { presignGet } from '../s3/signature.cts';
import type { StoredObject } from '../s3/storage.cts';
import { checkFileAccess, checkSettingsAccess } from './admission.cts';
import { jsonBody } from './body.cts';
import { caseChange } from './case-body.cts';
import { newCommunication } from './communication-body.cts';
import { createAttachment } from './create-attachment.cts';
import { shownDescription, wrongDescription } from './description.cts';
import type { Fields } from './filters.cts';
import { listing, select, type Resource } from './listing.cts';
import { patientChange } from './patient-body.cts';
import { presign } from './presign.cts';
import {
	appointments,
	appointmentTypes,
	businesses,
	communications,
	contacts,
	medicalAlerts,
	namedTypes,
	patientAttachments,
	patientCases,
	patientForms,
	patients,
	practitioners,
	renderReferralSource,
	renderUser,
} from './records.cts';
import { changedReferralSource } from './referral-source.cts';
import type { Call, Route } from './route.cts';

const CONTENT_LIFETIME_MS = 5 * 60_000;

/** The operations of Cliniko's API that the sandbox supports. */
export const routes: Route[] = [
	{ method: 'GET', path: /^\/v1\/user$/, step: 'user', handle: getUser },
	{ method: 'GET', path: /^\/v1\/settings$/, step: 'settings', handle: getSettings },
	{ method: 'GET', path: /^\/v1\/settings\/public$/, step: 'get', handle: getPublicSettings },
	{ method: 'GET', path: /^\/v1\/patients$/, step: 'patients', handle: listPatients },
	{ method: 'POST', path: /^\/v1\/patients$/, step: 'createPatient', handle: createPatient },
	{ method: 'GET', path: /^\/v1\/patients\/(\d+)$/, step: 'get', handle: getPatient },
	{
		method: 'PATCH',
		path: /^\/v1\/patients\/(\d+)$/,
		step: 'updatePatient',
		handle: updatePatient,
	},
	{
		method: 'GET',
		path: /^\/v1\/patients\/(\d+)\/referral_source$/,
		step: 'get',
		handle: getReferralSource,
	},
	{
		method: 'PATCH',
		path: /^\/v1\/patients\/(\d+)\/referral_source$/,
		step: 'referralSource',
		handle: updateReferralSource,
	},
	{ method: 'GET', path: /^\/v1\/concession_types$/, step: 'get', handle: listConcessionTypes },
	{ method: 'GET', path: /^\/v1\/contacts$/, step: 'get', handle: listContacts },
	{
		method: 'GET',
		path: /^\/v1\/referral_source_types$/,
		step: 'get',
		handle: listReferralSourceTypes,
	},
	{
		method: 'GET',
		path: /^\/v1\/patients\/(\d+)\/attachment_presigned_post$/,
		step: 'presign',
		handle: getPresignedPost,
	},
	{
		method: 'GET',
		path: /^\/v1\/patients\/(\d+)\/patient_attachments$/,
		step: 'get',
		handle: listAttachmentsOfPatient,
	},
	{ method: 'GET', path: /^\/v1\/patient_attachments$/, step: 'get', handle: listAttachments },
	{ method: 'POST', path: /^\/v1\/patient_attachments$/, step: 'create', handle: create },
	{
		method: 'GET',
		path: /^\/v1\/patient_attachments\/(\d+)$/,
		step: 'poll',
		handle: getAttachment,
	},
	{ method: 'PATCH', path: /^\/v1\/patient_attachments\/(\d+)$/, step: 'other', handle: update },
	{
		method: 'POST',
		path: /^\/v1\/patient_attachments\/(\d+)\/archive$/,
		step: 'other',
		handle: archive,
	},
	{
		method: 'GET',
		path: /^\/v1\/individual_appointments$/,
		step: 'get',
		handle: listAppointments,
	},
	{ method: 'GET', path: /^\/v1\/practitioners$/, step: 'names', handle: listPractitioners },
	{ method: 'GET', path: /^\/v1\/practitioners\/(\d+)$/, step: 'names', handle: getPractitioner },
	{ method: 'GET', path: /^\/v1\/businesses$/, step: 'names', handle: listBusinesses },
	{ method: 'GET', path: /^\/v1\/businesses\/(\d+)$/, step: 'names', handle: getBusiness },
	{ method: 'GET', path: /^\/v1\/appointment_types$/, step: 'names', handle: listTypes },
	{ method: 'GET', path: /^\/v1\/appointment_types\/(\d+)$/, step: 'names', handle: getType },
	{ method: 'GET', path: /^\/v1\/patient_forms$/, step: 'get', handle: listForms },
	{ method: 'GET', path: /^\/v1\/medical_alerts$/, step: 'alerts', handle: listAlerts },
	{ method: 'POST', path: /^\/v1\/medical_alerts$/, step: 'createAlert', handle: createAlert },
	{ method: 'GET', path: /^\/v1\/medical_alerts\/(\d+)$/, step: 'alerts', handle: getAlert },
	{
		method: 'GET',
		path: /^\/v1\/communications$/,
		step: 'communications',
		handle: listCommunications,
	},
	{
		method: 'POST',
		path: /^\/v1\/communications$/,
		step: 'createCommunication',
		handle: createCommunication,
	},
	{
		method: 'GET',
		path: /^\/v1\/communications\/(\d+)$/,
		step: 'communications',
		handle: getCommunication,
	},
	{ method: 'GET', path: /^\/v1\/patient_cases$/, step: 'cases', handle: listCases },
	{ method: 'POST', path: /^\/v1\/patient_cases$/, step: 'createCase', handle: createCase },
	{ method: 'GET', path: /^\/v1\/patient_cases\/(\d+)$/, step: 'cases', handle: getCase },
	{ method: 'PATCH', path: /^\/v1\/patient_cases\/(\d+)$/, step: 'updateCase', handle: updateCase },
	{
		method: 'POST',
		path: /^\/v1\/patient_cases\/(\d+)\/archive$/,
		step: 'other',
		handle: archiveCase,
	},
	{
		method: 'GET',
		path: /^\/v1\/patient_cases\/(\d+)\/patient_attachments$/,
		step: 'caseFiles',
		handle: listAttachmentsOfCase,
	},
	{
		method: 'GET',
		path: /^\/v1\/patient_attachments\/(\d+)\/content$/,
		step: 'get',
		notJson: true,
		handle: getContent,
	},
	{
		method: 'GET',
		path: /^\/v1\/patient_attachments\/(\d+)\/content\/original$/,
		step: 'get',
		notJson: true,
		handle: getOriginal,
	},
];

function getUser({ user, base }: Call): Reply {
	return json(200, renderUser(user, base));
}

function getSettings({ user, clinic }: Call): Reply {
	checkSettingsAccess(user);
	return json(200, {
		...publicSettings(clinic),
		patient_custom_fields_definition: { sections: clinic.customFields },
	});
}

function getPublicSettings({ clinic }: Call): Reply {
	return json(200, publicSettings(clinic));
}

function publicSettings({ accountId }: Clinic) {
	return {
		account: {
			id: accountId,
			name: 'Sandbox Physiotherapy',
			country: 'Australia',
			country_code: 'AU',
			subdomain: 'sandbox-physiotherapy',
		},
		terminology: { patient: 'patient' },
	};
}

function listPatients(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	const until = Date.now() - settings.listLagMs;
	const rows = [...clinic.patients.values()].filter(
		({ mergedWith, addedAt }) =>
			addedAt <= until && (settings.listsShowMerged || mergedWith === null),
	);
	return listing(rows, exchange.url, patientsOf(call), settings);
}

async function createPatient(call: Call): Promise<Reply> {
	const { exchange, clinic, settings, base } = call;
	const change = patientChange(await jsonBody(exchange), undefined, settings);
	const createdAt = exchange.now() - settings.createdAtBehindMs;
	const added = { ...change, createdAt, updatedAt: createdAt, addedAt: Date.now() };
	const patient = clinic.addPatient(added);
	return json(201, patientsOf(call).render(patient), {
		Location: `${base}/patients/${patient.id}`,
	});
}

/** An archived patient is not found unless `q[]` asks for one: whether they can be changed is unknown. */
async function updatePatient(call: Call): Promise<Reply> {
	const patient = patientOf(call);
	Object.assign(patient, patientChange(await jsonBody(call.exchange), patient, call.settings));
	patient.updatedAt = call.exchange.now();
	return json(200, patientsOf(call).render(patient));
}

function getPatient(call: Call): Reply {
	return json(200, patientsOf(call).render(patientOf(call)));
}

/** What Cliniko answers for a patient without one is not documented: a 404 here, or what has no type. */
function getReferralSource(call: Call): Reply {
	const { id } = patientOf(call);
	const source = call.clinic.referralSources.get(id);
	if (!source) throw notFound();
	return json(200, renderReferralSource(source, id, call.base));
}

async function updateReferralSource(call: Call): Promise<Reply> {
	const { clinic, exchange, base } = call;
	const { id } = patientOf(call);
	const none = { id, typeId: null, referrerId: null, subcategory: null, notes: null };
	const before = clinic.referralSources.get(id) ?? { ...none, updatedAt: exchange.now() };
	const source = changedReferralSource(await jsonBody(exchange), before, clinic);
	clinic.referralSources.set(id, { ...source, updatedAt: exchange.now() });
	return json(200, renderReferralSource(source, id, base));
}

function listConcessionTypes({ clinic, exchange, base, settings }: Call): Reply {
	const resource = namedTypes(base, 'concession_types');
	return listing(clinic.concessionTypes.values(), exchange.url, resource, settings);
}

function listReferralSourceTypes({ clinic, exchange, base, settings }: Call): Reply {
	const resource = namedTypes(base, 'referral_source_types');
	return listing(clinic.referralSourceTypes.values(), exchange.url, resource, settings);
}

function listContacts({ clinic, exchange, base, settings }: Call): Reply {
	const resource = contacts(base, settings.emptyValues);
	return listing(clinic.contacts.values(), exchange.url, resource, settings);
}

function getPresignedPost(call: Call): Reply {
	checkFileAccess(call.user);
	const { clinic, settings, exchange } = call;
	return json(200, presign(patientOf(call), clinic, settings, exchange.now()));
}

function listAttachmentsOfPatient(call: Call): Reply {
	checkFileAccess(call.user);
	const { id } = patientOf(call);
	const { patient_id: _, ...fields } = attachmentsOf(call).fields;
	const rows = listed(call).filter(({ patientId }) => patientId === id);
	return listing(rows, call.exchange.url, { ...attachmentsOf(call), fields }, call.settings);
}

function listAttachments(call: Call): Reply {
	checkFileAccess(call.user);
	return listing(listed(call), call.exchange.url, attachmentsOf(call), call.settings);
}

/** The attachments that lists show so far. */
function listed({ clinic, settings }: Call): PatientAttachment[] {
	const until = Date.now() - settings.listLagMs;
	return [...clinic.attachments.values()].filter(({ addedAt }) => addedAt <= until);
}

async function create(call: Call): Promise<Reply> {
	const { exchange, user, clinic, storage, settings, base } = call;
	checkFileAccess(user);
	const body = await jsonBody(exchange);
	const attachment = createAttachment(body, user, clinic, storage, settings, exchange.now());
	return json(201, attachmentsOf(call).render(attachment), {
		Location: `${base}/patient_attachments/${attachment.id}`,
	});
}

function getAttachment(call: Call): Reply {
	checkFileAccess(call.user);
	return json(200, attachmentsOf(call).render(attachmentOf(call)));
}

/** Which fields can be updated is not documented; the sandbox supports the description. */
async function update(call: Call): Promise<Reply> {
	checkFileAccess(call.user);
	const attachment = attachmentOf(call);
	const { description = attachment.description } = await jsonBody(call.exchange);
	const wrong = wrongDescription(description);
	if (wrong) throw invalid({ description: wrong });
	attachment.description = shownDescription(description as string | null, call.settings);
	attachment.updatedAt = call.exchange.now();
	return json(200, attachmentsOf(call).render(attachment));
}

function archive(call: Call): Reply {
	checkFileAccess(call.user);
	const attachment = attachmentOf(call);
	attachment.archivedAt = attachment.updatedAt = call.exchange.now();
	return { status: 204, headers: {}, body: '' };
}

function listAlerts(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	const until = Date.now() - settings.listLagMs;
	const rows = [...clinic.alerts.values()].filter(({ addedAt }) => addedAt <= until);
	return listing(rows, exchange.url, alertsOf(call), settings);
}

/** The reference marks no field as required; here, an alert needs a patient in use, and a name. */
async function createAlert(call: Call): Promise<Reply> {
	const { exchange, clinic, settings, base } = call;
	const { patient_id: patientId, name, ...others } = await jsonBody(exchange);
	const errors: Record<string, string> = {};
	for (const field of Object.keys(others)) errors[field] = 'is not known';
	if (typeof name !== 'string' || name.trim() === '') errors.name = "can't be blank";
	else if ([...name].length > 255) errors.name = 'is too long (maximum is 255 characters)';
	if (clinic.patients.get(String(patientId))?.archivedAt !== null) errors.patient_id = 'is invalid';
	if (Object.keys(errors).length > 0) throw invalid(errors);
	const added = clinic.addAlert({
		patientId: String(patientId),
		name: String(name),
		createdAt: exchange.now() - settings.createdAtBehindMs,
		addedAt: Date.now(),
	});
	return json(201, alertsOf(call).render(added), {
		Location: `${base}/medical_alerts/${added.id}`,
	});
}

function getAlert(call: Call): Reply {
	return json(200, alertsOf(call).render(oneOf(call, call.clinic.alerts, alertsOf(call))));
}

function listCommunications(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	const until = Date.now() - settings.listLagMs;
	const rows = [...clinic.communications.values()].filter(({ addedAt }) => addedAt <= until);
	return listing(rows, exchange.url, communicationsOf(call), settings);
}

async function createCommunication(call: Call): Promise<Reply> {
	const { exchange, clinic, settings, base } = call;
	const added = clinic.addCommunication({
		...newCommunication(await jsonBody(exchange), clinic, settings),
		createdAt: exchange.now() - settings.createdAtBehindMs,
		addedAt: Date.now(),
	});
	return json(201, communicationsOf(call).render(added), {
		Location: `${base}/communications/${added.id}`,
	});
}

function getCommunication(call: Call): Reply {
	const resource = communicationsOf(call);
	return json(200, resource.render(oneOf(call, call.clinic.communications, resource)));
}

function listAppointments({ clinic, exchange, settings, base }: Call): Reply {
	const until = Date.now() - settings.listLagMs;
	const rows = [...clinic.appointments.values()].filter(({ addedAt }) => addedAt <= until);
	return listing(rows, exchange.url, appointments(base, settings.emptyValues), settings);
}

/** The active ones only: the others have a list of their own. */
function listPractitioners(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	const rows = [...clinic.practitioners.values()].filter(({ active }) => active);
	return listing(rows, exchange.url, practitionersOf(call), settings);
}

function getPractitioner(call: Call): Reply {
	const { clinic, id, settings } = call;
	if (!settings.inactiveShown && clinic.practitioners.get(id)?.active === false) throw notFound();
	return json(
		200,
		practitionersOf(call).render(oneOf(call, clinic.practitioners, practitionersOf(call))),
	);
}

function listBusinesses(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	return listing(clinic.businesses.values(), exchange.url, businessesOf(call), settings);
}

function getBusiness(call: Call): Reply {
	return json(
		200,
		businessesOf(call).render(oneOf(call, call.clinic.businesses, businessesOf(call))),
	);
}

function listTypes(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	return listing(clinic.appointmentTypes.values(), exchange.url, typesOf(call), settings);
}

function getType(call: Call): Reply {
	return json(200, typesOf(call).render(oneOf(call, call.clinic.appointmentTypes, typesOf(call))));
}

function listForms({ clinic, exchange, settings, base }: Call): Reply {
	const until = Date.now() - settings.listLagMs;
	const rows = [...clinic.forms.values()].filter(({ addedAt }) => addedAt <= until);
	return listing(rows, exchange.url, patientForms(base, settings.emptyValues), settings);
}

function listCases(call: Call): Reply {
	const { clinic, exchange, settings } = call;
	const until = Date.now() - settings.listLagMs;
	const rows = [...clinic.cases.values()].filter(({ addedAt }) => addedAt <= until);
	return listing(rows, exchange.url, casesOf(call), settings);
}

async function createCase(call: Call): Promise<Reply> {
	const { exchange, clinic, settings, base } = call;
	const change = caseChange(await jsonBody(exchange), undefined, clinic, settings);
	const createdAt = exchange.now() - settings.createdAtBehindMs;
	const added = clinic.addCase({ ...change, createdAt, addedAt: Date.now() });
	return json(201, casesOf(call).render(added), {
		Location: `${base}/patient_cases/${added.id}`,
	});
}

function getCase(call: Call): Reply {
	return json(200, casesOf(call).render(caseOf(call)));
}

/** An archived case is not found: whether it can be changed is unknown. */
async function updateCase(call: Call): Promise<Reply> {
	const { exchange, clinic, settings } = call;
	const body = await jsonBody(exchange);
	const one = caseOf(call);
	Object.assign(one, caseChange(body, one, clinic, settings), { updatedAt: exchange.now() });
	return json(200, casesOf(call).render(one));
}

function archiveCase(call: Call): Reply {
	const one = caseOf(call);
	one.archivedAt = one.updatedAt = call.exchange.now();
	return { status: 204, headers: {}, body: '' };
}

/** What was linked to the case before the list's lag. */
function listAttachmentsOfCase(call: Call): Reply {
	checkFileAccess(call.user);
	const { clinic, exchange, settings } = call;
	const until = Date.now() - settings.listLagMs;
	const one = clinic.cases.get(call.id);
	if (!one || one.archivedAt !== null) throw notFound();
	const shown = one.linked.filter(({ at }) => at <= until).at(-1);
	const rows = (shown?.ids ?? []).flatMap((id) => clinic.attachments.get(id) ?? []);
	return listing(rows, exchange.url, attachmentsOf(call), settings);
}

/** The file itself, or a redirect to it. */
function getContent(call: Call): Reply {
	const stored = contentOf(call);
	switch (call.settings.contentReply) {
		case 'inline':
			return {
				status: 200,
				headers: { 'Content-Type': stored.contentType, 'Content-Length': String(stored.size) },
				body: '',
				file: stored.path,
			};
		case 'relative redirect': {
			const { pathname } = new URL(`${call.base}/patient_attachments/${call.id}/content/original`);
			return { status: 302, headers: { Location: pathname }, body: '' };
		}
		default:
			return getOriginal(call);
	}
}

/** Redirects to the file's presigned URL, which is valid for a short time. */
function getOriginal(call: Call): Reply {
	const { key } = contentOf(call);
	const location = presignGet(BUCKET_HOST, key, call.exchange.now(), CONTENT_LIFETIME_MS);
	return { status: 303, headers: { Location: location }, body: '' };
}

function contentOf(call: Call): StoredObject {
	checkFileAccess(call.user);
	const { stored, processedAt } = attachmentOf(call);
	if (processedAt === null) throw notFound();
	return stored;
}

/** The patient in the path; an archived one only if `q[]` filters by `archived_at`. */
function patientOf(call: Call): Patient {
	return oneOf(call, call.clinic.patients, patientsOf(call));
}

function attachmentOf(call: Call): PatientAttachment {
	return oneOf(call, call.clinic.attachments, attachmentsOf(call));
}

function caseOf(call: Call): PatientCase {
	return oneOf(call, call.clinic.cases, casesOf(call));
}

const practitionersOf = ({ base, settings }: Call) => practitioners(base, settings.emptyValues);

const businessesOf = ({ base, settings }: Call) => businesses(base, settings.emptyValues);

const typesOf = ({ base, settings }: Call) => appointmentTypes(base, settings.emptyValues);

const alertsOf = ({ base, settings }: Call) => medicalAlerts(base, settings.emptyValues);

const communicationsOf = ({ base, settings }: Call) => communications(base, settings);

const casesOf = ({ base, settings }: Call) => patientCases(base, settings.emptyValues);

const patientsOf = ({ base, settings }: Call) => patients(base, settings.emptyValues);

const attachmentsOf = ({ base, settings }: Call) => patientAttachments(base, settings.emptyValues);

/** The record in the path. A business can be filtered by `deleted_at` too, any other by `archived_at` only. */
function oneOf<Row>({ id, exchange }: Call, rows: Map<string, Row>, resource: Resource<Row>): Row {
	const row = rows.get(id);
	const { archived_at: archivedAt, deleted_at: deletedAt } = resource.fields;
	const fields: Fields<Row> = {
		...(archivedAt && { archived_at: archivedAt }),
		...(deletedAt && resource.name === 'businesses' && { deleted_at: deletedAt }),
	};
	const [found] = row ? select([row], exchange.url, fields) : [];
	if (!found) throw notFound();
	return found;
}
