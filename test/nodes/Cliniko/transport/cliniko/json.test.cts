import { parseJson } from '../../../../../nodes/Cliniko/transport/cliniko/json.ts';
import { thrownBy } from '../../connection.cts';

describe('Cliniko’s JSON', () => {
	it.each([
		['{"id":12}', { id: '12' }],
		['{"id":"12"}', { id: '12' }],
		['{"id":1234567890123456789}', { id: '1234567890123456789' }],
		['{"id" : 9007199254740993 }', { id: '9007199254740993' }],
		['[{"id":9223372036854775807},{"id":1}]', [{ id: '9223372036854775807' }, { id: '1' }]],
		['{"user":{"id":5}}', { user: { id: '5' } }],
	])('has every id as text, to the last digit: %s', (text, value) => {
		expect(parseJson(text)).toEqual(value);
	});

	it.each([
		['{"patient_id":1234567890123456789}', { patient_id: '1234567890123456789' }],
		['{"patient_id":-1234567890123456789}', { patient_id: '-1234567890123456789' }],
		['[9007199254740992]', ['9007199254740992']],
		['1234567890123456789', '1234567890123456789'],
	])('has no number that lost its last digits: %s', (text, value) => {
		expect(parseJson(text)).toEqual(value);
	});

	it.each([
		'{"size":1000,"total_entries":0,"patient_id":12}',
		'[9007199254740991,-9007199254740991]',
		'[1234567890123456789.5,1e21,1234567890123456789e1,0.1234567890123456789]',
		'{"id":null}',
		'{"id":true}',
		'{"id":1.5}',
		'{"text":"the number 1234567890123456789"}',
		'{"text":"1234567890123456789"}',
		'{"1234567890123456789":1}',
		'{"text":"\\": 1234567890123456789","more":"\\\\"}',
		'{"text":"\\\\","more":"[1234567890123456789]"}',
		'{"__proto__":{"size":1}}',
		'"id"',
		'null',
	])('is left as it is when nothing is lost: %s', (text) => {
		expect(parseJson(text)).toEqual(JSON.parse(text));
	});

	it.each([
		'',
		'<html>',
		'{"id":1234567890123456789',
		'{1234567890123456789:1}',
		'{"id":01234567890123456789}',
		'[1234567890123456789"]',
		'[+1234567890123456789]',
	])('is not more than JSON is: %s', (text) => {
		expect(thrownBy(() => parseJson(text))).toBeInstanceOf(SyntaxError);
	});
});
