/** Medical alerts of patients are created once and listed, in workflows. */
import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type Reply,
} from '../../sandbox/sandbox.cts';
import { by, newCredential, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const alerts = () => [...clinic.sandbox.clinic.alerts.values()];

const perform = async (operation: string, parameters: IDataObject, run: Partial<UploadRun> = {}) =>
	await clinic.run({
		items: [{ json: {} }],
		credential,
		...run,
		parameters: { resource: 'medicalAlert', operation, ...parameters },
	});

const create = async (parameters: IDataObject = {}, run: Partial<UploadRun> = {}) =>
	await perform('create', { name: 'Penicillin', ...parameters }, run);

describe('Create', () => {
	it('returns the new alert, simplified', async () => {
		const { output, error } = await create();
		expect(error).toBeUndefined();
		expect(output).toEqual([
			{
				json: {
					outcome: 'created',
					id: alerts()[0]!.id,
					patient_id: SANDBOX_PATIENT_ID,
					name: 'Penicillin',
					archived_at: null,
					created_at: expect.any(String),
				},
				pairedItem: { item: 0 },
			},
		]);
	});

	it('returns the alert that the patient has already, whatever its capitals', async () => {
		const { id } = clinic.sandbox.clinic.addAlert({ patientId: SANDBOX_PATIENT_ID });
		clinic.sandbox.clinic.addAlert({ patientId: SANDBOX_OTHER_PATIENT_ID, name: 'Latex' });
		const { output } = await create({ name: ' PENICILLIN ' });
		expect(output[0]!.json).toMatchObject({ outcome: 'existing', id });
		expect((await create({ name: 'Latex' })).output[0]!.json.outcome).toBe('created');
		expect(alerts()).toHaveLength(3);
	});

	it('tells alerts apart that differ in a raised digit', async () => {
		await create({ name: 'Max load 10² kg' });
		expect((await create({ name: 'Max load 102 kg' })).output[0]!.json.outcome).toBe('created');
	});

	it('knows an alert again whose emoji Cliniko has left out', async () => {
		const { clinic: cliniko, settings } = clinic.sandbox;
		settings.onRequest = ({ method }) => {
			if (method !== 'POST') return;
			for (const one of alerts()) cliniko.alerts.set(one.id, { ...one, name: 'Penicillin' });
		};
		const rewrite = (reply: Reply) => ({ ...reply, body: reply.body.replace('🚨 ', '') });
		clinic.sandbox.faults.add({ on: 'createAlert', act: 'after', do: { rewrite } });
		const { output } = await create({ name: '🚨 Penicillin' });
		expect(output[0]!.json).toMatchObject({ outcome: 'created', name: 'Penicillin' });
		expect((await create({ name: '🚨 Penicillin' })).output[0]!.json.outcome).toBe('existing');
		expect((await create({ name: 'Penicillin?' })).output[0]!.json.outcome).toBe('created');
		expect(alerts()).toHaveLength(2);
	});

	it('believes a new alert whose name Cliniko has written in another way', async () => {
		const { clinic: cliniko, settings } = clinic.sandbox;
		settings.onRequest = ({ method }) => {
			if (method !== 'POST') return;
			for (const one of alerts()) cliniko.alerts.set(one.id, { ...one, name: 'See notes' });
		};
		const rewrite = (reply: Reply) => ({
			...reply,
			body: reply.body.replace('Latex', 'See notes'),
		});
		clinic.sandbox.faults.add({ on: 'createAlert', act: 'after', do: { rewrite } });
		const { output } = await create({ name: 'Latex' });
		expect(output[0]!.json).toMatchObject({ outcome: 'created', id: alerts()[0]!.id });
		const asked = clinic.sandbox.requests.filter(({ path }) => path === '/v1/medical_alerts');
		expect(asked.filter(({ method }) => method === 'POST')).toHaveLength(1);
	});

	it('refuses a merged patient who has the same alert', async () => {
		const { clinic: cliniko } = clinic.sandbox;
		const { id } = cliniko.addPatient({ mergedWith: SANDBOX_PATIENT_ID, archivedAt: Date.now() });
		cliniko.addAlert({ patientId: id });
		const { error } = await create({ patientId: by('id', id) });
		expect(error?.message).toMatch(/merged/);
	});

	it('creates one again that was archived', async () => {
		clinic.sandbox.clinic.addAlert({ patientId: SANDBOX_PATIENT_ID, archivedAt: Date.now() });
		expect((await create()).output[0]!.json.outcome).toBe('created');
	});

	it('creates each alert once for several items, though lists show them late', async () => {
		clinic.sandbox.settings.listLagMs = 60_000;
		const names = ['Penicillin', 'Latex', 'penicillin'];
		const { output } = await create(
			{ name: '={{ $json.name }}' },
			{ items: names.map((name) => ({ json: { name } })) },
		);
		expect(output.map(({ json }) => json.outcome)).toEqual(['created', 'created', 'existing']);
		const again = await create();
		expect(again.output[0]!.json.outcome).toBe('existing');
		expect(alerts()).toHaveLength(2);
	});

	it('creates one alert in two executions at once', async () => {
		clinic.sandbox.settings.listLagMs = 2000;
		const runs = await Promise.all([create(), create()]);
		expect(runs.map(({ output }) => output[0]!.json.outcome).sort()).toEqual([
			'created',
			'existing',
		]);
		expect(alerts()).toHaveLength(1);
	});

	it.each([
		['is lost after it was carried out', 'after', { reset: true }],
		['is a 503 after it was carried out', 'after', { reply: { status: 503 } }],
		['is an empty 201', 'after', { reply: { status: 201, body: '' } }],
		['is a 429', 'before', { reply: { status: 429 } }],
		['is lost before', 'before', { reset: true }],
	] as const)(
		'creates one alert where the reply %s',
		async (_what, act, fault) => {
			clinic.sandbox.faults.add({ on: 'createAlert', act, do: fault });
			const { output, error } = await create();
			expect(error).toBeUndefined();
			expect(output[0]!.json).toMatchObject({ outcome: 'created', id: alerts()[0]!.id });
			expect(alerts()).toHaveLength(1);
		},
		120_000,
	);

	it.each([
		['an empty name', { name: '={{ $json.nothing }}' }, /^Name is empty for this item/],
		['a long name', { name: 'x'.repeat(256) }, /^Name has 256 characters/],
		[
			'an archived patient',
			{ patientId: by('id', SANDBOX_ARCHIVED_PATIENT_ID) },
			/is archived in Cliniko, so nothing was sent/,
		],
		['an unknown patient', { patientId: by('id', '7') }, /^Cliniko has no patient with the ID 7/],
	])('refuses %s', async (_what, parameters, message) => {
		const { error } = await create(parameters);
		expect(error?.message).toMatch(message);
		expect(alerts()).toEqual([]);
	});

	it('says what a role may not do, without the alert', async () => {
		clinic.sandbox.faults.add({ on: 'createAlert', act: 'before', do: { reply: { status: 403 } } });
		const { error } = await create();
		expect(error?.description).toMatch(/role may add medical alerts/);
		expect(JSON.stringify(error)).not.toMatch(/penicillin/i);
	});
});

describe('Get Many', () => {
	it('returns the alerts of the patient, newest first, without archived ones', async () => {
		const patientId = SANDBOX_PATIENT_ID;
		const ids = [1, 2, 3].map((day) => {
			const createdAt = Date.UTC(2026, 0, day);
			return clinic.sandbox.clinic.addAlert({ patientId, createdAt }).id;
		});
		clinic.sandbox.clinic.addAlert({ patientId, archivedAt: Date.now() });
		clinic.sandbox.clinic.addAlert({ patientId: SANDBOX_OTHER_PATIENT_ID });
		const { output } = await perform('getMany', { returnAll: true });
		expect(output.map(({ json }) => json.id)).toEqual([...ids].reverse());
		const filter = { field: 'created_at', dateTimeCondition: 'since', dateTimeValue: '2026-01-02' };
		const filtered = await perform('getMany', { filters: { filter: [filter] }, limit: 1 });
		expect(filtered.output.map(({ json }) => json.id)).toEqual([ids[2]]);
	});
});
