import { setTimeout as wait } from 'node:timers/promises';
import type { IDataObject, INodeExecutionData, WorkflowActivateMode } from 'n8n-workflow';

import {
	SANDBOX_API_KEY,
	SANDBOX_PATIENT_ID,
	SANDBOX_SCHEDULER_API_KEY,
} from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, file, pdf, UNSTABLE_LISTS, useClinic } from './clinic.cts';

const MINUTE = 60_000;

let activations = 0;

const clinic = useClinic({
	engine: { env: { N8N_LOG_LEVEL: 'debug', N8N_LOG_OUTPUT: 'console' } },
});

/** The trigger in a workflow, with n8n's rules for when its static data is saved. */
class TriggerInN8n {
	/** The node's static data in n8n's database. */
	database: IDataObject = {};

	private activation = '';

	private mode: WorkflowActivateMode = 'activate';

	constructor(
		public parameters: IDataObject,
		public credential: IDataObject = CREDENTIAL,
	) {}

	/**
	 * Activates the workflow in a process with the saved static data, and polls for the first time.
	 */
	async activate(mode: WorkflowActivateMode = 'activate'): Promise<string[]> {
		this.activation = `activation ${++activations}`;
		this.mode = mode;
		const { items, staticData } = await this.call();
		this.database = staticData;
		return idsOf(items);
	}

	/** A later poll; n8n saves nothing after one without items. */
	async poll(): Promise<string[]> {
		return idsOf((await this.pollForItems()) ?? []);
	}

	async pollForItems(): Promise<INodeExecutionData[] | null> {
		const { items, staticData } = await this.call();
		if (items) this.database = staticData;
		return items;
	}

	/** "Fetch Test Event". */
	async fetchTestEvent(): Promise<{ items: INodeExecutionData[]; staticData: IDataObject }> {
		const { items, staticData } = await clinic.engine.call('poll', {
			...this.request(),
			activation: `test ${++activations}`,
			activationMode: 'manual',
			mode: 'manual',
		});
		return { items: items ?? [], staticData };
	}

	private async call() {
		return await clinic.engine.call('poll', this.request());
	}

	private request() {
		const { parameters, credential, activation, mode: activationMode, database } = this;
		return { activation, activationMode, parameters, credential, staticData: database };
	}
}

const idsOf = (items: INodeExecutionData[] | null) => (items ?? []).map(({ json }) => `${json.id}`);

/** A trigger for new patients after its first poll. */
async function watchPatients(credential?: IDataObject): Promise<TriggerInN8n> {
	const trigger = new TriggerInN8n({ event: 'patientCreated' }, credential);
	expect(await trigger.activate()).toEqual([]);
	return trigger;
}

const addPatient = (createdAt = Date.now() + clinic.sandbox.faults.clockSkewMs) =>
	clinic.sandbox.clinic.addPatient({ createdAt }).id;

/** Uploads a file with the node. */
async function upload(name: string): Promise<string> {
	const { output, error } = await clinic.run({
		items: [{ files: { data: file(name, pdf(name)) } }],
		parameters: { waitForProcessing: clinic.sandbox.settings.processingMs === 0 },
	});
	expect(error).toBeUndefined();
	return String(output[0]!.json.id);
}

/** How many requests reach Cliniko during the action. */
async function requestsOf(action: () => Promise<unknown>): Promise<number> {
	const before = clinic.sandbox.requests.length;
	await action();
	return clinic.sandbox.requests.length - before;
}

const failure = async (polling: Promise<unknown>) =>
	await polling.then(
		(items) => {
			throw new Error(`Expected an error, got ${JSON.stringify(items)}`);
		},
		(error: Error) => error.message,
	);

it('n8n loads it with its codex, its icons and its credential', async () => {
	const { nodes, credentials } = await clinic.engine.call('loaded', {});
	expect(nodes.clinikoTrigger).toMatchObject({
		displayName: 'Cliniko Trigger',
		icon: {
			light: 'icons/n8n-nodes-cliniko/dist/nodes/Cliniko/cliniko.svg',
			dark: 'icons/n8n-nodes-cliniko/dist/nodes/Cliniko/cliniko.dark.svg',
		},
		codex: {
			categories: ['Miscellaneous', 'Data & Storage'],
			alias: expect.arrayContaining(['new patient']),
			resources: { primaryDocumentation: [{ url: expect.stringContaining('#cliniko-trigger') }] },
		},
	});
	expect(credentials.clinikoApi!.supportedNodes).toContain('clinikoTrigger');
});

describe('once the workflow is switched on', () => {
	it('the first poll tells nothing, and the next ones each new record once', async () => {
		addPatient();
		const trigger = await watchPatients();
		expect(await trigger.pollForItems()).toBeNull();
		const [first, second] = [addPatient(), addPatient()];
		expect(await trigger.poll()).toEqual([first, second]);
		expect(await trigger.poll()).toEqual([]);
		const third = addPatient();
		expect(await trigger.poll()).toEqual([third]);
		expect(await trigger.poll()).toEqual([]);
	});

	it('each poll costs one request where nothing is new, and the first no more than three', async () => {
		const trigger = new TriggerInN8n({ event: 'patientCreated' });
		expect(await requestsOf(async () => await trigger.activate())).toBeLessThanOrEqual(3);
		expect(await requestsOf(async () => await trigger.poll())).toBe(1);
		addPatient();
		expect(await requestsOf(async () => await trigger.poll())).toBe(1);
		expect(await requestsOf(async () => await trigger.poll())).toBe(1);
	});

	it('more than a page of news is told in one poll, each once', async () => {
		const trigger = await watchPatients();
		const since = Date.now();
		const ids = Array.from({ length: 250 }, (_, count) => addPatient(since + count));
		let told: string[] = [];
		expect(await requestsOf(async () => (told = await trigger.poll()))).toBe(3);
		expect(told).toEqual(ids);
		expect(await trigger.poll()).toEqual([]);
		// A page of them is still within the overlap.
		expect(await trigger.activate('init')).toEqual([]);
	});

	it('a workflow that was switched on amid an import tells nothing of before', async () => {
		for (let count = 0; count < 250; count++) addPatient(Date.now() - count * 1000);
		const trigger = await watchPatients();
		expect(await trigger.poll()).toEqual([]);
		const id = addPatient();
		expect(await trigger.poll()).toEqual([id]);
	});

	it.each([-60, 60])('Cliniko’s clock may be %i minutes from n8n’s', async (minutes) => {
		clinic.sandbox.faults.clockSkewMs = minutes * MINUTE;
		addPatient();
		const trigger = await watchPatients();
		expect(await trigger.poll()).toEqual([]);
		const id = addPatient();
		expect(await trigger.poll()).toEqual([id]);
		expect(await trigger.poll()).toEqual([]);
	});

	it('two polls at the same time tell each record once', async () => {
		const trigger = await watchPatients();
		clinic.sandbox.settings.latencyMs = 300;
		const ids = [addPatient(), addPatient()];
		const both = await Promise.all([trigger.poll(), trigger.poll()]);
		expect(both.flat()).toEqual(ids);
		expect(await trigger.poll()).toEqual([]);
	});

	it('what comes while a poll is under way is left for the next one', async () => {
		const trigger = await watchPatients();
		const first = addPatient();
		clinic.sandbox.settings.latencyMs = 300;
		const polling = trigger.poll();
		await wait(150);
		const second = addPatient();
		expect([...(await polling), ...(await trigger.poll())]).toEqual([first, second]);
	});
});

describe('across a restart of n8n', () => {
	it('nothing is told twice, and what came meanwhile is told', async () => {
		const trigger = await watchPatients();
		const first = addPatient();
		expect(await trigger.poll()).toEqual([first]);
		await trigger.poll();
		const second = addPatient();
		expect(await trigger.activate('init')).toEqual([second]);
		expect(await trigger.poll()).toEqual([]);
	});

	it('it goes on from its start where nothing has been told yet', async () => {
		const old = addPatient();
		const trigger = await watchPatients();
		await trigger.poll();
		await trigger.poll();
		const id = addPatient();
		const told = await trigger.activate('init');
		expect(told).toEqual([id]);
		expect(told).not.toContain(old);
	});

	it.each(['leadershipChange', 'update'] as const)(
		'so it is where n8n activates it for another reason (%s)',
		async (mode) => {
			const trigger = await watchPatients();
			const id = addPatient();
			expect(await trigger.activate(mode)).toEqual([id]);
			expect(await trigger.activate(mode)).toEqual([]);
		},
	);

	it('so it is where n8n polls each time in a process of its own', async () => {
		const trigger = await watchPatients();
		for (let poll = 0; poll < 3; poll++) {
			const id = addPatient();
			expect(await trigger.activate('update')).toEqual([id]);
		}
	});
});

describe('switched off and on again', () => {
	it('it starts from now, whatever n8n has kept of the last time', async () => {
		const trigger = await watchPatients();
		const first = addPatient();
		expect(await trigger.poll()).toEqual([first]);
		addPatient();
		expect(await trigger.activate('activate')).toEqual([]);
		expect(await trigger.poll()).toEqual([]);
		const third = addPatient();
		expect(await trigger.poll()).toEqual([third]);
	});

	it('it starts when it can, where Cliniko did not answer the first time', async () => {
		const trigger = await watchPatients();
		const old = addPatient();
		refuse(401);
		expect(await failure(trigger.activate('activate'))).toContain('refused the API key');
		expect(await trigger.poll()).toEqual([]);
		const id = addPatient();
		const told = await trigger.poll();
		expect(told).toEqual([id]);
		expect(told).not.toContain(old);
	});
});

it('with another event chosen it starts from now', async () => {
	await upload('before.pdf');
	const trigger = await watchPatients();
	await upload('between.pdf');
	trigger.parameters = { event: 'attachmentCreated' };
	expect(await trigger.activate('update')).toEqual([]);
	expect(await trigger.poll()).toEqual([]);
	const id = await upload('after.pdf');
	expect(await trigger.poll()).toEqual([id]);
	expect(await trigger.activate('init')).toEqual([]);
});

/** Makes Cliniko answer the next request with this status. */
function refuse(status: number, { skip = 0, times = 1, body = '' } = {}): void {
	clinic.sandbox.faults.add({
		on: 'any',
		skip,
		times,
		act: 'before',
		do: { reply: { status, body } },
	});
}

describe('a poll that fails', () => {
	it('tells nothing, and loses nothing, where the key is refused', async () => {
		const trigger = await watchPatients();
		const ids = [addPatient(), addPatient()];
		refuse(401);
		expect(await failure(trigger.poll())).toContain('Cliniko refused the API key');
		expect(await trigger.poll()).toEqual(ids);
		expect(clinic.sandbox.faults.unused).toEqual([]);
	});

	it('tells nothing, and loses nothing, where the second page is not to be had', async () => {
		const trigger = await watchPatients();
		const since = Date.now();
		const ids = Array.from({ length: 150 }, (_, count) => addPatient(since + count));
		refuse(500, { skip: 1, times: 99 });
		expect(await failure(trigger.poll())).toContain('Could not look for new patients');
		clinic.sandbox.faults.clear();
		expect(await trigger.poll()).toEqual(ids);
		expect(await trigger.poll()).toEqual([]);
	}, 60_000);

	it('loses nothing across a restart either', async () => {
		const trigger = await watchPatients();
		const id = addPatient();
		refuse(403);
		await failure(trigger.poll());
		refuse(401);
		await failure(trigger.activate('init'));
		expect(await trigger.activate('init')).toEqual([id]);
	});

	it('is tried again by itself where that helps', async () => {
		const trigger = await watchPatients();
		const id = addPatient();
		refuse(502);
		expect(await trigger.poll()).toEqual([id]);
		expect(clinic.sandbox.faults.unused).toEqual([]);
	});

	it('is not in the way of the next one', async () => {
		const trigger = await watchPatients();
		for (let poll = 0; poll < 3; poll++) {
			refuse(401);
			expect(await failure(trigger.poll())).toContain('refused');
		}
		const id = addPatient();
		expect(await trigger.poll()).toEqual([id]);
	});

	it('says that the user may not see files', async () => {
		const trigger = new TriggerInN8n(
			{ event: 'attachmentCreated' },
			{ ...CREDENTIAL, apiKey: SANDBOX_SCHEDULER_API_KEY },
		);
		expect(await failure(trigger.activate())).toMatch(/user that the API key belongs to may not/);
	});

	it('says that the event is of another version of the package', async () => {
		const trigger = new TriggerInN8n({ event: 'invoiceCreated' });
		expect(await failure(trigger.activate())).toContain('does not know the event "invoiceCreated"');
	});
});

describe('attachments', () => {
	it('are told when they are created, and not again when they are processed', async () => {
		clinic.sandbox.settings.processingMs = 60 * MINUTE;
		const trigger = new TriggerInN8n({ event: 'attachmentCreated' });
		await trigger.activate();
		const id = await upload('a.pdf');
		await untilListed();
		const [item] = (await trigger.pollForItems())!;
		expect(item!.json).toMatchObject({ id, filename: null, processing_completed: false });
		finish(id, 'a.pdf');
		expect(await trigger.poll()).toEqual([]);
	});

	it('are told when they are processed, in that order, and not before', async () => {
		clinic.sandbox.settings.processingMs = 60 * MINUTE;
		const before = await upload('before.pdf');
		const trigger = new TriggerInN8n({ event: 'attachmentProcessed' });
		await trigger.activate();
		const [first, second] = [await upload('1.pdf'), await upload('2.pdf')];
		expect(await trigger.poll()).toEqual([]);
		finish(second, '2.pdf', Date.now() - 2000);
		finish(before, 'before.pdf');
		await untilListed();
		const items = (await trigger.pollForItems())!;
		expect(idsOf(items)).toEqual([second, before]);
		expect(items[0]!.json).toMatchObject({ filename: '2.pdf', processing_completed: true });
		finish(first, '1.pdf');
		expect(await trigger.poll()).toEqual([first]);
		expect(await trigger.activate('init')).toEqual([]);
	});

	it('are told whoever put them there, unless they have been archived meanwhile', async () => {
		const trigger = new TriggerInN8n({ event: 'attachmentCreated' });
		await trigger.activate();
		const [kept, archived] = [await upload('kept.pdf'), await upload('archived.pdf')];
		clinic.sandbox.clinic.attachments.get(archived)!.archivedAt = Date.now();
		expect(await trigger.poll()).toEqual([kept]);
	});

	/** Waits until lists show new records. */
	const untilListed = async () => await wait(clinic.sandbox.settings.listLagMs + 50);

	/** Completes the processing of a record. */
	function finish(id: string, filename: string, at = Date.now()): void {
		const record = clinic.sandbox.clinic.attachments.get(id)!;
		Object.assign(record, { processedAt: at, filename, size: 9, contentType: 'application/pdf' });
	}
});

describe('changed patients', () => {
	/** A trigger on the changes of a patient who was there before. */
	async function watchOne() {
		const patient = clinic.sandbox.clinic.addPatient({ createdAt: Date.now() - 60 * MINUTE });
		patient.updatedAt = patient.createdAt;
		const trigger = new TriggerInN8n({ event: 'patientUpdated' });
		expect(await trigger.activate()).toEqual([]);
		return { patient, trigger };
	}

	/** Gives a patient another e-mail address with Patient > Update. */
	async function update(patientId: string, email: string): Promise<void> {
		const { error } = await clinic.run({
			items: [{ json: {} }],
			parameters: {
				resource: 'patient',
				operation: 'update',
				patientId: by('id', patientId),
				updateFields: { email },
			},
		});
		expect(error).toBeUndefined();
	}

	/** Moves Cliniko's clock on. */
	const later = () => (clinic.sandbox.faults.clockSkewMs += MINUTE);

	it('are told once for all changes, in the latest state, each poll with one request', async () => {
		const { patient, trigger } = await watchOne();
		await update(patient.id, 'first@mail.example');
		expect(await trigger.poll()).toEqual([]);
		await update(patient.id, 'last@mail.example');
		later();
		let items: INodeExecutionData[] | null = null;
		expect(await requestsOf(async () => (items = await trigger.pollForItems()))).toBe(1);
		expect(items).toMatchObject([{ json: { id: patient.id, email: 'last@mail.example' } }]);
		expect(await trigger.poll()).toEqual([]);
		expect(await trigger.activate('init')).toEqual([]);
	});

	it('start a workflow that updates them once more, and then no more', async () => {
		const { patient, trigger } = await watchOne();
		await update(patient.id, 'first@mail.example');
		const runs: string[][] = [];
		for (let poll = 0; poll < 4; poll++) {
			later();
			runs.push(await trigger.poll());
			for (const id of runs[poll]!) await update(id, 'written@mail.example');
		}
		expect(runs).toEqual([[patient.id], [patient.id], [], []]);
	});

	it('are told after a restart, and new ones are not told as changed', async () => {
		const { patient, trigger } = await watchOne();
		addPatient();
		await update(patient.id, 'first@mail.example');
		expect(await trigger.poll()).toEqual([]);
		later();
		expect(await trigger.activate('init')).toEqual([patient.id]);
		later();
		expect(await trigger.poll()).toEqual([]);
	});
});

describe('appointments', () => {
	const watch = async (event: string) => {
		const trigger = new TriggerInN8n({ event });
		expect(await trigger.activate()).toEqual([]);
		return trigger;
	};
	const book = () =>
		clinic.sandbox.clinic.addAppointment({
			patientId: SANDBOX_PATIENT_ID,
			createdAt: Date.now() - 60 * MINUTE,
		});

	it('are told when they are booked, changed and cancelled', async () => {
		const [created, updated, cancelled] = [
			await watch('appointmentCreated'),
			await watch('appointmentUpdated'),
			await watch('appointmentCancelled'),
		];
		const old = book();
		const fresh = clinic.sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID });
		const [item] = (await created.pollForItems())!;
		expect(item!.json).toMatchObject({
			id: fresh.id,
			patient_id: SANDBOX_PATIENT_ID,
			practitioner_id: '21',
			cancelled_at: null,
		});
		expect(await updated.poll()).toEqual([]);
		old.cancelledAt = old.updatedAt = Date.now();
		expect(await cancelled.poll()).toEqual([old.id]);
		clinic.sandbox.faults.clockSkewMs += MINUTE;
		const [changed] = (await updated.pollForItems())!;
		expect(changed!.json).toMatchObject({ id: old.id, cancelled_at: expect.any(String) });
		for (const trigger of [created, updated, cancelled]) {
			expect(await trigger.poll()).toEqual([]);
			expect(await trigger.activate('init')).toEqual([]);
		}
	});

	it('are told across a restart, each poll with one request', async () => {
		const appointment = book();
		const trigger = await watch('appointmentCancelled');
		appointment.cancelledAt = Date.now();
		expect(await requestsOf(async () => await trigger.activate('init'))).toBe(1);
		expect(await requestsOf(async () => await trigger.poll())).toBe(1);
	});

	it('are told only if they are with, at and for what is chosen', async () => {
		const chosen = '1234567890123450022';
		const almost = '1234567890123450021';
		const choices = ['practitionerId', 'businessId', 'appointmentTypeId'] as const;
		const all = Object.fromEntries(choices.map((name) => [name, by('list', chosen)]));
		const ids = Object.fromEntries(choices.map((name) => [name, chosen]));
		const fresh = (more: object) =>
			clinic.sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID, ...ids, ...more }).id;
		const parameters = { event: 'appointmentCreated', ...all };
		const trigger = new TriggerInN8n(parameters);
		expect(await trigger.activate()).toEqual([]);
		for (const name of choices) fresh({ [name]: almost });
		const wanted = fresh({});
		let told: string[] = [];
		expect(await requestsOf(async () => (told = await trigger.poll()))).toBe(1);
		expect(told).toEqual([wanted]);
		expect(clinic.sandbox.requests.at(-1)!.path.split(chosen)).toHaveLength(4);
		for (const name of choices) {
			const { items } = await new TriggerInN8n({
				event: 'appointmentCreated',
				[name]: by('id', almost),
			}).fetchTestEvent();
			expect(items).toHaveLength(1);
		}
		const none = new TriggerInN8n({ ...parameters, businessId: by('id', '7') });
		expect(await failure(none.fetchTestEvent())).toContain('no record yet');
	});

	it('are not told of anybody else where an expression gives nothing, and none is lost', async () => {
		const trigger = await watch('appointmentCreated');
		const { id } = clinic.sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID });
		for (const value of ['={{ "" }}', '={{ undefined }}', '={{ 1234567890123450022 }}', 'Imani']) {
			trigger.parameters = { event: 'appointmentCreated', practitionerId: by('id', value) };
			expect(await failure(trigger.activate('init'))).toMatch(/Practitioner (is not|came as)/);
		}
		trigger.parameters = { event: 'appointmentCreated', practitionerId: by('list', '') };
		expect(await trigger.activate('init')).toEqual([id]);
	});

	it('are told from the moment on at which another choice is made, also across a restart', async () => {
		const trigger = await watch('appointmentCreated');
		const add = () => clinic.sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID }).id;
		add();
		trigger.parameters = { ...trigger.parameters, practitionerId: by('id', '21') };
		expect(await trigger.activate('init')).toEqual([]);
		const id = add();
		expect(await trigger.activate('init')).toEqual([id]);
		expect(trigger.database.filters).toBe('practitioner_id:=21');
	});

	it('are shown by “Fetch Test Event”, cancelled ones for that event', async () => {
		const cancelled = book();
		cancelled.cancelledAt = Date.now();
		const other = clinic.sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID });
		const test = async (event: string) =>
			idsOf((await new TriggerInN8n({ event }).fetchTestEvent()).items);
		expect(await test('appointmentCancelled')).toEqual([cancelled.id]);
		expect(await test('appointmentCreated')).toEqual([other.id]);
		expect(await test('appointmentUpdated')).toEqual([other.id]);
	});
});

describe('patient forms', () => {
	it('are told when they are completed, with the answers, across a restart', async () => {
		const form = clinic.sandbox.clinic.addForm({
			patientId: SANDBOX_PATIENT_ID,
			createdAt: Date.now() - 60 * MINUTE,
			sections: [{ name: 'You', questions: [{ name: 'Pain', type: 'text', answer: 'Knee' }] }],
		});
		const trigger = new TriggerInN8n({ event: 'patientFormCompleted' });
		expect(await trigger.activate()).toEqual([]);
		expect(await trigger.poll()).toEqual([]);
		form.completedAt = Date.now();
		let items: INodeExecutionData[] | null = null;
		expect(await requestsOf(async () => (items = await trigger.pollForItems()))).toBe(1);
		expect(items).toMatchObject([
			{
				json: {
					id: form.id,
					patient_id: SANDBOX_PATIENT_ID,
					answers: [{ section: 'You', question: 'Pain', answer: 'Knee' }],
				},
			},
		]);
		expect(await trigger.activate('init')).toEqual([]);
		expect(idsOf((await trigger.fetchTestEvent()).items)).toEqual([form.id]);
	});
});

describe('an item', () => {
	it('has the few fields that one mostly needs, or the record as Cliniko gives it', async () => {
		const flat = await watchPatients();
		const raw = new TriggerInN8n({ event: 'patientCreated', simplify: false });
		await raw.activate();
		const id = addPatient();
		const [[simple], [whole]] = [(await flat.pollForItems())!, (await raw.pollForItems())!] as [
			INodeExecutionData[],
			INodeExecutionData[],
		];
		expect(simple!.json).toMatchObject({ id, phone_numbers: [], merged_with_patient_id: null });
		expect(simple!.json).not.toHaveProperty('links');
		expect(whole!.json).toMatchObject({
			id,
			links: { self: `https://api.au1.cliniko.com/v1/patients/${id}` },
		});
	});

	it('of an attachment is the one that the upload gives', async () => {
		const trigger = new TriggerInN8n({ event: 'attachmentProcessed' });
		await trigger.activate();
		const { output } = await clinic.run({
			items: [{ files: { data: file('Zoë’s referral.pdf', pdf('a')) } }],
		});
		const items = await trigger.pollForItems();
		expect(items!.map(({ json }) => json)).toEqual(output.map(({ json }) => json));
	});
});

describe('“Fetch Test Event”', () => {
	it('gives the newest real record, and leaves what n8n keeps as it is', async () => {
		addPatient(Date.now() - 60 * MINUTE);
		const newest = addPatient();
		addPatient(Date.now() - 2 * MINUTE);
		const trigger = await watchPatients();
		const kept = structuredClone(trigger.database);
		const { items, staticData } = await trigger.fetchTestEvent();
		expect(idsOf(items)).toEqual([newest]);
		expect(staticData).toEqual(kept);
		const fresh = new TriggerInN8n({ event: 'patientCreated' });
		expect((await fresh.fetchTestEvent()).staticData).toEqual({});
	});

	it('does not keep the workflow from telling that record, or make it tell it again', async () => {
		const trigger = await watchPatients();
		const id = addPatient();
		expect(idsOf((await trigger.fetchTestEvent()).items)).toEqual([id]);
		expect(await trigger.poll()).toEqual([id]);
		expect(idsOf((await trigger.fetchTestEvent()).items)).toEqual([id]);
		expect(await trigger.poll()).toEqual([]);
	});

	it('gives one that has been processed, for that event', async () => {
		const processed = await upload('processed.pdf');
		clinic.sandbox.settings.processingMs = 60 * MINUTE;
		const created = await upload('fresh.pdf');
		const test = async (event: string) =>
			idsOf((await new TriggerInN8n({ event }).fetchTestEvent()).items);
		expect(await test('attachmentProcessed')).toEqual([processed]);
		// Both may have been created in the same second.
		expect([processed, created]).toEqual(expect.arrayContaining(await test('attachmentCreated')));
	});

	it('says in words that there is none', async () => {
		for (const event of ['attachmentCreated', 'attachmentProcessed']) {
			const message = await failure(new TriggerInN8n({ event }).fetchTestEvent());
			expect(message).toContain('Cliniko has no record yet that this event could return.');
		}
	});

	it('costs one request', async () => {
		addPatient();
		const trigger = new TriggerInN8n({ event: 'patientCreated' });
		expect(await requestsOf(async () => await trigger.fetchTestEvent())).toBe(1);
	});
});

describe('what n8n keeps and logs', () => {
	const echo = JSON.stringify({ message: `${SANDBOX_API_KEY} of zoe@mail.example is refused` });

	it.each([400, 401, 403, 404, 422, 503])(
		'has no key, no address and no name where Cliniko answers %i with them',
		async (status) => {
			const logged = clinic.engine.log().length;
			const trigger = await watchPatients();
			refuse(status, { times: 5, body: echo });
			const kept =
				(await failure(trigger.poll())) +
				JSON.stringify(trigger.database) +
				clinic.engine.log().slice(logged);
			for (const secret of [
				SANDBOX_API_KEY,
				Buffer.from(`${SANDBOX_API_KEY}:`).toString('base64'),
				CREDENTIAL.contactEmail,
				'zoe@mail.example',
				'Authorization',
			]) {
				expect(kept).not.toContain(secret);
			}
		},
		60_000,
	);

	it('is ids and timestamps, of what has been told', async () => {
		const trigger = await watchPatients();
		const { id } = clinic.sandbox.clinic.addPatient({
			firstName: 'Philippa',
			lastName: 'Featherstonehaugh',
			email: 'philippa@mail.example',
		});
		expect(await trigger.poll()).toEqual([id]);
		expect(trigger.database).toEqual({
			event: 'patientCreated',
			mark: { at: expect.any(Number), known: { [id]: expect.any(Number) } },
			account: { key: expect.any(String), clinic: expect.any(String) },
		});
		expect(JSON.stringify(trigger.database)).not.toMatch(/Philippa|Featherston|mail\.example/);
	});
});

// Last, because n8n's process remembers that lists cannot be sorted by id.
describe('with lists in no stable order, which cannot be sorted by ids,', () => {
	beforeEach(() => {
		Object.assign(clinic.sandbox.settings, UNSTABLE_LISTS);
	});

	it('a burst of 3000 is told once, each once, and hides nothing that comes afterwards', async () => {
		const trigger = await watchPatients();
		const at = Date.now();
		const ids = Array.from({ length: 3000 }, () => addPatient(at));
		const told = await trigger.poll();
		expect(told.sort()).toEqual(ids.sort());
		for (let poll = 0; poll < 3; poll++) {
			expect(await trigger.poll()).toEqual([]);
		}
		expect(await trigger.activate('init')).toEqual([]);
		const id = addPatient();
		expect(await trigger.poll()).toEqual([id]);
	}, 120_000);
});
