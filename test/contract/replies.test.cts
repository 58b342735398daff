import {
	CHOICES,
	optionsFrom,
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_CUSTOM_FIELDS,
	SANDBOX_PATIENT_ID,
	SANDBOX_SCHEDULER_API_KEY,
	SANDBOX_USER_ID,
	startSandbox,
	type Sandbox,
} from '../../sandbox/sandbox.cts';
import { Client, until, xmlOf } from '../sandbox/client.cts';
import { replyDeviations } from './contract.cts';
import { AGAINST_THE_DOCUMENTS, REPLY_GAPS, unexplained } from './gaps.cts';

const DISPUTED = AGAINST_THE_DOCUMENTS.map(({ setting }) => setting);

/** The default settings, then one other at a time, then all the unkind ones. */
const SETTINGS = [
	'kind',
	...Object.entries(CHOICES).flatMap(([name, [, ...others]]) =>
		others.map((value) => `${name}=${value}`),
	),
	'listLagMs=100',
	'createdAtBehindMs=3000',
	'clockSpreadMs=2000',
	'unkind,emptyValues=null',
];

/** The clinic's records of what appointments are with, at and for. */
const MAPS: Record<string, 'practitioners' | 'businesses' | 'appointmentTypes'> = {
	practitioners: 'practitioners',
	businesses: 'businesses',
	appointment_types: 'appointmentTypes',
};

let sandbox: Sandbox;
let client: Client;
const seen: string[] = [];

beforeAll(async () => {
	sandbox = await startSandbox();
	client = new Client(sandbox);
});
afterAll(async () => {
	await client.close();
	await sandbox.close();
});
beforeEach(() => sandbox.reset());

/** Has the sandbox answer everything that the node asks for, well or badly, and compares each reply
 * with the documentation. */
async function deviationsUnder(settings: string): Promise<string[]> {
	Object.assign(sandbox.settings, { processingMs: 0, ...optionsFrom(settings) });
	const found: string[] = [];
	const call: Client['api'] = async (path, options = {}) => {
		const reply = await client.api(path, options);
		const request = { method: options.method ?? 'GET', path: `/v1${path}` };
		found.push(...replyDeviations(request, reply));
		return reply;
	};
	const create = async (body: unknown) =>
		await call('/patient_attachments', { method: 'POST', body });

	await call('/user');
	await call('/user', { key: 'unknown' });
	await call('/settings');
	await call('/settings', { key: SANDBOX_SCHEDULER_API_KEY });
	await call('/settings/public');
	for (let page = 1; page <= 3; page++) await call(`/patients?per_page=4&page=${page}`);
	await call('/patients?q[]=archived_at:*');
	await call(`/patients/${SANDBOX_ARCHIVED_PATIENT_ID}?q[]=archived_at:*`);
	await call(`/patients/${SANDBOX_ARCHIVED_PATIENT_ID}`);

	await call('/patients', { method: 'POST', body: { last_name: '' } });
	const phones = { patient_phone_numbers: [{ phone_type: 'Mobile', number: '0412 345 678' }] };
	const jane = { first_name: 'Jane', last_name: 'Citizen', concession_type_id: '7', ...phones };
	const patient = await call('/patients', { method: 'POST', body: jane });
	expect(patient.status).toBe(201);
	const itself = `/patients/${patient.json.id}`;
	await call(itself, { method: 'PATCH', body: { ...phones, city: 'Perth', title: null } });
	await call(itself, { method: 'PATCH', body: { date_of_birth: 'yesterday', notes: '' } });
	const [section] = SANDBOX_CUSTOM_FIELDS;
	await call(itself, { method: 'PATCH', body: { custom_fields: { sections: [section] } } });
	await call(itself, { method: 'PATCH', body: { custom_fields: { sections: [{ fields: [] }] } } });
	await call(`/patients/${SANDBOX_ARCHIVED_PATIENT_ID}`, { method: 'PATCH', body: phones });
	const sourceOf = `${itself}/referral_source`;
	await call(sourceOf);
	const types = (await call('/referral_source_types')).json.referral_source_types;
	const type = { referral_source_type_id: types[0].id };
	await call(sourceOf, { method: 'PATCH', body: { ...type, referrer_id: '7', notes: 'Asked' } });
	await call(sourceOf, { method: 'PATCH', body: { referral_source_type_id: '1' } });
	await call(sourceOf);
	for (const list of ['concession_types', 'contacts', 'contacts?q[]=archived_at:*']) {
		await call(`/${list}`);
	}
	await call(itself);

	const presign = (await call(`/patients/${SANDBOX_PATIENT_ID}/attachment_presigned_post`)).json;
	const { Key } = xmlOf((await client.upload(presign, 'a b.txt', 'content')).text);
	const base = `${presign.url.replace(/\/$/, '')}/`;
	const [raw, encoded] = [`${base}${Key}`, `${base}${encodeURIComponent(Key ?? '')}`];
	const body = { patient_id: SANDBOX_PATIENT_ID, description: '  Two\r\nlines 🦵 ' };
	await create({ ...body, patient_id: '1', upload_url: raw });
	await create({ ...body, upload_url: 'no address' });
	let created = await create({ ...body, upload_url: raw });
	if (created.status !== 201) created = await create({ ...body, upload_url: encoded });
	expect(created.status).toBe(201);

	const [record] = sandbox.clinic.attachments.values();
	const own = `/patient_attachments/${record!.id}`;
	await call(own);
	await until(() => record!.processedAt !== null);
	await call(own);
	await call(`${own}/content`, { headers: { accept: '*/*' } });
	const files = {
		patientId: SANDBOX_PATIENT_ID,
		userId: SANDBOX_USER_ID,
		uploadUrl: '',
		addedAt: 0,
	};
	sandbox.clinic.addAttachment({ ...files, description: null, isExport: true }, record!.stored);
	await until(() => record!.addedAt < Date.now() - sandbox.settings.listLagMs - 20);
	const list = await call('/patient_attachments?per_page=1');
	expect(list.json.total_entries).toBe(2);
	await call('/patient_attachments?per_page=1&page=2');
	await call('/patient_attachments?q[]=nothing:=1');
	await call(own, { method: 'PATCH', body: { description: 'Other' } });
	await call(own, { method: 'PATCH', body: { description: 'x'.repeat(256) } });
	await call(own, { method: 'PATCH', body: { description: 'x' }, key: SANDBOX_SCHEDULER_API_KEY });
	const linked = { patient_attachment_ids: [record!.id] };
	const knee = { patient_id: SANDBOX_PATIENT_ID, name: 'Knee', contact_id: '7', closed: false };
	await call('/patient_cases', { method: 'POST', body: { ...knee, max_sessions: 0 } });
	await call('/patient_cases', { method: 'POST', body: knee });
	const [one] = sandbox.clinic.cases.values();
	const itsOwn = `/patient_cases/${one!.id}`;
	await call(itsOwn, { method: 'PATCH', body: { ...linked, notes: '', max_sessions: 5 } });
	await call(itsOwn, { method: 'PATCH', body: { ...linked, max_sessions: 5 } });
	sandbox.settings.listLagMs = 0;
	expect((await call('/patient_cases')).json.total_entries).toBe(1);
	const ofCase = await call(`${itsOwn}/patient_attachments`);
	expect(ofCase.json.total_entries).toBeGreaterThan(0);
	await call(`${itsOwn}/archive`, { method: 'POST' });
	await call(itsOwn);
	await call(`${itsOwn}?q[]=archived_at:*`);
	const alert = { patient_id: SANDBOX_PATIENT_ID, name: 'Penicillin' };
	await call('/medical_alerts', { method: 'POST', body: { ...alert, name: '' } });
	const { json: added } = await call('/medical_alerts', { method: 'POST', body: alert });
	await call(`/medical_alerts/${String(added.id)}`);
	expect((await call('/medical_alerts')).json.total_entries).toBe(1);
	const memo = {
		patient_id: SANDBOX_PATIENT_ID,
		content: 'Hello',
		type_code: 2,
		direction_code: 1,
	};
	const bad = { ...memo, type_code: 5 };
	await call('/communications', { method: 'POST', body: { ...bad, category_code: 12 } });
	const sent = await call('/communications', {
		method: 'POST',
		body: { ...memo, category_code: 12 },
	});
	await call(`/communications/${String(sent.json.id)}`);
	expect((await call('/communications')).json.total_entries).toBe(1);
	await call(`${own}/archive`, { method: 'POST' });
	await call(own);
	await call(`${own}?q[]=archived_at:*`);
	const at = Date.now();
	const appointment = { patientId: SANDBOX_PATIENT_ID, cancelledAt: at, cancellationNote: 'Moved' };
	sandbox.clinic.addAppointment({ ...appointment, notes: '  ' });
	sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID, archivedAt: at, deletedAt: at });
	const shown = sandbox.settings.listsShowCancelled ? 1 : 0;
	expect((await call('/individual_appointments')).json.total_entries).toBe(shown);
	const all = ['archived_at', 'cancelled_at', 'deleted_at'].map((name) => `q[]=${name}:*`);
	const booked = await call(`/individual_appointments?${all.join('&')}`);
	expect(booked.json.total_entries).toBe(2);
	const { clinic } = sandbox;
	const gone = [
		`practitioners/${clinic.addPractitioner({ active: false }).id}`,
		`businesses/${clinic.addBusiness({ archivedAt: at }).id}`,
		`appointment_types/${clinic.addAppointmentType({ archivedAt: at }).id}`,
	];
	for (const one of gone) {
		const [collection = ''] = one.split('/');
		const isFiltered = collection !== 'practitioners';
		expect((await call(`/${collection}`)).json.total_entries).toBe(1);
		await call(`/${collection}/${[...clinic[MAPS[collection]!].keys()][0]!}`);
		await call(`/${one}`);
		if (isFiltered) await call(`/${one}?q[]=archived_at:*`);
		if (isFiltered) await call(`/${collection}?q[]=archived_at:*`);
	}
	await call('/practitioners?q[]=archived_at:*');
	const questions = [{ name: 'Pain', type: 'text', required: true, answer: 'Knee' }];
	sandbox.clinic.addForm({ patientId: SANDBOX_PATIENT_ID, sections: [{ name: null, questions }] });
	sandbox.clinic.addForm({ patientId: SANDBOX_PATIENT_ID, completedAt: at });
	expect((await call('/patient_forms')).json.total_entries).toBe(2);
	expect((await call('/patient_forms?q[]=completed_at:?')).json.total_entries).toBe(1);
	sandbox.settings.requestsPerWindow = 0;
	await call('/user');
	return found;
}

it.each(SETTINGS.filter((one) => !DISPUTED.includes(one)))(
	'The sandbox answers as the documents have it under %s',
	async (settings) => {
		const found = await deviationsUnder(settings);
		seen.push(...found);
		expect(unexplained(found, REPLY_GAPS).deviations).toEqual([]);
	},
);

it.each(AGAINST_THE_DOCUMENTS)(
	'The sandbox answers otherwise than the documents have it under $setting',
	async ({ setting }) => {
		expect(SETTINGS).toContain(setting);
		const { deviations } = unexplained(await deviationsUnder(setting), REPLY_GAPS);
		expect(deviations).not.toEqual([]);
	},
);

it('Every known gap between the documents and the sandbox is still there', () => {
	expect(unexplained(seen, REPLY_GAPS).unneeded).toEqual([]);
});

describe('A reply that differs', () => {
	const reply = async (path: string, change: (text: string) => string, status = 200) => {
		const { headers, text } = await client.api(path);
		return replyDeviations(
			{ method: 'GET', path: `/v1${path}` },
			{ status, headers, text: change(text) },
		);
	};

	it.each<[string, (text: string) => string, string]>([
		['in an id', (text) => text.replace(/"id":"(\d+)"/, '"id":$1'), 'body/id must be string'],
		[
			'in a date',
			(text) => text.replace(/"created_at":"[^"]*"/, '"created_at":"2024-02-30"'),
			'body/created_at must match format "date-time"',
		],
		[
			'in what is missing',
			(text) => text.replace(/"last_name":"[^"]*",/, ''),
			"body must have required property 'last_name'",
		],
		['in that it is no JSON', () => '<html>', 'body must be object'],
	])('%s is noticed', async (_, change, what) => {
		const path = `/patients/${SANDBOX_PATIENT_ID}`;
		expect(await reply(path, (text) => text)).toEqual([]);
		expect(await reply(path, change)).toEqual([`get a patient: ${what}`]);
	});

	it('in its status is noticed', async () => {
		expect(await reply('/user', (text) => text, 418)).toEqual([
			'get the user: status 418 is not documented',
		]);
	});
});
