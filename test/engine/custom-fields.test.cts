/** Custom fields of patients are set, in workflows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import { SANDBOX_CUSTOM_FIELDS, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { by, newCredential, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const definitions = SANDBOX_CUSTOM_FIELDS.flatMap(({ fields }) => fields);

const tokenOf = (name: string) => definitions.find((one) => one.name === name)!.token;

/** What n8n keeps of the mapped fields. */
const mapped = (values: Record<string, unknown>) => ({
	mappingMode: 'defineBelow',
	value: Object.fromEntries(Object.entries(values).map(([name, to]) => [tokenOf(name), to])),
	matchingColumns: [],
	schema: Object.keys(values).map((name) => ({
		id: tokenOf(name),
		displayName: name,
		required: false,
		defaultMatch: false,
		display: true,
		type: name === 'Smoker' ? 'options' : 'string',
		...(name === 'Smoker' && {
			options: ['Yes', 'No'].map((value) => ({ name: value, value })),
		}),
	})),
});

const jane = { firstName: 'Jane', lastName: 'Citizen-Ashdown', dateOfBirth: '1987-05-31' };

const perform = async (
	operation: string,
	values: Record<string, unknown>,
	parameters: IDataObject = {},
	run: Partial<UploadRun> = {},
) =>
	await clinic.run({
		items: [{ json: {} }],
		credential,
		...run,
		parameters: {
			resource: 'patient',
			operation,
			...(operation === 'create'
				? { ...jane, additionalFields: { dateOfBirth: jane.dateOfBirth } }
				: operation === 'upsert'
					? jane
					: {}),
			customFields: mapped(values) as IDataObject,
			...parameters,
		},
	});

const own = () =>
	[...clinic.sandbox.clinic.patients.values()].filter(({ lastName }) => lastName === jane.lastName);

interface Shown {
	token: string;
	value?: string;
	options?: Array<{ name: string; selected?: boolean }>;
	other?: { selected?: boolean; value?: string };
}

const sectionsOf = (id: string) =>
	(
		clinic.sandbox.clinic.patients.get(id)!.details.custom_fields as {
			sections: Array<{ token: string; fields: Shown[] }>;
		} | null
	)?.sections ?? [];

/** The values of a patient's custom fields as a person sees them, by the names of the fields. */
const shown = (id: string) =>
	Object.fromEntries(
		sectionsOf(id)
			.flatMap(({ fields }) => fields)
			.map(({ token, value, options = [], other }) => [
				definitions.find((one) => one.token === token)?.name ?? token,
				value ?? [
					...options.filter(({ selected }) => selected).map(({ name }) => name),
					...(other?.selected ? [other.value] : []),
				],
			]),
	);

const requests = (method: string, path: RegExp) =>
	clinic.sandbox.requests.filter((one) => one.method === method && path.test(one.path)).length;

const SETTINGS = /^\/v1\/settings$/;

/** Gives the seeded patient's record some custom fields, as Cliniko may show them. */
function record(values: Record<string, Partial<Shown>>, more: IDataObject = {}): void {
	const [health] = structuredClone(SANDBOX_CUSTOM_FIELDS);
	clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!.details.custom_fields = {
		...more,
		sections: [
			{
				...health,
				fields: health!.fields
					.filter(({ name }) => name in values)
					.map((one) => ({ ...one, ...values[one.name] })),
			},
		],
	};
}

const patientId = by('id', SANDBOX_PATIENT_ID);

describe('Custom fields', () => {
	it('of a new patient take every type, choices by their names', async () => {
		const { output, error } = await perform('create', {
			Allergies: '={{ ["latex", "Nuts, all kinds", "Bees"] }}',
			Smoker: '={{ "no" }}',
			'Last check-up': '2026-01-31',
			'Health fund': 'Fund & Co',
			Goals: '={{ "Walk\\nSwim" }}',
		});
		expect(error).toBeUndefined();
		expect(output[0]!.json).toMatchObject({ outcome: 'created' });
		expect(output[0]!.json).not.toHaveProperty('warning');
		expect(shown(own()[0]!.id)).toEqual({
			Allergies: ['Latex', 'Nuts, all kinds', 'Bees'],
			Smoker: ['No'],
			'Last check-up': '2026-01-31',
			'Health fund': 'Fund & Co',
			Goals: 'Walk\nSwim',
		});
	});

	it('are read once for all items, and not at all if nothing is given', async () => {
		const items = ['A', 'B', ''].map((fund) => ({ json: { fund } }));
		const { error, output } = await perform(
			'update',
			{ 'Health fund': '={{ $json.fund }}' },
			{ patientId },
			{ items },
		);
		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.changed)).toEqual([
			['custom_fields.Health fund'],
			['custom_fields.Health fund'],
			[],
		]);
		expect(requests('GET', SETTINGS)).toBe(1);
		await perform('update', { 'Health fund': '={{ $json.nothing }}' }, { patientId });
		expect(requests('GET', SETTINGS)).toBe(1);
		expect(shown(SANDBOX_PATIENT_ID)).toEqual({ 'Health fund': 'B' });
	});

	it('that are not given stay as they are, with all that Cliniko keeps there', async () => {
		record({ Smoker: { value: 'kept' }, 'Blood group': { value: '0' } }, { version: 7 });
		await perform('update', { 'Health fund': 'Fund' }, { patientId });
		expect(sectionsOf(SANDBOX_PATIENT_ID)[0]!.fields).toMatchObject([
			{ type: 'radiobuttons', value: 'kept' },
			{ archived: true, value: '0' },
		]);
		const { custom_fields: all } = clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!.details;
		expect(all).toMatchObject({ version: 7 });
	});

	it('with another value are kept or replaced, each on its own', async () => {
		const all = { Smoker: 'No', 'Health fund': 'New' };
		await perform('create', { Smoker: 'Yes' });
		const { id } = own()[0]!;
		const kept = await perform('upsert', all);
		expect(kept.output[0]!.json).toMatchObject({ changed: ['custom_fields.Health fund'] });
		expect(shown(id)).toEqual({ Smoker: ['Yes'], 'Health fund': 'New' });
		const replaced = await perform('upsert', all, { ifOtherValue: 'replace' });
		expect(replaced.output[0]!.json).toMatchObject({ changed: ['custom_fields.Smoker'] });
		expect(shown(id)).toEqual({ Smoker: ['No'], 'Health fund': 'New' });
		const again = await perform('upsert', all, { ifOtherValue: 'replace' });
		expect(again.output[0]!.json).toMatchObject({ outcome: 'unchanged' });
	});

	it('of two executions at once are both set', async () => {
		const results = await Promise.all([
			perform('update', { 'Health fund': 'Fund' }, { patientId }),
			perform('update', { Goals: 'Swim' }, { patientId }),
		]);
		expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
		expect(shown(SANDBOX_PATIENT_ID)).toEqual({ 'Health fund': 'Fund', Goals: 'Swim' });
	});

	it('are not sent again after a lost reply', async () => {
		const reset = { on: 'updatePatient', act: 'after', do: { reset: true } } as const;
		clinic.sandbox.faults.add(reset);
		const { output, error } = await perform('update', { Goals: 'Swim' }, { patientId });
		expect(error).toBeUndefined();
		expect(output[0]!.json).toMatchObject({ changed: ['custom_fields.Goals'] });
		expect(requests('PATCH', /patients/)).toBe(1);
		expect(shown(SANDBOX_PATIENT_ID)).toEqual({ Goals: 'Swim' });
	});

	it('that somebody sets between two tries stay', async () => {
		clinic.sandbox.faults.add({ on: 'updatePatient', act: 'before', do: { reset: true } });
		const running = perform('update', { Goals: 'Swim' }, { patientId });
		while (requests('PATCH', /patients/) === 0) await sleep(10);
		record({ 'Blood group': { value: '0' } });
		expect((await running).error).toBeUndefined();
		expect(shown(SANDBOX_PATIENT_ID)).toEqual({ Goals: 'Swim', 'Blood group': '0' });
	});

	it.each([
		['create', {}],
		['upsert', {}],
		['update', { patientId }],
	])('cannot be set by a role that may not view the settings: %s', async (operation, more) => {
		const users = [...clinic.sandbox.clinic.users.values()];
		users.find(({ apiKey }) => apiKey === credential.apiKey)!.role = 'receptionist';
		const { error } = await perform(operation, { Goals: 'Swim' }, more);
		expect(error!.message).toContain('Could not read the clinic’s custom fields in the settings');
		expect(error!.description).toContain('may view the settings');
		expect(requests('POST', /./) + requests('PATCH', /./)).toBe(0);
		expect((await perform(operation, { Goals: '={{ "" }}' }, more)).error).toBeUndefined();
	});

	it.each([
		['Smoker', '={{ "Sometimes" }}', /^The custom field "Smoker" is none of the clinic’s choices/],
		['Smoker', '={{ "Former" }}', /none of the clinic’s choices/],
		['Last check-up', '03/04/2026', /"Last check-up" is not a date/],
		['Blood group', '0', /has no custom field "Blood group".* archived/],
		['Fax', '1', /has no custom field "Fax"/],
		['Goals', '={{ {} }}', /^The custom field "Goals" is not text/],
		['Allergies', 'x'.repeat(256), /more than 255 characters/],
	])('take nothing that does not fit: %s %.20s', async (name, value, message) => {
		const { error } = await perform('create', { [name]: value });
		expect(error!.message).toMatch(message);
		expect(error!.message).not.toContain('Sometimes');
		expect(own()).toEqual([]);
	});

	it('are not written if Cliniko does not show those that are there', async () => {
		const hide = (body: string) => {
			const { custom_fields: _, ...rest } = JSON.parse(body) as IDataObject;
			return JSON.stringify(rest);
		};
		clinic.sandbox.faults.add({
			on: 'get',
			act: 'after',
			times: 9,
			do: { rewrite: (reply) => ({ ...reply, body: hide(reply.body) }) },
		});
		const { error } = await perform('update', { Goals: 'Swim' }, { patientId });
		expect(error!.message).toContain('does not show the patient’s custom fields');
		expect(requests('PATCH', /./)).toBe(0);
	});

	it.each(['create', 'update'])('that Cliniko ignores are named: %s', async (operation) => {
		const on = operation === 'create' ? 'createPatient' : 'updatePatient';
		const forget = (body: string) =>
			JSON.stringify({ ...(JSON.parse(body) as IDataObject), custom_fields: null });
		clinic.sandbox.faults.add({
			on,
			act: 'after',
			do: { rewrite: (reply) => ({ ...reply, body: forget(reply.body) }) },
		});
		const { output } = await perform(operation, { Goals: 'Swim' }, { patientId });
		expect(output[0]!.json.warning).toMatch(/^Cliniko did not take over Goals\./);
	});

	it('of a patient whose creation was not answered are on the one record', async () => {
		clinic.sandbox.faults.add({ on: 'createPatient', act: 'after', do: { reset: true } });
		const { output, error } = await perform('create', { Goals: 'Swim' });
		expect(error).toBeUndefined();
		expect(output[0]!.json).toMatchObject({ outcome: 'created', id: own()[0]!.id });
		expect(own()).toHaveLength(1);
		expect(shown(own()[0]!.id)).toEqual({ Goals: 'Swim' });
	});
});
