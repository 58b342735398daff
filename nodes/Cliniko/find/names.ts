/** Latin letters that Unicode does not decompose into a plain letter and a mark. */
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

/** Characters that Unicode counts as letters and people as apostrophes: ʼ, and the ʻ of Hawaii and Samoa. */
const APOSTROPHES = /[\u02b9-\u02cf]/g;

/** How these letters are spelt on a keyboard that does not have them. */
const SPELT_OUT: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/**
 * Whether two names are the same to people: case, accents, apostrophes, hyphens, colons and white
 * space are ignored, and `Müller` equals both `Mueller` and `Muller`.
 */
export function sameName(a: string, b: string): boolean {
	return (
		lettersOf(a, {}) === lettersOf(b, {}) || lettersOf(a, SPELT_OUT) === lettersOf(b, SPELT_OUT)
	);
}

/**
 * Whether two names are the same to `sameName` though both have accents, and different ones, as Hải and
 * Hài: in Vietnamese, for example, these are different names. One without accents may stand for any.
 */
export function differInAccents(a: string, b: string): boolean {
	const [one, other] = [accentedLettersOf(a), accentedLettersOf(b)];
	const areAccented = one !== lettersOf(a, {}) && other !== lettersOf(b, {});
	return areAccented && one !== other && sameName(a, b);
}

/** Whether a name has any letters to compare. */
export function hasLetters(name: string): boolean {
	return lettersOf(name, {}) !== '';
}

/**
 * A key that is the same for all names that `sameName` considers equal. Some others have it too: it
 * leaves out the letters in which spellings such as `Müller` and `Mueller` differ.
 */
export function nameKey(name: string): string {
	return lettersOf(name, {}).replace(/[ae]/g, '');
}

function accentedLettersOf(name: string): string {
	return name
		.normalize('NFKC')
		.toLowerCase()
		.normalize('NFD')
		.replace(APOSTROPHES, '')
		.replace(/[^\p{L}\p{M}\p{N}]/gu, '');
}

function lettersOf(name: string, spelling: Record<string, string>): string {
	return (
		name
			.normalize('NFKC')
			.toLowerCase()
			.replace(/\p{L}/gu, (letter) => spelling[letter] ?? PLAIN[letter] ?? letter)
			.normalize('NFD')
			// The marks of Latin, Greek and Cyrillic letters. In other scripts, marks change the letter.
			.replace(/[\u0300-\u036f]/g, '')
			.replace(APOSTROPHES, '')
			.replace(/[^\p{L}\p{M}\p{N}]/gu, '')
	);
}

/**
 * What Cliniko's text filters are sensitive to: nothing that `sameName` ignores; the marks of letters
 * (`É` is not `E`); or their case as well.
 */
export type Sensitivity = 'nothing' | 'marks' | 'case';

/**
 * The letters that are safe in a pattern, because every name that `sameName` considers equal has them
 * too. If Cliniko ignores marks, those that have no variant in `PLAIN`; otherwise those that never carry
 * a mark. The rarest come first.
 */
const RELIABLE: Record<Sensitivity, string> = {
	nothing: 'qxjzvkwpfybgmcruesna',
	marks: 'qxjvpfbm',
	case: 'qxjvpfbm',
};

/** Pairs of letters that may also be written as one: þ, ß, æ, œ, ä, ö, ü or å. */
const PAIRS = ['th', 'ss', 'ae', 'oe', 'ue', 'aa'];

/**
 * Patterns for Cliniko's operator `~~`, in which `%` stands for any text. Every name that `sameName`
 * considers equal matches at least one of them, unless it is in full-width letters; others may match
 * too.
 *
 * @param sensitivity what Cliniko's text filters are sensitive to
 * @returns for example `%b%r%g%` for "van der Berg", or `%v%` and `%V%` if Cliniko is sensitive to case;
 *   empty if the name has no safe letter
 */
export function patternsOf(name: string, sensitivity: Sensitivity): string[] {
	const letters = reliableLetters(name, sensitivity);
	if (sensitivity !== 'case') return patternOf(letters);
	const withoutCase = letters.filter((letter) => /\p{Lo}/u.test(letter));
	if (withoutCase.length > 0) return patternOf(withoutCase);
	const rarest = [...RELIABLE.case].find((letter) => letters.includes(letter));
	return rarest ? [`%${rarest}%`, `%${rarest.toUpperCase()}%`] : [];
}

function reliableLetters(name: string, sensitivity: Sensitivity): string[] {
	const letters = [...name.normalize('NFKC').toLowerCase().normalize('NFC')].flatMap((written) => {
		const plain = lettersOf(written, {});
		return plain === '' ? [] : [{ written, plain }];
	});
	const isPair = (at: number) =>
		PAIRS.includes(`${letters[at]?.plain ?? ''}${letters[at + 1]?.plain ?? ''}`);
	return letters
		.filter(({ written, plain }, at) => {
			// A character with only one form, such as a Chinese one.
			if (/^\p{Lo}$/u.test(written) && written === written.normalize('NFKD')) return true;
			if (written in SPELT_OUT || isPair(at) || isPair(at - 1)) return false;
			return (
				RELIABLE[sensitivity].includes(plain) && (sensitivity === 'nothing' || written === plain)
			);
		})
		.map(({ plain }) => plain);
}

function patternOf(letters: string[]): string[] {
	return letters.length > 0 ? [`%${letters.join('%')}%`] : [];
}
