import fc from 'fast-check';

import { parseJson } from '../../../../../nodes/Cliniko/transport/cliniko/json.ts';

describe('Cliniko’s JSON', () => {
	it('gives back any text, and any integer to its last digit', () => {
		const text = fc.string({
			unit: fc.oneof(fc.constantFrom(...'"\\0123456789-:,{}[]'), fc.string({ maxLength: 1 })),
		});
		const integer = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
		fc.assert(
			fc.property(fc.array(fc.record({ key: text, text, integer })), (all) => {
				const json = all.map(
					(one) =>
						`{"text":${JSON.stringify(one.text)},"integer":${one.integer},"in":{${JSON.stringify(`x${one.key}`)}: ${one.integer}}}`,
				);
				const exact = (one: bigint) =>
					Number.isSafeInteger(Number(one)) ? Number(one) : String(one);
				expect(parseJson(`[${json.join(',')}]`)).toEqual(
					all.map((one) => ({
						text: one.text,
						integer: exact(one.integer),
						in: { [`x${one.key}`]: exact(one.integer) },
					})),
				);
			}),
			{ numRuns: 1000 },
		);
	});

	it('is what JSON.parse gives when there is neither an id nor a large number', () => {
		fc.assert(
			fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
				fc.pre(!text.includes('"id"') && !/\d{16}/.test(text));
				expect(parseJson(text)).toEqual(JSON.parse(text));
			}),
		);
	});
});
