import {
	changesTo,
	ignoredChanges,
	keepIdentity,
	replaceAll,
	replaceNothing,
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

	it('is filled where the record is empty, names and date of birth too', () => {
		const values = { preferred_first_name: 'Jay', sex: 'Female', date_of_birth: '1990-01-01' };
		const filled = { preferred_first_name: 'Jay', sex: 'Female' };
		expect(changesTo(RECORD, values, replaceNothing)).toEqual(filled);
		expect(changesTo(RECORD, values, keepIdentity)).toEqual(filled);
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

describe('A change that Cliniko ignored', () => {
	it('is one after which the record has its former value', () => {
		const sent = { city: 'Sydney', state: 'NSW', sex: 'Female', unsubscribe_sms_marketing: true };
		const after = { ...RECORD, city: 'Sydney', state: '', sex: 'F' };
		expect(ignoredChanges(RECORD, after, sent)).toEqual(['state']);
	});
});
