/** What matters in valid JSON: an escaped character, the start or end of a string, and a number. */
const TOKEN = /\\.|"|-?\d[\d.eE+-]*/g;

/**
 * Parses JSON as `JSON.parse` does, with two differences, since Cliniko's ids have up to 64 bits:
 * - an `id` is text, whether it was sent as text or as a number
 * - an integer beyond `Number.MAX_SAFE_INTEGER` is text, as its last digits would be lost otherwise
 *
 * @throws SyntaxError if the text is no JSON
 */
export function parseJson(text: string): unknown {
	const value: unknown = JSON.parse(text, idAsText);
	// Quotes go into valid JSON only: they could make other text valid.
	return /\d{16}/.test(text) ? JSON.parse(withQuotes(text), idAsText) : value;
}

function idAsText(key: string, value: unknown): unknown {
	return key === 'id' && Number.isSafeInteger(value) ? String(value) : value;
}

/** Puts quotes around the integers that a number does not hold exactly. */
function withQuotes(json: string): string {
	let inString = false;
	return json.replace(TOKEN, (token) => {
		if (token === '"') inString = !inString;
		const isInexact = /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));
		return isInexact && !inString ? `"${token}"` : token;
	});
}
