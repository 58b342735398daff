/** The referral source of patients is set, in workflows. */
import type { IDataObject } from 'n8n-workflow';

import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { by, newCredential, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const jane = { firstName: 'Jane', lastName: 'Citizen-Banksia', dateOfBirth: '1987-05-31' };

const typeId = (name: string) =>
	[...clinic.sandbox.clinic.referralSourceTypes.values()].find((one) => one.name === name)!.id;

const byName = (name: string) => ({ __rl: true, mode: 'name', value: name });

const perform = async (
	operation: string,
	source: IDataObject,
	parameters: IDataObject = {},
	run: Partial<UploadRun> = {},
) => {
	const { dateOfBirth, ...names } = jane;
	const fields = { referralSource: { source } };
	return await clinic.run({
		items: [{ json: {} }],
		credential,
		...run,
		parameters: {
			resource: 'patient',
			operation,
			...names,
			...(operation === 'create'
				? { additionalFields: { dateOfBirth, ...fields } }
				: operation === 'upsert'
					? { dateOfBirth, additionalFields: fields }
					: { updateFields: fields, patientId: by('id', SANDBOX_PATIENT_ID) }),
			...parameters,
		},
	});
};

const own = () =>
	[...clinic.sandbox.clinic.patients.values()].filter(({ lastName }) => lastName === jane.lastName);

const sourceOf = (id: string) => clinic.sandbox.clinic.referralSources.get(id);

function put(id: string, more: IDataObject = {}): void {
	const none = { typeId: typeId('Contact'), referrerId: null, subcategory: null, notes: null };
	clinic.sandbox.clinic.referralSources.set(id, { id, ...none, updatedAt: 0, ...more });
}

const patches = () => clinic.sandbox.requests.filter(({ method }) => method === 'PATCH').length;

describe('The referral source', () => {
	it('of a new patient is set, by the name of its type', async () => {
		const source = {
			type: byName('gOOgle '),
			subcategory: 'Maps',
			notes: 'Asked',
			referrerId: '7',
		};
		const { output, error } = await perform('create', source);
		expect(error).toBeUndefined();
		expect(output[0]!.json).not.toHaveProperty('warning');
		expect(sourceOf(own()[0]!.id)).toMatchObject({
			typeId: typeId('Google'),
			subcategory: 'Maps',
			notes: 'Asked',
			referrerId: '7',
		});
	});

	it('is read and set once, with the types read once for all items', async () => {
		const items = [1, 2].map(() => ({ json: {} }));
		const { output } = await perform('update', { type: byName('Google') }, {}, { items });
		expect(output.map(({ json }) => json.changed)).toEqual([['referral_source'], []]);
		const lists = clinic.sandbox.requests.filter(({ path }) => /source_types/.test(path));
		expect([lists.length, patches()]).toEqual([1, 1]);
	});

	it('is taken by ID from the list, and is left if nothing is given', async () => {
		await perform('update', { type: by('list', typeId('Google')) });
		expect(sourceOf(SANDBOX_PATIENT_ID)).toMatchObject({ typeId: typeId('Google') });
		const { error } = await perform('update', { type: by('id', '={{ $json.x }}'), notes: 'N' });
		expect(error).toBeUndefined();
		expect(sourceOf(SANDBOX_PATIENT_ID)!.notes).toBeNull();
	});

	it('is kept or replaced by Create or Update, with the subcategory of its type', async () => {
		const google = { type: byName('Google') };
		const created = await perform('upsert', { type: byName('Contact') });
		expect(created.output[0]!.json).toMatchObject({ outcome: 'created', changed: [] });
		const { id } = own()[0]!;
		put(id, { subcategory: 'Friend', notes: 'Old', referrerId: '7' });
		const kept = await perform('upsert', google);
		expect(kept.output[0]!.json).toMatchObject({ outcome: 'unchanged', changed: [] });
		expect(sourceOf(id)).toMatchObject({ typeId: typeId('Contact') });
		const replaced = await perform('upsert', google, { ifOtherValue: 'replace' });
		expect(replaced.output[0]!.json).toMatchObject({
			outcome: 'updated',
			changed: ['referral_source'],
			warning: expect.stringContaining('The referrer is still the one'),
		});
		expect(sourceOf(id)).toMatchObject({
			typeId: typeId('Google'),
			subcategory: null,
			notes: 'Old',
		});
	});

	it.each(['create', 'upsert', 'update'])('of an unknown name stops before: %s', async (what) => {
		const { error } = await perform(what, { type: byName('Jane told me') });
		expect(error!.message).toContain('Cliniko has no referral source type of the name');
		expect(error!.message).not.toContain('Jane');
		expect(error!.description).toContain('Google');
		expect([own().length, patches()]).toEqual([0, 0]);
	});

	it('of a name that two types have stops before', async () => {
		const { referralSourceTypes } = clinic.sandbox.clinic;
		referralSourceTypes.set('5', { id: '5', name: 'GOOGLE', createdAt: 0 });
		const { error } = await perform('create', { type: byName('Google') });
		expect(error!.message).toMatch(/several referral source types .* IDs .*5/);
		expect(own()).toEqual([]);
	});

	it.each(['create', 'upsert'])(
		'does not hide that the patient was created if it is refused: %s',
		async (operation) => {
			const { output, error } = await perform(operation, { type: by('id', '1') });
			expect(error).toBeUndefined();
			expect(output[0]!.json).toMatchObject({
				outcome: 'created',
				id: own()[0]!.id,
				warning: expect.stringMatching(/^The patient is in Cliniko, but Referral Source may not/),
			});
			const again = await perform('upsert', { type: byName('Google') });
			expect(again.output[0]!.json).toMatchObject({
				outcome: 'updated',
				changed: ['referral_source'],
			});
			expect(own()).toHaveLength(1);
		},
	);

	it('that is refused is an error of Update', async () => {
		const { error } = await perform('update', { type: by('id', '1') });
		expect(error!.message).toMatch(
			/^Could not set the referral source of patient .*Referral Source/,
		);
	});

	it('is set once if the reply is lost', async () => {
		clinic.sandbox.faults.add({ on: 'referralSource', act: 'after', do: { reset: true } });
		const { output, error } = await perform('create', { type: byName('Google'), notes: 'N' });
		expect(error).toBeUndefined();
		expect(output[0]!.json).not.toHaveProperty('warning');
		expect([own().length, patches()]).toEqual([1, 1]);
	});

	it('that a person enters while a try fails is kept', async () => {
		const { id } = clinic.sandbox.clinic.addPatient(jane);
		const reply = {
			get status() {
				put(id, { notes: 'by reception' });
				return 503;
			},
		};
		clinic.sandbox.faults.add({ on: 'referralSource', act: 'before', do: { reply } });
		const { output } = await perform('upsert', { type: byName('Google') });
		expect(output[0]!.json).toMatchObject({ id });
		expect(sourceOf(id)).toMatchObject({ typeId: typeId('Contact'), notes: 'by reception' });
	});

	it('of an existing patient is not touched by Create', async () => {
		await perform('upsert', { type: byName('Contact') });
		const parameters = { ifMatches: 'return' };
		const { output } = await perform('create', { type: byName('Google') }, parameters);
		expect(output[0]!.json).toMatchObject({ outcome: 'existing' });
		expect(sourceOf(own()[0]!.id)).toMatchObject({ typeId: typeId('Contact') });
	});
});
