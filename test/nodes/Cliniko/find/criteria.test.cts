import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import {
	CRITERIA,
	criterion,
	distinguishingFields,
	mostSelectiveFirst,
	type CriterionName,
} from '../../../../nodes/Cliniko/find/criteria.ts';
import type { Sensitivity } from '../../../../nodes/Cliniko/find/names.ts';
import { thrownBy } from '../connection.cts';

const filtersOf = (name: CriterionName, value: string, sensitivity: Sensitivity = 'nothing') =>
	criterion(name, value).filters(sensitivity);

const fits = (name: CriterionName, value: string, patient: object) =>
	criterion(name, value).fits({ id: '1', ...patient });

describe('An e-mail address', () => {
	it.each([
		['as it is', 'jane@mail.example'],
		['in capitals', 'JANE@Mail.Example'],
		['with white space around it', ' jane@mail.example\n'],
		['in brackets', '<jane@mail.example>'],
		['with a name', 'Jane Citizen <jane@mail.example>'],
		['with a name that has a comma', 'Citizen, Jane <jane@mail.example>'],
		['with a name in quotes', '"Citizen, Jane" <jane@mail.example> '],
		['with a name in quotes that has an @', '"Jane @ home" <jane@mail.example>'],
		['with itself for a name', 'jane@mail.example <jane@mail.example>'],
	])('may come %s', (_, value) => {
		expect(fits('email', value, { email: 'jane@mail.example' })).toBe(true);
		expect(fits('email', value, { email: ' Jane@mail.example ' })).toBe(true);
		expect(filtersOf('email', value)).toContain('email:~jane@mail.example');
	});

	it('keeps what is before and after its +', () => {
		expect(filtersOf('email', 'pepe+clinic@mail.example')).toEqual([
			'email:~pepe+clinic@mail.example',
		]);
		expect(fits('email', 'pepe+clinic@mail.example', { email: 'pepe@mail.example' })).toBe(false);
		expect(fits('email', 'pepe@mail.example', { email: 'pepe+clinic@mail.example' })).toBe(false);
	});

	it('is searched for by its caseless characters and one letter in both cases when Cliniko is case-sensitive', () => {
		expect(filtersOf('email', 'Jane.Doe7@Mail.Example')).toEqual(['email:~jane.doe7@mail.example']);
		expect(filtersOf('email', 'Jane.Doe7@Mail.Example', 'case')).toEqual([
			'email:~~%.%7@%.%x%',
			'email:~~%.%7@%.%X%',
		]);
		expect(filtersOf('email', '12@34.56', 'case')).toEqual(['email:~~12@34.56%']);
	});

	it('is not the longer one that it is a part of', () => {
		expect(fits('email', 'ann@mail.example', { email: 'joann@mail.example' })).toBe(false);
		expect(fits('email', 'ann@mail.example', { email: 'ann@mail.example.au' })).toBe(false);
	});

	it.each([
		['no address', 'Jane Citizen'],
		['one without a host', 'jane@'],
		['one without a name', '@mail.example'],
		['one with a space in it', 'jane citizen@mail.example'],
		['one with two @', 'jane@citizen@mail.example'],
		['two with a comma', 'jane@mail.example, joe@mail.example'],
		['two with a semicolon', 'jane@mail.example;joe@mail.example'],
		['two with names', 'Jane <jane@mail.example>, Joe <joe@mail.example>'],
		['two, one of them with a name', 'jane@mail.example, Joe <joe@mail.example>'],
		['empty brackets', 'Jane <>'],
	])('is refused when it is %s: any might be meant', (_, value) => {
		const error = thrownBy(() => criterion('email', value));
		expect(error).toBeInstanceOf(ClinikoError);
		expect(error.message).toBe('Email is not one e-mail address for this item.');
		expect(error.description).toContain('NAME <ADDRESS>');
	});
});

describe('A date of birth', () => {
	it.each([
		'1987-05-31',
		' 1987-05-31 ',
		'1987-05-31T00:00:00',
		'1987-05-31 00:00:00',
		'1987-05-31T00:00',
		'1987-05-31T00:00:00Z',
		'1987-05-31T00:00:00.000Z',
		'1987-05-31T00:00:00.000+10:00',
		'1987-05-31T00:00:00.000-0330',
	])('may be written %s', (value) => {
		expect(filtersOf('dateOfBirth', value)).toEqual(['date_of_birth:=1987-05-31']);
		expect(fits('dateOfBirth', value, { date_of_birth: '1987-05-31' })).toBe(true);
		expect(fits('dateOfBirth', value, { date_of_birth: '1987-05-30' })).toBe(false);
	});

	it.each([
		['a form that is read in two ways', '03/04/2010'],
		['the form of Germany', '31.05.1987'],
		['a form without the century', '87-05-31'],
		['words', '31 May 1987'],
		['a month without a zero', '1987-5-31'],
		['a number', '547430400000'],
		['a time in UTC, which may be the day before at the clinic', '1987-05-30T14:00:00.000Z'],
		['a time of another day elsewhere', '1987-05-31T09:30:00+10:00'],
		['a day that does not exist', '1987-02-29'],
		['the 31st of a short month', '1987-06-31'],
		['a thirteenth month', '1987-13-01'],
		['two dates', '1987-05-31,1987-06-01'],
		['a pattern', '****-05-31'],
		['what Luxon says of a date it could not read', 'Invalid DateTime'],
		['digits of another script', '١٩٨٧-٠٥-٣١'],
	])('is refused in %s', (_, value) => {
		const error = thrownBy(() => criterion('dateOfBirth', value));
		expect(error).toBeInstanceOf(ClinikoError);
		expect(error.message).toBe(
			'Date of Birth is not a date in the form year-month-day for this item.',
		);
		expect(error.description).toContain('DateTime.fromFormat');
	});

	it('may be the last day of February in a leap year', () => {
		expect(filtersOf('dateOfBirth', '1988-02-29')).toEqual(['date_of_birth:=1988-02-29']);
	});
});

describe('A name', () => {
	it.each([
		['firstName', 'first_name'],
		['lastName', 'last_name'],
		['preferredFirstName', 'preferred_first_name'],
	] as const)('is compared as people do: %s', (name, field) => {
		expect(filtersOf(name, 'Tim')).toEqual([`${field}:~~%m%`]);
		expect(filtersOf(name, 'Tim', 'case')).toEqual([`${field}:~~%m%`, `${field}:~~%M%`]);
		expect(fits(name, ' TÌM ', { [field]: 'tim' })).toBe(true);
		expect(fits(name, 'Tim', { [field]: 'Timothy' })).toBe(false);
		expect(fits(name, 'Tim', { [field]: null })).toBe(false);
		expect(fits(name, 'Tim', {})).toBe(false);
	});

	it('that leaves too little for a pattern is compared all the same', () => {
		expect(filtersOf('firstName', 'Ída')).toEqual(['first_name:~~%a%']);
		expect(filtersOf('firstName', 'Ída', 'marks')).toEqual([]);
		expect(fits('firstName', 'Éé', { first_name: 'Ee' })).toBe(true);
	});

	it.each(['-', "'", '?', '🙂'])('has to have letters: not %s', (value) => {
		expect(thrownBy(() => criterion('lastName', value)).message).toBe(
			'Last Name has no letters for this item.',
		);
	});
});

describe('An old reference ID', () => {
	it('is the whole of it, in any case', () => {
		for (const sensitivity of ['nothing', 'case'] as const) {
			expect(filtersOf('oldReferenceId', ' 0001 ', sensitivity)).toEqual([
				'old_reference_id:=0001',
			]);
			expect(filtersOf('oldReferenceId', ' P-0001 ', sensitivity)).toEqual([
				'old_reference_id:~~%-0001%',
			]);
			expect(filtersOf('oldReferenceId', 'ABC', sensitivity)).toEqual([]);
		}
		expect(fits('oldReferenceId', 'p-0001', { old_reference_id: 'P-0001 ' })).toBe(true);
		expect(fits('oldReferenceId', 'P-0001', { old_reference_id: 'P-00011' })).toBe(false);
		expect(fits('oldReferenceId', '1', { old_reference_id: '01' })).toBe(false);
	});

	it('that has a comma is one and not a list', () => {
		expect(fits('oldReferenceId', '12,13', { old_reference_id: '12' })).toBe(false);
	});
});

describe('Whatever a form sends', () => {
	it('is never passed on when it is white space alone', () => {
		for (const { name: one } of CRITERIA.filter(({ name: it }) => it !== 'oldReferenceId')) {
			expect(() => criterion(one, ' \n')).toThrow(ClinikoError);
		}
	});
});

describe('The most telling criterion', () => {
	it('comes first: date of birth, old reference ID, e-mail address, then the names', () => {
		const all = [
			criterion('lastName', 'Citizen'),
			criterion('firstName', 'Jane'),
			criterion('email', 'jane@mail.example'),
			criterion('oldReferenceId', 'P-1'),
			criterion('dateOfBirth', '1987-05-31'),
		];
		expect(mostSelectiveFirst(all).map(({ name }) => name)).toEqual([
			'dateOfBirth',
			'oldReferenceId',
			'email',
			'lastName',
			'firstName',
		]);
		expect(all.map(({ name }) => name)[0]).toBe('lastName');
	});
});

describe('What tells patients apart', () => {
	const jane = { id: '1', first_name: 'Jane', last_name: 'Citizen', email: 'a@b.example' };
	const known = [criterion('email', 'a@b.example')];

	it('is each field that all of them have, and each in another way', () => {
		const joe = { ...jane, id: '2', first_name: 'Joe', date_of_birth: '1980-01-01' };
		expect(distinguishingFields([{ ...jane, date_of_birth: '1981-01-01' }, joe], known)).toEqual([
			'First Name',
			'Date of Birth',
		]);
	});

	it.each([
		['one of them does not have', { date_of_birth: null }],
		['is blank for one of them', { date_of_birth: ' ' }],
		['is the same for two of three', { date_of_birth: '1980-01-01' }],
	])('is no field that %s', (_, third) => {
		const patients = [
			{ ...jane, date_of_birth: '1980-01-01' },
			{ ...jane, date_of_birth: '1981-01-01' },
			{ ...jane, ...third },
		];
		expect(distinguishingFields(patients, known)).toEqual([]);
	});

	it('is no name that people would call the same', () => {
		const zoe = { id: '1', first_name: 'Zoë', last_name: "O'Hara" };
		expect(
			distinguishingFields([zoe, { id: '2', first_name: 'ZOE', last_name: 'O’Hara' }], []),
		).toEqual([]);
	});

	it('is nothing that has been used already', () => {
		expect(
			distinguishingFields([jane, { ...jane, first_name: 'Joe' }], [criterion('firstName', 'J')]),
		).toEqual([]);
	});
});
