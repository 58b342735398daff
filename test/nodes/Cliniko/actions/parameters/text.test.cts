import { DateTime } from 'luxon';

import { textOf } from '../../../../../nodes/Cliniko/actions/parameters/text.ts';
import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import { thrownBy } from '../../connection.cts';

describe('The text of a parameter', () => {
	it.each([
		['text', ' a\n', ' a\n'],
		['an empty text', '', ''],
		['nothing', undefined, ''],
		['null', null, ''],
		['a number', 42.5, '42.5'],
		['zero', 0, '0'],
		['a boolean', false, 'false'],
	])('may be given as %s', (_, value, text) => {
		expect(textOf(value, 'Description')).toBe(text);
	});

	it('may be a DateTime, such as n8n’s $now', () => {
		const moment = DateTime.fromISO('2026-11-22T09:30:00.000Z', { zone: 'utc' });
		expect(textOf(moment, 'Description')).toBe('2026-11-22T09:30:00.000Z');
	});

	it.each([
		['an object', { secret: 'Philippa' }],
		['an empty object', {}],
		['a list', ['Philippa']],
		['a list of nothing', []],
		['a date without a zone', new Date(0)],
		['a function', () => 'Philippa'],
		['no number', NaN],
		['a symbol', Symbol('Philippa')],
	])('is not %s', (_, value) => {
		const error = thrownBy(() => textOf(value, 'Description'));
		expect(error).toBeInstanceOf(ClinikoError);
		expect(error.message).toBe('Description is not text for this item.');
		expect(error.description).toContain('Let it give one value');
		expect(error.description).not.toContain('Philippa');
	});
});
