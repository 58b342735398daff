import { ClinikoError } from '../../errors';

/**
 * The text of a parameter that an expression may have given. An object would become
 * `[object Object]`, and Cliniko would store it.
 *
 * @param value text, a number, a boolean or a Luxon `DateTime` such as n8n's `$now`; null and
 *   undefined are the empty text
 * @param label the parameter's name as messages call it
 * @throws ClinikoError if it is anything else
 */
export function textOf(value: unknown, label: string): string {
	if (value === null || value === undefined) return '';
	if (typeof value === 'string' || typeof value === 'boolean' || isDateTime(value)) {
		return String(value);
	}
	if (typeof value === 'number' && !Number.isNaN(value)) return String(value);
	throw new ClinikoError(
		`${label} is not text for this item.`,
		'Its expression gives something else, such as an object or a list. Let it give one value, such as {{ $json.email }}.',
	);
}

/** A `DateTime` writes itself as ISO 8601. */
function isDateTime(value: unknown): boolean {
	return typeof (value as { toISO?: unknown }).toISO === 'function';
}
