/**
 * A time in the form that Cliniko's filters take: UTC, in whole seconds, rounded down.
 *
 * @param at ms since 1970
 * @returns for example `2026-11-22T09:30:00Z`
 * @throws RangeError if `at` is not a valid time
 */
export function clinikoTimestamp(at: number): string {
	return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
