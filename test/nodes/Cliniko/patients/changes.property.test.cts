import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import {
	PHONE_TYPES,
	PRONOUNS,
	type Field,
	type PhoneNumber,
} from '../../../../nodes/Cliniko/fields/field.ts';
import {
	changesTo,
	keepIdentity,
	replaceAll,
	replaceNothing,
} from '../../../../nodes/Cliniko/patients/changes.ts';
import {
	FIELDS,
	PHONE_NUMBERS,
	type PatientValues,
} from '../../../../nodes/Cliniko/patients/fields.ts';
import type { Patient } from '../../../../nodes/Cliniko/records/patient.ts';

const IDENTITY = ['first_name', 'last_name', 'preferred_first_name', 'date_of_birth'];

/** Few values, so that a given one is often the same as the record's. */
const word = fc.constantFrom('a', 'B', 'c d', 'é', '1987-05-31', 'x@y.example', ' a ');

const phone: fc.Arbitrary<PhoneNumber> = fc.record({
	phone_type: fc.constantFrom(...PHONE_TYPES),
	number: fc.constantFrom('1', '1-2', '12', '(12) 3', '0412 345 678', '0412345678'),
});

const pronouns = fc.record(Object.fromEntries(PRONOUNS.map(({ name }) => [name, word])));

function valueFor({ kind }: Field): fc.Arbitrary<unknown> {
	if (kind === 'boolean') return fc.boolean();
	if (kind === 'pronouns') return pronouns;
	if (kind === 'phones') return fc.array(phone, { minLength: 1, maxLength: 4 });
	if (kind === 'id') return fc.constantFrom('7', '8');
	return word;
}

const link = (collection: string, id: unknown) =>
	id ? { links: { self: `https://api.au1.cliniko.com/v1/${collection}/${String(id)}` } } : null;

/** A record as Cliniko shows it: some fields empty, some not shown at all. */
const record: fc.Arbitrary<Patient> = fc
	.record(
		Object.fromEntries(
			FIELDS.map((field) => [
				field.name,
				field.name === PHONE_NUMBERS
					? fc.array(phone, { maxLength: 4 })
					: fc.oneof({ weight: 2, arbitrary: valueFor(field) }, fc.constantFrom(null, '')),
			]),
		),
		{ requiredKeys: [PHONE_NUMBERS] },
	)
	.map((shown) => {
		const {
			concession_type_id: concession,
			referring_doctor_id: doctor,
			unsubscribe_sms_marketing: _,
			...fields
		} = shown as IDataObject;
		return {
			...fields,
			id: '1',
			concession_type: link('concession_types', concession),
			referring_doctor: link('contacts', doctor),
		} as Patient;
	});

const values = (withNull: boolean): fc.Arbitrary<PatientValues> =>
	fc.record(
		Object.fromEntries(
			FIELDS.map((field) => [
				field.name,
				withNull && !field.isNotNullable
					? fc.oneof(valueFor(field), fc.constant(null))
					: valueFor(field),
			]),
		),
		{ requiredKeys: [] },
	) as fc.Arbitrary<PatientValues>;

/** The record after a change, with a Cliniko that does what it is asked to. */
function applied(patient: Patient, changes: PatientValues): Patient {
	const {
		concession_type_id: concession,
		referring_doctor_id: doctor,
		...fields
	} = changes as IDataObject;
	return {
		...patient,
		...fields,
		...(concession !== undefined && { concession_type: link('concession_types', concession) }),
		...(doctor !== undefined && { referring_doctor: link('contacts', doctor) }),
	};
}

/** A field's value in a record; the text of a link where it is one. */
function shown(patient: Patient, name: string): unknown {
	if (name === 'concession_type_id') return JSON.stringify(patient.concession_type);
	if (name === 'referring_doctor_id') return JSON.stringify(patient.referring_doctor);
	return patient[name];
}

const isEmpty = (value: unknown) =>
	value === null || value === 'null' || (typeof value === 'string' && value.trim() === '');

const digits = (phones: unknown) =>
	(phones as PhoneNumber[]).map(({ number }) => number.replace(/\D/g, ''));

describe.each([
	['everything is replaced', replaceAll, true],
	['nothing is replaced', replaceNothing, false],
	['all but the identity is replaced', keepIdentity, false],
])('Where %s,', (_, mayReplace, withNull) => {
	const check = (property: (patient: Patient, given: PatientValues) => void) =>
		fc.assert(fc.property(record, values(withNull), property), { numRuns: 300 });

	it('no value that was not given is ever changed, and no phone number is taken away', () => {
		let filled = 0;
		check((patient, given) => {
			const before = structuredClone(patient);
			const changes = changesTo(patient, given, mayReplace);
			expect(patient).toEqual(before);
			filled += Object.keys(changes).length;
			for (const [name, value] of Object.entries(changes)) {
				expect(given).toHaveProperty(name);
				if (name !== PHONE_NUMBERS) expect(value).toEqual(given[name]);
			}
			if (!(PHONE_NUMBERS in changes)) return;
			expect(digits(changes[PHONE_NUMBERS])).toEqual(
				expect.arrayContaining(digits(patient[PHONE_NUMBERS])),
			);
			const present = (patient[PHONE_NUMBERS] as unknown as PhoneNumber[]).map(
				({ number }) => number,
			);
			const sent = (changes[PHONE_NUMBERS] as PhoneNumber[]).map(({ number }) => number);
			expect(sent.slice(0, present.length)).toEqual(present);
		});
		expect(filled).toBeGreaterThan(300);
	});

	it('a value that the record has already is replaced only if it may be', () => {
		check((patient, given) => {
			for (const name of Object.keys(changesTo(patient, given, mayReplace))) {
				if (mayReplace !== replaceAll) expect(IDENTITY).not.toContain(name);
				if (name === PHONE_NUMBERS) continue;
				const isFilled = !isEmpty(shown(patient, name)) || shown(patient, name) === undefined;
				if (!isFilled) continue;
				expect(mayReplace).not.toBe(replaceNothing);
			}
		});
	});

	it('a change that was made is not made again', () => {
		check((patient, given) => {
			const after = applied(patient, changesTo(patient, given, mayReplace));
			const { unsubscribe_sms_marketing: __, ...again } = changesTo(after, given, mayReplace);
			expect(again).toEqual({});
		});
	});

	it('every value is on the record that may be', () => {
		check((patient, given) => {
			const after = applied(patient, changesTo(patient, given, mayReplace));
			for (const [name, value] of Object.entries(given)) {
				if (name === PHONE_NUMBERS) {
					expect(digits(after[PHONE_NUMBERS])).toEqual(expect.arrayContaining(digits(value)));
				} else if (mayReplace === replaceAll && typeof value === 'boolean') {
					expect(after[name]).toBe(value);
				} else if (mayReplace !== replaceAll && IDENTITY.includes(name)) {
					expect(after[name]).toEqual(patient[name]);
				} else if (isEmpty(shown(patient, name)) && value !== null) {
					expect(isEmpty(shown(after, name))).toBe(false);
				}
			}
		});
	});
});
