import fc from 'fast-check';

import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import { apiHost, shardOf } from '../../../../../nodes/Cliniko/transport/cliniko/shard.ts';

const piece = fc.constantFrom(
	'au1',
	'UK2',
	'eu12',
	'au123',
	'-au1',
	'-uk2',
	'-',
	'.',
	'/',
	'#',
	'@',
	':',
	'\n',
	'\u0000',
	' ',
	'%2e',
	'evil.example',
	'au１',
	'au٣',
	'ß1',
	'K1',
	'ı1',
	'MS0xLTE2OTk',
);

const text = fc.oneof(
	fc.string({ unit: piece, maxLength: 5 }),
	fc.string({ unit: 'grapheme' }),
	fc.string(),
);

const anything = fc.oneof({ weight: 4, arbitrary: text }, fc.anything());

const credential = fc.record(
	{
		apiKey: anything,
		shard: fc.oneof(fc.constantFrom('', 'other', 'au1', 'uk2'), anything),
		customShard: anything,
	},
	{ requiredKeys: [] },
);

/** The shard of a credential, or the error message. */
function outcomeOf(given: unknown): { shard?: string; error?: unknown } {
	try {
		return { shard: shardOf(given as Parameters<typeof shardOf>[0]) };
	} catch (error) {
		return { error };
	}
}

describe('The shard of a credential, whatever is in it', () => {
	it('is two letters and a number, or refused; its host is Cliniko’s', () => {
		fc.assert(
			fc.property(credential, (given) => {
				const { shard, error } = outcomeOf(given);

				if (shard === undefined) {
					expect(error).toBeInstanceOf(ClinikoError);
					return;
				}
				expect(shard).toMatch(/^[a-z]{2}[0-9]{1,2}$/);
				const { host, port, username, pathname } = new URL(`https://${apiHost(shard)}/v1/user`);
				expect({ host, port, username, pathname }).toEqual({
					host: `api.${shard}.cliniko.com`,
					port: '',
					username: '',
					pathname: '/v1/user',
				});
			}),
			{ numRuns: 2000 },
		);
	});

	it('is the one that the key names, whatever comes before and around it', () => {
		const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
		const shard = fc
			.tuple(letter, letter, fc.integer({ min: 0, max: 99 }))
			.map(([a, b, number]) => `${a}${b}${number}`);
		const space = fc.string({
			unit: fc.constantFrom(' ', '\n', '\t', '\u00a0', '\ufeff'),
			maxLength: 3,
		});
		fc.assert(
			fc.property(text, shard, space, space, (start, name, before, after) => {
				const apiKey = `${before}${start}-${name}${after}`;
				// White space inside a key is refused.
				fc.pre(!/\s/.test(apiKey.trim()));

				expect(shardOf({ apiKey, shard: '' })).toBe(name.toLowerCase());
				expect(shardOf({ apiKey, shard: 'other', customShard: name })).toBe(name.toLowerCase());
			}),
			{ numRuns: 1000 },
		);
	});
});
