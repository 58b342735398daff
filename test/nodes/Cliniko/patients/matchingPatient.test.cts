import type { IDataObject } from 'n8n-workflow';

import { matchingPatient, whyUnknown } from '../../../../nodes/Cliniko/patients/matchingPatient.ts';
import { nameKeyOf, type Person } from '../../../../nodes/Cliniko/patients/person.ts';
import { rememberPatient } from '../../../../nodes/Cliniko/patients/recentPatients.ts';
import { ClinikoPatients, jane } from './clinikoPatients.cts';

const JANE: Person = {
	firstName: 'Jane',
	lastName: 'Citizen',
	dateOfBirth: '1987-05-31',
	email: 'jane@mail.example',
};

const { dateOfBirth: _, ...WITHOUT_BIRTHDAY } = JANE;
const { email: __, ...WITHOUT_EMAIL } = JANE;

const MOBILE = {
	patient_phone_numbers: [{ phone_type: 'Home', number: '+61 491 570 006' }],
};

const WITH_MOBILE: Person = {
	firstName: 'Jane',
	lastName: 'Citizen',
	mobiles: ['0491 570 157', '0491 570 006'],
};

const ARCHIVED = { archived_at: '2025-01-01T00:00:00Z' };

/** The id of the patient who matches, or why that is unclear; undefined if nobody matches. */
async function match(rows: IDataObject[], person: Person = JANE): Promise<unknown> {
	const { patient, unclear } = await matchingPatient(new ClinikoPatients(rows).api, person);
	return patient?.id ?? unclear;
}

const unclear = (message: RegExp, ...patientIds: string[]) => ({
	message: expect.stringMatching(message),
	advice: expect.stringMatching(/\w+ \w+/),
	candidates: patientIds.map((id) => expect.objectContaining({ id })),
});

describe('The patient who matches is', () => {
	it.each([
		['the one with all of it', [jane('1')], JANE],
		['the one with another e-mail address', [jane('1', { email: 'work@mail.example' })], JANE],
		['the one without an e-mail address', [jane('1', { email: null })], JANE],
		[
			'the one with the mobile number, if nothing else is given',
			[jane('1', MOBILE), jane('2')],
			WITH_MOBILE,
		],
		[
			'the one with the mobile number who has no address',
			[jane('1', { ...MOBILE, email: null })],
			{ ...WITH_MOBILE, email: 'jane@mail.example' },
		],
		[
			'the one with another mobile number, if all the rest is the same',
			[jane('1', MOBILE)],
			{ ...JANE, mobiles: ['0491 570 110'] },
		],
		['the one whose accents the form left out', [jane('1', { first_name: 'Jáne' })], JANE],
		['the one with the address, if no date is given', [jane('1')], WITHOUT_BIRTHDAY],
		['the one with the date, if no address is given', [jane('1')], WITHOUT_EMAIL],
		[
			'the one who is written otherwise',
			[jane('1', { first_name: 'JANÉ', last_name: 'citi-zen', email: 'Jane@Mail.Example' })],
			JANE,
		],
		[
			'the child and not the parent of that name and address',
			[jane('1'), jane('2', { date_of_birth: '1960-01-01' })],
			JANE,
		],
		['the one and not the twin', [jane('1'), jane('2', { first_name: 'June' })], JANE],
		[
			'the one into whom she was merged',
			[
				jane('1', { last_name: 'Newname' }),
				jane('2', {
					...ARCHIVED,
					merged_with_patient: { links: { self: 'https://api.au1.cliniko.com/v1/patients/1' } },
				}),
			],
			JANE,
		],
	])('%s', async (_what, rows, person) => {
		expect(await match(rows, person)).toBe('1');
	});
});

describe('Nobody matches', () => {
	it.each([
		['nobody at all', []],
		['a twin', [jane('1', { first_name: 'June' })]],
		['a parent with that address', [jane('1', { first_name: 'Ann', date_of_birth: '1960-01-01' })]],
		[
			'somebody of that name',
			[jane('1', { date_of_birth: '1960-01-01', email: 'other@mail.example' })],
		],
		[
			'somebody of that name about whom nothing else is known',
			[jane('1', { date_of_birth: null, email: null })],
		],
		['somebody born on that day', [jane('1', { first_name: 'Ann', email: 'ann@mail.example' })]],
	])('where there is %s', async (_what, rows) => {
		expect(await match(rows)).toBeUndefined();
	});
});

describe('It is unclear who matches', () => {
	it('where several do', async () => {
		expect(await match([jane('2'), jane('1')])).toEqual(
			unclear(/2 patients match \(First Name, Last Name, Date of Birth\): IDs 1, 2\./, '1', '2'),
		);
	});

	it('where the only one is archived', async () => {
		expect(await match([jane('1', ARCHIVED)])).toEqual(unclear(/archived.*ID 1\./, '1'));
	});

	it('where one has another date of birth', async () => {
		const father = jane('1', { date_of_birth: '1960-01-01' });
		expect(await match([father])).toEqual(unclear(/another date of birth.*ID 1\./, '1'));
	});

	it.each([null, ''])('where the one with the address has no date of birth: %j', async (none) => {
		const rows = [jane('1', { date_of_birth: none })];
		expect(await match(rows)).toEqual(unclear(/no date of birth in Cliniko.*ID 1\./, '1'));
	});

	it('where parent and child share the name, the address and the mobile number', async () => {
		const parent = jane('1', { ...MOBILE, date_of_birth: '1960-01-01' });
		const child = { ...JANE, mobiles: WITH_MOBILE.mobiles };
		expect(await match([parent], child)).toEqual(unclear(/another date of birth.*ID 1\./, '1'));
		const { email: _email, ...withoutEmail } = child;
		expect(await match([{ ...parent, date_of_birth: null }], withoutEmail)).toEqual(
			unclear(/\(First Name, Last Name, Mobile\).*no date of birth.*ID 1\./, '1'),
		);
	});

	it('where the one with the mobile number has another address', async () => {
		const rows = [jane('1', { ...MOBILE, email: 'senior@mail.example' })];
		const junior = { ...WITH_MOBILE, email: 'junior@mail.example' };
		expect(await match(rows, junior)).toEqual(unclear(/another e-mail address.*ID 1\./, '1'));
	});

	it('where two of one name share a mobile number', async () => {
		const rows = [jane('1', MOBILE), jane('2', { ...MOBILE, date_of_birth: '1960-01-01' })];
		expect(await match(rows, WITH_MOBILE)).toEqual(
			unclear(/2 patients match.*IDs 1, 2\./, '1', '2'),
		);
	});

	it('where the one who matches was merged into somebody with another date of birth', async () => {
		const into = { links: { self: 'https://api.au1.cliniko.com/v1/patients/1' } };
		const rows = [
			jane('1', { first_name: 'Maria', date_of_birth: '1950-01-01' }),
			jane('2', { ...ARCHIVED, merged_with_patient: into }),
		];
		expect(await match(rows)).toEqual(unclear(/another date of birth.*ID 1\./, '1'));
	});

	it('unless a person has ruled out all who might be meant', async () => {
		const rows = [jane('1'), jane('2', { last_name: 'Newname' }), jane('3', ARCHIVED)];
		const { api } = new ClinikoPatients(rows);
		expect(await matchingPatient(api, JANE, ['1', '2', '3'])).toEqual({});
		expect(await matchingPatient(api, JANE, ['1', '3'])).toMatchObject({
			unclear: { candidates: [{ id: '2' }] },
		});
		expect(await matchingPatient(api, JANE, ['2', '3'])).toMatchObject({ patient: { id: '1' } });
	});

	it('where the name has other accents', async () => {
		const rows = [jane('1', { first_name: 'Hải' })];
		expect(await match(rows, { ...JANE, firstName: 'Hài' })).toEqual(
			unclear(/other accents.*ID 1\./, '1'),
		);
		expect(await match(rows, { ...JANE, firstName: 'HẢI' })).toBe('1');
	});

	it('where one has another date of birth and another has none', async () => {
		const rows = [jane('1', { date_of_birth: null }), jane('2', { date_of_birth: '1960-01-01' })];
		expect(await match(rows)).toEqual(unclear(/another date of birth.*ID 2\./, '2'));
	});

	it.each([
		['last name', { last_name: 'Newname' }],
		['first name, and goes by that one', { first_name: 'Janet', preferred_first_name: 'Jane' }],
	])('where one has another %s', async (_what, more) => {
		expect(await match([jane('1', more)])).toEqual(unclear(/another name.*ID 1\./, '1'));
	});
});

describe('A patient whom this process has just created', () => {
	const recent = async (more: IDataObject = {}, name: Partial<Person> = {}) => {
		const patients = new ClinikoPatients();
		patients.unlisted.push(jane('7', more));
		const { account } = patients.api;
		rememberPatient(account, nameKeyOf(account, { ...JANE, ...name }), '7');
		return (await matchingPatient(patients.api, JANE)).patient?.id;
	};

	it('matches though no list shows them', async () => {
		expect(await recent()).toBe('7');
		expect(await recent({}, { firstName: 'JANE', lastName: 'Çitizen' })).toBe('7');
	});

	it.each([
		['listed', 'rows'],
		['not listed either', 'unlisted'],
	] as const)('leads to the one they were merged into, who is %s', async (_, where) => {
		const patients = new ClinikoPatients();
		const { account } = patients.api;
		const into = { links: { self: 'https://api.au1.cliniko.com/v1/patients/5' } };
		patients.unlisted.push(
			jane('7', { archived_at: '2026-03-02T09:00:00Z', merged_with_patient: into }),
		);
		patients[where].push(jane('5', { first_name: 'Janet' }));
		for (const id of ['7', '7']) rememberPatient(account, nameKeyOf(account, JANE), id);
		expect(await matchingPatient(patients.api, JANE)).toMatchObject({ patient: { id: '5' } });
	});

	it('does not match if they are somebody else', async () => {
		expect(await recent({}, { firstName: 'Joe' })).toBeUndefined();
		const other = { date_of_birth: '1960-01-01', email: 'other@mail.example' };
		expect(await recent(other)).toBeUndefined();
	});
});

it('With a name alone, nobody can be looked for', () => {
	expect(whyUnknown({ firstName: 'Jane', lastName: 'Citizen' })?.message).toMatch(
		/No date of birth, e-mail address or mobile number/,
	);
	expect(whyUnknown(WITHOUT_EMAIL)).toBeUndefined();
	expect(whyUnknown(WITHOUT_BIRTHDAY)).toBeUndefined();
	expect(whyUnknown(WITH_MOBILE)).toBeUndefined();
});
