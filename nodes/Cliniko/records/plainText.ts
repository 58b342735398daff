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
