import fc from 'fast-check';

import { compareFileNames } from '../../../../nodes/Cliniko/records/compareFileNames.ts';

describe('The name on a record and the name of a file', () => {
	it.each([
		['Referral.pdf', 'Referral.pdf'],
		['Mu\u0308ller.pdf', 'M\u00fcller.pdf'],
		['日本.pdf', '日本.pdf'],
		['🦴', '🦴'],
	])('are exactly the same: %s', (onRecord, name) => {
		expect(compareFileNames(onRecord, name)).toBe('exact');
	});

	it.each([
		['scan_1.pdf', 'scan 1.pdf'],
		['referral.PDF', 'Referral.pdf'],
		['Referral__Monday_.pdf', 'Referral (Monday).pdf'],
		['Muller.pdf', 'Müller.pdf'],
		['M_ller.pdf', 'Müller.pdf'],
		['Mller.pdf', 'Müller.pdf'],
		['Scan.pdf', 'Scan 🦴.pdf'],
		['50-2.pdf', '50% #2.pdf'],
		['50%25%20%232.pdf'.replace(/%../g, ' '), '50 2.pdf'],
		['Ｒｅｆｅｒｒａｌ.pdf', 'Referral.pdf'],
		['ELISE.pdf', 'Élise.pdf'],
		// What is left of both if Cliniko drops such letters.
		['日本.pdf', '東京.pdf'],
	])('are similar: %s and %s', (onRecord, name) => {
		expect(compareFileNames(onRecord, name)).toBe('similar');
	});

	it.each([
		['Other.pdf', 'Referral.pdf'],
		['Referral', 'Referral.pdf'],
		['Referral 1.pdf', 'Referral.pdf'],
		['日本', '東京'],
		['🦴', '📄'],
		['---', '___'],
		['', ''],
		[null, 'null'],
		[undefined, 'undefined'],
		[7, '7'],
	])('are different: %s and %s', (onRecord, name) => {
		expect(compareFileNames(onRecord, name)).toBe('different');
	});

	const name = fc.oneof(
		fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
		fc.stringMatching(/^[A-Za-z0-9 ._()-]{1,20}\.pdf$/),
	);

	it('are the same in any normal form, whatever the name', () => {
		fc.assert(
			fc.property(name, fc.constantFrom('NFC', 'NFD'), (one, form) => {
				expect(compareFileNames(one.normalize(form), one)).toBe('exact');
			}),
		);
	});

	it('are never exact when their letters differ, and alike in both directions', () => {
		fc.assert(
			fc.property(name, name, (a, b) => {
				const match = compareFileNames(a, b);
				expect(match === 'exact').toBe(a.normalize('NFC') === b.normalize('NFC'));
				expect(compareFileNames(b, a)).toBe(match);
			}),
		);
	});

	it('are recognised after any cleaning that leaves a letter or digit', () => {
		const cleanings: Array<(value: string) => string> = [
			(value) => value.toUpperCase(),
			(value) => value.replace(/[^A-Za-z0-9.]/g, '_'),
			(value) => value.replace(/[^A-Za-z0-9.]+/g, ''),
			(value) => value.normalize('NFKD').replace(/[^ -~]/g, ''),
			(value) => value.replace(/ /g, '+'),
		];
		const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
		const marks = fc.stringMatching(/^[ _().,+#%&'-]{0,3}$/);
		const accents = fc.constantFrom('', 'ü', 'é', '🦴', 'e\u0301', '日');
		const plain = fc.tuple(word, marks, accents, word).map((parts) => `${parts.join('')}.pdf`);
		fc.assert(
			fc.property(plain, fc.constantFrom(...cleanings), (one, clean) => {
				expect(compareFileNames(clean(one), one)).not.toBe('different');
			}),
		);
	});
});
