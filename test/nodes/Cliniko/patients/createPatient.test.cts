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

	it('of which Cliniko has dropped something says so', async () => {
		const { creator, answers, created } = setUp();
		answers(() => created({ date_of_birth: null }));
		const { warning } = await creator.create(WANTED);
		expect(warning).toBe(
			'Cliniko did not take over Date of Birth. Look at the patient in Cliniko.',
		);
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

const mergedInto = (id: string) => ({
	archived_at: '2026-03-02T09:00:00Z',
	merged_at: '2026-03-02T09:00:00Z',
	merged_with_patient: { links: { self: `https://api.au1.cliniko.com/v1/patients/${id}` } },
});

const ARCHIVED = { archived_at: '2026-03-02T09:00:00Z' };

describe('A creation whose reply was lost and that has made a record that', () => {
	it('is archived since is not returned, and not made again', async () => {
		const { patients, creator, answers, created } = setUp();
		answers(() => {
			created(ARCHIVED);
			return lost();
		});
		const error = await rejection(creator.create(WANTED));
		expect(error.message).toBe(
			'The patient was created, as patient 70, and is archived in Cliniko now.',
		);
		expect(error.description).toMatch(/out of the archive/);
		expect((await rejection(creator.resume(WANTED))).message).toBe(error.message);
		patients.rows[0]!.archived_at = null;
		expect(await creator.resume(WANTED)).toMatchObject({ patient: { id: '70' } });
		expect(patients.bodies('POST')).toHaveLength(1);
		expect(patients.bodies('PATCH')).toEqual([]);
	});

	it.each([
		['one', [jane('5', { last_name: 'Other', city: null, ...minutesBefore(90) })]],
		[
			'one who was merged as well',
			[
				jane('5', { last_name: 'Other', city: null, ...minutesBefore(90) }),
				jane('6', { ...mergedInto('5'), ...minutesBefore(60) }),
			],
		],
	])('was merged into %s leads to the patient in use, who stays as they are', async (_, rows) => {
		const { patients, creator, answers, created } = setUp(rows);
		answers(() => {
			created(mergedInto(rows.at(-1)!.id));
			return lost();
		});
		const values = { ...WANTED.values, city: 'Sydney' };
		const { patient, warning } = await creator.create({ ...WANTED, values });
		expect(patient).toMatchObject({ id: '5' });
		expect(warning).toMatch(/answer to the creation was lost.*Last Name, City\. Look at/);
		expect(patients.bodies('PATCH')).toEqual([]);
		expect(patients.bodies('POST')).toHaveLength(1);
	});

	it('was merged in a circle leads to an end', async () => {
		const { creator, answers, created } = setUp([jane('5', mergedInto('70'))]);
		answers(() => {
			created({ id: '70', ...mergedInto('5') });
			return lost();
		});
		expect((await rejection(creator.create(WANTED))).message).toMatch(/is archived|several/);
	});

	it('was merged into one who is archived or gone is not returned', async () => {
		for (const isThere of [true, false]) {
			const rows = isThere ? [jane('5', { ...ARCHIVED, ...minutesBefore(60) })] : [];
			const { creator, answers, patients } = setUp(rows);
			answers(() => {
				patients.rows.push(jane('70', mergedInto('5')));
				return lost();
			});
			expect((await rejection(creator.create(WANTED))).message).toMatch(
				isThere
					? /as patient 5, and is archived/
					: /as patient 70, and merged into one that Cliniko does not show/,
			);
		}
	});

	it('is there late is not taken for an archived one of the same person', async () => {
		const { patients, creator, answers } = setUp([jane('1', { ...ARCHIVED, ...minutesBefore(2) })]);
		answers(() => {
			setTimeout(() => patients.rows.push(jane('70', secondsLater(1))), 5000);
			return lost();
		});
		expect(await creator.create(WANTED)).toMatchObject({ patient: { id: '70' } });
	});

	it.each([
		['another of them', [jane('70', mergedInto('71')), jane('71')], '71'],
		[
			'an earlier one',
			[jane('5', minutesBefore(60)), jane('70', mergedInto('5')), jane('71', mergedInto('5'))],
			'5',
		],
	])(
		'was one of several leads to the one in use once they are merged into %s',
		async (_, rows, id) => {
			const { patients, creator, answers } = setUp();
			answers(() => {
				patients.rows.push(jane('70'), jane('71'));
				return lost();
			});
			const error = await rejection(creator.create(WANTED));
			expect(error.description).toMatch(/merge them there, and then use Retry/);
			patients.rows.splice(0, 2, ...rows);
			expect(await creator.resume(WANTED)).toMatchObject({ patient: { id } });
			expect(patients.bodies('POST')).toHaveLength(1);
		},
	);
});

describe('A record that lacks what was given, after a reply that was lost,', () => {
	const { date_of_birth: _, ...values } = WANTED.values;
	const person = { ...WANTED.person, dateOfBirth: undefined };
	const wanted = { ...WANTED, person, values: { ...values, city: 'Sydney' } };
	const found = jane('70', { date_of_birth: null });

	it('is not taken for the patient, and not filled, if only the e-mail address is the same', async () => {
		const { patients, creator, answers } = setUp();
		answers(() => {
			patients.rows.push({ ...found, city: null });
			return lost();
		});
		expect((await rejection(creator.create(wanted))).message).toMatch(/not clear whether.*ID 70\./);
		expect(patients.bodies('PATCH')).toEqual([]);
	});

	it('is the patient’s if it lacks nothing', async () => {
		const { patients, creator, answers } = setUp();
		answers(() => {
			patients.rows.push({ ...found, city: 'Sydney' });
			return lost();
		});
		expect(await creator.create(wanted)).toEqual({
			patient: expect.objectContaining({ id: '70' }) as unknown,
		});
	});

	it('gets no name that it lacks, and what it has otherwise is said', async () => {
		const { patients, creator, answers } = setUp();
		answers(() => {
			patients.rows.push(jane('70', { city: 'Perth', sex: 'Female' }));
			return lost();
		});
		const given = { ...WANTED.values, city: 'Sydney', sex: 'Female', preferred_first_name: 'Jay' };
		const { warning } = await creator.create({ ...WANTED, values: given });
		expect(warning).toBe(
			'Cliniko’s answer to the creation was lost. The record that was found has not what was given for: City, Preferred First Name. Look at the patient in Cliniko.',
		);
		expect(patients.bodies('PATCH')).toEqual([]);
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

	it('is found by every retry of the execution that has left it', async () => {
		const left = {};
		new PatientMemory(left, 0).requested(WANTED.creation, START);
		const another = { ...WANTED, isAnother: true };
		const one = setUp([jane('70')], structuredClone(left));
		expect(await one.creator.resume(another)).toMatchObject({ patient: { id: '70' } });
		const two = setUp([jane('70')], structuredClone(left), one.patients);
		expect(await two.creator.resume(another)).toMatchObject({ patient: { id: '70' } });
		const { creation } = WANTED;
		const other = { ...another, creation: { ...creation, person: 'digest of another Jane' } };
		const context = {};
		new PatientMemory(context, 0).requested(other.creation, START);
		const three = setUp([jane('70')], context, one.patients);
		expect(await three.creator.resume(other)).toBeUndefined();
	});

	it('and has other values than are given now is returned, which is said', async () => {
		const { creator, answers, created } = setUp();
		answers(() => created({ city: 'Sydney' }));
		await creator.create(WANTED);
		const edited = { ...WANTED, values: { ...WANTED.values, city: 'Perth' } };
		expect(await creator.resume(edited)).toMatchObject({
			patient: { id: '70' },
			warning: expect.stringMatching(/has not what is given for: City\./),
		});
		expect(await creator.resume(WANTED)).not.toHaveProperty('warning');
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
		['merged into one who is gone', [jane('70', mergedInto('5'))], /merged into one that/],
		[
			'merged into one who is archived',
			[jane('70', mergedInto('5')), jane('5', ARCHIVED)],
			/as patient 5, and is archived in Cliniko now/,
		],
	])('and that is %s since is not made again', async (_, rows, message) => {
		const context = {};
		const memory = new PatientMemory(context, 0);
		memory.requested(WANTED.creation, START);
		memory.created(WANTED.creation, '70');
		const { patients, creator } = setUp(rows, context);
		const error = await rejection(creator.resume(WANTED));
		expect(error.message).toMatch(/^The patient was created.*, as patient/);
		expect(error.message).toMatch(message);
		expect(patients.bodies('POST')).toEqual([]);
	});
});

it('A patient whom an earlier attempt has created leads to the one they were merged into', async () => {
	const context = {};
	const memory = new PatientMemory(context, 0);
	memory.requested(WANTED.creation, START);
	memory.created(WANTED.creation, '70');
	const { creator } = setUp(
		[jane('70', mergedInto('6')), jane('6', mergedInto('5')), jane('5')],
		context,
	);
	expect(await creator.resume(WANTED)).toMatchObject({ patient: { id: '5' } });
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

	const born = (dateOfBirth: string | undefined, email?: string) => ({
		...WANTED.person,
		dateOfBirth,
		email,
	});
	/** Answers with a 201 without a body, and shows nobody. */
	const accepted = () => reply(201, '');

	it('do not lose one’s doubt through the other’s about somebody else of that name', async () => {
		const [first, second] = two();
		first.answers(accepted);
		second.answers(accepted, accepted);
		const [one, other] = [born('1987-05-31'), born('1990-01-01')];
		expect((await rejection(run(first, one))).message).toMatch(/does not show the patient/);
		expect((await rejection(run(second, other))).message).toMatch(/does not show the patient/);
		// Both are accepted: neither may be asked for again.
		const third = setUp(first.patients.rows, {}, first.patients);
		third.answers(() => reply(201, jane('72')));
		for (const person of [one, other]) {
			expect((await rejection(run(third, person))).message).toMatch(/does not show the patient/);
		}
		expect(third.patients.bodies('POST')).toEqual([]);
	});

	it('clear up one’s doubt, and leave that about somebody else', async () => {
		const [first, second] = two();
		first.answers(accepted, accepted);
		await rejection(run(first, born('1987-05-31')));
		await rejection(run(first, born('1990-01-01')));
		second.answers(() => reply(201, jane('72')));
		first.patients.rows.push(jane('70', { email: null, ...secondsLater(0) }));
		expect(await run(second, born('1987-05-31'))).toMatchObject({ id: '70' });
		expect((await rejection(run(second, born('1990-01-01')))).message).toMatch(/does not show/);
		expect(second.patients.bodies('POST')).toEqual([]);
	});

	it.each([
		['has another date of birth', born('1990-01-01', 'jane@mail.example')],
		['shares neither date of birth nor e-mail address', born(undefined, 'other@mail.example')],
	])('are not held up by a doubt about somebody who %s', async (_, person) => {
		const [first, second] = two();
		first.answers(accepted);
		await rejection(run(first));
		const began = Date.now();
		second.answers(() =>
			reply(201, jane('71', { date_of_birth: person.dateOfBirth, email: person.email })),
		);
		expect(await run(second, person)).toMatchObject({ id: '71' });
		expect(Date.now() - began).toBeLessThan(1000);
		expect((await rejection(run(setUp([], {}, first.patients)))).message).toMatch(/does not show/);
	});

	it.each([
		['date of birth', born('1987-05-31')],
		['e-mail address', born(undefined, 'jane@mail.example')],
	])('take a doubt for one about the same person if the %s is the same', async (_, person) => {
		const [first, second] = two();
		first.answers(accepted);
		await rejection(run(first));
		second.answers(() => reply(201, jane('71')));
		expect((await rejection(run(second, person))).message).toMatch(/does not show the patient/);
		expect(second.patients.bodies('POST')).toEqual([]);
	});

	it('leave a patient whom one has only seen to the creation of the other', async () => {
		const [first, second] = two();
		let isOver = false;
		first.answers(() => {
			first.patients.rows.push(jane('70'));
			isOver = true;
			return lost();
		});
		first.patients.beforeList = () => (isOver ? reply(401, {}) : undefined);
		const another = { ...WANTED, isAnother: true };
		await rejection(first.creator.inTurn(WANTED.person, () => first.creator.create(another)));
		expect(await run(second)).toMatchObject({ id: '70' });
		isOver = false;
		// A person's Retry of the first.
		expect(await first.creator.resume(another)).toMatchObject({ patient: { id: '70' } });
		expect(first.patients.bodies('POST')).toHaveLength(1);
	});

	it('go on with the one in use after several were merged', async () => {
		const [first, second] = two();
		first.answers(() => {
			first.patients.rows.push(jane('70'), jane('71'));
			return lost();
		});
		expect((await rejection(run(first))).message).toMatch(/several patients of that name/);
		first.patients.rows.splice(0, 2, jane('70', mergedInto('71')), jane('71'));
		expect(await run(second)).toMatchObject({ id: '71' });
		expect(second.patients.bodies('POST')).toEqual([]);
	});
});
