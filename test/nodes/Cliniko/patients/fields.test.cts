import { checkedValue } from '../../../../nodes/Cliniko/fields/field.ts';
import { FIELDS, LABELS } from '../../../../nodes/Cliniko/patients/fields.ts';
import { changedPatient } from '../../../contract/schemas.cts';
import { thrownBy } from '../connection.cts';

const fieldOf = (name: string) => FIELDS.find((field) => field.name === name)!;

const checked = (name: string, value: string) => checkedValue(fieldOf(name), value);

describe('The table of fields', () => {
	const documented = changedPatient.properties as Record<
		string,
		{ maxLength?: number; type?: unknown; enum?: unknown[] }
	>;

	it('has the fields of Cliniko’s reference, besides what is set in other ways', () => {
		const others = ['custom_fields', 'referral_source'];
		const names = Object.keys(documented).filter((name) => !others.includes(name));
		expect(FIELDS.map(({ name }) => name).sort()).toEqual(names.sort());
		expect(new Set(Object.values(LABELS)).size).toBe(FIELDS.length + 1);
	});

	it('has the reference’s lengths, and empties only what the reference calls nullable', () => {
		for (const { name, maxLength, isNotNullable = false } of FIELDS) {
			const { maxLength: longest, type, enum: choices = [] } = documented[name]!;
			expect([name, maxLength]).toEqual([name, longest]);
			const isNullable = [type].flat().includes('null') || choices.includes(null);
			expect([name, isNotNullable]).toEqual([name, !isNullable]);
		}
	});
});

describe('A value', () => {
	it.each([
		['notes', 'x'.repeat(5000), 'x'.repeat(5000)],
		['city', '🏖'.repeat(255), '🏖'.repeat(255)],
		['date_of_birth', '1987-05-31', '1987-05-31'],
		['date_of_birth', '1987-05-31T00:00:00.000+10:00', '1987-05-31'],
		['email', 'Jane Citizen <Jane+a@mail.example>', 'Jane+a@mail.example'],
		['invoice_email', 'a@b.example', 'a@b.example'],
		['accepted_privacy_policy', 'true', true],
		['accepted_privacy_policy', 'False', false],
		['reminder_type', 'sms & email', 'SMS & Email'],
		['dva_card_number', 'NX123456A', 'NX123456A'],
		['dva_card_number', 'V 123', 'V 123'],
	])('of %s is taken: %j', (name, value, taken) => {
		expect(checked(name, value)).toBe(taken);
	});

	it.each([
		['city', 'x'.repeat(256), /City has 256 characters.*at most 255/],
		['email', `${'a'.repeat(250)}@b.example`, /Email has 260 characters/],
		['email', 'jane', /Email is not one e-mail address/],
		['email', 'jané@mail.example', /Email is not in the form/],
		['email', 'joe@mail', /Email is not in the form/],
		['invoice_email', 'a@b.example, c@d.example', /Invoice Email is not one e-mail address/],
		['date_of_birth', '31/05/1987', /Date of Birth is not a date/],
		['date_of_birth', '1987-02-30', /Date of Birth is not a date/],
		['accepted_privacy_policy', 'Ja', /Accepted Privacy Policy is neither true nor false/],
		['reminder_type', 'Letter', /Reminder Type is none of Cliniko’s choices/],
		['dva_card_number', 'nx123456', /DVA Card Number is not in the form/],
		['dva_card_number', 'ZX123456', /DVA Card Number is not in the form/],
	])('of %s is refused: %j', (name, value, message) => {
		const error = thrownBy(() => checked(name, value));
		expect(error.message).toMatch(message);
		expect(error.description).toMatch(/\w+ \w+/);
		expect(`${error.message} ${String(error.description)}`).not.toContain(value);
	});
});
