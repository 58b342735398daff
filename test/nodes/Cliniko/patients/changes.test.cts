import {
	changedFields,
	changesTo,
	differences,
	droppedFields,
	emptiedFields,
	ignoredChanges,
	keepIdentity,
	missingIdentity,
	replaceAll,
	replaceNothing,
	smsMarketingWarning,
} from '../../../../nodes/Cliniko/patients/changes.ts';
import type { Patient } from '../../../../nodes/Cliniko/records/patient.ts';

const link = (path: string) => ({ links: { self: `https://api.au1.cliniko.com/v1/${path}` } });

const HERS = {
	accusative: 'her',
	nominative: 'she',
	predicative_possessive: 'hers',
	pronominal_possessive: 'her',
	reflexive: 'herself',
};

const RECORD: Patient = {
	id: '1',
	first_name: 'Jane',
	last_name: 'Citizen',
	preferred_first_name: null,
	date_of_birth: '1987-05-31',
	city: 'Perth',
	state: '',
	notes: 'One\r\ntwo ',
	sex: null,
	accepted_privacy_policy: null,
	receives_confirmation_emails: false,
	pronouns: HERS,
	concession_type: link('concession_types/7'),
	patient_phone_numbers: [],
};

describe('What has to be changed', () => {
	it('is what differs, and nothing that is the same', () => {
		const values = {
			city: 'Perth',
			state: 'WA',
			notes: 'One\ntwo',
			receives_confirmation_emails: false,
			accepted_privacy_policy: false,
			concession_type_id: '7',
			referring_doctor_id: '9',
			pronouns: { ...HERS },
		};
		expect(changesTo(RECORD, values, replaceAll)).toEqual({
			state: 'WA',
			accepted_privacy_policy: false,
			referring_doctor_id: '9',
		});
	});

	it('is replaced on demand', () => {
		const values = {
			city: 'Sydney',
			receives_confirmation_emails: true,
			concession_type_id: '8',
			pronouns: { ...HERS, reflexive: 'herself too' },
			last_name: 'Other',
		};
		expect(changesTo(RECORD, values, replaceAll)).toEqual(values);
		const { last_name: _, ...others } = values;
		expect(changesTo(RECORD, values, keepIdentity)).toEqual(others);
		expect(changesTo(RECORD, values, replaceNothing)).toEqual({});
	});

	it('is filled where the record is empty, but never a name or a date of birth', () => {
		const record = { ...RECORD, date_of_birth: null, first_name: '' };
		const identity = {
			first_name: 'Jane',
			preferred_first_name: 'Jay',
			date_of_birth: '1990-01-01',
		};
		const values = { ...identity, sex: 'Female' };
		expect(changesTo(record, values, replaceNothing)).toEqual({ sex: 'Female' });
		expect(changesTo(record, values, keepIdentity)).toEqual({ sex: 'Female' });
		expect(changesTo(record, values, replaceAll)).toEqual(values);
		expect(missingIdentity(record, values)).toEqual(Object.keys(identity));
		expect(missingIdentity(RECORD, values)).toEqual(['preferred_first_name']);
	});

	it('is emptied where it is not empty', () => {
		const values = { city: null, state: null, sex: null, pronouns: null };
		expect(changesTo(RECORD, values, replaceAll)).toEqual({ city: null, pronouns: null });
	});

	it('is sent, but never filled, where the record does not show it', () => {
		const values = { unsubscribe_sms_marketing: true, country: 'Australia' };
		expect(changesTo(RECORD, values, replaceAll)).toEqual(values);
		expect(changesTo(RECORD, values, replaceNothing)).toEqual({});
		const strange = { ...RECORD, concession_type: link('types/of/concession/7') };
		expect(changesTo(strange, { concession_type_id: '8' }, replaceNothing)).toEqual({});
	});
});

it('Pronouns that are all unset are filled', () => {
	const unset = Object.fromEntries(Object.keys(HERS).map((form) => [form, null]));
	const values = { pronouns: HERS };
	expect(changesTo({ ...RECORD, pronouns: unset }, values, replaceNothing)).toEqual(values);
	expect(changesTo(RECORD, { pronouns: unset as never }, replaceNothing)).toEqual({});
});

it('What Cliniko has dropped or emptied is noticed', () => {
	const phones = [{ phone_type: 'Mobile', number: '1' }];
	const before = { ...RECORD, patient_phone_numbers: phones };
	const sent = { city: 'Hobart', sex: 'Female', patient_phone_numbers: phones };
	const after = { ...RECORD, city: '', sex: 'Female', notes: null };
	expect(droppedFields(after, sent)).toEqual(['city', 'patient_phone_numbers']);
	expect(emptiedFields(before, after, { city: 'Hobart' })).toEqual([
		'notes',
		'patient_phone_numbers',
	]);
	expect(ignoredChanges(before, after, sent)).toEqual(['city']);
	expect(emptiedFields(before, before, {})).toEqual([]);
});

describe('A change that Cliniko ignored', () => {
	it('is one after which the record has its former value', () => {
		const sent = { city: 'Sydney', state: 'NSW', sex: 'Female', unsubscribe_sms_marketing: true };
		const after = { ...RECORD, city: 'Sydney', state: '', sex: 'F' };
		expect(ignoredChanges(RECORD, after, sent)).toEqual(['state']);
	});
});

describe('Marketing by SMS', () => {
	const unsubscribed = { unsubscribe_sms_marketing: true };
	const record = (accepted?: unknown) => ({ ...RECORD, accepted_sms_marketing: accepted as null });

	it.each([[true], [false], [undefined]])(
		'is sent where it may be replaced, and kept otherwise, if the record shows %s',
		(accepted) => {
			// A patient who is shown not to accept it may be so for another reason.
			expect(changesTo(record(accepted), unsubscribed, replaceAll)).toEqual(unsubscribed);
			expect(changesTo(record(accepted), unsubscribed, replaceNothing)).toEqual({});
		},
	);

	it('is filled in if the record shows nothing', () => {
		for (const empty of [null, '']) {
			expect(changesTo(record(empty), unsubscribed, replaceNothing)).toEqual(unsubscribed);
		}
	});

	it.each([
		[true, false, ['unsubscribe_sms_marketing'], undefined],
		[false, false, [], undefined],
		[null, false, ['unsubscribe_sms_marketing'], undefined],
		[true, true, [], /shows that the patient accepts marketing by SMS/],
		[null, null, ['unsubscribe_sms_marketing'], undefined],
		[undefined, undefined, ['unsubscribe_sms_marketing'], undefined],
	])('that was %s and is %s is told as it is shown', (before, after, changed, warning) => {
		const [old, now] = [record(before), record(after)];
		expect(changedFields(old, now, unsubscribed)).toEqual(changed);
		expect(ignoredChanges(old, now, unsubscribed)).toEqual([]);
		const said = smsMarketingWarning(now, unsubscribed);
		if (warning) expect(said).toMatch(warning);
		else expect(said).toBeUndefined();
	});
});

it('A record has other values than were given where it shows others or none', () => {
	const values = {
		city: 'Sydney',
		sex: 'Female',
		notes: 'One\ntwo',
		country: 'Australia',
		unsubscribe_sms_marketing: true,
		patient_phone_numbers: [{ phone_type: 'Home', number: '1' }],
	};
	const others = ['city', 'sex', 'patient_phone_numbers'];
	expect(differences(RECORD, values)).toEqual(others);
	const { patient_phone_numbers: _, ...hidden } = RECORD;
	expect(differences(hidden as Patient, values)).toEqual(['city', 'sex']);
});
