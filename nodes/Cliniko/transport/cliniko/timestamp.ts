/**
 * A moment as Cliniko's filters take it: in UTC, with whole seconds, the fraction cut off.
 *
 * @param at ms since 1970
 * @returns such as `2026-11-22T09:30:00Z`
 * @throws RangeError if `at` is no moment
 */
export function clinikoTimestamp(at: number): string {
	return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
