import type { IDataObject } from 'n8n-workflow';

import {
	PatientCreator,
	type NewPatient,
} from '../../../../nodes/Cliniko/patients/createPatient.ts';
import { matchingPatient } from '../../../../nodes/Cliniko/patients/matchingPatient.ts';
import { PatientMemory } from '../../../../nodes/Cliniko/patients/patientMemory.ts';
import { rejection, reply, type Answer } from '../connection.cts';
import { ClinikoPatients, jane } from './clinikoPatients.cts';

const WANTED: NewPatient = {
	person: {
		firstName: 'Jane',
		lastName: 'Citizen',
		dateOfBirth: '1987-05-31',
		email: 'jane@mail.example',
	},
	values: {
		first_name: 'Jane',
		last_name: 'Citizen',
		date_of_birth: '1987-05-31',
		email: 'jane@mail.example',
	},
	creation: { person: 'digest of Jane', values: 'digest of all', itemIndex: 0 },
};

/** Cliniko's clock at the start, by which records are dated. */
const START = Date.parse('2026-03-02T09:00:00Z');

const secondsLater = (seconds: number) => ({
	created_at: new Date(START + seconds * 1000).toISOString(),
});

const minutesBefore = (minutes: number) => secondsLater(-60 * minutes);

const lost = (): Answer => new Error('socket hang up');

function setUp(rows: IDataObject[] = [], context: IDataObject = {}, other?: ClinikoPatients) {
	const patients = new ClinikoPatients(rows, other);
	const memory = new PatientMemory(context, 0);
	const creator = new PatientCreator(patients.api, patients.pause, memory);
	/** Answers the requests to create a patient, one after the other. */
	const answers = (...all: Array<() => Answer>) => {
		patients.write = (_, count) => (all[count - 1] ?? (() => reply(500)))();
	};
	const created = (more: IDataObject = {}) => {
		const patient = jane(`${70 + patients.rows.length}`, more);
		patients.rows.push(patient);
		return reply(201, patient);
	};
	return { patients, memory, creator, answers, created, context };
}

describe('A creation', () => {
	it('that is answered takes one request, and is remembered', async () => {
		const { patients, memory, creator, answers, created } = setUp();
		answers(() => created());
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.cliniko.lines).toEqual(['POST /patients']);
		expect(patients.bodies('POST')).toEqual([WANTED.values]);
		expect(memory.recall(WANTED.creation)).toEqual({ patient: '70' });
		expect(await creator.resume(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toHaveLength(1);
	});

	it('whose reply was lost is found, and not asked for again', async () => {
		const { patients, memory, creator, answers, created } = setUp([
			// Of the same name, from before.
			jane('1', minutesBefore(60)),
			// Somebody else, from the same minute.
			jane('2', { first_name: 'June' }),
			jane('3', { date_of_birth: '1960-01-01' }),
		]);
		answers(() => {
			created();
			return lost();
		});
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '73' } });
		expect(patients.bodies('POST')).toHaveLength(1);
		expect(memory.recall(WANTED.creation)).toEqual({ patient: '73' });
	});

	it('that surely did not run is asked for once more, after a minute', async () => {
		const { patients, creator, answers, created } = setUp();
		answers(lost, () => created());
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toHaveLength(2);
		const waited = patients.cliniko.clock.pauses.reduce((sum, one) => sum + one, 0);
		expect(waited).toBeGreaterThanOrEqual(60_000);
	});

	it('that runs late is found within the minute', async () => {
		const { patients, creator, answers } = setUp();
		answers(lost);
		patients.beforeList = () => {
			const isDue = Date.now() > START + 25_000 && patients.rows.length === 0;
			if (isDue) patients.rows.push(jane('70', secondsLater(20)));
			return undefined;
		};
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toHaveLength(1);
	});

	it('that never runs ends with what happened, and leaves nothing to resume', async () => {
		const { patients, memory, creator, answers } = setUp();
		answers(lost, lost);
		const error = await rejection(creator.create(WANTED));
		expect(error.message).toBe('Could not create the patient: Cliniko did not answer.');
		expect(patients.bodies('POST')).toHaveLength(2);
		expect(memory.recall(WANTED.creation)).toBeUndefined();
	});

	it.each([
		['a page', reply(200, '<html>')],
		['a 201 without a body', reply(201, '')],
		['a reply without an ID', reply(201, {})],
		['a reply about somebody else', reply(201, jane('1', { last_name: 'Other' }))],
		['a reply about her twin', reply(201, jane('1', { date_of_birth: '1990-01-01' }))],
		['a redirect', reply(302, '', { location: 'https://elsewhere.example/' })],
	])('that is answered with %s is never asked for again', async (_, answer) => {
		const { patients, memory, creator, answers } = setUp();
		answers(() => answer);
		const error = await rejection(creator.create(WANTED));
		expect(error.message).toMatch(/does not say whether it created the patient/);
		expect(error.description).toMatch(/may have been created: look in Cliniko/);
		expect(memory.recall(WANTED.creation)).toMatchObject({ accepted: true });
		expect((await rejection(creator.resume(WANTED))).message).toBe(error.message);
		expect(patients.bodies('POST')).toHaveLength(1);
	});

	it('whose reply names an earlier patient of this process is looked for', async () => {
		const { patients, creator, answers, created } = setUp();
		answers(
			() => created(),
			() => {
				patients.rows.push(jane('99'));
				return reply(201, patients.rows[0]);
			},
		);
		await creator.create(WANTED);
		const second = { ...WANTED, creation: { ...WANTED.creation, itemIndex: 1 } };
		expect(await creator.create(second)).toMatchObject({ patient: { id: '99' } });
	});

	it('is known by the Location of a reply without a body', async () => {
		const { patients, creator, answers } = setUp();
		patients.unlisted.push(jane('77'));
		answers(() => reply(201, '', { location: 'https://api.au1.cliniko.com/v1/patients/77' }));
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '77' } });
		expect(patients.cliniko.lines).toEqual(['POST /patients', 'GET /patients/77']);
	});

	it('that is refused is over', async () => {
		const { patients, memory, creator, answers } = setUp();
		answers(() =>
			reply(422, {
				message: 'Validation Failed',
				errors: { email: 'is invalid', last_name: 'Citizen is taken' },
			}),
		);
		const error = await rejection(creator.create(WANTED));
		expect(error.message).toBe(
			'Could not create the patient: Cliniko did not accept it. Cliniko says: Validation Failed: Email is invalid, Last Name is not accepted',
		);
		expect(patients.bodies('POST')).toHaveLength(1);
		expect(memory.recall(WANTED.creation)).toBeUndefined();
	});

	it('that is refused after one that was lost may have run', async () => {
		const { memory, creator, answers } = setUp();
		answers(lost, () => reply(422, { message: 'No' }));
		const error = await rejection(creator.create(WANTED));
		expect(error.description).toMatch(/^The patient may have been created/);
		expect(memory.recall(WANTED.creation)).toEqual({ since: START });
	});

	it('is looked for by Cliniko’s clock', async () => {
		const { patients, creator, answers } = setUp();
		const behind = START - 5 * 3_600_000;
		answers(() => {
			patients.rows.push(jane('70', { created_at: new Date(behind).toISOString() }));
			return lost();
		});
		patients.beforeList = () =>
			reply(200, { patients: patients.rows }, { date: new Date(behind).toUTCString() });
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toHaveLength(1);
	});

	it('that two patients may be is not taken for either', async () => {
		const { patients, creator, answers } = setUp();
		answers(() => {
			patients.rows.push(jane('70'), jane('71'));
			return lost();
		});
		const error = await rejection(creator.create(WANTED));
		expect(error.message).toMatch(/several patients of that name.*IDs 70, 71\./);
	});

	it('that somebody else has made by hand gets what is missing, and keeps what is there', async () => {
		const { patients, creator, answers } = setUp();
		answers(
			() => {
				patients.rows.push(jane('70', { city: 'Perth', sex: null }));
				return lost();
			},
			() => ({ ...patients.rows[0], sex: 'Female' }) as IDataObject,
		);
		const values = { ...WANTED.values, city: 'Sydney', sex: 'Female' };
		expect(await creator.create({ ...WANTED, values })).toMatchObject({
			patient: { id: '70', sex: 'Female' },
		});
		expect(patients.bodies('PATCH')).toEqual([{ sex: 'Female' }]);
	});
});

describe('Another patient of the same name', () => {
	const values = { ...WANTED.values, city: 'Sydney' };
	const another: NewPatient = { ...WANTED, values, isAnother: true };

	it('is found if the record is new and holds what was sent', async () => {
		const { patients, creator, answers } = setUp([jane('1', minutesBefore(3))]);
		answers(() => {
			patients.rows.push(jane('70', { city: 'Sydney', country: 'Australia' }));
			return lost();
		});
		expect(await creator.create(another)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toHaveLength(1);
		expect(patients.bodies('PATCH')).toEqual([]);
	});

	it.each([
		['was there before', { ...minutesBefore(2), city: 'Sydney' }],
		['lacks something', { city: null }],
		['has another value', { city: 'Perth' }],
		['has a value that was not given', { city: 'Sydney', medicare: '2123456701' }],
		[
			'has a phone number that was not given',
			{ city: 'Sydney', patient_phone_numbers: [{ number: '1' }] },
		],
	])('is not taken to be a record that %s, which stays as it is', async (_, more) => {
		const { patients, creator, answers } = setUp([jane('1', more)]);
		answers(lost);
		const error = await rejection(creator.create(another));
		expect(error.message).toMatch(/not clear whether the patient is one of that name.*ID 1\./);
		expect(error.description).toMatch(/look in Cliniko/);
		expect(patients.bodies('POST')).toHaveLength(1);
		expect(patients.bodies('PATCH')).toEqual([]);
	});

	it('is not taken to be any record if Cliniko’s clock is not known', async () => {
		const { patients, creator, answers } = setUp([jane('1', { city: 'Sydney' })]);
		patients.beforeList = () => reply(200, { patients: patients.rows });
		answers(lost);
		expect((await rejection(creator.create(another))).message).toMatch(/not clear whether/);
	});
});

it.each([
	['date of birth', 'date_of_birth', 'dateOfBirth'],
	['e-mail address', 'email', 'email'],
])('A record with a %s that was not given is not taken for the patient', async (_, field, name) => {
	const { patients, creator, answers } = setUp([jane('1')]);
	answers(lost);
	const { [field]: __, ...values } = WANTED.values;
	const person = { ...WANTED.person, [name]: undefined };
	const wanted = { ...WANTED, person, values: { ...values, city: 'Sydney' } };
	expect((await rejection(creator.create(wanted))).message).toMatch(/not clear whether.*ID 1\./);
	expect(patients.bodies('PATCH')).toEqual([]);
});

describe('A creation that an earlier attempt has left', () => {
	it('is found', async () => {
		const context = {};
		new PatientMemory(context, 0).requested(WANTED.creation, START);
		const { patients, creator } = setUp([jane('70')], context);
		expect(await creator.resume(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toEqual([]);
	});

	it('may be made again if it is nowhere', async () => {
		const context = {};
		new PatientMemory(context, 0).requested(WANTED.creation, START);
		const { memory, creator } = setUp([jane('1', minutesBefore(60))], context);
		expect(await creator.resume(WANTED)).toBeUndefined();
		expect(memory.recall(WANTED.creation)).toBeUndefined();
	});

	it.each([
		[
			'archived',
			[jane('70', { archived_at: '2026-03-02T09:00:00Z' })],
			/is archived in Cliniko now/,
		],
		['deleted', [], /may have been deleted/],
	])('and that is %s since is not made again', async (_, rows, message) => {
		const context = {};
		const memory = new PatientMemory(context, 0);
		memory.requested(WANTED.creation, START);
		memory.created(WANTED.creation, '70');
		const { patients, creator } = setUp(rows, context);
		const error = await rejection(creator.resume(WANTED));
		expect(error.message).toMatch(/^The patient was created.*, as patient 70/);
		expect(error.message).toMatch(message);
		expect(patients.bodies('POST')).toEqual([]);
	});
});

describe('Two executions of one process', () => {
	/** Each execution has its own API and memory, but the same Cliniko and account. */
	const two = () => {
		const first = setUp();
		return [first, setUp(first.patients.rows, {}, first.patients)] as const;
	};

	/** As Create does it. */
	const run = async ({ creator, patients }: ReturnType<typeof setUp>, person = WANTED.person) =>
		await creator.inTurn(person, async () => {
			const creation = { person: JSON.stringify(person), values: 'digest of all', itemIndex: 0 };
			const wanted = { ...WANTED, person, creation };
			const own = await creator.resume(wanted);
			if (own) return own.patient;
			await creator.clearUp(person);
			const { patient } = await matchingPatient(patients.api, person);
			return patient ?? (await creator.create(wanted)).patient;
		});

	it('create one patient, though lists show it late', async () => {
		const executions = two();
		for (const { patients, answers } of executions) {
			answers(() => {
				for (const { patients: either } of executions) either.unlisted.push(jane('70'));
				return reply(201, jane('70'));
			});
			patients.beforeList = () => ({ patients: [] });
		}
		const [first, second] = await Promise.all(executions.map(async (one) => await run(one)));
		expect([first!.id, second!.id]).toEqual(['70', '70']);
		expect(executions.flatMap(({ patients }) => patients.bodies('POST'))).toHaveLength(1);
	});

	it('create one patient if the first ends before it knows what became of its own', async () => {
		const [first, second] = two();
		let isOver = false;
		first.answers(() => {
			setTimeout(() => first.patients.rows.push(jane('70', secondsLater(5))), 5000);
			isOver = true;
			return lost();
		});
		first.patients.beforeList = () => (isOver ? reply(401, {}) : undefined);
		second.answers(() => reply(201, jane('71')));
		const results = await Promise.allSettled([run(first), run(second)]);
		expect(results[0]!.status).toBe('rejected');
		expect(results[1]).toMatchObject({ status: 'fulfilled', value: { id: '70' } });
		expect(second.patients.bodies('POST')).toEqual([]);
	});

	it('do not create a patient again that Cliniko has accepted and does not show', async () => {
		const [first, second] = two();
		first.answers(() => reply(201, ''));
		second.answers(() => reply(201, jane('71', { date_of_birth: '1990-01-01' })));
		expect((await rejection(run(first))).message).toMatch(/does not show the patient/);
		expect((await rejection(run(second))).message).toMatch(/does not show the patient/);
		expect(second.patients.bodies('POST')).toEqual([]);
		// Somebody else of that name.
		expect(await run(second, { ...WANTED.person, dateOfBirth: '1990-01-01' })).toMatchObject({
			id: '71',
		});
		expect((await rejection(run(first))).message).toMatch(/does not show the patient/);
	});
});
