import { parseJson } from '../../../../../nodes/Cliniko/transport/cliniko/json.ts';

it('Cliniko’s JSON may hold a text of many megabytes', () => {
	const value = [`${'a\\"'.repeat(5_000_000)}`, 'é'.repeat(5_000_000)];
	const text = JSON.stringify([...value, 'n']).replace('"n"', '1234567890123456789');
	expect(parseJson(text)).toEqual([...value, '1234567890123456789']);
});
