import type { IDataObject, INodeProperties, INodePropertyCollection } from 'n8n-workflow';

import { properties } from '../../nodes/Cliniko/actions/operations';
import { parameterOf } from '../../nodes/Cliniko/actions/parameters/recordFields';
import { CASE_FIELDS } from '../../nodes/Cliniko/cases/fields';
import { PRONOUNS } from '../../nodes/Cliniko/fields/field';
import { FIELDS } from '../../nodes/Cliniko/patients/fields';
import { EVENTS } from '../../nodes/Cliniko/trigger/events';
import {
	BUCKET_HOST,
	SANDBOX_CUSTOM_FIELDS,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type RecordedRequest,
} from '../../sandbox/sandbox.cts';
import {
	CREDENTIAL,
	file,
	newCredential,
	openClinic,
	pdf,
	type ClinicWithN8n,
	type UploadRun,
} from '../engine/clinic.cts';
import { putOnRecord } from '../engine/records.cts';
import { operationOf, requestDeviations } from './contract.cts';
import { REQUEST_GAPS, unexplained } from './gaps.cts';
import { OPERATIONS } from './operations.cts';

let clinic: ClinicWithN8n;
/** All that the node has sent in this file. */
const seen: RecordedRequest[] = [];

beforeAll(async () => {
	clinic = await openClinic();
});
afterEach(() => {
	seen.push(...clinic.sandbox.requests);
	clinic.sandbox.reset();
});
afterAll(async () => await clinic.close());

const by = (mode: string, value: string) => ({ __rl: true, mode, value });

/** What the node has sent to Cliniko since the last reset, compared with the documentation. */
function expectDocumented(): void {
	const sent = clinic.sandbox.requests.filter(({ host }) => host !== BUCKET_HOST);
	expect(sent.length).toBeGreaterThan(0);
	const { deviations } = unexplained(sent.flatMap(requestDeviations), REQUEST_GAPS);
	expect(deviations).toEqual([]);
}

/** Has the node do something, which has to go well. */
async function perform(parameters: IDataObject, run: Partial<UploadRun> = {}): Promise<void> {
	const { error } = await clinic.run({ items: [{ json: {} }], ...run, parameters });
	expect(error).toBeUndefined();
	expectDocumented();
}

describe('Requests are as the documents have them where the node', () => {
	it.each<[string, IDataObject]>([
		['uploads files', {}],
		['uploads files and does not wait', { waitForProcessing: false }],
		['skips what is there already', { options: { ifAlreadyUploaded: 'skip' } }],
		['describes them', { description: ' Two\r\nlines, é 🦵 ' }],
	])('%s', async (_, parameters) => {
		await putOnRecord(clinic.sandbox, { name: 'scan.pdf', content: pdf('first') });
		await perform(parameters, {
			items: [
				{ files: { data: file('scan.pdf', pdf('first')) } },
				{ files: { data: file('Zoë scan 2 & 3+4.pdf', pdf('second')) } },
			],
		});
		const posts = clinic.sandbox.requests.filter(
			({ host, method }) => host === BUCKET_HOST && method === 'POST',
		);
		expect(posts.length).toBeGreaterThan(0);
		for (const { path, headers } of posts) {
			expect(path).toBe('/');
			expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
			expect(headers['content-length']).toMatch(/^\d+$/);
			expect(headers).not.toHaveProperty('authorization');
			expect(headers).not.toHaveProperty('transfer-encoding');
		}
	});

	it('looks whether Cliniko has made a record, after a 503', async () => {
		const fault = { on: 'create', act: 'after', do: { reply: { status: 503 } } } as const;
		clinic.sandbox.faults.add(fault);
		await clinic.run({ items: [{ files: { data: file('scan.pdf', pdf('first')) } }] });
		expectDocumented();
	});

	it.each(['get', 'update', 'archive', 'download'])(
		'does "%s" with an attachment',
		async (what) => {
			const { id } = await putOnRecord(clinic.sandbox, { name: 'scan.pdf', content: pdf('scan') });
			const operation = { operation: what, attachmentId: by('id', id), description: 'New' };
			await perform({ ...operation, patientId: by('id', '') });
			await perform({ ...operation, patientId: by('id', SANDBOX_PATIENT_ID) });
		},
	);

	it('gets a patient, also a merged one', async () => {
		for (const id of [SANDBOX_OTHER_PATIENT_ID, SANDBOX_MERGED_PATIENT_ID]) {
			await perform({ resource: 'patient', operation: 'get', patientId: by('id', id) });
		}
	});

	it('creates a patient with all fields, changes and empties them', async () => {
		const names = { firstName: 'Jane', lastName: 'Citizen' };
		const patient = { resource: 'patient', ...names };
		await perform({ ...patient, operation: 'create', additionalFields: everyField() });
		const [created] = [...clinic.sandbox.clinic.patients.values()].slice(-1);
		const update = { ...patient, operation: 'update', patientId: by('id', created!.id) };
		const { dateOfBirth, email, ...others } = everyField();
		await perform({ ...update, updateFields: { ...everyField(), ...names, city: 'Perth' } });
		await perform({
			...patient,
			operation: 'upsert',
			dateOfBirth,
			email,
			additionalFields: others,
		});
		await perform({ ...update, fieldsToEmpty: nullableFields() });
		const [creation = ''] = clinic.sandbox.requests.flatMap(({ body }) => body ?? []);
		for (const { name } of FIELDS) expect(creation).toContain(`"${name}":`);
	});

	it('sets custom fields of a new patient and of one who has some', async () => {
		const [health] = SANDBOX_CUSTOM_FIELDS;
		const tokens = health!.fields.map(({ token }) => token);
		const mapped = (...values: string[]) => ({
			mappingMode: 'defineBelow',
			value: Object.fromEntries(values.map((value, at) => [tokens[at], value])),
		});
		const patient = { resource: 'patient', firstName: 'Jane', lastName: 'Citizen' };
		const additionalFields = { dateOfBirth: '1987-05-31' };
		const customFields = mapped('Latex, Bees', 'No', '2026-01-02');
		const run = { credential: newCredential(clinic.sandbox) };
		await perform({ ...patient, operation: 'create', additionalFields, customFields }, run);
		const [created] = [...clinic.sandbox.clinic.patients.values()].slice(-1);
		const patientId = by('id', created!.id);
		await perform(
			{ ...patient, operation: 'update', patientId, customFields: mapped('Latex') },
			run,
		);
	});

	it('sets the referral source of a patient, with and without another one before', async () => {
		const patient = { resource: 'patient', patientId: by('id', SANDBOX_PATIENT_ID) };
		for (const name of ['Google', 'Contact']) {
			const source = { type: by('name', name), subcategory: name, notes: 'é', referrerId: '7' };
			const updateFields = { referralSource: { source } };
			await perform({ ...patient, operation: 'update', updateFields });
		}
	});

	it('looks whether Cliniko has created a patient, after a 503', async () => {
		const fault = { on: 'createPatient', act: 'after', do: { reply: { status: 503 } } } as const;
		clinic.sandbox.faults.add(fault);
		const parameters = {
			resource: 'patient',
			operation: 'create',
			firstName: 'Jane',
			lastName: 'Newcomer',
			additionalFields: { email: 'jane@mail.example' },
		};
		await perform(parameters, { credential: newCredential(clinic.sandbox) });
	});

	it('creates a case with all fields, lists, changes and archives it', async () => {
		const resource = 'patientCase';
		const caseFields = {
			closed: false,
			contactId: '7',
			expiryDate: '2027-05-31',
			includeCancelledAttendees: true,
			includeDnaAttendees: false,
			issueDate: '2026-05-31',
			maxInvoiceableAmount: '1500.50',
			maxSessions: '10',
			notes: 'Two\r\nlines, é 🦵',
			referral: true,
			referralType: 'medicare',
		};
		const create = { resource, operation: 'create', name: 'Left knee' };
		await perform({ ...create, additionalFields: caseFields });
		const [creation = ''] = clinic.sandbox.requests.flatMap(({ body }) => body ?? []);
		for (const { name } of CASE_FIELDS) expect(creation).toContain(`"${name}":`);
		const [created] = clinic.sandbox.clinic.cases.values();
		const one = { resource, caseId: by('id', created!.id) };
		await perform({ ...one, operation: 'get' });
		await perform({ ...one, operation: 'update', updateFields: { ...caseFields, name: 'Knee' } });
		const fieldsToEmpty = CASE_FIELDS.filter(({ isNotNullable }) => !isNotNullable);
		await perform({
			...one,
			operation: 'update',
			fieldsToEmpty: fieldsToEmpty.map(({ name }) => name),
		});
		await perform({ ...one, operation: 'archive' });
	});

	it('looks whether Cliniko has created a case, after a 503', async () => {
		const fault = { on: 'createCase', act: 'after', do: { reply: { status: 503 } } } as const;
		clinic.sandbox.faults.add(fault);
		const parameters = { resource: 'patientCase', operation: 'create', name: 'Left knee' };
		await perform(parameters, { credential: newCredential(clinic.sandbox) });
	});

	it.each([
		{ providerNumber: '2121331A' },
		{ firstName: 'Ada', lastName: 'O’Hara' },
		{ email: 'ada@practice.example' },
	])('finds a contact by %j', async (given) => {
		await perform({ resource: 'contact', operation: 'find', ifNotOne: 'item', ...given });
	});

	it('creates a medical alert, and looks for it after a 503', async () => {
		const create = { resource: 'medicalAlert', operation: 'create' };
		await perform({ ...create, name: 'Penicillin' });
		await perform({ ...create, name: 'penicillin' });
		const fault = { on: 'createAlert', act: 'after', do: { reply: { status: 503 } } } as const;
		clinic.sandbox.faults.add(fault);
		await perform({ ...create, name: 'Latex' }, { credential: newCredential(clinic.sandbox) });
	});

	it('records a message, and looks for it after a 503', async () => {
		const create = { resource: 'communication', operation: 'create', message: 'Running late' };
		await perform(create);
		const fault = { on: 'createCommunication', act: 'after' } as const;
		// Once it is looked for in the list, and once it is read by its own address.
		clinic.sandbox.faults.add({ ...fault, do: { reply: { status: 503 } } });
		await perform(create, { credential: newCredential(clinic.sandbox) });
		clinic.sandbox.faults.add({ ...fault, do: { rewrite: (reply) => ({ ...reply, body: '' }) } });
		await perform({
			...create,
			type: 'sms',
			direction: 'sent',
			options: { from: '0400 000 000', to: '0412 345 678', confidential: true },
		});
	});

	it('links files to a case', async () => {
		const { id } = clinic.sandbox.clinic.addCase({ patientId: SANDBOX_PATIENT_ID });
		for (const linkToCase of [by('id', id), by('list', 'onlyOpen')]) {
			const items = [{ files: { data: file('scan.pdf', pdf(`to ${linkToCase.mode}`)) } }];
			await perform({ options: { linkToCase } }, { items });
		}
	});

	it.each<[string, IDataObject]>([
		['name', { firstName: 'Zoë', lastName: "O'Hara" }],
		['preferred name', { options: { preferredFirstName: 'Pepe' } }],
		['e-mail', { email: 'pepe+clinic@mail.example' }],
		['date of birth', { dateOfBirth: '1987-05-31' }],
		['old reference', { options: { oldReferenceId: 'P-0001' } }],
		['everything', { firstName: 'Zoë', lastName: 'O’Hara', dateOfBirth: '1987-05-31' }],
	])('finds a patient by %s', async (_, criteria) => {
		const find = { resource: 'patient', operation: 'find', ifNotOne: 'item', ...criteria };
		await perform(find);
		await perform({
			...find,
			options: { ...(criteria.options as IDataObject), includeArchived: true },
		});
	});

	it.each(['patient', 'patientAttachment', 'appointment', 'patientCase', 'medicalAlert'])(
		'gets many of the resource %s, by each filter with each condition',
		async (resource) => {
			const items = filterItems(resource).map((json) => ({ json }));
			expect(items.length).toBeGreaterThan(10);
			const filter = {
				field: '={{ $json.field }}',
				textCondition: '={{ $json.condition }}',
				dateCondition: '={{ $json.condition }}',
				dateTimeCondition: '={{ $json.condition }}',
				textValue: ' 50% of é+ü & "more" ',
				dateValue: '1987-05-31',
				dateTimeValue: '2026-11-22T09:30',
			};
			const filters = { filter: [filter] };
			const getMany = { resource, operation: 'getMany', patientId: by('id', SANDBOX_PATIENT_ID) };
			await perform({ ...getMany, filters }, { items });
			const fields = new Set(items.map(({ json }) => json.field));
			const filtered = clinic.sandbox.requests.flatMap(({ path }) =>
				new URL(path, 'https://cliniko').searchParams.getAll('q[]').map((q) => q.split(':')[0]),
			);
			expect(filtered).toEqual(expect.arrayContaining([...fields]));
		},
	);

	it.each(['patient', 'patientAttachment', 'appointment', 'patientCase', 'medicalAlert'])(
		'gets many of the resource %s: all, a few, archived ones',
		async (resource) => {
			for (let at = 0; at < 120; at++) clinic.sandbox.clinic.addPatient();
			for (const more of [
				{ returnAll: true },
				{ limit: 3 },
				{ archived: 'include' },
				{ archived: 'only' },
			]) {
				await perform({ resource, operation: 'getMany', of: 'allPatients', ...more });
			}
		},
	);

	it('gets many appointments by all that they can be chosen by, with names of what is gone', async () => {
		const { clinic: records } = clinic.sandbox;
		const gone = {
			practitionerId: records.addPractitioner({ active: false }).id,
			businessId: '3',
			appointmentTypeId: '4',
		};
		const { patientId } = records.addAppointment({ patientId: SANDBOX_PATIENT_ID, ...gone });
		const chosen = Object.entries(gone).map(([name, id]) => [name, by('id', id)]);
		for (const cancelled of ['exclude', 'include', 'only']) {
			await perform({
				resource: 'appointment',
				operation: 'getMany',
				patientId: by('id', patientId),
				...(Object.fromEntries(chosen) as IDataObject),
				cancelled,
			});
		}
	});

	it.each(
		Object.keys(EVENTS).flatMap((event) => [
			[event, {}],
			[
				event,
				{
					practitionerId: by('id', '1'),
					businessId: by('id', '2'),
					appointmentTypeId: by('id', '3'),
				},
			],
		]),
	)('polls for "%s" with %j', async (event, chosen) => {
		const poll = async (staticData: IDataObject) =>
			await clinic.engine.call('poll', {
				activation: JSON.stringify([event, chosen]),
				activationMode: 'activate',
				parameters: { event, ...(chosen as IDataObject) },
				credential: CREDENTIAL,
				staticData,
			});
		const { staticData } = await poll({});
		for (let at = 0; at < 120; at++) clinic.sandbox.clinic.addPatient();
		await putOnRecord(clinic.sandbox, { name: 'scan.pdf', content: pdf('scan') });
		await poll(staticData);
		expectDocumented();
	});

	it.each([
		'searchAppointmentTypes',
		'searchBusinesses',
		'searchPractitioners',
		'searchPatients',
		'searchAttachments',
		'searchContacts',
		'searchConcessionTypes',
		'searchReferralSourceTypes',
		'searchPatientCases',
		'searchCasesToLink',
	])('fills the list of "%s"', async (method) => {
		const parameters = { operation: 'get', patientId: by('id', SANDBOX_PATIENT_ID) };
		for (const filter of [undefined, "O'Hara", 'Jane van der Berg', '50%+']) {
			const search = { method, credential: CREDENTIAL, filter, parameters };
			await clinic.engine.call('listSearch', search);
		}
		expectDocumented();
	});

	it('tests the credential', async () => {
		const { status } = await clinic.engine.call('testCredential', CREDENTIAL);
		expect(status).toBe('OK');
		expectDocumented();
	});
});

it('The node uses each operation of the contract', () => {
	const used = new Set(seen.map((request) => operationOf(request)?.name));
	expect(OPERATIONS.filter(({ name }) => !used.has(name))).toEqual([]);
});

it('Every known gap between the documents and the node’s requests is still there', () => {
	const sent = seen.filter(({ host }) => host !== BUCKET_HOST);
	expect(unexplained(sent.flatMap(requestDeviations), REQUEST_GAPS).unneeded).toEqual([]);
});

describe('A request that differs', () => {
	const headers = {
		authorization: 'Basic eDo=',
		'user-agent': 'n8n-nodes-cliniko (front.desk@clinic.example)',
		accept: 'application/json',
		'content-type': 'application/json',
	};
	const list = (query: string) => ({ method: 'GET', path: `/v1/patients?${query}`, headers });
	const create = (body: object) => ({
		method: 'POST',
		path: '/v1/patient_attachments',
		headers,
		body: JSON.stringify({ patient_id: '1', upload_url: 'https://b.example/k', ...body }),
	});

	it('is told from one that does not', () => {
		const query =
			'q[]=last_name:~~%25a:%3D%25&q[]=id:=1,2&q[]=created_at:>=2026-11-22T09:30:00Z' +
			'&q[]=archived_at:*&sort=created_at:desc,id&page=2&per_page=100';
		expect(requestDeviations(list(query))).toEqual([]);
		expect(requestDeviations(create({ description: null }))).toEqual([]);
	});

	it.each<[string, RegExp]>([
		['q[]=last_name:Smith', /query\/q\[\]\/\* must match pattern/],
		['q[]=phone:=1', /query\/q\[\]\/\* must match pattern/],
		['q[]=id:=1,,2', /query\/q\[\]\/\* must match pattern/],
		['q[]=created_at:=2026-11-22T09:30:00Z', /query\/q\[\]\/\* must match pattern/],
		['q[]=created_at:>2026-11-22', /query\/q\[\]\/\* must match pattern/],
		['q[]=date_of_birth:>****-05-**', /query\/q\[\]\/\* must match pattern/],
		['q[]=email:?x', /query\/q\[\]\/\* must match pattern/],
		['sort=created_at:down', /query\/sort\/\* must match pattern/],
		['per_page=101', /query\/per_page\/\* must match pattern/],
		['page=1&page=2', /query\/page must NOT have more than 1 items/],
		['filter=x', /query must NOT have additional properties \(filter\)/],
	])('in its query is noticed: %s', (query, what) => {
		expect(requestDeviations(list(query))).toEqual([expect.stringMatching(what)]);
	});

	it.each<[object, string]>([
		[{ patient_id: 1 }, 'body/patient_id must be string'],
		[{ description: 'x'.repeat(256) }, 'body/description must NOT have more than 255 characters'],
		[{ filename: 'x' }, 'body must NOT have additional properties (filename)'],
	])('in its body is noticed: %j', (body, what) => {
		expect(requestDeviations(create(body))).toEqual([`create an attachment: ${what}`]);
	});

	it.each<[string, string | undefined]>([
		['authorization', 'Bearer x'],
		['user-agent', 'axios/1.7'],
		['accept', undefined],
	])('in its header %s is noticed', (name, value) => {
		const { [name]: _, ...others } = headers as Record<string, string>;
		const changed = value === undefined ? others : { ...others, [name]: value };
		expect(requestDeviations({ ...list(''), headers: changed })).toEqual([
			expect.stringMatching(
				`^list patients: headers.* ${value === undefined ? `'${name}'` : 'pattern'}`,
			),
		]);
	});

	it('in its path is noticed', () => {
		const line = 'DELETE /v1/patient_attachments/1 is not in use';
		const request = { method: 'DELETE', path: '/v1/patient_attachments/1', headers };
		expect(requestDeviations(request)).toEqual([line]);
	});
});

/** A value for each of the fields of a patient, by the parameters of the node. */
function everyField(): IDataObject {
	const texts = FIELDS.filter(({ kind }) => kind === 'text').map((field) => [
		parameterOf(field),
		field.name === 'dva_card_number' ? 'NX123456' : `${field.label} é 🦵`,
	]);
	const forms = PRONOUNS.map(({ name, label }) => [name, label]);
	return {
		...(Object.fromEntries(texts) as IDataObject),
		acceptedEmailMarketing: false,
		acceptedPrivacyPolicy: true,
		concessionTypeId: '7',
		dateOfBirth: '1987-05-31',
		email: 'jane@mail.example',
		invoiceEmail: 'Accounts+1@mail.example',
		patientPhoneNumbers: { phoneNumber: [{ type: 'Mobile', number: '+61 412 345 678' }] },
		pronouns: { forms: Object.fromEntries(forms) as IDataObject },
		receivesConfirmationEmails: true,
		referringDoctorId: '9',
		reminderType: 'SMS & Email',
		unsubscribeSmsMarketing: true,
	};
}

function nullableFields(): string[] {
	return FIELDS.filter(({ isNotNullable }) => !isNotNullable).map(({ name }) => name);
}

/** Each filter of a resource's Get Many with each of its conditions. */
function filterItems(resource: string): Array<{ field: string; condition: string }> {
	const filters = properties.find(
		({ name, displayOptions }) =>
			name === 'filters' && displayOptions?.show?.resource?.includes(resource),
	);
	const [{ values }] = filters!.options as [INodePropertyCollection];
	return values
		.filter(({ name }) => name.endsWith('Condition'))
		.flatMap(({ displayOptions, options }) =>
			(displayOptions!.show!.field as string[]).flatMap((field) =>
				valuesOf(options).map((condition) => ({ field, condition })),
			),
		);
}

function valuesOf(options: INodeProperties['options']): string[] {
	return (options ?? []).map((option) => String((option as { value: unknown }).value));
}
