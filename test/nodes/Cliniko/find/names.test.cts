import { hasLetters, patternsOf, sameName } from '../../../../nodes/Cliniko/find/names.ts';
import { COMPARISONS, like, MINDS } from './likePattern.cts';

describe('Two names', () => {
	it.each([
		['Jane', 'jane', 'case'],
		['Jane', 'JANE', 'case'],
		['Zoë', 'Zoe', 'an accent'],
		['Zoë', 'ZOË', 'the case of a letter with an accent'],
		['Zoe\u0308', 'Zoë', 'how the accent is stored'],
		["O'Hara", 'O’Hara', 'the form of an apostrophe'],
		["O'Hara", 'OʼHara', 'the form of an apostrophe'],
		["O'Hara", 'O`Hara', 'the form of an apostrophe'],
		["O'Hara", 'OHara', 'an apostrophe'],
		['Faʻafetai', 'Faafetai', 'the apostrophe of the Pacific islands'],
		['Anne-Marie', 'Anne Marie', 'a hyphen'],
		['Anne‑Marie', 'Annemarie', 'a hyphen'],
		['Mac Donald', 'MacDonald', 'white space'],
		['  Jane\u00a0 Ann ', 'Jane Ann', 'white space'],
		['Jane: Ann', 'Jane Ann', 'a colon'],
		['J. R.', 'JR', 'full stops'],
		['Müller', 'Mueller', 'an umlaut spelt out'],
		['Müller', 'Muller', 'an umlaut left out'],
		['Ängström', 'Aengstroem', 'umlauts spelt out'],
		['Åse', 'Aase', 'a ring spelt out'],
		['Strauß', 'Strauss', 'the German ß'],
		['STRAUẞ', 'Strauss', 'the German ß as a capital'],
		['Łukasz', 'Lukasz', 'a stroke'],
		['Sørensen', 'Sorensen', 'a stroke'],
		['Sørensen', 'Soerensen', 'a stroke spelt out'],
		['Đặng', 'Dang', 'a stroke and an accent'],
		['Þór', 'Thor', 'a letter of Icelandic'],
		['Æsa', 'Aesa', 'a double letter'],
		['İrem', 'Irem', 'the dot of a Turkish capital'],
		['Işık', 'Isik', 'the dotless i'],
		['Ｊａｎｅ', 'Jane', 'the width of letters'],
		['ΝΙΚΟΣ', 'Νίκος', 'case and an accent in Greek'],
		['ИВАНОВ', 'Иванов', 'case in Cyrillic'],
		['田中', ' 田中 ', 'white space around Chinese characters'],
	])('%s and %s are the same: they differ in %s', (a, b) => {
		expect(sameName(a, b)).toBe(true);
		expect(sameName(b, a)).toBe(true);
	});

	it.each([
		['Jane', 'Janet'],
		['Jane', 'Jan'],
		['Anne', 'Ann'],
		['Muller', 'Mueller'],
		['Muller', 'Miller'],
		['田中', '田'],
		['がく', 'かく'],
		['José María', 'José'],
		['Sam II', 'Sam III'],
		['Sam 1', 'Sam 2'],
		['Jane', ''],
	])('%s and %s are not', (a, b) => {
		expect(sameName(a, b)).toBe(false);
		expect(sameName(b, a)).toBe(false);
	});

	it('have to have letters to be compared', () => {
		for (const name of ['Jane', ' ł ', '田', '3']) expect(hasLetters(name)).toBe(true);
		for (const name of ['', '  ', "'", '-', '?!', '%', '\u0301', 'ʼ', '🙂']) {
			expect(hasLetters(name)).toBe(false);
		}
	});
});

describe.each(COMPARISONS)('The patterns of a name, when comparing is %s,', (comparison) => {
	const patterns = (name: string) => patternsOf(name, MINDS[comparison]);

	it.each([
		['jim', 'Jim'],
		['JAMES', 'James'],
		['Zoe', 'Zoë'],
		["O'BRIEN", 'O’Brien'],
		['Nunez Quist', 'Núñez-Quist'],
		['núñez-quist', 'Nunez Quist'],
		['Muller', 'MÜLLER'],
		['Mueller', 'Müller'],
		['Bjorn', 'Björn'],
		['Łukasz Pawel', 'Lukasz Paweł'],
		['Smith', 'SMIÞ'],
		['Strassburg', 'STRAẞBURG'],
		['van der Berg', 'Van Der Berg'],
		['Ann-Mary', 'annmary'],
		['mcdonald', 'Mc Donald'],
		['Elise Farr', 'Élise Farr'],
		['田中', '田中'],
	])('for %s let %s through', (wanted, record) => {
		expect(sameName(wanted, record)).toBe(true);
		if (comparison === 'insensitive') expect(patterns(wanted)).toHaveLength(1);
		if (patterns(wanted).length > 0) {
			expect(like(patterns(wanted), record, comparison)).toBe(true);
		}
	});

	it.each([
		['Smith', 'Brown'],
		['Jim', 'Zoe'],
		['田中', '中田'],
		['田中', '佐藤'],
	])('for %s keep %s back, so that few are left to be compared', (wanted, record) => {
		expect(like(patterns(wanted), record, comparison)).toBe(false);
	});

	it('take a % in the name for no letter, so that a form cannot ask for everybody', () => {
		for (const name of ['%', '%%', ' % ', '%-%']) expect(patterns(name)).toEqual([]);
		expect(like(patterns('J%'), 'Brown', comparison)).toBe(false);
	});

	it.each(['', ' ', "'", 'Łó', 'Ili', '-ø-', '123', 'Aa', 'ß', 'Иванов'])(
		'are none when no letter is in every spelling: %j',
		(name) => {
			expect(patterns(name)).toEqual([]);
		},
	);
});

describe('The patterns of a name hold', () => {
	it('what is sure when Cliniko sensitivity nothing', () => {
		expect(patternsOf('van der Berg', 'nothing')).toEqual(['%v%a%n%e%r%b%e%r%g%']);
		expect(patternsOf('Müller', 'nothing')).toEqual(['%m%e%r%']);
	});

	it('only what no name has a mark on when it sensitivity them', () => {
		expect(patternsOf('van der Berg', 'marks')).toEqual(['%v%b%']);
		expect(patternsOf('Elise', 'marks')).toEqual([]);
	});

	it('the rarest of those in both cases when it sensitivity the case', () => {
		expect(patternsOf('van der Berg', 'case')).toEqual(['%v%', '%V%']);
		expect(patternsOf('Elise', 'case')).toEqual([]);
	});
});
