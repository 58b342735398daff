import type { Patient, PatientAttachment } from '../clinic/clinic.cts';
import { invalid, json, notFound, type Reply } from '../reply.cts';
import { BUCKET_HOST } from '../s3/bucket.cts';
import { presignGet } from '../s3/signature.cts';
import { checkFileAccess } from './admission.cts';
import { jsonBody } from './body.cts';
import { createAttachment } from './create-attachment.cts';
import { listing, select } from './listing.cts';
import { presign } from './presign.cts';
import { patientAttachments, patients, renderUser } from './records.cts';
import type { Call, Route } from './route.cts';

const CONTENT_LIFETIME_MS = 5 * 60_000;

/** The operations that the sandbox has of Cliniko's API. */
export const routes: Route[] = [
	{ method: 'GET', path: /^\/v1\/user$/, step: 'user', handle: getUser },
	{ method: 'GET', path: /^\/v1\/settings\/public$/, step: 'get', handle: getPublicSettings },
	{ method: 'GET', path: /^\/v1\/patients$/, step: 'patients', handle: listPatients },
	{ method: 'GET', path: /^\/v1\/patients\/(\d+)$/, step: 'get', handle: getPatient },
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
		path: /^\/v1\/patient_attachments\/(\d+)\/content$/,
		step: 'get',
		notJson: true,
		handle: getContent,
	},
];

function getUser({ user, base }: Call): Reply {
	return json(200, renderUser(user, base));
}

function getPublicSettings({ clinic }: Call): Reply {
	return json(200, {
		account: {
			id: clinic.accountId,
			name: 'Sandbox Physiotherapy',
			country: 'Australia',
			country_code: 'AU',
			subdomain: 'sandbox-physiotherapy',
		},
		terminology: { patient: 'patient' },
	});
}

function listPatients({ clinic, exchange, base, around }: Call): Reply {
	return listing(
		clinic.patients.values(),
		exchange.url,
		patients(base),
		around.settings.comparison,
	);
}

function getPatient(call: Call): Reply {
	return json(200, patients(call.base).render(patientOf(call)));
}

function getPresignedPost(call: Call): Reply {
	checkFileAccess(call.user);
	const { clinic, around } = call;
	return json(200, presign(patientOf(call), clinic, around.settings, around.now()));
}

function listAttachmentsOfPatient(call: Call): Reply {
	checkFileAccess(call.user);
	const { clinic, exchange, base, around } = call;
	const { id } = patientOf(call);
	const { patient_id: _, ...fields } = patientAttachments(base).fields;
	const rows = [...clinic.attachments.values()].filter(({ patientId }) => patientId === id);
	return listing(
		rows,
		exchange.url,
		{ ...patientAttachments(base), fields },
		around.settings.comparison,
	);
}

function listAttachments({ clinic, exchange, base, user, around }: Call): Reply {
	checkFileAccess(user);
	return listing(
		clinic.attachments.values(),
		exchange.url,
		patientAttachments(base),
		around.settings.comparison,
	);
}

async function create({ exchange, user, clinic, storage, around, base }: Call): Promise<Reply> {
	checkFileAccess(user);
	const body = await jsonBody(exchange);
	const attachment = createAttachment(body, user, clinic, storage, around.settings);
	return json(201, patientAttachments(base).render(attachment), {
		Location: `${base}/patient_attachments/${attachment.id}`,
	});
}

function getAttachment(call: Call): Reply {
	checkFileAccess(call.user);
	return json(200, patientAttachments(call.base).render(attachmentOf(call)));
}

/** What can be changed is not documented; the description surely can. */
async function update(call: Call): Promise<Reply> {
	checkFileAccess(call.user);
	const attachment = attachmentOf(call);
	const { description = attachment.description } = await jsonBody(call.exchange);
	if (description !== null && typeof description !== 'string') {
		throw invalid({ description: 'must be a string' });
	}
	if (description !== null && [...description].length > 255) {
		throw invalid({ description: 'is too long (maximum is 255 characters)' });
	}
	attachment.description = description;
	attachment.updatedAt = call.around.now();
	return json(200, patientAttachments(call.base).render(attachment));
}

function archive(call: Call): Reply {
	checkFileAccess(call.user);
	const attachment = attachmentOf(call);
	attachment.archivedAt = attachment.updatedAt = call.around.now();
	return { status: 204, headers: {}, body: '' };
}

/** The address of the file itself is another, presigned one, for a short while. */
function getContent(call: Call): Reply {
	checkFileAccess(call.user);
	const { stored, processedAt } = attachmentOf(call);
	if (processedAt === null) throw notFound();
	const location = presignGet(BUCKET_HOST, stored.key, call.around.now(), CONTENT_LIFETIME_MS);
	return { status: 303, headers: { Location: location }, body: '' };
}

/** The patient that the path names; an archived one is there only if `q[]` says so. */
function patientOf({ clinic, exchange, id, base }: Call): Patient {
	const patient = clinic.patients.get(id);
	const [found] = patient ? select([patient], exchange.url, patients(base)) : [];
	if (!found) throw notFound();
	return found;
}

function attachmentOf({ clinic, exchange, id, base }: Call): PatientAttachment {
	const attachment = clinic.attachments.get(id);
	const resource = patientAttachments(base);
	const [found] = attachment ? select([attachment], exchange.url, resource) : [];
	if (!found) throw notFound();
	return found;
}
