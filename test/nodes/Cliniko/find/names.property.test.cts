import fc from 'fast-check';
import { hasLetters, patternOf, sameName } from '../../../../nodes/Cliniko/find/names.ts';
import { like, likeBoth } from './likePattern.cts';

const LATIN = [...'abcdefghijklmnopqrstuvwxyz'];
const MARKS = [...'\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327\u0328\u0323'];
const BETWEEN = ["'", '’', 'ʼ', '-', '‑', ' ', '\u00a0', ': ', '.', ', '];

/** Letters in whose place people write others; `sameName` knows them. */
const OTHER_SPELLINGS: Array<[RegExp, string]> = [
	[/ae/g, 'ä'],
	[/oe/g, 'ö'],
	[/ue/g, 'ü'],
	[/aa/g, 'å'],
];

/** The same, and no letter that the pattern could have in its place. */
const OWN_LETTERS: Array<[RegExp, string]> = [
	[/ae/g, 'æ'],
	[/oe/g, 'œ'],
	[/ss/g, 'ß'],
	[/o/g, 'ø'],
	[/l/g, 'ł'],
	[/i/g, 'ı'],
];

const letters = fc.array(fc.constantFrom(...LATIN), { minLength: 1, maxLength: 10 });

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** A name, and one that people would call the same. */
interface Pair {
	name: string;
	other: string;
}

/**
 * All that may differ where Cliniko minds neither case nor accents: the case of each letter, a mark on
 * any, something between any two, and letters spelt in another way.
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
			other: spelling ? respelt(written, spelling) : written,
		})),
);

/** The letters with anything on and between them that makes no difference. */
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

/** Another spelling of all letters but the first, which the pattern has. */
function respelt(written: string, [from, to]: [RegExp, string]): string {
	const [first = '', ...rest] = [...written];
	return first + rest.join('').replace(from, to);
}

describe('The pattern of any name', () => {
	it('lets through every other spelling of it, where Cliniko minds neither case nor accents', () => {
		let compared = 0;
		fc.assert(
			fc.property(loosePair, ({ name, other }) => {
				const pattern = patternOf(name);
				if (!pattern || !sameName(name, other)) return;
				compared++;
				expect({ name, other, fits: like(pattern, other, 'insensitive') }).toEqual({
					name,
					other,
					fits: true,
				});
			}),
			{ numRuns: 2000 },
		);
		expect(compared).toBeGreaterThan(1000);
	});

	it('lets through what differs in accents on vowels, c, n, s, z and l, however Cliniko compares', () => {
		const word = fc
			.tuple(fc.constantFrom(...'bdfghjkmpqrtvwx'), letters)
			.map(([first, rest]) => [first, ...rest]);
		const accented = (all: string[]) =>
			fc
				.array(fc.option(fc.constantFrom(...MARKS), { nil: '' }), {
					minLength: all.length,
					maxLength: all.length,
				})
				.map((marks) =>
					all
						.map((letter, at) => letter + (/[aeiouycnszl]/.test(letter) ? marks[at]! : ''))
						.join('')
						.normalize('NFC'),
				);
		const words = fc.array(word, { minLength: 1, maxLength: 3 }).chain((all) =>
			fc.record({
				plain: fc.constant(all.map((one) => one.join(''))),
				written: fc.tuple(...all.map(accented)),
				between: fc.constantFrom(...BETWEEN),
				typedBetween: fc.constantFrom(...BETWEEN),
				typedCase: fc.constantFrom('as usual', 'small', 'CAPITALS'),
			}),
		);
		fc.assert(
			fc.property(words, ({ plain, written, between, typedBetween, typedCase }) => {
				const record = written.map(capitalised).join(between);
				const usual = plain.map(capitalised).join(typedBetween);
				const typed = {
					'as usual': usual,
					small: usual.toLowerCase(),
					CAPITALS: usual.toUpperCase(),
				}[typedCase]!;
				expect(sameName(typed, record)).toBe(true);
				expect({ typed, record, ...likeBoth(patternOf(typed)!, record) }).toEqual({
					typed,
					record,
					insensitive: true,
					sensitive: true,
				});
				// And the other way round: the form has the accents, the record has none.
				expect(likeBoth(patternOf(record)!, usual)).toEqual({ insensitive: true, sensitive: true });
			}),
			{ numRuns: 500 },
		);
	});

	it('holds nothing but letters and %, whatever the form sent, and ends open', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme' }), (name) => {
				const pattern = patternOf(name);
				if (pattern === undefined) return;
				expect(pattern).toMatch(/^[\p{L}%]+%$/u);
				expect(pattern).not.toMatch(/%%|^%$/);
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

	it('both have letters or both have none', () => {
		fc.assert(
			fc.property(anyName, anyName, (a, b) => {
				if (sameName(a, b)) expect(hasLetters(a)).toBe(hasLetters(b));
			}),
			{ numRuns: 2000 },
		);
	});
});
