import {
	patientFields,
	patientValuesOf,
} from '../../../../../nodes/Cliniko/actions/parameters/patientFields.ts';
import { parameterOf } from '../../../../../nodes/Cliniko/actions/parameters/recordFields.ts';
import { referralSourceIn } from '../../../../../nodes/Cliniko/actions/parameters/referralSource.ts';
import { FIELDS } from '../../../../../nodes/Cliniko/patients/fields.ts';
import { thrownBy } from '../../connection.cts';

const phones = (...rows: object[]) => ({ patientPhoneNumbers: { phoneNumber: rows as never } });

const forms = (...words: string[]) => ({
	pronouns: {
		forms: Object.fromEntries(
			[
				'nominative',
				'accusative',
				'pronominal_possessive',
				'predicative_possessive',
				'reflexive',
			].map((name, at) => [name, words[at]]),
		) as never,
	},
});

const chosen = (value: string) => ({ __rl: true, mode: 'id', value });

describe('The collection of fields', () => {
	const { options } = patientFields(
		{ displayName: 'Fields', name: 'fields', placeholder: '', description: '' },
		['first_name', 'email'],
	);
	const names = (options as Array<{ name: string; displayName: string }>).map(({ name }) => name);

	it('has all fields but those that are asked for elsewhere, in the order of their labels', () => {
		// The referral source comes besides.
		expect(names).toHaveLength(FIELDS.length - 2 + 1);
		expect(names).not.toContain('firstName');
		expect(names).toContain('dateOfBirth');
		const labels = (options as Array<{ displayName: string }>).map(
			({ displayName }) => displayName,
		);
		expect(labels).toEqual([...labels].sort((a, b) => a.localeCompare(b)));
	});

	it('has no two parameters of one name', () => {
		expect(new Set(FIELDS.map(parameterOf)).size).toBe(FIELDS.length);
		expect(parameterOf({ name: 'address_1' } as never)).toBe('address1');
	});
});

describe('What is read', () => {
	it('has Cliniko’s names, trimmed texts and checked values', () => {
		expect(
			patientValuesOf({
				firstName: ' Jane\n',
				dateOfBirth: '1987-05-31',
				postCode: 3186,
				acceptedPrivacyPolicy: true,
				receivesConfirmationEmails: false,
				reminderType: 'SMS',
				referringDoctorId: 12,
			}),
		).toEqual({
			first_name: 'Jane',
			date_of_birth: '1987-05-31',
			post_code: '3186',
			accepted_privacy_policy: true,
			receives_confirmation_emails: false,
			reminder_type: 'SMS',
			referring_doctor_id: '12',
		});
	});

	it.each([null, undefined, '', '  '])('has nothing where an expression gives %j', (nothing) => {
		const given = FIELDS.map((field) => [parameterOf(field), nothing]);
		expect(
			patientValuesOf({
				...Object.fromEntries(given),
				...phones({ type: 'Home', number: nothing }),
				...forms('', ' '),
			}),
		).toEqual({});
		expect(patientValuesOf({})).toEqual({});
	});

	it('has each phone number once, with its type', () => {
		const rows = [
			{ number: '0412 345 678' },
			{ type: 'Home', number: '(03) 9000' },
			{ type: 'Mobile', number: '0412345678' },
			{ type: 'Work', number: '' },
		];
		expect(patientValuesOf(phones(...rows))).toEqual({
			patient_phone_numbers: [
				{ phone_type: 'Mobile', number: '0412 345 678' },
				{ phone_type: 'Home', number: '(03) 9000' },
			],
		});
	});

	it('has exact IDs, chosen from a list or given', () => {
		expect(
			patientValuesOf({
				referringDoctorId: chosen('0012345678901234567'),
				concessionTypeId: ' 7 ',
			} as never),
		).toEqual({ referring_doctor_id: '12345678901234567', concession_type_id: '7' });
		expect(patientValuesOf({ referringDoctorId: chosen('') } as never)).toEqual({});
	});

	it('has all five pronouns', () => {
		expect(patientValuesOf(forms('she', 'her', 'her', 'hers', 'herself'))).toEqual({
			pronouns: {
				nominative: 'she',
				accusative: 'her',
				pronominal_possessive: 'her',
				predicative_possessive: 'hers',
				reflexive: 'herself',
			},
		});
	});
});

it.each([
	['some of the pronouns', forms('she', 'her'), /Pronouns has only some of the five forms/],
	['a phone number without digits', phones({ number: 'none' }), /number without digits/],
	[
		'a phone number of another type',
		phones({ type: 'Pager', number: '1' }),
		/Phone Numbers has a type/,
	],
	['an object', { city: { name: 'Perth' } }, /City is not text/],
	['a list', { notes: ['a'] }, /Notes is not text/],
	['text for an ID', { referringDoctorId: chosen('Dr Who') }, /Referring Doctor is not a whole/],
	['an ID beyond 64 bits', { concessionTypeId: '9223372036854775808' }, /Type is not a whole/],
	[
		'an ID that a number cannot hold',
		{ referringDoctorId: 1234567890123456789 },
		/Referring Doctor came as a number too large/,
	],
])('%s is refused', (_, given, message) => {
	const error = thrownBy(() => patientValuesOf(given as never));
	expect(error.message).toMatch(message);
	expect(error.description).toMatch(/\w+ \w+/);
});

describe('The referral source', () => {
	const given = (source: object) => referralSourceIn({ referralSource: { source } } as never);
	const by = (mode: string, value: unknown) => ({ __rl: true, mode, value });

	it.each([
		['an ID from the list', { type: by('list', '7') }, { typeId: '7' }],
		['a name', { type: by('name', ' 2nd visit ') }, { typeName: '2nd visit' }],
		['a name of digits', { type: by('name', '7') }, { typeName: '7' }],
		['an expression with an ID', { type: 7 }, { typeId: '7' }],
		['an expression with a name', { type: 'Google' }, { typeName: 'Google' }],
		[
			'all there is',
			{ type: '7', subcategory: ' Maps ', notes: '', referrerId: by('id', '9') },
			{ typeId: '7', subcategory: 'Maps', referrerId: '9' },
		],
	])('is read from %s', (_, source, wanted) => {
		expect(given(source)).toEqual(wanted);
	});

	it('is none without a type', () => {
		expect(given({ type: by('id', undefined), notes: 'N' })).toBeUndefined();
		expect(referralSourceIn({})).toBeUndefined();
	});

	it.each([[{ type: by('id', 'Google') }], [{ type: '7', referrerId: 'Jane' }]])(
		'is refused with what is no ID: %j',
		(source) => {
			expect(() => given(source)).toThrow(/^Referral Source \(.*is not a whole number/);
		},
	);
});
