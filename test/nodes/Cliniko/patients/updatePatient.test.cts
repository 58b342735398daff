import type { IDataObject } from 'n8n-workflow';

import type { PhoneNumber } from '../../../../nodes/Cliniko/fields/field.ts';
import { replaceAll } from '../../../../nodes/Cliniko/patients/changes.ts';
import type { PatientValues } from '../../../../nodes/Cliniko/patients/fields.ts';
import { updatePatient } from '../../../../nodes/Cliniko/patients/updatePatient.ts';
import { rejection, reply } from '../connection.cts';
import { ClinikoPatients, jane } from './clinikoPatients.cts';

const PHONES = [{ phone_type: 'Home', number: '1' }];

/** Changes Jane, whose id is 1. */
function change(values: PatientValues, record: IDataObject = jane('1', { city: 'Perth' })) {
	const patients = new ClinikoPatients([record]);
	patients.write = ({ body }) => Object.assign(record, body);
	const result = () => updatePatient(patients.api, patients.pause, '1', values, replaceAll);
	return { patients, result, record };
}

it('A patient is read, and gets what differs', async () => {
	const { patients, result } = change({ city: 'Sydney', email: 'jane@mail.example' });
	const { patient, changed, warning } = await result();
	expect(patients.bodies('PATCH')).toEqual([{ city: 'Sydney' }]);
	expect(patient).toMatchObject({ id: '1', city: 'Sydney' });
	expect([changed, warning]).toEqual([['city'], undefined]);
});

it('Nothing is sent where nothing differs', async () => {
	const { patients, result } = change({ city: 'Perth' });
	expect(await result()).toMatchObject({ changed: [] });
	expect(patients.bodies('PATCH')).toEqual([]);
});

it.each([
	['archived', { archived_at: '2025-01-01T00:00:00Z' }, /is archived in Cliniko/],
	[
		'merged',
		{ merged_with_patient: { links: { self: 'https://api.au1.cliniko.com/v1/patients/9' } } },
		/was merged into patient 9/,
	],
])('A patient who is %s is not changed', async (_, more, message) => {
	const { patients, result } = change({ city: 'Sydney' }, jane('1', more));
	expect((await rejection(result())).message).toMatch(message);
	expect(patients.bodies('PATCH')).toEqual([]);
});

it('What Cliniko has ignored is said, and not listed as changed', async () => {
	const { patients, result, record } = change({ city: 'Sydney', sex: 'Female' });
	patients.write = () => ({ ...record, sex: 'Female' });
	expect(await result()).toMatchObject({
		changed: ['sex'],
		warning: 'Cliniko did not take over City. Look at the patient in Cliniko.',
	});
});

it('Phone numbers are written as a whole, and it is said if Cliniko adds them to the others', async () => {
	const record = jane('1', { patient_phone_numbers: PHONES });
	const given = { patient_phone_numbers: [{ phone_type: 'Mobile', number: '2' }] };
	const { patients, result } = change(given, record);
	patients.write = ({ body }) => ({
		...record,
		patient_phone_numbers: [...PHONES, ...(body!.patient_phone_numbers as IDataObject[])],
	});
	const { changed, warning } = await result();
	expect(patients.bodies('PATCH')).toEqual([
		{ patient_phone_numbers: [...PHONES, ...given.patient_phone_numbers] },
	]);
	expect(changed).toEqual(['patient_phone_numbers']);
	expect(warning).toMatch(/^Cliniko has added the list of phone numbers/);
});

it('Two executions that add a phone number each take turns, so that none is lost', async () => {
	const record = jane('1', { patient_phone_numbers: PHONES });
	const patients = new ClinikoPatients([record]);
	patients.write = async ({ body }) => {
		await patients.pause(100);
		return Object.assign(record, body);
	};
	const add = async (number: string) =>
		await updatePatient(
			patients.api,
			patients.pause,
			'1',
			{ patient_phone_numbers: [{ phone_type: 'Mobile', number }] },
			replaceAll,
		);
	await Promise.all([add('2'), add('3')]);
	expect(record.patient_phone_numbers).toMatchObject([
		{ number: '1' },
		{ number: '2' },
		{ number: '3' },
	]);
});

it.each([
	['lost', () => new Error('socket hang up')],
	['a fault', () => reply(503)],
	['no JSON', () => reply(200, '<html>')],
])('A change that was not made is sent again if its reply is %s', async (_, answer) => {
	const { patients, result, record } = change({ city: 'Sydney' });
	patients.write = ({ body }, count) => (count === 1 ? answer() : Object.assign(record, body));
	expect(await result()).toMatchObject({ changed: ['city'], patient: { city: 'Sydney' } });
	expect(patients.bodies('PATCH')).toHaveLength(2);
});

it('A change whose reply is lost is not sent again once the record has it', async () => {
	const { patients, result, record } = change({ city: 'Sydney' });
	patients.write = ({ body }) => {
		Object.assign(record, body);
		return new Error('socket hang up');
	};
	expect(await result()).toMatchObject({ changed: ['city'], patient: { city: 'Sydney' } });
	expect(patients.bodies('PATCH')).toHaveLength(1);
});

const MOBILE = { phone_type: 'Mobile', number: '2' };

it.each([
	['429', () => reply(429)],
	['503', () => reply(503)],
	['dropped connection', () => new Error('socket hang up')],
])('A number that somebody adds while a %s is waited for is not lost', async (_, answer) => {
	const record = jane('1', { patient_phone_numbers: PHONES });
	const { patients, result } = change({ patient_phone_numbers: [MOBILE] }, record);
	const added = { phone_type: 'Work', number: '3' };
	patients.write = ({ body }, count) => {
		if (count > 1) return Object.assign(record, body);
		Object.assign(record, { patient_phone_numbers: [...PHONES, added] });
		return answer();
	};
	await result();
	expect(record.patient_phone_numbers).toMatchObject([...PHONES, added, MOBILE]);
});

it('A number that somebody adds while the change waits for its turn is not lost', async () => {
	const record = jane('1', { patient_phone_numbers: PHONES });
	const { patients, result } = change({ patient_phone_numbers: [MOBILE] }, record);
	const { api, pause } = patients;
	const added = { phone_type: 'Work', number: '3' };
	// Meanwhile another execution has used up the limit, for a minute.
	let isLimited = false;
	patients.beforeList = (_, count) => {
		if (count > 1) return undefined;
		isLimited = true;
		setTimeout(() => Object.assign(record, { patient_phone_numbers: [...PHONES, added] }), 5000);
		const reset = String(Math.floor(Date.now() / 1000) + 60);
		return reply(429, {}, { 'X-RateLimit-Reset': reset, 'x-ratelimit-reset': reset });
	};
	patients.beforeRecord = async () => {
		if (!isLimited) void api.page('patients', [], { action: 'list' }, {});
		while (!isLimited) await pause(10);
	};
	await result();
	expect(record.patient_phone_numbers).toMatchObject([...PHONES, added, MOBILE]);
	expect(patients.bodies('PATCH')).toHaveLength(1);
});

it('A patient who is archived while the change is tried is not changed any more', async () => {
	const { patients, result, record } = change({ city: 'Sydney' });
	patients.write = () => {
		record.archived_at = '2026-03-02T09:00:00Z';
		return reply(503);
	};
	const error = await rejection(result());
	expect(error.message).toMatch(/archived or merged in Cliniko while the change was tried/);
	expect(error.description).toMatch(/^The patient may be changed all the same/);
	expect(patients.bodies('PATCH')).toHaveLength(1);
});

it('A change that is refused for ten minutes fails', async () => {
	const { patients, result } = change({ city: 'Sydney' });
	patients.write = () => reply(429);
	const began = Date.now();
	expect((await rejection(result())).message).toMatch(/200 requests a minute was still reached/);
	expect(Date.now() - began).toBeGreaterThanOrEqual(10 * 60_000);
});

it.each([
	['nothing', undefined, /^Use the key/],
	['a 429', 429, /^Use the key/],
	['a 503', 503, /^The patient may be changed all the same/],
])('A 403 after %s says whether the patient may be changed', async (_, before, advice) => {
	const { patients, result } = change({ city: 'Sydney' });
	patients.write = (__, count) => reply(before && count === 1 ? before : 403);
	expect((await rejection(result())).description).toMatch(advice);
});

it('A reading that fails after a try says that the patient may be changed', async () => {
	const { patients, result } = change({ city: 'Sydney' });
	patients.write = () => {
		patients.rows.length = 0;
		return reply(503);
	};
	const error = await rejection(result());
	expect(error.message).toMatch(/has no patient with the ID 1/);
	expect(error.description).toMatch(/^The patient may be changed all the same/);
});

describe('With a Cliniko that adds a list of phone numbers to the one on the record', () => {
	const setUp = (isLost = false) => {
		const record = jane('1', { patient_phone_numbers: [...PHONES] });
		const patients = new ClinikoPatients([record]);
		patients.write = ({ body }) => {
			const { patient_phone_numbers: sent = [], ...others } = body as { [name: string]: never[] };
			(record.patient_phone_numbers as unknown[]).push(...sent);
			Object.assign(record, others);
			return isLost ? new Error('socket hang up') : record;
		};
		const add = async (...given: PhoneNumber[]) =>
			await updatePatient(
				patients.api,
				patients.pause,
				'1',
				{ patient_phone_numbers: given },
				replaceAll,
			);
		const numbers = () => (record.patient_phone_numbers as PhoneNumber[]).map((one) => one.number);
		return { patients, add, numbers };
	};

	it.each([
		['answered', false],
		['lost', true],
	])('numbers are there twice once (%s), which is said, and never again', async (_, isLost) => {
		const { patients, add, numbers } = setUp(isLost);
		expect((await add(MOBILE)).warning).toBe(
			'Cliniko has added the list of phone numbers to the one on the record, so numbers are there twice. From now on, only new ones are sent. Look at the patient in Cliniko.',
		);
		expect(numbers()).toEqual(['1', '1', '2']);
		const again = await add({ phone_type: 'Work', number: '3' }, MOBILE);
		expect(again).toMatchObject({ changed: ['patient_phone_numbers'] });
		expect(again.warning).toBeUndefined();
		expect(numbers()).toEqual(['1', '1', '2', '3']);
		expect(patients.bodies('PATCH')[1]).toEqual({
			patient_phone_numbers: [{ phone_type: 'Work', number: '3' }],
		});
	});

	it('an account of which that is not known gets the whole list', async () => {
		await setUp().add(MOBILE);
		const { patients, add } = setUp();
		await add(MOBILE);
		expect(patients.bodies('PATCH')).toEqual([{ patient_phone_numbers: [...PHONES, MOBILE] }]);
	});
});

it.each([
	['shows one of them twice', [...PHONES, MOBILE, MOBILE]],
	['shows another number', [...PHONES, MOBILE, { number: '9' }]],
	['shows the sent ones only', [...PHONES, MOBILE]],
])('The whole list is sent still if Cliniko %s', async (_, shown) => {
	const record = jane('1', { patient_phone_numbers: PHONES });
	const patients = new ClinikoPatients([record]);
	patients.write = () => ({ ...record, patient_phone_numbers: shown });
	const add = async () =>
		await updatePatient(
			patients.api,
			patients.pause,
			'1',
			{ patient_phone_numbers: [MOBILE] },
			replaceAll,
		);
	await add();
	await add();
	expect(patients.bodies('PATCH')[1]).toEqual({ patient_phone_numbers: [...PHONES, MOBILE] });
});

it('A change that is never answered may have been made, and can be tried again', async () => {
	const { patients, result } = change({ city: 'Sydney' });
	patients.write = () => reply(503);
	const error = await rejection(result());
	expect(error.message).toMatch(/Could not change patient 1: .* status 503/);
	expect(error.description).toMatch(
		/^The patient may be changed all the same.*safely be run again/,
	);
});

it('A refusal is read out field by field, without what was sent', async () => {
	const { patients, result } = change({ city: 'Wagga', medicare: '2123456701' });
	patients.write = () =>
		reply(422, {
			message: 'Validation Failed',
			errors: {
				city: 'WAGGA is unknown',
				medicare: '2123456701 is taken',
				shoe_size: 'is missing',
			},
		});
	const error = await rejection(result());
	expect(error.message).toBe(
		'Could not change patient 1: Cliniko did not accept it. Cliniko says: Validation Failed: City is not accepted, Medicare Number is not accepted, shoe_size is missing',
	);
	expect(error.description).toMatch(/^Change what Cliniko names.*try the same in Cliniko by hand/);
});

it('A reply about another patient is not believed', async () => {
	const { patients, result } = change({ city: 'Sydney' });
	patients.write = () => jane('2', { city: 'Sydney' });
	const error = await rejection(result());
	expect(error.message).toMatch(/not the patient’s record/);
	expect(error.description).toMatch(/most likely changed/);
});
