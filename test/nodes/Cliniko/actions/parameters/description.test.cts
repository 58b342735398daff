import { descriptionOf } from '../../../../../nodes/Cliniko/actions/parameters/description.ts';
import { thrownBy } from '../../connection.cts';

describe('The description of an attachment', () => {
	it.each([
		['a text', 'From the form', 'From the form'],
		['nothing', undefined, ''],
		['null', null, ''],
		['an empty text', '', ''],
		['a number, as an expression may give it', 42, '42'],
		['zero', 0, '0'],
		['a text with line breaks', 'one\ntwo', 'one\ntwo'],
	])('may be %s', (_, value, description) => {
		expect(descriptionOf(value)).toBe(description);
	});

	it.each([
		['letters', 'x'],
		['umlauts', 'ü'],
		['emoji, which JavaScript counts twice', '😀'],
	])('has at most 255 characters, as people count them: %s', (_, character) => {
		expect(descriptionOf(character.repeat(255))).toBe(character.repeat(255));

		const error = thrownBy(() => descriptionOf(character.repeat(256)));
		expect(error.message).toBe(
			'The description has 256 characters, and Cliniko accepts at most 255.',
		);
		expect(error.description).toContain('.slice(0, 255)');
	});

	it('is not repeated in the message, since it may be about the patient', () => {
		const error = thrownBy(() => descriptionOf('Philippa '.repeat(40)));

		expect(JSON.stringify([error.message, error.description])).not.toContain('Philippa');
	});
});
