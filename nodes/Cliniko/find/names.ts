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
 * What makes a difference to Cliniko when it compares text: nothing that makes none to people, the marks
 * of letters (`É` is not `E`), or their case as well.
 */
export type Minds = 'nothing' | 'marks' | 'case';

/**
 * The letters that a pattern may hold, since every name that `sameName` calls the same has them too:
 * where marks make no difference, those that are not written as a letter of its own (`PLAIN`); otherwise
 * those that no name has a mark on. The rarest come first.
 */
const RELIABLE: Record<Minds, string> = {
	nothing: 'qxjzvkwpfybgmcruesna',
	marks: 'qxjvpfbm',
	case: 'qxjvpfbm',
};

/** Two letters in whose place one may be written: þ, ß, æ, œ, ä, ö, ü or å. */
const PAIRS = ['th', 'ss', 'ae', 'oe', 'ue', 'aa'];

/**
 * Patterns for Cliniko's operator `~~`, in which `%` is any text. Every name that `sameName` calls the
 * same fits at least one of them, unless it is written in full-width letters; others fit too.
 *
 * @param minds what makes a difference to Cliniko
 * @returns such as `%b%r%g%` for "van der Berg", or `%v%` and `%V%` where case makes a difference; none
 *   if there is no letter to rely on
 */
export function patternsOf(name: string, minds: Minds): string[] {
	const letters = reliableLetters(name, minds);
	if (minds !== 'case') return patternOf(letters);
	const withoutCase = letters.filter((letter) => /\p{Lo}/u.test(letter));
	if (withoutCase.length > 0) return patternOf(withoutCase);
	const rarest = [...RELIABLE.case].find((letter) => letters.includes(letter));
	return rarest ? [`%${rarest}%`, `%${rarest.toUpperCase()}%`] : [];
}

function reliableLetters(name: string, minds: Minds): string[] {
	const letters = [...name.normalize('NFKC').toLowerCase().normalize('NFC')].flatMap((written) => {
		const plain = lettersOf(written, {});
		return plain === '' ? [] : [{ written, plain }];
	});
	const isPair = (at: number) =>
		PAIRS.includes(`${letters[at]?.plain ?? ''}${letters[at + 1]?.plain ?? ''}`);
	return letters
		.filter(({ written, plain }, at) => {
			// One form of it only, such as a Chinese character.
			if (/^\p{Lo}$/u.test(written) && written === written.normalize('NFKD')) return true;
			if (written in SPELT_OUT || isPair(at) || isPair(at - 1)) return false;
			return RELIABLE[minds].includes(plain) && (minds === 'nothing' || written === plain);
		})
		.map(({ plain }) => plain);
}

function patternOf(letters: string[]): string[] {
	return letters.length > 0 ? [`%${letters.join('%')}%`] : [];
}
