/** Cases of patients are created, changed, listed and archived, in workflows. */
import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type PatientCase,
} from '../../sandbox/sandbox.cts';
import { by, newCredential, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const add = (more: Partial<PatientCase> = {}) =>
	clinic.sandbox.clinic.addCase({ patientId: SANDBOX_PATIENT_ID, ...more });

const cases = () => [...clinic.sandbox.clinic.cases.values()];

const sent = (method: string) =>
	clinic.sandbox.requests
		.filter((one) => one.method === method)
		.map(({ body }) => JSON.parse(body || '{}') as IDataObject);

const perform = async (operation: string, parameters: IDataObject, run: Partial<UploadRun> = {}) =>
	await clinic.run({
		items: [{ json: {} }],
		credential,
		...run,
		parameters: { resource: 'patientCase', operation, ...parameters },
	});

const create = async (parameters: IDataObject = {}, run: Partial<UploadRun> = {}) =>
	await perform('create', { name: 'Left knee', ...parameters }, run);

const EVERYTHING = {
	closed: false,
	contactId: '77',
	expiryDate: '2027-05-31',
	includeCancelledAttendees: true,
	includeDnaAttendees: false,
	issueDate: '2026-05-31',
	maxInvoiceableAmount: '1500.50',
	maxSessions: '10',
	notes: 'GP plan',
	referral: true,
	referralType: 'medicare',
};

describe('Create', () => {
	it('returns the new case, simplified, and sends only what was given', async () => {
		const { output, error } = await create({ additionalFields: { notes: '={{ $json.nothing }}' } });
		expect(error).toBeUndefined();
		const [one] = cases();
		expect(sent('POST')).toEqual([{ patient_id: SANDBOX_PATIENT_ID, name: 'Left knee' }]);
		expect(output).toEqual([
			{
				json: {
					id: one!.id,
					patient_id: SANDBOX_PATIENT_ID,
					name: 'Left knee',
					closed: null,
					issue_date: null,
					expiry_date: null,
					referral: null,
					referral_type: null,
					contact_id: null,
					max_sessions: null,
					max_invoiceable_amount: null,
					notes: null,
					archived_at: null,
					created_at: expect.any(String),
				},
				pairedItem: { item: 0 },
			},
		]);
	});

	it('takes every field', async () => {
		const { output } = await create({ additionalFields: EVERYTHING });
		expect(output[0]!.json).toMatchObject({
			closed: false,
			contact_id: '77',
			expiry_date: '2027-05-31',
			issue_date: '2026-05-31',
			max_invoiceable_amount: '1500.50',
			max_sessions: 10,
			notes: 'GP plan',
			referral: true,
			referral_type: 'medicare',
		});
		expect(cases()[0]!.details).toMatchObject({
			include_cancelled_attendees: true,
			include_dna_attendees: false,
		});
	});

	it.each([
		['Name is empty', { name: '={{ $json.nothing }}' }],
		['Max Sessions is not a whole number', { additionalFields: { maxSessions: '201' } }],
		['Max Sessions is not a whole number', { additionalFields: { maxSessions: '1.5' } }],
		[
			'Max Invoiceable Amount is not an amount',
			{ additionalFields: { maxInvoiceableAmount: '0' } },
		],
		[
			'Max Invoiceable Amount is not an amount',
			{ additionalFields: { maxInvoiceableAmount: '$5' } },
		],
		['Referral Type is none', { additionalFields: { referralType: 'other' } }],
		['Expiry Date is not a date', { additionalFields: { expiryDate: '31/05/2027' } }],
		['Contact is not a whole number', { additionalFields: { contactId: 'Dr' } }],
		['Closed is neither true nor false', { additionalFields: { closed: 'Yes' } }],
		['No patient is set', { patientId: by('id', '={{ $json.nothing }}') }],
	])('refuses before anything is sent: %s (%j)', async (message, parameters) => {
		const { error } = await create(parameters);
		expect(error?.message).toContain(message);
		expect(clinic.sandbox.requests).toEqual([]);
	});

	it.each([
		[SANDBOX_ARCHIVED_PATIENT_ID, 'is archived in Cliniko, so nothing was sent'],
		[SANDBOX_MERGED_PATIENT_ID, 'was merged into patient'],
		['12', 'Cliniko has no patient with the ID 12'],
	])('refuses patient %s: %s', async (id, message) => {
		const { error } = await create({ patientId: by('id', id) });
		expect(error?.message).toContain(message);
		expect(cases()).toEqual([]);
	});

	it('creates one case for each item, however alike they are', async () => {
		const { output } = await create({}, { items: [{ json: {} }, { json: {} }] });
		expect(new Set(output.map(({ json }) => json.id)).size).toBe(2);
		expect(cases()).toHaveLength(2);
	});

	it('is not done again by Retry On Fail, nor by a person’s Retry with another name', async () => {
		const items = [{ json: { id: SANDBOX_PATIENT_ID } }, { json: { id: '12' } }];
		const run = {
			items,
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		};
		const patientId = by('id', '={{ $json.id }}');
		const failed = await create({ patientId }, run);
		expect(failed.error?.message).toContain('no patient with the ID 12');
		expect(cases()).toHaveLength(1);
		clinic.sandbox.clinic.addPatient({ id: '12' });
		const { output } = await create({ patientId, name: 'Right knee' }, { ...run, retryOf: failed });
		expect(output.map(({ json }) => json.name)).toEqual(['Left knee', 'Right knee']);
		expect(cases()).toHaveLength(2);
	});

	it('is not done again by a retry after the case was archived, which is said', async () => {
		const items = [{ json: { id: SANDBOX_PATIENT_ID } }, { json: { id: '12' } }];
		const patientId = by('id', '={{ $json.id }}');
		const failed = await create({ patientId }, { items });
		cases()[0]!.archivedAt = Date.now();
		const { error } = await create({ patientId }, { items, retryOf: failed });
		expect(error?.message).toMatch(/was created in an earlier try.*and is archived/);
		expect(cases()).toHaveLength(1);
	});

	it('creates two cases for two executions whose replies are both lost', async () => {
		clinic.sandbox.faults.add({ on: 'createCase', times: 2, act: 'after', do: { reset: true } });
		const results = await Promise.all([create(), create()]);
		const ids = results.map(({ output }) => output[0]!.json.id);
		expect(new Set(ids).size).toBe(2);
		expect(cases()).toHaveLength(2);
	});
});

describe('Get', () => {
	it.each([{}, { archivedAt: Date.now() }])('returns a case: %j', async (more) => {
		const { id } = add({ ...more, details: { contact_id: '77' } });
		const { output } = await perform('get', { caseId: by('id', id), patientId: by('id', '') });
		expect(output[0]!.json).toMatchObject({ id, contact_id: '77' });
		const raw = await perform('get', { caseId: by('id', id), simplify: false });
		expect(raw.output[0]!.json).toHaveProperty('attendee_ids');
	});

	it.each(['get', 'update', 'archive'])(
		'refuses a case of another patient: %s',
		async (operation) => {
			const { id } = add({ patientId: SANDBOX_OTHER_PATIENT_ID });
			const updateFields = { name: 'x' };
			const { error } = await perform(operation, { caseId: by('id', id), updateFields });
			expect(error?.message).toContain(`Case ${id} is not one of patient ${SANDBOX_PATIENT_ID}`);
			expect(cases()).toMatchObject([{ name: 'Left knee', archivedAt: null }]);
		},
	);

	it('says that there is no such case', async () => {
		const { error } = await perform('get', { caseId: by('id', '7'), patientId: by('id', '') });
		expect(error?.message).toBe('Cliniko has no case with the ID 7. [item 0]');
	});
});

describe('Get Many', () => {
	const listed = async (parameters: IDataObject = {}) =>
		(await perform('getMany', parameters)).output.map(({ json }) => json.id);

	it('returns the patient’s open cases, newest first; others if asked', async () => {
		const [old, closed, archived, young] = [
			add({ createdAt: 1e12 }),
			add({ createdAt: 2e12 - 3e11, details: { closed: true } }),
			add({ archivedAt: Date.now() }),
			add({ createdAt: 2e12 - 2e11, expiryDate: '2020-01-01' }),
		];
		add({ patientId: SANDBOX_OTHER_PATIENT_ID });
		expect(await listed()).toEqual([young.id, old.id]);
		expect(await listed({ limit: 1 })).toEqual([young.id]);
		expect(await listed({ closed: 'include' })).toEqual([young.id, closed.id, old.id]);
		expect(await listed({ archived: 'only' })).toEqual([archived.id]);
		const expired = { filter: [{ field: 'expiry_date', dateValue: '2020-01-01' }] };
		expect(await listed({ filters: expired })).toEqual([young.id]);
	});

	it('returns those first that expire first', async () => {
		const [never, later, soon] = [null, '2027-05-31', '2026-12-01'].map((expiryDate) =>
			add({ expiryDate }),
		);
		const sort = 'expiry_date:asc';
		expect(await listed({ sort })).toEqual([soon!.id, later!.id, never!.id]);
		expect(await listed({ sort, limit: 1 })).toEqual([soon!.id]);
	});

	it('returns all of more than a page, and nobody else’s', async () => {
		for (let at = 0; at < 130; at++) add({ details: { closed: at % 2 === 0 } });
		for (let at = 0; at < 30; at++) add({ patientId: SANDBOX_OTHER_PATIENT_ID });
		expect(await listed({ returnAll: true })).toHaveLength(65);
		expect(await listed({ returnAll: true, closed: 'include' })).toHaveLength(130);
		expect(await listed()).toHaveLength(50);
	});
});

describe('Update', () => {
	const update = async (id: string, parameters: IDataObject) =>
		await perform('update', { caseId: by('id', id), patientId: by('id', ''), ...parameters });

	const details = { notes: 'GP plan', max_sessions: 5, max_invoiceable_amount: '100.0' };

	it('sends what differs, and leaves the rest', async () => {
		const { id } = add({ details, expiryDate: '2027-05-31' });
		const updateFields = {
			notes: 'GP plan',
			maxSessions: '6',
			maxInvoiceableAmount: '100',
			issueDate: '={{ $json.nothing }}',
			closed: true,
		};
		const { output } = await update(id, { updateFields });
		expect(sent('PATCH')).toEqual([{ closed: true, max_sessions: 6 }]);
		expect(output[0]!.json).toMatchObject({
			changed: ['closed', 'max_sessions'],
			closed: true,
			notes: 'GP plan',
			expiry_date: '2027-05-31',
		});
	});

	it('empties only what Fields to Empty names', async () => {
		const { id } = add({ details, expiryDate: '2027-05-31' });
		const { output } = await update(id, { fieldsToEmpty: ['notes', 'expiry_date'] });
		expect(output[0]!.json).toMatchObject({ notes: null, expiry_date: null, max_sessions: 5 });
		const again = await update(id, { fieldsToEmpty: ['notes'] });
		expect(again.output[0]!.json.changed).toEqual([]);
		expect(sent('PATCH')).toHaveLength(1);
	});

	it.each([
		['There is nothing to change', {}],
		['names a field that cannot be emptied', { fieldsToEmpty: ['name'] }],
		[
			'both filled in and to be emptied',
			{ fieldsToEmpty: ['notes'], updateFields: { notes: 'x' } },
		],
	])('refuses before anything is sent: %s', async (message, parameters) => {
		const { error } = await update('7', parameters);
		expect(error?.message).toContain(message);
		expect(clinic.sandbox.requests).toEqual([]);
	});

	it('refuses an archived case', async () => {
		const { id } = add({ archivedAt: Date.now() });
		const { error } = await update(id, { updateFields: { name: 'x' } });
		expect(error?.message).toContain(`Case ${id} is archived in Cliniko, so nothing was sent.`);
	});

	it('says what Cliniko did not take over', async () => {
		const { id } = add({ details });
		clinic.sandbox.faults.add({
			on: 'updateCase',
			act: 'after',
			do: {
				rewrite: (reply) => ({
					...reply,
					body: JSON.stringify({ ...(JSON.parse(reply.body) as object), max_sessions: 5 }),
				}),
			},
		});
		const { output } = await update(id, { updateFields: { maxSessions: '6', notes: 'New' } });
		expect(output[0]!.json).toMatchObject({
			changed: ['notes'],
			warning: 'Cliniko did not take over Max Sessions. Look at the case in Cliniko.',
		});
	});
});

describe('Archive', () => {
	it('archives a case, and says the same if it was archived before', async () => {
		const { id } = add();
		for (const _ of [1, 2]) {
			const { output } = await perform('archive', { caseId: by('id', id) });
			expect(output[0]!.json).toEqual({ id, archived: true });
		}
		expect(cases()[0]!.archivedAt).not.toBeNull();
	});
});
