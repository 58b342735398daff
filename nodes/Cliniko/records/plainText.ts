/**
 * A value of a record as text to compare: Cliniko may end lines in its own way, and show a number for a
 * text of digits.
 *
 * @returns an empty text for anything that is no text, number or boolean
 */
export function plainText(value: unknown): string {
	const isText = ['string', 'number', 'boolean'].includes(typeof value);
	return isText ? String(value).replace(/\r\n?/g, '\n').trim() : '';
}

/**
 * The letters and digits of a text, to compare what Cliniko may have tidied up: capitals, punctuation, white
 * space and emoji make no difference.
 */
export function lettersOf(text: unknown): string {
	return plainText(text)
		.normalize('NFKC')
		.replace(/[^\p{L}\p{N}]/gu, '')
		.toLowerCase();
}
