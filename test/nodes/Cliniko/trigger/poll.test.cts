import type { IDataObject, IHttpRequestOptions, IPollFunctions } from 'n8n-workflow';

import {
	filtersFor,
	type AppointmentsFor,
} from '../../../../nodes/Cliniko/requests/appointmentsFor.ts';
import { poll } from '../../../../nodes/Cliniko/trigger/poll.ts';
import { rejection, reply } from '../connection.cts';
import { ClinikoList, MINUTE } from './clinikoList.cts';

/** A clinic with its patients and the reply to a request for its settings. */
interface Clinic {
	list: ClinikoList;
	settings: IDataObject;
}

const clinicOf = (id: string): Clinic => ({
	list: new ClinikoList(),
	settings: { account: { id, name: `Clinic ${id}` } },
});

/** The trigger in a workflow, and the clinic of each API key. */
class Trigger {
	/** The node's static data, in memory and in n8n's database. */
	memory: IDataObject = {};

	database = '{}';

	event = 'patientCreated';

	/** Which appointments are meant. */
	meant: AppointmentsFor = {};

	/** The paths of all requests. */
	readonly paths: string[] = [];

	private context!: IPollFunctions;

	constructor(
		private readonly clinics: Record<string, Clinic>,
		public key: string,
	) {}

	/** Activates the workflow or restarts n8n. */
	async activate(mode: 'activate' | 'init' = 'activate'): Promise<string[]> {
		this.memory = JSON.parse(this.database) as IDataObject;
		this.context = this.newContext(mode);
		const told = await this.poll();
		this.database = JSON.stringify(this.memory);
		return told;
	}

	async poll(): Promise<string[]> {
		const told = await poll(this.context, () => this.meant);
		if (told.length > 0) this.database = JSON.stringify(this.memory);
		return told.map(({ id }) => String(id));
	}

	private newContext(mode: string): IPollFunctions {
		return {
			getNodeParameter: (name: string) => (name === 'event' ? this.event : true),
			getWorkflowStaticData: () => this.memory,
			getMode: () => 'trigger',
			getActivationMode: () => mode,
			getCredentials: async () =>
				await Promise.resolve({ apiKey: this.key, shard: '', contactEmail: 'a@b.example' }),
			helpers: {
				httpRequestWithAuthentication: async (_: string, options: IHttpRequestOptions) => {
					const url = new URL(options.url);
					const path = url.pathname.replace('/v1', '');
					this.paths.push(path);
					const { list, settings } = this.clinics[this.key]!;
					if (path !== '/settings/public') return list.answerTo(options);
					return await Promise.resolve('statusCode' in settings ? settings : reply(200, settings));
				},
			},
		} as unknown as IPollFunctions;
	}
}

let one: Clinic;
let two: Clinic;
let trigger: Trigger;

beforeEach(async () => {
	one = clinicOf('1');
	two = clinicOf('2');
	// Records inside the overlap and before it.
	for (const [base, { list }] of [
		[1000, one],
		[2000, two],
	] as const) {
		for (let ago = 30; ago >= 0; ago--) {
			list.add({ id: String(base + ago), created_at: list.now - ago * MINUTE });
		}
	}
	trigger = new Trigger({ 'A-au1': one, 'B-au1': two, 'C-au1': one, 'D-uk1': two }, 'A-au1');
	expect(await trigger.activate()).toEqual([]);
});

const later = () => {
	for (const { list } of [one, two]) list.now += MINUTE;
};

describe('With the key of another clinic', () => {
	it('nothing old is reported, and what comes afterwards is', async () => {
		trigger.key = 'B-au1';
		expect(await trigger.poll()).toEqual([]);
		later();
		const { id } = two.list.add({ id: '900' });
		expect(await trigger.poll()).toEqual([id]);
		expect(await trigger.poll()).toEqual([]);
	});

	it('and back again, nothing old is reported either', async () => {
		trigger.key = 'B-au1';
		await trigger.poll();
		later();
		one.list.add();
		two.list.add({ id: '900' });
		expect(await trigger.poll()).toEqual(['900']);
		trigger.key = 'A-au1';
		expect(await trigger.poll()).toEqual([]);
		later();
		const { id } = one.list.add();
		expect(await trigger.poll()).toEqual([id]);
	});

	it('nothing old is reported after a restart', async () => {
		trigger.key = 'B-au1';
		expect(await trigger.activate('init')).toEqual([]);
		const { id } = two.list.add({ id: '900' });
		expect(await trigger.activate('init')).toEqual([id]);
	});

	it('of another shard but with the same id, nothing old is reported', async () => {
		two.settings = one.settings;
		trigger.key = 'D-uk1';
		expect(await trigger.poll()).toEqual([]);
	});

	it('nothing is reported or lost as long as Cliniko does not say which clinic it is', async () => {
		const kept = structuredClone(trigger.memory);
		one.settings = reply(401) as unknown as IDataObject;
		trigger.key = 'C-au1';
		const { id } = one.list.add();
		expect((await rejection(trigger.poll())).message).toContain('refused the API key');
		expect(trigger.memory).toEqual(kept);
		trigger.key = 'A-au1';
		expect(await trigger.poll()).toEqual([id]);
	});
});

describe('With another key of the same clinic', () => {
	it('it goes on', async () => {
		const { id } = one.list.add();
		trigger.key = 'C-au1';
		expect(await trigger.poll()).toEqual([id]);
		expect(await trigger.poll()).toEqual([]);
	});

	it('it continues after a restart', async () => {
		const { id } = one.list.add();
		trigger.key = 'C-au1';
		expect(await trigger.activate('init')).toEqual([id]);
	});

	it.each([403, 404])('it continues when the clinic cannot be read (%i)', async (status) => {
		one.settings = reply(status) as unknown as IDataObject;
		const first = one.list.add();
		trigger.key = 'C-au1';
		expect(await trigger.poll()).toEqual([first.id]);
		later();
		const { id } = one.list.add();
		expect(await trigger.poll()).toEqual([id]);
	});

	it('that cannot read the clinic, it still knows another clinic afterwards', async () => {
		one.settings = reply(403) as unknown as IDataObject;
		trigger.key = 'C-au1';
		await trigger.poll();
		later();
		trigger.key = 'B-au1';
		expect(await trigger.poll()).toEqual([]);
	});
});

it('Two unreadable clinics count as the same, so that nothing new is lost', async () => {
	for (const clinic of [one, two]) clinic.settings = {};
	trigger.memory = {};
	trigger.database = '{}';
	await trigger.activate();
	trigger.key = 'B-au1';
	const { id } = two.list.add({ id: '900' });
	expect(await trigger.poll()).toContain(id);
	expect(await trigger.poll()).toEqual([]);
});

it('The clinic is looked up once per key, and not at each poll', async () => {
	for (let count = 0; count < 3; count++) await trigger.poll();
	trigger.key = 'C-au1';
	for (let count = 0; count < 3; count++) await trigger.poll();
	expect(trigger.paths.filter((path) => path === '/settings/public')).toHaveLength(2);
});

it('It continues when an earlier version did not save the account', async () => {
	const { id } = one.list.add();
	delete trigger.memory.account;
	trigger.database = JSON.stringify(trigger.memory);
	expect(await trigger.activate('init')).toEqual([id]);
	trigger.key = 'B-au1';
	expect(await trigger.poll()).toEqual([]);
});

it('A poll that fails midway leaves everything to the next one', async () => {
	const kept = structuredClone(trigger.memory);
	const ids = Array.from({ length: 250 }, () => one.list.add().id);
	one.list.beforePage = (page) => (page === 2 ? reply(403) : undefined);
	await rejection(trigger.poll());
	expect(trigger.memory).toEqual(kept);
	one.list.beforePage = () => {};
	expect(await trigger.poll()).toEqual(ids);
});

it('What n8n keeps gives away no key and no id of the clinic', () => {
	expect(trigger.database).not.toContain('A-au1');
	expect(JSON.parse(trigger.database)).toEqual({
		event: 'patientCreated',
		mark: expect.any(Object),
		account: {
			key: expect.stringMatching(/^[0-9a-f]{64}$/),
			clinic: expect.stringMatching(/^[0-9a-f]{64}$/),
		},
	});
});

describe('With other appointments chosen', () => {
	beforeEach(async () => {
		trigger.event = 'appointmentCreated';
		expect(await trigger.activate()).toEqual([]);
	});

	it('it goes on with what an earlier version has saved, if none are chosen', async () => {
		expect(Object.keys(JSON.parse(trigger.database) as object).sort()).toEqual([
			'account',
			'event',
			'mark',
		]);
		const { id } = one.list.add();
		expect(await trigger.activate('init')).toEqual([id]);
	});

	it('it starts from now, once: by a choice, by another one, and by none', async () => {
		const choices: AppointmentsFor[] = [{ practitionerId: '21' }, { practitionerId: '22' }, {}];
		for (const meant of choices) {
			trigger.meant = meant;
			one.list.add();
			expect(await trigger.poll()).toEqual([]);
			later();
			const { id } = one.list.add();
			expect(await trigger.poll()).toEqual(meant.practitionerId === '22' ? [] : [id]);
			expect(await trigger.activate('init')).toEqual([]);
			expect(JSON.parse(trigger.database).filters).toBe(filtersFor(meant)[0]);
		}
	});

	it('nothing is lost while a choice cannot be read', async () => {
		const kept = structuredClone(trigger.memory);
		const { id } = one.list.add();
		const { meant } = trigger;
		Object.defineProperty(trigger, 'meant', {
			configurable: true,
			get: () => {
				throw new Error('gives nothing');
			},
		});
		expect((await rejection(trigger.poll())).message).toBe('gives nothing');
		expect(trigger.memory).toEqual(kept);
		Object.defineProperty(trigger, 'meant', { value: meant });
		expect(await trigger.poll()).toEqual([id]);
	});

	it('it makes no difference to other events, whatever the fields have', async () => {
		trigger.event = 'patientCreated';
		Object.defineProperty(trigger, 'meant', {
			get: () => {
				throw new Error('not to be read');
			},
		});
		await trigger.poll();
		const { id } = one.list.add();
		expect(await trigger.poll()).toEqual([id]);
	});
});
