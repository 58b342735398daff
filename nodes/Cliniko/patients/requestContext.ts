/** What a 403 advises. */
export const FORBIDDEN =
	'Use the key of a user whose role may add and change patients, or ask the owner of the Cliniko account to change the role.';

/** A text shorter than this may be a part of any word. */
const SHORTEST = 3;

/** The texts in a patient's values, which no message may quote. */
export function secretsIn(value: unknown): string[] {
	if (typeof value === 'string') return value.length < SHORTEST ? [] : [value];
	return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}
