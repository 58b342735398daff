/** Appointments are listed, with the names of what they are with, for and at, in workflows. */
import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_APPOINTMENT_TYPE_ID,
	SANDBOX_BUSINESS_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	SANDBOX_PRACTITIONER_ID,
} from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, UNSTABLE_LISTS, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

const getMany = async (parameters: IDataObject = {}, run: Partial<UploadRun> = {}) =>
	await clinic.run({
		items: [{ json: {} }],
		...run,
		parameters: {
			resource: 'appointment',
			operation: 'getMany',
			of: 'allPatients',
			returnAll: true,
			...parameters,
		},
	});

const idsOf = async (...run: Parameters<typeof getMany>) => {
	const { output, error } = await getMany(...run);
	expect(error).toBeUndefined();
	return output.map(({ json }) => json.id);
};

type Booking = Partial<Parameters<typeof clinic.sandbox.clinic.addAppointment>[0]>;

const book = (booking: Booking = {}) =>
	clinic.sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID, ...booking });

/** The requests so far whose path begins like this, without `/v1`. */
const requests = (path = '') =>
	clinic.sandbox.requests.filter((one) => one.path.startsWith(`/v1/${path}`));

const filtersOf = (path: string) =>
	requests(path).map((one) =>
		new URL(one.path, 'https://cliniko').searchParams.getAll('q[]').sort(),
	);

/** Answers lists as a server that knows no filters would. */
const ignoreFilters = (path: string) => {
	clinic.sandbox.faults.add({
		on: 'get',
		act: 'after',
		do: {
			rewrite: (reply) => {
				const { [path]: _, ...envelope } = JSON.parse(reply.body) as IDataObject;
				const rows = [...clinic.sandbox.clinic.appointments.values()].map((row) => ({
					id: row.id,
					patient: link(`patients/${row.patientId}`),
					practitioner: link(`practitioners/${row.practitionerId}`),
					cancelled_at: row.cancelledAt && new Date(row.cancelledAt).toISOString(),
					archived_at: row.archivedAt && new Date(row.archivedAt).toISOString(),
					deleted_at: row.deletedAt && new Date(row.deletedAt).toISOString(),
				}));
				const body = { ...envelope, [path]: rows, total_entries: rows.length };
				return { ...reply, body: JSON.stringify(body) };
			},
		},
	});
};

const link = (path: string) => ({ links: { self: `https://api.au1.cliniko.com/v1/${path}` } });

describe('The output', () => {
	it('has the appointment, simplified, with its names', async () => {
		const { id } = book({ notes: 'Ramp' });
		const { output } = await getMany();
		expect(output).toEqual([
			{
				json: {
					id,
					starts_at: expect.stringMatching(/Z$/),
					ends_at: expect.stringMatching(/Z$/),
					patient_id: SANDBOX_PATIENT_ID,
					patient_name: null,
					practitioner_name: 'Dr Imani Lindqvist',
					appointment_type_name: 'Initial consultation',
					business_name: 'Harbour Street',
					patient_case_id: null,
					practitioner_id: SANDBOX_PRACTITIONER_ID,
					business_id: SANDBOX_BUSINESS_ID,
					appointment_type_id: SANDBOX_APPOINTMENT_TYPE_ID,
					patient_arrived: null,
					did_not_arrive: null,
					cancelled_at: null,
					cancellation_reason: null,
					cancellation_note: null,
					notes: 'Ramp',
					telehealth_url: null,
					archived_at: null,
					created_at: expect.any(String),
					updated_at: expect.any(String),
				},
				pairedItem: { item: 0 },
			},
		]);
		expect(Object.keys(output[0]!.json).slice(3, 8)).toEqual([
			'patient_id',
			'patient_name',
			'practitioner_name',
			'appointment_type_name',
			'business_name',
		]);
	});

	it('is the record as Cliniko gives it without Simplify, and no name is looked up', async () => {
		const { id } = book();
		const { output } = await getMany({ simplify: false });
		expect(output[0]!.json).toMatchObject({ id, practitioner: { links: expect.any(Object) } });
		expect(output[0]!.json).not.toHaveProperty('practitioner_name');
		expect(requests()).toHaveLength(1);
	});

	it('has names only for the items that are simplified', async () => {
		book();
		const items = [true, false].map((simplify) => ({ json: { simplify } }));
		const { output } = await getMany({ simplify: '={{ $json.simplify }}' }, { items });
		expect(output.map(({ json }) => json.practitioner_name)).toEqual([
			'Dr Imani Lindqvist',
			undefined,
		]);
	});

	it('is nothing, and no name is looked up, without appointments', async () => {
		expect(await idsOf()).toEqual([]);
		expect(requests()).toHaveLength(1);
	});
});

describe('The names', () => {
	it('of all items are looked up in one request for each kind', async () => {
		const { clinic: records } = clinic.sandbox;
		const others = [1, 2, 3].map(() => records.addPractitioner());
		for (const { id } of others) book({ practitionerId: id });
		book({ patientId: SANDBOX_OTHER_PATIENT_ID });
		const patients = [SANDBOX_PATIENT_ID, SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID];
		const { output } = await getMany(
			{ of: 'onePatient', patientId: by('id', '={{ $json.patient }}') },
			{ items: patients.map((patient) => ({ json: { patient } })) },
		);
		expect(output).toHaveLength(7);
		for (const { json } of output) expect(json.practitioner_name).toEqual(expect.any(String));
		const kinds = ['practitioners', 'businesses', 'appointment_types'];
		expect(kinds.map((kind) => requests(kind).length)).toEqual([1, 1, 1]);
	});

	it('of more than a hundred come in requests of a hundred, whatever the order of lists', async () => {
		Object.assign(clinic.sandbox.settings, UNSTABLE_LISTS);
		const names = new Map<string, string>();
		for (let at = 0; at < 130; at++) {
			const { id } = clinic.sandbox.clinic.addPractitioner({ displayName: `Practitioner ${at}` });
			names.set(book({ practitionerId: id, createdAt: Date.UTC(2026, 0, 1) }).id, `${at}`);
		}
		const { output } = await getMany();
		expect(output).toHaveLength(130);
		for (const { json } of output) {
			expect(json.practitioner_name).toBe(`Practitioner ${names.get(String(json.id))}`);
		}
		expect(requests('practitioners')).toHaveLength(2);
	});

	it('of what was archived are there', async () => {
		const { clinic: records } = clinic.sandbox;
		const archivedAt = Date.now();
		book({
			businessId: records.addBusiness({ name: 'Old Mill', archivedAt }).id,
			appointmentTypeId: records.addAppointmentType({ name: 'Taping', archivedAt }).id,
		});
		const [item] = (await getMany()).output;
		expect(item!.json).toMatchObject({
			business_name: 'Old Mill',
			appointment_type_name: 'Taping',
		});
		expect(requests()).toHaveLength(4);
	});

	it.each([
		[true, 'Kit Oyelaran'],
		[false, null],
	])('of somebody who has left is read once, or null: %s', async (inactiveShown, name) => {
		clinic.sandbox.settings.inactiveShown = inactiveShown;
		const { id } = clinic.sandbox.clinic.addPractitioner({ active: false });
		for (let time = 0; time < 3; time++) book({ practitionerId: id });
		book();
		const { output, error } = await getMany({}, { items: [{ json: {} }, { json: {} }] });
		expect(error).toBeUndefined();
		const ofOthers = ['Dr Imani Lindqvist'];
		expect(new Set(output.map(({ json }) => json.practitioner_name))).toEqual(
			new Set([name, ...ofOthers]),
		);
		expect(requests(`practitioners/${id}`)).toHaveLength(1);
	});

	it('are those of the very IDs, which differ in the last digits only', async () => {
		const { clinic: records } = clinic.sandbox;
		const ids = ['1234567890123450021', '1234567890123450022'];
		for (const id of ids) {
			records.addPractitioner({ id, displayName: `Practitioner ${id}` });
			book({ practitionerId: id });
		}
		const { output } = await getMany();
		expect(output).toHaveLength(2);
		for (const { json } of output) {
			expect(json.practitioner_name).toBe(`Practitioner ${String(json.practitioner_id)}`);
		}
	});

	it('are null where the role may not read them, after one request for each kind', async () => {
		for (let at = 0; at < 3; at++) {
			book({ practitionerId: clinic.sandbox.clinic.addPractitioner().id });
		}
		clinic.sandbox.faults.add({
			on: 'names',
			times: 9,
			act: 'before',
			do: { reply: { status: 403 } },
		});
		const { output, error } = await getMany();
		expect(error).toBeUndefined();
		expect(output).toHaveLength(3);
		expect(output[0]!.json).toMatchObject({
			practitioner_id: expect.any(String),
			practitioner_name: null,
			appointment_type_name: null,
			business_name: null,
		});
		expect(requests()).toHaveLength(4);
	});
});

describe('Which appointments', () => {
	it('are those of the patient, or of all patients if that is chosen', async () => {
		const own = book().id;
		const other = book({ patientId: SANDBOX_OTHER_PATIENT_ID }).id;
		expect(await idsOf({ of: 'onePatient' })).toEqual([own]);
		expect((await idsOf()).sort()).toEqual([own, other].sort());
	});

	it.each([
		['no patient', { of: 'onePatient', patientId: by('id', '={{ $json.none }}') }],
		['no choice of whose', { of: '={{ $json.none }}', patientId: by('id', '={{ "" }}') }],
		['another choice of whose', { of: 'everybody', patientId: by('id', '={{ null }}') }],
	])('are none, and a message, if an expression gives %s', async (_what, parameters) => {
		book();
		const { error, output } = await getMany(parameters);
		expect(error?.message).toBe('No patient is set for this item. [item 0]');
		expect([output, requests()]).toEqual([[], []]);
	});

	it.each([
		['practitionerId', 'Practitioner'],
		['businessId', 'Business'],
		['appointmentTypeId', 'Appointment Type'],
	] as const)('have the %s that is chosen', async (parameter, label) => {
		const chosen = '1234567890123450022';
		const wanted = book({ [parameter]: chosen }).id;
		book({ [parameter]: '1234567890123450021' });
		book();
		for (const mode of ['list', 'id']) {
			expect(await idsOf({ [parameter]: by(mode, chosen) })).toEqual([wanted]);
		}
		expect(await idsOf({ [parameter]: by('list', '') })).toHaveLength(3);
		clinic.sandbox.requests.splice(0);
		for (const value of ['={{ $json.none }}', '={{ "" }}', '={{ null }}', ' ']) {
			const { error } = await getMany({ [parameter]: by('id', value) });
			expect(error?.message).toMatch(`${label} is not empty in the node, but its expression`);
		}
		for (const value of ['={{ 1234567890123450022 }}', 'Imani', '={{ { id: 1 } }}', '-1']) {
			expect((await getMany({ [parameter]: by('id', value) })).error?.message).toMatch(label);
		}
		expect(requests()).toEqual([]);
	});

	it('are the newest that fit, also behind others that do not', async () => {
		const createdAt = Date.now() - 60_000;
		const wanted = [1, 2].map((at) => book({ practitionerId: '22', createdAt: createdAt - at }).id);
		for (let at = 0; at < 5; at++) book({ createdAt });
		const parameters = { practitionerId: by('id', '22'), returnAll: false, limit: 2 };
		expect((await idsOf(parameters)).sort()).toEqual(wanted.sort());
	});

	it('are on the day that it is in the clinic, in the workflow’s time zone', async () => {
		// The day on which the clocks change in Melbourne has 23 hours.
		const day = Date.UTC(2026, 9, 3, 14);
		const hour = 3_600_000;
		const at = (startsAt: number) => book({ startsAt, endsAt: startsAt + hour }).id;
		const [, first, last] = [at(day - 1000), at(day), at(day + 23 * hour - 1000)];
		at(day + 23 * hour);
		const between = (from: string, until: string) => ({
			filter: [
				{ field: 'starts_at', dateTimeCondition: 'since', dateTimeValue: from },
				{ field: 'starts_at', dateTimeCondition: 'before', dateTimeValue: until },
			],
		});
		const settings = { timezone: 'Australia/Melbourne' };
		const fourth = '{{ DateTime.fromISO("2026-10-04")';
		for (const filters of [
			between('2026-10-04', '2026-10-05'),
			between(`=${fourth} }}`, `=${fourth}.plus({ days: 1 }) }}`),
		]) {
			expect((await idsOf({ filters }, { settings })).sort()).toEqual([first, last].sort());
		}
		const { output } = await getMany(
			{ filters: between('={{ $today }}', '={{ $today.plus({ days: 1 }) }}') },
			{ settings },
		);
		expect(output).toEqual([]);
		const [from = ''] = filtersOf('individual_appointments').at(-1)!.slice(-1);
		const shown = new Date(from.replace(/^[^>]*>=/, '')).toLocaleTimeString('en-GB', {
			timeZone: 'Australia/Melbourne',
		});
		expect(shown).toBe('00:00:00');
	});

	it('can be more than a hundred, whatever the order of lists', async () => {
		Object.assign(clinic.sandbox.settings, UNSTABLE_LISTS);
		const createdAt = Date.UTC(2026, 0, 1);
		const ids = Array.from({ length: 250 }, () => book({ createdAt }).id);
		expect((await idsOf()).sort()).toEqual(ids.sort());
		expect(new Set(await idsOf({ returnAll: false, limit: 120 })).size).toBe(120);
	}, 60_000);
});

describe('What became of them', () => {
	beforeEach(() => {
		book({ notes: 'kept' });
		book({ notes: 'cancelled', cancelledAt: Date.now() });
		book({ notes: 'archived', archivedAt: Date.now() });
		book({ notes: 'deleted', deletedAt: Date.now() });
		book({ notes: 'cancelled and archived', archivedAt: Date.now(), cancelledAt: Date.now() });
	});

	const shown = async (parameters: IDataObject) => {
		const { output, error } = await getMany(parameters);
		expect(error).toBeUndefined();
		return output.map(({ json }) => clinic.sandbox.clinic.appointments.get(`${json.id}`)!.notes);
	};

	const ROWS: Array<[string, string, string[]]> = [
		['exclude', 'exclude', ['kept']],
		['include', 'exclude', ['kept', 'cancelled']],
		['only', 'exclude', ['cancelled']],
		['something else', 'exclude', ['kept']],
		['exclude', 'include', ['kept', 'archived', 'deleted']],
		['include', 'only', ['archived', 'cancelled and archived']],
	];

	describe.each([true, false])('if lists show cancelled ones by themselves: %s', (isShown) => {
		it.each(ROWS)('cancelled: %s, archived: %s', async (cancelled, archived, notes) => {
			clinic.sandbox.settings.listsShowCancelled = isShown;
			expect((await shown({ cancelled, archived })).sort()).toEqual([...notes].sort());
		});
	});

	it.each(ROWS.slice(0, 3))(
		'is looked at here too, should Cliniko ignore filters: %s',
		async (cancelled, archived, notes) => {
			ignoreFilters('individual_appointments');
			expect((await shown({ cancelled, archived })).sort()).toEqual([...notes].sort());
		},
	);

	it('does not hide whose they are, should Cliniko ignore filters', async () => {
		const other = book({ patientId: SANDBOX_OTHER_PATIENT_ID, practitionerId: '22' });
		ignoreFilters('individual_appointments');
		const parameters = { of: 'onePatient', patientId: by('id', SANDBOX_OTHER_PATIENT_ID) };
		expect(await idsOf(parameters)).toEqual([other.id]);
		ignoreFilters('individual_appointments');
		expect(await idsOf({ practitionerId: by('id', '22') })).toEqual([other.id]);
	});

	it('reads on where the first ones are others’, should Cliniko ignore filters', async () => {
		book();
		const other = book({ practitionerId: '22' });
		ignoreFilters('individual_appointments');
		ignoreFilters('individual_appointments');
		expect(await idsOf({ practitionerId: by('id', '22'), returnAll: false, limit: 1 })).toEqual([
			other.id,
		]);
	});
});

it('A refusal says what the role needs, and nothing of what was asked for', async () => {
	clinic.sandbox.faults.add({ on: 'get', act: 'before', do: { reply: { status: 403 } } });
	const { error } = await getMany({ practitionerId: by('id', '22') });
	expect(error?.message).toMatch(/^Could not list appointments: /);
	expect(error?.description).toMatch(/role may see appointments/);
});

it('A failed item has its error, and the others their names', async () => {
	book();
	const items = [SANDBOX_PATIENT_ID, 'nobody'].map((patient) => ({ json: { patient } }));
	const { output } = await getMany(
		{ of: 'onePatient', patientId: by('id', '={{ $json.patient }}') },
		{ items, node: { onError: 'continueRegularOutput' } },
	);
	expect(output.map(({ json }) => [json.practitioner_name, typeof json.error])).toEqual([
		['Dr Imani Lindqvist', 'undefined'],
		[undefined, 'string'],
	]);
});

describe('The lists to choose from', () => {
	const search = async (method: string, filter?: string) => {
		const request = { method, credential: CREDENTIAL, filter };
		return (await clinic.engine.call('listSearch', request)).results;
	};

	it('have the names, and the ID where a name is there twice', async () => {
		const { clinic: records } = clinic.sandbox;
		records.addPractitioner({ id: '22', firstName: 'Ana', lastName: 'Roux' });
		records.addPractitioner({ id: '23', firstName: 'Ana', lastName: 'Roux' });
		records.addPractitioner({ active: false });
		records.addBusiness({ archivedAt: Date.now() });
		records.addAppointmentType({ archivedAt: Date.now() });
		expect(await search('searchPractitioners')).toEqual([
			{ name: 'Ana Roux (ID 22)', value: '22' },
			{ name: 'Ana Roux (ID 23)', value: '23' },
			{ name: 'Dr Imani Lindqvist', value: SANDBOX_PRACTITIONER_ID },
		]);
		expect(await search('searchPractitioners', 'lind')).toHaveLength(1);
		expect(await search('searchBusinesses')).toEqual([
			{ name: 'Harbour Street', value: SANDBOX_BUSINESS_ID },
		]);
		expect(await search('searchAppointmentTypes')).toEqual([
			{ name: 'Initial consultation', value: SANDBOX_APPOINTMENT_TYPE_ID },
		]);
	});
});
