import type { PhoneNumber } from '../../../../nodes/Cliniko/fields/field.ts';
import {
	mergedPhoneNumbers,
	phoneNumbersWarning,
} from '../../../../nodes/Cliniko/patients/phoneNumbers.ts';
import { thrownBy } from '../connection.cts';

const phone = (number: string, type = 'Mobile'): PhoneNumber => ({ phone_type: type, number });

const merged = (present: unknown, given: PhoneNumber[]) =>
	mergedPhoneNumbers({ patient_phone_numbers: present as never }, given);

describe('Phone numbers', () => {
	it('are added after those that are there', () => {
		expect(merged([phone('1', 'Home')], [phone('2')])).toEqual([phone('1', 'Home'), phone('2')]);
	});

	it.each([[null], [''], [[]]])('are added where the record has none: %j', (none) => {
		expect(merged(none, [phone('1')])).toEqual([phone('1')]);
	});

	it.each(['0412 345 678', '(0412) 345-678', '０４１２３４５６７８'])(
		'are known by their digits: %s',
		(number) => {
			expect(merged([phone('0412345678')], [phone(number)])).toBeUndefined();
		},
	);

	it('are known by the form in which Cliniko has normalised them', () => {
		const present = [{ ...phone('0412 345 678'), normalized_number: '61412345678' }];
		expect(merged(present, [phone('+61 412 345 678')])).toBeUndefined();
	});

	it('keep their type and their writing if they are given again', () => {
		const present = [phone('0412 345 678', 'Home')];
		expect(merged(present, [phone('+61 412 345 678')])).toBeUndefined();
		expect(merged(present, [phone('0412345678'), phone('2')])).toEqual([...present, phone('2')]);
	});

	it('with letters are other numbers than those with other letters', () => {
		const present = [phone('1800 DOCTOR', 'Work')];
		expect(merged(present, [phone('1800 FLOWERS')])).toHaveLength(2);
		expect(merged(present, [phone('1800-doctor')])).toBeUndefined();
	});

	it('are sent back as they were, without what Cliniko has added', () => {
		const present = [
			{ phone_type: 'Home', number: '0-1', normalized_number: '6101' },
			{ phone_type: null, number: '7' },
			null,
			{ phone_type: 'Fax', number: null },
		];
		expect(merged(present, [phone('2')])).toEqual([
			phone('0-1', 'Home'),
			{ number: '7' },
			phone('2'),
		]);
	});

	it('given twice are added once', () => {
		expect(merged([], [phone('1 2'), phone('12')])).toEqual([phone('1 2')]);
	});

	it('that the record shows as numbers are kept', () => {
		const present = [{ phone_type: 'Home', number: 412345678 }];
		expect(merged(present, [phone('2')])).toEqual([phone('412345678', 'Home'), phone('2')]);
	});

	it.each([[undefined], [{ links: {} }], ['0412']])('cannot be added to no list: %j', (list) => {
		const error = thrownBy(() => merged(list, [phone('1')]));
		expect(error.message).toMatch(/does not show the patient’s phone numbers/);
	});

	it('cannot be added where the record does not show any list', () => {
		const error = thrownBy(() => mergedPhoneNumbers({}, [phone('1')]));
		expect(error.message).toMatch(/does not show the patient’s phone numbers/);
	});
});

describe('The warning after a change', () => {
	const warning = (after: PhoneNumber[]) =>
		phoneNumbersWarning([phone('1'), phone('2')], { patient_phone_numbers: after as never });

	it('is none if all is as it was sent, in whatever order', () => {
		expect(warning([phone('2'), phone('1', 'Home')])).toBeUndefined();
	});

	it('says that a number is missing', () => {
		expect(warning([phone('1'), phone('3')])).toMatch(/does not show all phone numbers/);
	});

	it('says that numbers are there twice', () => {
		expect(warning([phone('1'), phone('2'), phone('1')])).toMatch(/shows more phone numbers/);
	});
});
