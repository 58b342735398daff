import fc from 'fast-check';

import { readPolicy } from '../../../../../nodes/Cliniko/transport/s3/policy.ts';

const encoded = (policy: unknown) => Buffer.from(JSON.stringify(policy)).toString('base64');

/** Anything similar to a condition. */
const oddCondition = fc.oneof(
	fc.jsonValue(),
	fc.array(
		fc.oneof(
			fc.constantFrom('eq', 'starts-with', 'content-length-range', '$Content-Type', '$key'),
			fc.jsonValue({ maxDepth: 1 }),
		),
		{ maxLength: 4 },
	),
	fc.dictionary(fc.constantFrom('Content-Type', 'acl', 'key'), fc.jsonValue({ maxDepth: 1 })),
);

const oddPolicy = fc.record(
	{
		expiration: fc.jsonValue({ maxDepth: 1 }),
		conditions: fc.oneof(fc.array(oddCondition), fc.jsonValue()),
	},
	{ requiredKeys: [] },
);

describe('The policy of a presigned post, whatever it is', () => {
	it('never stops an upload by being odd, and says nothing that is of no use', () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string({ unit: 'binary' }),
					fc.base64String(),
					fc.jsonValue().map(encoded),
					oddPolicy.map(encoded),
					fc.constant(undefined),
				),
				(given) => {
					const { expiration, size, contentType, key, ...others } = readPolicy(given);

					expect(others).toEqual({});
					if (expiration !== undefined) expect(Number.isFinite(expiration)).toBe(true);
					if (size) expect([size.min, size.max].every(Number.isFinite)).toBe(true);
					if (key) expect(key).not.toEqual([]);
					for (const condition of [contentType ?? [], key ?? []].flat()) {
						expect(['eq', 'starts-with']).toContain(condition.match);
						expect(typeof condition.value).toBe('string');
					}
				},
			),
			{ numRuns: 1000 },
		);
	});

	it('says when it ends, which sizes and which types it takes, whatever stands beside', () => {
		const others = fc.array(
			fc.oneof(
				fc.dictionary(fc.constantFrom('acl', 'x-amz-date', 'bucket'), fc.string(), { maxKeys: 1 }),
				fc.tuple(
					fc.constantFrom('eq', 'starts-with'),
					fc.constantFrom('$acl', '$keys', '$'),
					fc.string(),
				),
			),
			{ maxLength: 5 },
		);
		const capitals = fc.func<[string], boolean>(fc.boolean());
		fc.assert(
			fc.property(
				fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }),
				fc.nat(2 ** 31),
				fc.nat(2 ** 31),
				fc.constantFrom('eq', 'starts-with'),
				fc.string(),
				fc.constantFrom('eq', 'starts-with'),
				fc.string(),
				others,
				others,
				capitals,
				(end, min, more, match, type, keyMatch, key, before, after, upper) => {
					const written = (word: string) => (upper(word) ? word.toUpperCase() : word);
					const conditions = [
						...before,
						[written('content-length-range'), min, min + more],
						...after,
						[written(match), written('$Content-Type'), type],
						[written(keyMatch), written('$key'), key],
					];

					expect(readPolicy(encoded({ expiration: end.toISOString(), conditions }))).toEqual({
						expiration: end.getTime(),
						size: { min, max: min + more },
						contentType: { match, value: type },
						key: [{ match: keyMatch, value: key }],
					});
				},
			),
			{ numRuns: 1000 },
		);
	});
});
