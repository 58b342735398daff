/**
 * What a number may look like within a country, without the 0 in front of it, by the country's calling
 * code: the numbering plans of Australia, New Zealand, the United Kingdom, Ireland and North America.
 */
const NATIONAL: Record<string, RegExp> = {
	'61': /^[2-478]\d{8}$/,
	'64': /^(?:2\d{7,9}|[34679]\d{7})$/,
	'44': /^[1-37]\d{8,9}$/,
	'353': /^[1-9]\d{6,8}$/,
	'1': /^[2-9]\d{9}$/,
};

/** What is dialled before a calling code: nothing where it is left out, in Europe, Australia and America. */
const ABROAD = ['', '00', '0011', '011'];

const EXTENSION = /\s*(?:extension|ext\.?|x|#)\s*(\d+)\s*$/i;

/** One way to read a number. */
interface Reading {
	/** The calling code; undefined if the number does not say which country it is of. */
	country?: string;
	/** Without the 0 in front. */
	national: string;
}

/**
 * Whether two phone numbers are one number, in national or international writing: `0412 345 678` and
 * `+61 412 345 678` are. If it cannot be told, they are two.
 */
export function samePhoneNumber(a: string, b: string): boolean {
	const [one, other] = [plainNumber(a), plainNumber(b)];
	if (one === other) return one !== '';
	if (extensionOf(a) !== extensionOf(b)) return false;
	return readingsOf(a).some((left) => readingsOf(b).some((right) => isSame(left, right)));
}

/** The digits and letters of a number, in which two ways of writing it in a country do not differ. */
export function plainNumber(number: string): string {
	return number
		.normalize('NFKC')
		.toUpperCase()
		.replace(/[^\p{L}\d]/gu, '');
}

function isSame(left: Reading, right: Reading): boolean {
	const isOneCountry = !left.country || !right.country || left.country === right.country;
	return isOneCountry && left.national === right.national;
}

function extensionOf(number: string): string | undefined {
	return EXTENSION.exec(number.normalize('NFKC'))?.[1];
}

/** All ways to read a number; none if it has letters, such as 1800 DOCTOR. */
function readingsOf(number: string): Reading[] {
	const text = number
		.normalize('NFKC')
		.replace(EXTENSION, '')
		// As in +44 (0)20.
		.replace(/(\+\s*\d+\s*)\(0\)/, '$1')
		.replace(/[^\p{L}\d+]/gu, '');
	if (!/^\+?\d+$/.test(text)) return [];
	const isInternational = text.startsWith('+');
	const readings: Reading[] = isInternational ? [] : [{ national: text.replace(/^0/, '') }];
	for (const prefix of isInternational ? ['+'] : ABROAD) {
		for (const [country, pattern] of Object.entries(NATIONAL)) {
			const begin = `${prefix}${country}`;
			if (!text.startsWith(begin)) continue;
			const national = text.slice(begin.length).replace(/^0/, '');
			if (pattern.test(national)) readings.push({ country, national });
		}
	}
	return readings;
}
