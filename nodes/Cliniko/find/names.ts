/** Latin letters that are letters of their own and not a plain one with a mark. */
const PLAIN: Record<string, string> = {
	æ: 'ae',
	œ: 'oe',
	ø: 'o',
	ð: 'd',
	đ: 'd',
	ħ: 'h',
	ı: 'i',
	ł: 'l',
	ß: 'ss',
	þ: 'th',
};

/** Letters to Unicode, and apostrophes to people: ʼ, and the ʻ of Hawaii and Samoa. */
const APOSTROPHES = /[\u02b9-\u02cf]/g;

/** How the same sound is written where the keyboard has no such letter. */
const SPELT_OUT: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/**
 * Whether people would call two names the same: case, accents, apostrophes, hyphens, colons and white
 * space make no difference, and `Müller` is `Mueller` as well as `Muller`.
 */
export function sameName(a: string, b: string): boolean {
	return (
		lettersOf(a, {}) === lettersOf(b, {}) || lettersOf(a, SPELT_OUT) === lettersOf(b, SPELT_OUT)
	);
}

/** Whether there is anything in a name to compare. */
export function hasLetters(name: string): boolean {
	return lettersOf(name, {}) !== '';
}

function lettersOf(name: string, spelling: Record<string, string>): string {
	return (
		name
			.normalize('NFKC')
			.toLowerCase()
			.replace(/\p{L}/gu, (letter) => spelling[letter] ?? PLAIN[letter] ?? letter)
			.normalize('NFD')
			// The marks of Latin, Greek and Cyrillic letters; those of others change the sound itself.
			.replace(/[\u0300-\u036f]/g, '')
			.replace(APOSTROPHES, '')
			.replace(/[^\p{L}\p{M}\p{N}]/gu, '')
	);
}

/**
 * A pattern for Cliniko's operator `~~`, which lets through names that `sameName` calls the same, and
 * more. Whether Cliniko minds case and accents is not known, so letters that often have an accent
 * become `%` (any characters), and so does all that is no plain letter or may stand between two.
 *
 * If Cliniko minds neither, every such name gets through but one with a mark before its first letter,
 * or with a letter of its own in the place of a plain one that the pattern has (Łucja for Lucja). If
 * it minds them, the letters that the pattern has must be written as in the name, with the usual
 * capitals.
 *
 * @returns such as `O%H%r%` for "O'Hara"; nothing if too little is left to search by
 */
export function patternOf(name: string): string | undefined {
	const clean = name.normalize('NFC').replace(APOSTROPHES, "'").trim();
	// In one case only it tells nothing about how the record is written: as names usually are.
	const isPlain = clean === clean.toLowerCase() || clean === clean.toUpperCase();
	const written = isPlain ? capitalised(clean) : clean;
	const pattern = [...written].map((letter, at) => patternLetter(letter, at === 0)).join('%');
	const shown = `${pattern}%`.replace(/%+/g, '%');
	return shown === '%' ? undefined : shown;
}

function patternLetter(letter: string, isFirst: boolean): string {
	if (/\p{Script=Latin}/u.test(letter)) {
		if (!/[a-z]/i.test(letter)) return '%';
		return !isFirst && /[aeiouycnszl]/i.test(letter) ? '%' : letter;
	}
	return /\p{L}/u.test(letter) ? letter : '%';
}

function capitalised(name: string): string {
	return name
		.toLowerCase()
		.replace(/(^|[^\p{L}\p{M}])(\p{L})/gu, (_, before: string, letter: string) => {
			return before + letter.toUpperCase();
		});
}
