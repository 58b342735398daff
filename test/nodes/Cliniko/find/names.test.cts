import { hasLetters, patternOf, sameName } from '../../../../nodes/Cliniko/find/names.ts';
import { likeBoth } from './likePattern.cts';

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

describe('The pattern of a name', () => {
	it.each([
		['Jane', 'Jane'],
		['jane', 'Jane'],
		['JANE', 'Jane'],
		['Zoe', 'Zoë'],
		['zoë', 'Zoe'],
		["O'HARA", 'O’Hara'],
		['o’hara', "O'Hara"],
		['Nunez Quist', 'Núñez-Quist'],
		['núñez-quist', 'Nunez Quist'],
		['Mueller', 'Müller'],
		['Müller', 'Mueller'],
		['Bjorn', 'Björn'],
		['Łucja', 'Lucja'],
		['zak', 'Zak'],
		['smith', 'Smith'],
		['Strauss', 'Strauß'],
		['Dahl & Søn', 'Dahl & Son'],
		['田中', '田中'],
		['иванов', 'Иванов'],
		['Jane: Ann', 'Jane Ann'],
	])('for %s lets %s through, however Cliniko compares', (wanted, record) => {
		expect(sameName(wanted, record)).toBe(true);
		expect(likeBoth(patternOf(wanted)!, record)).toEqual({ insensitive: true, sensitive: true });
	});

	it.each([
		['Ohara', "O'Hara"],
		['Annemarie', 'Anne-Marie'],
		['McDonald', 'Mc Donald'],
		['mcdonald', 'McDonald'],
		['Smith', 'SMITH'],
		['Elise', 'Élise'],
		['Erdogan', 'Erdoğan'],
		['van Dyke', 'Van Dyke'],
	])('for %s lets %s through where Cliniko minds neither case nor accents', (wanted, record) => {
		expect(sameName(wanted, record)).toBe(true);
		expect(likeBoth(patternOf(wanted)!, record).insensitive).toBe(true);
	});

	it.each([
		['Smith', 'Brown'],
		['Smith', 'Jones'],
		['Jane', 'Zoe'],
		['田中', '中田'],
		['田中', '佐藤'],
		['Иванов', 'Петров'],
	])('for %s keeps %s back, so that few are left to be compared', (wanted, record) => {
		expect(likeBoth(patternOf(wanted)!, record)).toEqual({ insensitive: false, sensitive: false });
	});

	it('takes a % in the name for no letter, so that a form cannot ask for everybody', () => {
		for (const name of ['%', '%%', ' % ', '%-%']) expect(patternOf(name)).toBeUndefined();
		expect(likeBoth(patternOf('J%')!, 'Brown').insensitive).toBe(false);
	});

	it.each(['', ' ', "'", 'É', 'Éé', 'Łó', '-ø-', '123'])(
		'is none where too little is left to search by: %j',
		(name) => {
			expect(patternOf(name)).toBeUndefined();
		},
	);
});
