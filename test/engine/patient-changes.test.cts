/** Patients are created, changed, and told apart, in workflows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type Patient,
} from '../../sandbox/sandbox.cts';
import { by, newCredential, useClinic, type UploadRun } from './clinic.cts';
import { runErrorLoop } from './error-loop.cts';

const clinic = useClinic();

const surname = 'Citizen-Featherstone';

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const jane = () => ({
	firstName: 'Jane',
	lastName: surname,
	dateOfBirth: '1987-05-31',
	email: 'jane@mail.example',
});

const add = (more: Partial<Patient> = {}) =>
	clinic.sandbox.clinic.addPatient({ ...jane(), ...more });

const records = () =>
	[...clinic.sandbox.clinic.patients.values()].filter(({ lastName }) => lastName === surname);

const detailsOf = (id: unknown) => clinic.sandbox.clinic.patients.get(String(id))!.details;

const sent = (method: string) =>
	clinic.sandbox.requests.filter((one) => one.method === method).map(({ path }) => path);

const perform = async (operation: string, parameters: IDataObject, run: Partial<UploadRun> = {}) =>
	await clinic.run({
		items: [{ json: {} }],
		credential,
		...run,
		parameters: { resource: 'patient', operation, ...parameters },
	});

const create = async (parameters: IDataObject = {}, run: Partial<UploadRun> = {}) => {
	const { firstName, lastName, ...additionalFields } = jane();
	return await perform('create', { firstName, lastName, additionalFields, ...parameters }, run);
};

const upsert = async (parameters: IDataObject = {}, run: Partial<UploadRun> = {}) =>
	await perform('upsert', { ...jane(), ...parameters }, run);

const EVERYTHING = {
	acceptedEmailMarketing: false,
	acceptedPrivacyPolicy: true,
	address1: '1 Beach Road',
	address2: 'Unit 2',
	address3: 'Rear',
	appointmentNotes: 'Needs the ramp',
	city: 'Brighton',
	concessionTypeId: '7',
	country: 'Australia',
	dateOfBirth: '1987-05-31',
	dvaCardNumber: 'NX123456',
	email: 'jane@mail.example',
	emergencyContact: 'Joe, 0400 000 000',
	genderIdentity: 'Woman',
	invoiceDefaultTo: 'Jane Citizen',
	invoiceEmail: 'accounts@mail.example',
	invoiceExtraInformation: 'Claim 7',
	medicare: '2123456701',
	medicareReferenceNumber: '1',
	notes: 'Prefers mornings',
	occupation: 'Baker',
	oldReferenceId: 'P-9',
	patientPhoneNumbers: { phoneNumber: [{ type: 'Mobile', number: '0412 345 678' }] },
	postCode: '3186',
	preferredFirstName: 'Jay',
	pronouns: {
		forms: {
			nominative: 'she',
			accusative: 'her',
			pronominal_possessive: 'her',
			predicative_possessive: 'hers',
			reflexive: 'herself',
		},
	},
	receivesConfirmationEmails: true,
	referringDoctorId: '9',
	reminderType: 'SMS & Email',
	sex: 'Female',
	state: 'VIC',
	timeZone: 'Australia/Melbourne',
	title: 'Ms',
	unsubscribeSmsMarketing: true,
};

describe('Create', () => {
	it('returns the new patient, simplified, and sends only what was given', async () => {
		const { output, error } = await create({
			additionalFields: { ...jane(), city: '', notes: '={{ $json.nothing }}', state: 'VIC' },
		});
		expect(error).toBeUndefined();
		const [patient] = records();
		expect(output).toEqual([
			{
				json: {
					outcome: 'created',
					id: patient!.id,
					first_name: 'Jane',
					last_name: surname,
					preferred_first_name: null,
					date_of_birth: '1987-05-31',
					email: 'jane@mail.example',
					phone_numbers: [],
					old_reference_id: null,
					merged_with_patient_id: null,
					archived_at: null,
					created_at: expect.any(String),
				},
				pairedItem: { item: 0 },
			},
		]);
		expect(patient!.details).toEqual({ state: 'VIC' });
	});

	it('takes every field', async () => {
		const { output, error } = await create({ additionalFields: EVERYTHING, simplify: false });
		expect(error).toBeUndefined();
		expect(output[0]!.json).toMatchObject({
			address_1: '1 Beach Road',
			accepted_email_marketing: false,
			concession_type: { links: { self: expect.stringMatching(/\/7$/) } },
			referring_doctor: { links: { self: expect.stringMatching(/\/9$/) } },
			patient_phone_numbers: [{ phone_type: 'Mobile', number: '0412 345 678' }],
			pronouns: { reflexive: 'herself' },
			reminder_type: 'SMS & Email',
			accepted_sms_marketing: false,
		});
		const { details, preferredFirstName, oldReferenceId } = records()[0]!;
		expect([preferredFirstName, oldReferenceId]).toEqual(['Jay', 'P-9']);
		// All but those that a patient in the sandbox has as properties.
		expect(Object.keys(details)).toHaveLength(Object.keys(EVERYTHING).length - 4);
	});

	it('stops before anything is sent if one item is wrong', async () => {
		const { error } = await create(
			{ additionalFields: { ...jane(), email: '={{ $json.email }}' } },
			{ items: [{ json: { email: 'a@b.example' } }, { json: { email: 'none' } }] },
		);
		expect(error?.message).toBe('Email is not one e-mail address for this item. [item 1]');
		expect(clinic.sandbox.requests).toEqual([]);
	});

	it('says what is missing to see whether the patient is there', async () => {
		const { error } = await create({ additionalFields: {} });
		expect(error?.message).toMatch(/^No date of birth, e-mail address or mobile number is given/);
		expect(error?.description).toMatch(/Create All the Same/);
		expect(clinic.sandbox.requests).toEqual([]);
		const { output } = await create({ additionalFields: {}, ifMatches: 'create' });
		expect(output[0]!.json).toMatchObject({ outcome: 'created' });
	});

	it('reads Cliniko’s refusal out', async () => {
		clinic.sandbox.faults.add({
			on: 'createPatient',
			act: 'before',
			do: {
				reply: {
					status: 422,
					body: JSON.stringify({
						message: 'Validation Failed',
						errors: { referring_doctor_id: 'is invalid', time_zone: 'is not included in the list' },
					}),
				},
			},
		});
		const { error } = await create();
		expect(error?.message).toBe(
			'Could not create the patient: Cliniko did not accept it. Cliniko says: Validation Failed: Referring Doctor is invalid, Time Zone is not included in the list [item 0]',
		);
	});

	describe('If a Patient Matches Already', () => {
		it('stops with the ID, or returns that patient, and changes nothing', async () => {
			const { id } = add({ details: { city: 'Perth' } });
			const before = structuredClone(records());
			const { error } = await create();
			expect(error?.message).toBe(
				`A patient who matches is in Cliniko already: ID ${id}. Nothing was created. [item 0]`,
			);
			const { output } = await create({
				ifMatches: 'return',
				additionalFields: { ...jane(), city: 'Sydney' },
			});
			expect(output[0]!.json).toMatchObject({ outcome: 'existing', id });
			expect(records()).toEqual(before);
			expect([...sent('POST'), ...sent('PATCH')]).toEqual([]);
		});

		it('creates all the same, on demand', async () => {
			add();
			const { output } = await create({ ifMatches: 'create' });
			expect(output[0]!.json).toMatchObject({ outcome: 'created' });
			expect(records()).toHaveLength(2);
			expect(sent('GET')).toEqual([]);
		});

		it.each([
			['several match', [{}, {}], /2 patients match/],
			['the only match is archived', [{ archivedAt: 1 }], /is archived in Cliniko/],
			[
				'a parent has the same name and address',
				[{ dateOfBirth: '1960-01-01' }],
				/another date of birth/,
			],
		])('stops in any case if %s', async (_, there, message) => {
			const ids = there.map((more) => add(more).id);
			for (const ifMatches of ['stop', 'return']) {
				const { error } = await create({ ifMatches });
				expect(error?.message).toMatch(message);
				expect(error?.message).toContain(ids.join(', '));
			}
			expect(records()).toHaveLength(there.length);
		});
	});
});

describe('Update', () => {
	const update = async (updateFields: IDataObject, more: IDataObject = {}) =>
		await perform('update', {
			patientId: by('id', SANDBOX_PATIENT_ID),
			updateFields,
			...more,
		});

	const before = () => {
		const patient = clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!;
		Object.assign(patient.details, { city: 'Perth', notes: 'Old', occupation: 'Baker' });
		return structuredClone(patient);
	};

	const patient = () => clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!;

	it('changes what is filled in, and nothing else', async () => {
		const { details, updatedAt: _, ...others } = before();
		const { output, error } = await update({
			city: 'Sydney',
			occupation: 'Baker',
			state: '={{ $json.nothing }}',
			title: '',
			notes: null,
			acceptedPrivacyPolicy: false,
		});
		expect(error).toBeUndefined();
		expect(output[0]!.json).toMatchObject({
			id: SANDBOX_PATIENT_ID,
			changed: ['accepted_privacy_policy', 'city'],
		});
		expect(patient()).toMatchObject(others);
		expect(patient().details).toEqual({
			...details,
			city: 'Sydney',
			accepted_privacy_policy: false,
		});
	});

	it('changes names and the date of birth too', async () => {
		before();
		const { output } = await update({ lastName: 'Newname', dateOfBirth: '1987-06-01' });
		expect(output[0]!.json).toMatchObject({
			last_name: 'Newname',
			date_of_birth: '1987-06-01',
			changed: ['date_of_birth', 'last_name'],
		});
	});

	it('empties only what is to be emptied', async () => {
		const { details } = before();
		const { output } = await update({}, { fieldsToEmpty: ['notes', 'email', 'title'] });
		expect(output[0]!.json.changed).toEqual(['notes', 'email']);
		expect(patient().email).toBeNull();
		expect(patient().details).toEqual({ ...details, notes: null });
	});

	it('sends nothing if nothing differs', async () => {
		before();
		const { output } = await update({ city: 'Perth', notes: ' Old ' });
		expect(output[0]!.json.changed).toEqual([]);
		expect(sent('PATCH')).toEqual([]);
	});

	it.each([
		[{}, {}, /There is nothing to change/],
		[{ notes: 'New' }, { fieldsToEmpty: ['notes'] }, /Notes is both filled in and to be emptied/],
		[{}, { fieldsToEmpty: ['last_name'] }, /names a field that cannot be emptied/],
		[{ city: 'x'.repeat(256) }, {}, /City has 256 characters/],
	])('refuses %j with %j before anything is sent', async (fields, more, message) => {
		expect((await update(fields, more)).error?.message).toMatch(message);
		expect(clinic.sandbox.requests).toEqual([]);
	});

	it.each([
		['archived', SANDBOX_ARCHIVED_PATIENT_ID, /is archived in Cliniko, so nothing was sent/],
		['merged', SANDBOX_MERGED_PATIENT_ID, /was merged into patient/],
	])('refuses a patient who is %s', async (_, id, message) => {
		const { error } = await update({ city: 'Sydney' }, { patientId: by('id', id) });
		expect(error?.message).toMatch(message);
		expect(sent('PATCH')).toEqual([]);
	});

	it.each(['replaced', 'appended'] as const)(
		'keeps all phone numbers with a Cliniko whose arrays are %s',
		async (patchedArrays) => {
			clinic.sandbox.settings.patchedArrays = patchedArrays;
			before();
			const home = { phone_type: 'Home', number: '03 9000 0000' };
			patient().details.patient_phone_numbers = [home];
			const phoneNumber = [
				{ type: 'Mobile', number: '0412 345 678' },
				{ type: 'Work', number: '(03) 9000-0000' },
			];
			const { output } = await update({ patientPhoneNumbers: { phoneNumber } });
			const numbers = (patient().details.patient_phone_numbers as IDataObject[]).map(
				({ number }) => number,
			);
			const wanted = ['03 9000 0000', '0412 345 678'];
			if (patchedArrays === 'replaced') {
				expect(numbers).toEqual(wanted);
				expect(output[0]!.json.warning).toBeUndefined();
			} else {
				expect(numbers).toEqual(['03 9000 0000', ...wanted]);
				expect(output[0]!.json.warning).toMatch(/^Cliniko has added the list of phone numbers/);
				const more = { phoneNumber: [{ type: 'Work', number: '07 4000 0000' }] };
				const again = await update({ patientPhoneNumbers: more });
				expect(again.output[0]!.json.warning).toBeUndefined();
				expect(patient().details.patient_phone_numbers).toHaveLength(4);
			}
		},
	);

	it('unsubscribes from marketing by SMS, whatever the record shows of it', async () => {
		before();
		const unsubscribe = async () => await update({ unsubscribeSmsMarketing: true });
		const first = await unsubscribe();
		expect(first.output[0]!.json).toMatchObject({ changed: ['unsubscribe_sms_marketing'] });
		expect(patient().details.unsubscribe_sms_marketing).toBe(true);
		const second = await unsubscribe();
		expect(second.output[0]!.json).toMatchObject({ changed: [] });
		expect(second.output[0]!.json.warning).toBeUndefined();
		expect(sent('PATCH')).toHaveLength(2);
	});

	it('names nobody whom Cliniko’s refusal names', async () => {
		before();
		const errors = { old_reference_id: 'has already been taken by Jane Citizen' };
		const body = JSON.stringify({ message: 'Validation Failed', errors });
		clinic.sandbox.faults.add({
			on: 'updatePatient',
			act: 'before',
			do: { reply: { status: 422, body } },
		});
		const { error } = await update({ oldReferenceId: 'P-9' });
		expect(error?.message).toBe(
			`Could not change patient ${SANDBOX_PATIENT_ID}: Cliniko did not accept it. Cliniko says: Validation Failed: Old Reference ID is not accepted [item 0]`,
		);
		expect(error?.description).toMatch(/try the same in Cliniko by hand/);
	});
});

describe('Create or Update', () => {
	it('creates a patient who is not there, and changes the same one the next time', async () => {
		const { output } = await upsert({ additionalFields: { city: 'Perth' } });
		const [{ id }] = records() as [Patient];
		expect(output[0]!.json).toMatchObject({ outcome: 'created', id, changed: [] });
		const again = await upsert({ additionalFields: { city: 'Sydney', state: 'NSW' } });
		expect(again.output[0]!.json).toMatchObject({ outcome: 'updated', id, changed: ['state'] });
		expect(detailsOf(id)).toEqual({ city: 'Perth', state: 'NSW' });
		const third = await upsert({ additionalFields: { city: 'Sydney', state: 'NSW' } });
		expect(third.output[0]!.json).toMatchObject({ outcome: 'unchanged', id, changed: [] });
		expect(records()).toHaveLength(1);
	});

	it('takes the new values on demand, but never a name or a date of birth', async () => {
		const { id } = add({
			preferredFirstName: 'Jay',
			email: 'old@mail.example',
			details: { city: 'Perth' },
		});
		const { output } = await upsert({
			firstName: 'JANE',
			ifOtherValue: 'replace',
			additionalFields: { city: 'Sydney', preferredFirstName: 'Janie' },
		});
		expect(output[0]!.json).toMatchObject({
			outcome: 'updated',
			first_name: 'Jane',
			changed: ['city', 'email'],
		});
		expect(clinic.sandbox.clinic.patients.get(id)).toMatchObject({
			firstName: 'Jane',
			preferredFirstName: 'Jay',
			email: 'jane@mail.example',
		});
	});

	it.each(['keep', 'replace'])(
		'fills in nothing that tells who a patient is, and says so, where Cliniko’s values are to be: %s',
		async (ifOtherValue) => {
			const { id } = add({});
			const given = { city: 'Perth', preferredFirstName: 'Jay' };
			const { output } = await upsert({ ifOtherValue, additionalFields: given });
			expect(output[0]!.json).toMatchObject({
				outcome: 'updated',
				id,
				changed: ['city'],
				warning:
					'Not filled in, because the record has none and it tells who the patient is: Preferred First Name. If it is the right patient, enter this in Cliniko.',
			});
			expect(clinic.sandbox.clinic.patients.get(id)!.preferredFirstName).toBeNull();
		},
	);

	const unclearCases: Array<[string, Array<Partial<Patient>>, IDataObject, RegExp]> = [
		['several match', [{}, {}], {}, /2 patients match/],
		['the only one is archived', [{ archivedAt: 1 }], {}, /is archived in Cliniko/],
		[
			'the one with the same name and address has no date of birth',
			[{ dateOfBirth: null }],
			{},
			/no date of birth in Cliniko/,
		],
		[
			'a parent has the same name and address',
			[{ dateOfBirth: '1960-01-01' }],
			{},
			/another date of birth/,
		],
		[
			'only the name is known',
			[{}],
			{ dateOfBirth: '', email: '' },
			/No date of birth, e-mail address or mobile/,
		],
	];

	it.each(unclearCases)('touches nobody where %s, and says so', async (_, there, more, message) => {
		const ids = there.map((one) => add(one).id);
		const before = structuredClone(records());
		const { error, output } = await upsert({ ...more, additionalFields: { city: 'Sydney' } });
		expect(error?.message).toMatch(message);
		expect(output).toEqual([]);
		const item = await upsert({ ...more, ifUnclear: 'item' });
		expect(item.output).toEqual([
			{
				json: {
					outcome: 'unclear',
					patient_ids: more.email === '' ? [] : ids,
					message: expect.stringMatching(message),
					advice: expect.any(String),
				},
				pairedItem: { item: 0 },
			},
		]);
		expect(JSON.stringify(item.output)).not.toMatch(/jane|citizen|1987|mail\.example/i);
		const shown = await upsert({ ...more, ifUnclear: 'candidates' });
		const candidates = shown.output[0]?.json.candidates as IDataObject[];
		expect(candidates.map(({ id }) => id)).toEqual(more.email === '' ? [] : ids);
		expect(records()).toEqual(before);
		expect([...sent('POST'), ...sent('PATCH')]).toEqual([]);
	});

	it('tells twins apart, who share date of birth and e-mail address', async () => {
		const twin = add({ firstName: 'June' });
		const { output } = await upsert({ additionalFields: { city: 'Perth' } });
		expect(output[0]!.json.outcome).toBe('created');
		expect(output[0]!.json.id).not.toBe(twin.id);
		expect(twin.details).toEqual({});
	});

	it('asks about a patient whose last name has changed', async () => {
		const { id } = clinic.sandbox.clinic.addPatient({ ...jane(), lastName: 'Maidenname' });
		const { error } = await upsert();
		expect(error?.message).toMatch(/another name in Cliniko/);
		expect(error?.message).toContain(id);
		expect(records()).toEqual([]);
	});

	it('changes the one into whom a patient was merged', async () => {
		clinic.sandbox.settings.listsShowMerged = true;
		const { id } = clinic.sandbox.clinic.addPatient({ firstName: 'Jane', lastName: 'Other' });
		add({ archivedAt: Date.now(), mergedWith: id });
		const { output } = await upsert({ additionalFields: { city: 'Perth' } });
		expect(output[0]!.json).toMatchObject({ outcome: 'updated', id, last_name: 'Other' });
	});
});

describe('One person leads to one patient', () => {
	const items = [{ json: {} }, { json: {} }, { json: {} }];
	const twins = [{ json: { first: 'Jane' } }, { json: { first: 'June' } }];
	const eitherTwin = {
		firstName: '={{ $json.first }}',
		additionalFields: { dateOfBirth: '1987-05-31' },
	};
	const refuseSecond = () =>
		clinic.sandbox.faults.add({
			on: 'createPatient',
			act: 'before',
			skip: 1,
			do: { reply: { status: 403 } },
		});

	it('with several items of a run', async () => {
		const { output } = await upsert({}, { items });
		expect(output.map(({ json }) => json.outcome)).toEqual(['created', 'unchanged', 'unchanged']);
		expect(new Set(output.map(({ json }) => json.id)).size).toBe(1);
		expect(records()).toHaveLength(1);
	});

	it('with several executions at once, also where they know different things', async () => {
		const runs = await Promise.all([
			upsert(),
			upsert({ dateOfBirth: '' }),
			upsert({ firstName: 'JANE', additionalFields: { city: 'Perth' } }),
			create({ ifMatches: 'return' }),
		]);
		expect(runs.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
		expect(new Set(runs.map(({ output }) => output[0]!.json.id)).size).toBe(1);
		expect(records()).toHaveLength(1);
		expect(detailsOf(records()[0]!.id)).toEqual({ city: 'Perth' });
	});

	it('with Retry On Fail after a failure of another item', async () => {
		refuseSecond();
		const { output } = await create(eitherTwin, {
			items: twins,
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		});
		expect(output.map(({ json }) => json.outcome)).toEqual(['created', 'created']);
		expect(records().map(({ firstName }) => firstName)).toEqual(['Jane', 'June']);
	});

	it('with a person’s Retry of the failed execution', async () => {
		refuseSecond();
		const parameters = { ...eitherTwin, ifMatches: 'create' };
		const failed = await create(parameters, { items: twins });
		expect(failed.error?.message).toMatch(/may not do this/);
		const { output } = await create(parameters, { items: twins, retryOf: failed });
		expect(output).toHaveLength(2);
		expect(records().map(({ firstName }) => firstName)).toEqual(['Jane', 'June']);
		const context = JSON.stringify(failed.run.data.executionData!.contextData);
		expect(context).toContain(records()[0]!.id);
		expect(context).not.toMatch(/jane|june|citizen|1987/i);
	});

	it('with a loop from the error output back', async () => {
		// The creation runs, but its reply and the search for it fail.
		const { faults } = clinic.sandbox;
		faults.add({ on: 'createPatient', act: 'after', do: { reply: { status: 500 } } });
		clinic.sandbox.settings.onRequest = ({ method, path }) => {
			if (method !== 'POST' || path !== '/v1/patients') return;
			faults.add({ on: 'patients', act: 'before', do: { reply: { status: 403 } } });
		};
		const { succeeded, failed } = await runErrorLoop(clinic, {
			items: [{ json: jane() }],
			credential,
			parameters: {
				resource: 'patient',
				operation: 'create',
				firstName: 'Jane',
				lastName: surname,
				additionalFields: { dateOfBirth: '1987-05-31' },
			},
		});
		expect(failed.map(({ json }) => json.error)).toEqual([
			expect.stringMatching(/may have been created: look in Cliniko/),
		]);
		expect(succeeded.map(({ json }) => json.outcome)).toEqual(['created']);
		expect(records()).toHaveLength(1);
	});
});

describe('A cancelled execution', () => {
	const returning = async (run?: Partial<UploadRun>) => await create({ ifMatches: 'return' }, run);
	const upserting = async (run?: Partial<UploadRun>) => await upsert({}, run);

	it.each([
		['Create or Update', 'before', upserting, 'created'],
		['Create or Update', 'after', upserting, 'unchanged'],
		['Create', 'after', returning, 'existing'],
	] as const)(
		'of %s sends nothing more %s the creation runs, and the next one leads to one patient',
		async (_, act, perform, outcome) => {
			const { faults, settings, requests } = clinic.sandbox;
			// No list shows in time what the cancelled one has created.
			settings.listLagMs = 8000;
			faults.add({ on: 'createPatient', act, do: { hang: true } });
			const { run } = await perform({ cancelAfter: 2000 });
			expect(run.status).toBe('canceled');
			await sleep(1000);
			const count = requests.length;
			await sleep(2000);
			expect(requests).toHaveLength(count);
			expect(records()).toHaveLength(act === 'after' ? 1 : 0);
			const { output } = await perform();
			expect(output[0]!.json.outcome).toBe(outcome);
			expect(records()).toHaveLength(1);
		},
		120_000,
	);
});

describe('A failed item with On Error: Continue', () => {
	const files = { form: { base64: 'JVBERi0=', fileName: 'form.pdf' } };

	it.each([
		['find', { lastName: surname }],
		['create', { firstName: 'Jane', lastName: surname }],
		['upsert', { firstName: 'Jane', lastName: surname }],
		['upsert', { ...jane(), additionalFields: { city: 'x'.repeat(256) } }],
	])('of %s with %j has the files of the input item', async (operation, parameters) => {
		const { output } = await perform(operation, parameters, {
			items: [{ json: {}, files }],
			node: { onError: 'continueRegularOutput' },
		});
		expect(output[0]!.json).toEqual({ error: expect.any(String) });
		expect(output[0]!.binary).toMatchObject({ form: { fileName: 'form.pdf' } });
	});
});
