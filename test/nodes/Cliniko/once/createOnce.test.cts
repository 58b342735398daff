import type { IDataObject } from 'n8n-workflow';

import { newCase } from '../../../../nodes/Cliniko/cases/createCase.ts';
import { OnceCreator } from '../../../../nodes/Cliniko/once/createOnce.ts';
import { CreationMemory } from '../../../../nodes/Cliniko/once/creationMemory.ts';
import { assertActive } from '../../../../nodes/Cliniko/requests/activePatient.ts';
import { FakeCliniko, rejection, reply, type Answer, type Sent } from '../connection.cts';

const VALUES = { name: 'Left knee', notes: 'GP plan' };

const NOW = '2026-03-02T09:00:00Z';

const caseOf = (id: string, more: IDataObject = {}) => ({
	id,
	...VALUES,
	archived_at: null,
	created_at: NOW,
	patient: { links: { self: 'https://api.au1.cliniko.com/v1/patients/1' } },
	...more,
});

/** An execution that creates cases for patient 1, with the replies to its POSTs. */
class Execution {
	readonly cliniko: FakeCliniko;

	/** What lists show. */
	rows: IDataObject[] = [];

	/** Whether Cliniko answers nothing but faults. */
	unreadable = false;

	constructor(
		private readonly posts: Array<(sent: Sent) => Answer | Promise<Answer>>,
		public context: IDataObject = {},
	) {
		this.cliniko = new FakeCliniko((sent) => this.answer(sent));
	}

	get asked(): number {
		return this.cliniko.sent.filter(({ method }) => method === 'POST').length;
	}

	async create(values: IDataObject = VALUES, itemIndex = 0, context?: IDataObject) {
		const { api, clock } = this.cliniko;
		this.context = JSON.parse(JSON.stringify(this.context)) as IDataObject;
		const memory = new CreationMemory(context ?? this.context, 0);
		const creator = new OnceCreator(api, clock.pause, memory);
		return await creator.create(
			newCase(api, '1', values, itemIndex),
			async () => await assertActive(api, '1'),
		);
	}

	private answer(sent: Sent): Answer | Promise<Answer> {
		const { method, path } = sent;
		if (this.unreadable && method === 'GET') return reply(503);
		if (method === 'POST') {
			expect(path).toBe('/patient_cases');
			return this.posts.shift()?.(sent) ?? new Error('not expected');
		}
		if (path === '/patients/1') return { id: '1' };
		const [, id] = /^\/patient_cases\/(\d+)$/.exec(path) ?? [];
		if (id) return this.rows.find((row) => row.id === id) ?? reply(404);
		expect(sent.filters).toEqual(['patient_id:=1', 'archived_at:*']);
		return reply(
			200,
			{ patient_cases: this.rows, total_entries: this.rows.length },
			{ date: new Date(this.cliniko.clock.time).toUTCString() },
		);
	}
}

const lost = () => new Error('ECONNRESET');

describe('Creating a record once', () => {
	it('sends what was given, once', async () => {
		const one = new Execution([
			({ body }) => (expect(body).toEqual({ patient_id: '1', ...VALUES }), reply(201, caseOf('7'))),
		]);

		expect((await one.create()).id).toBe('7');
		expect(one.cliniko.lines).toEqual(['GET /patients/1', 'POST /patient_cases']);
	});

	it('finds the record whose reply was lost, among others of the patient', async () => {
		const one = new Execution([
			() => {
				one.rows = [
					caseOf('5', { created_at: '2026-03-02T08:00:00Z' }),
					caseOf('6', { name: 'Right knee' }),
					caseOf('7'),
					caseOf('8', { patient: { links: { self: 'https://x/patients/2' } } }),
				];
				return lost();
			},
		]);

		expect((await one.create()).id).toBe('7');
		expect(one.asked).toBe(1);
	});

	it.each([
		['tidied up', { name: ' left  Knee ', notes: 'GP plan\r\n' }],
		['without all of its fields', { notes: undefined }],
	])('takes a record that Cliniko shows %s for the one', async (_, shown) => {
		const one = new Execution([
			() => {
				one.rows = [caseOf('7', shown)];
				return lost();
			},
		]);

		expect((await one.create()).id).toBe('7');
	});

	it.each([
		['has other values', { notes: 'Another plan' }],
		['is archived', { archived_at: NOW }],
	])('does not take one that %s for it, nor ask again', async (_, shown) => {
		const one = new Execution([
			() => {
				one.rows = [caseOf('7', shown)];
				return lost();
			},
		]);
		const error = await rejection(one.create());

		expect(error.message).toMatch(/not clear whether it is one.*ID 7\.$/);
		expect(error.description).toMatch(/may have been created: look at the patient/);
		expect(one.asked).toBe(1);
	});

	it('asks again if there is no record after a minute', async () => {
		const one = new Execution([lost, () => reply(201, caseOf('7'))]);
		const began = one.cliniko.clock.time;

		expect((await one.create()).id).toBe('7');
		expect(one.cliniko.clock.time - began).toBeGreaterThanOrEqual(60_000);
	});

	it('takes no record of an earlier day for the one, however alike', async () => {
		const one = new Execution([lost, () => reply(201, caseOf('7'))]);
		one.rows = [caseOf('5', { created_at: '2026-03-01T09:00:00Z' })];

		expect((await one.create()).id).toBe('7');
	});

	it('takes no record of another item, though n8n was restarted meanwhile', async () => {
		const before = new Execution([() => reply(201, caseOf('7'))]);
		await before.create(VALUES, 0);
		const one = new Execution([lost, () => reply(201, caseOf('8'))], before.context);
		one.rows = [caseOf('7')];

		expect((await one.create(VALUES, 1)).id).toBe('8');
	});

	it.each([
		['nothing', reply(201, '')],
		['a page', reply(200, '<html>')],
		['a redirect', reply(302, '')],
		['a record without an id', reply(201, {})],
		[
			'another patient’s record',
			reply(201, caseOf('9', { patient: { links: { self: 'https://x/patients/2' } } })),
		],
		['another record', reply(201, caseOf('9', { name: 'Hip' }))],
	])('never asks again after Cliniko has accepted it with %s', async (_, given) => {
		const one = new Execution([() => given]);
		const first = await rejection(one.create());
		const again = await rejection(one.create());

		for (const { message } of [first, again]) {
			expect(message).toMatch(/does not say whether it created the case.*does not show it/);
		}
		expect(one.asked).toBe(1);
		one.rows = [caseOf('7')];
		expect((await one.create()).id).toBe('7');
		expect(one.asked).toBe(1);
	});

	it('takes the record that the reply’s Location names', async () => {
		const location = 'https://api.au1.cliniko.com/v1/patient_cases/7';
		const one = new Execution([
			() => {
				one.rows = [caseOf('7', { notes: 'changed' }), caseOf('8')];
				return reply(201, '', { location });
			},
		]);

		expect((await one.create()).id).toBe('7');
	});

	it('returns in another try what was created, without asking', async () => {
		const one = new Execution([() => reply(201, caseOf('7'))]);
		await one.create();
		one.rows = [caseOf('7')];

		expect((await one.create({ name: 'Edited' })).id).toBe('7');
		expect(one.asked).toBe(1);
	});

	it.each([
		['is archived', [caseOf('7', { archived_at: NOW })], /ID 7, and is archived/],
		['is gone', [], /ID 7, and Cliniko does not show it/],
	])('does not create another one in another try if the record %s', async (_, rows, message) => {
		const one = new Execution([() => reply(201, caseOf('7'))]);
		await one.create();
		one.rows = rows;

		expect((await rejection(one.create())).message).toMatch(message);
		expect(one.asked).toBe(1);
	});

	it('creates it in another try if Cliniko refused it', async () => {
		const one = new Execution([() => reply(422, {}), () => reply(201, caseOf('7'))]);
		await rejection(one.create());

		expect((await one.create()).id).toBe('7');
	});

	it('gives two items alike a record each, whatever is lost', async () => {
		const add = (id: string) => () => {
			one.rows = [...one.rows, caseOf(id)];
			return lost();
		};
		const one = new Execution([add('7'), add('8')]);
		const ids = [await one.create(VALUES, 0), await one.create(VALUES, 1)].map(({ id }) => id);

		expect(ids).toEqual(['7', '8']);
	});

	it('takes turns with another execution, whose record it would find otherwise', async () => {
		const slow = (id: string) => async () => {
			one.rows = [...one.rows, caseOf(id)];
			await one.cliniko.clock.pause(5000);
			return reply(201, caseOf(id));
		};
		const one: Execution = new Execution([lost, slow('7'), slow('8')]);
		const both = [{}, {}].map(async (context) => (await one.create(VALUES, 0, context)).id);

		expect(await Promise.all(both)).toEqual(['7', '8']);
	});

	it('takes no record that another execution has created', async () => {
		const other = new Execution([() => reply(201, caseOf('7'))]);
		await other.create();
		const one = new Execution([lost, () => reply(201, caseOf('8'))]);
		// The same account and process.
		const { queue } = other.cliniko.api;
		Object.assign(one.cliniko.api, { queue });
		one.rows = [caseOf('7')];

		expect((await one.create()).id).toBe('8');
	});

	it('finds the same record in every retry of an execution whose reply was lost', async () => {
		const left: Execution = new Execution([
			() => {
				left.rows = [caseOf('7')];
				left.unreadable = true;
				return lost();
			},
		]);
		await rejection(left.create());
		left.unreadable = false;
		for (const context of [structuredClone(left.context), structuredClone(left.context)]) {
			expect((await left.create(VALUES, 0, context)).id).toBe('7');
		}
		expect(left.asked).toBe(1);
	});

	it('does not ask for a patient who is archived', async () => {
		const one = new Execution([]);
		const { api, clock } = one.cliniko;
		const creator = new OnceCreator(api, clock.pause, new CreationMemory({}, 0));
		const error = await rejection(
			creator.create(
				newCase(api, '1', VALUES, 0),
				async () => await Promise.reject(new Error('archived')),
			),
		);

		expect(error.message).toBe('archived');
		expect(one.asked).toBe(0);
	});
});
