import fc from 'fast-check';

import { hasLetters, nameKey, patternsOf, sameName } from '../../../../nodes/Cliniko/find/names.ts';
import { COMPARISONS, like, MINDS } from './likePattern.cts';

const LATIN = [...'abcdefghijklmnopqrstuvwxyz'];
const MARKS = [...'\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327\u0328\u0323'];
const BETWEEN = ["'", '’', 'ʼ', '-', '‑', ' ', '\u00a0', ': ', '.', ', '];

/** Letters with alternative spellings that `sameName` knows. */
const OTHER_SPELLINGS: Array<[RegExp, string]> = [
	[/ae/g, 'ä'],
	[/oe/g, 'ö'],
	[/ue/g, 'ü'],
	[/aa/g, 'å'],
];

/** The same for letters that Cliniko may not fold. */
const OWN_LETTERS: Array<[RegExp, string]> = [
	[/ae/g, 'æ'],
	[/oe/g, 'œ'],
	[/ss/g, 'ß'],
	[/o/g, 'ø'],
	[/l/g, 'ł'],
	[/i/g, 'ı'],
	[/d/g, 'đ'],
	[/h/g, 'ħ'],
	[/th/g, 'þ'],
];

const letters = fc.array(fc.constantFrom(...LATIN), { minLength: 1, maxLength: 10 });

/** A name and an equivalent one. */
interface Pair {
	name: string;
	other: string;
}

/**
 * Everything that may differ: case, diacritics, separators, and alternative spellings of letters.
 */
const loosePair: fc.Arbitrary<Pair> = letters.chain((all) =>
	fc
		.record({
			typed: dressed(all),
			written: dressed(all),
			own: fc.subarray([...OTHER_SPELLINGS, ...OWN_LETTERS], { maxLength: 1 }),
		})
		.map(({ typed, written, own: [spelling] }) => ({
			name: typed,
			other: spelling ? written.replace(...spelling) : written,
		})),
);

/** The letters with insignificant marks and separators. */
function dressed(all: string[]): fc.Arbitrary<string> {
	return fc
		.array(
			fc.record({
				isCapital: fc.boolean(),
				mark: fc.option(fc.constantFrom(...MARKS), { freq: 4, nil: '' }),
				then: fc.option(fc.constantFrom(...BETWEEN), { freq: 4, nil: '' }),
			}),
			{ minLength: all.length, maxLength: all.length },
		)
		.map((dress) =>
			all
				.map((letter, at) => {
					const { isCapital, mark, then } = dress[at]!;
					return `${isCapital ? letter.toUpperCase() : letter}${mark}${then}`;
				})
				.join('')
				.normalize('NFC'),
		);
}

/** Letters that never have a diacritic in names: accent-sensitive patterns rely on that. */
const BARE = /([qxjvpfbm])\p{M}+/giu;

describe.each(COMPARISONS)('The patterns of any name, when comparing is %s,', (comparison) => {
	const sensitivity = MINDS[comparison];

	it('let through every other spelling of it', () => {
		let compared = 0;
		fc.assert(
			fc.property(loosePair, ({ name, other: anyOther }) => {
				const patterns = patternsOf(name, sensitivity);
				const realOther = anyOther.normalize('NFD').replace(BARE, '$1').normalize('NFC');
				const other = sensitivity === 'nothing' ? anyOther : realOther;
				if (patterns.length === 0 || !sameName(name, other)) return;
				compared++;
				expect({ name, other, fits: like(patterns, other, comparison) }).toEqual({
					name,
					other,
					fits: true,
				});
			}),
			{ numRuns: 2000 },
		);
		expect(compared).toBeGreaterThan(500);
	});

	it('hold nothing but letters and %, whatever the form sent, and are open at both ends', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme' }), (name) => {
				const patterns = patternsOf(name, sensitivity);
				expect(patterns.length).toBeLessThanOrEqual(sensitivity === 'case' ? 2 : 1);
				for (const pattern of patterns) {
					expect(pattern).toMatch(/^%[\p{L}%]+%$/u);
					expect(pattern).not.toMatch(/%%/);
				}
			}),
			{ numRuns: 2000 },
		);
	});
});

describe('Names that are the same', () => {
	const anyName = fc.oneof(
		fc.string({ unit: 'grapheme' }),
		loosePair.map(({ other }) => other),
	);

	it('are so in either order, and each is the same as itself', () => {
		fc.assert(
			fc.property(anyName, anyName, (a, b) => {
				expect(sameName(a, b)).toBe(sameName(b, a));
				expect(sameName(a, a)).toBe(true);
			}),
			{ numRuns: 2000 },
		);
	});

	it('have the same key', () => {
		let compared = 0;
		fc.assert(
			fc.property(loosePair, ({ name, other }) => {
				if (!sameName(name, other)) return;
				compared++;
				expect(nameKey(name)).toBe(nameKey(other));
			}),
			{ numRuns: 2000 },
		);
		expect(compared).toBeGreaterThan(500);
		expect(nameKey('Smith')).not.toBe(nameKey('Smythe'));
	});

	it('both have letters or both have none', () => {
		fc.assert(
			fc.property(anyName, anyName, (a, b) => {
				if (sameName(a, b)) expect(hasLetters(a)).toBe(hasLetters(b));
			}),
			{ numRuns: 2000 },
		);
	});
});
