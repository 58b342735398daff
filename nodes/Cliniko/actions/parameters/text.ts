import { ClinikoError } from '../../errors';

/**
 * Reads a parameter as text. An expression may yield anything, and an object would be stored in
 * Cliniko as `[object Object]`.
 *
 * @param value text, a number, a boolean or a Luxon `DateTime` such as n8n's `$now`; null and
 *   undefined count as empty
 * @param label what messages call the parameter
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

/** A `DateTime` converts to ISO 8601 text. */
function isDateTime(value: unknown): boolean {
	return typeof (value as { toISO?: unknown }).toISO === 'function';
}
