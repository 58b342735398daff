import type { IDataObject } from 'n8n-workflow';

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
	expect(warning).toMatch(/more phone numbers than were sent/);
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

it('A change whose reply is lost is sent again', async () => {
	const { patients, result, record } = change({ city: 'Sydney' });
	patients.write = ({ body }, count) => {
		Object.assign(record, body);
		return count === 1 ? new Error('socket hang up') : record;
	};
	expect(await result()).toMatchObject({ changed: ['city'] });
	expect(patients.bodies('PATCH')).toHaveLength(2);
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
		'Could not change patient 1: Cliniko did not accept it. Cliniko says: Validation Failed: City … is unknown, Medicare Number … is taken, shoe_size is missing',
	);
	expect(error.description).toBe('Change what Cliniko names and run the step again.');
});

it('A reply about another patient is not believed', async () => {
	const { patients, result } = change({ city: 'Sydney' });
	patients.write = () => jane('2', { city: 'Sydney' });
	const error = await rejection(result());
	expect(error.message).toMatch(/not the patient’s record/);
	expect(error.description).toMatch(/most likely changed/);
});
