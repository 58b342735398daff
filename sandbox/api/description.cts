import type { Settings } from '../options.cts';

const MAX_LENGTH = 255;

/** What is wrong with a description; undefined if it is valid. */
export function wrongDescription(description: unknown): string | undefined {
	if (description === null) return undefined;
	if (typeof description !== 'string') return 'must be a string';
	if ([...description].length <= MAX_LENGTH) return undefined;
	return `is too long (maximum is ${MAX_LENGTH} characters)`;
}

/** A description as the API returns it. */
export function shownDescription(
	description: string | null,
	{ descriptions }: Settings,
): string | null {
	if (description === null || descriptions === 'kept') return description;
	return (
		description
			.replaceAll('\r\n', '\n')
			.replace(/[\u{10000}-\u{10ffff}]/gu, '')
			// A single line break or other white space character is kept.
			.replace(/\s{2,}/g, ' ')
			.trim()
	);
}
