import type { Sensitivity } from '../../../../nodes/Cliniko/find/names.ts';
import { compileFilters, type Comparison } from '../../../../sandbox/api/filters.cts';

/** What each comparison is sensitive to; case-sensitive alone counts as sensitive to both. */
export const MINDS: Record<Comparison, Sensitivity> = {
	insensitive: 'nothing',
	'accent-sensitive': 'marks',
	'case-sensitive': 'case',
	sensitive: 'case',
};

export const COMPARISONS = Object.keys(MINDS) as Comparison[];

/** Whether Cliniko's `~~` operator matches a name with one of the patterns. */
export function like(patterns: string[], name: string, comparison: Comparison): boolean {
	const fields = { name: { kind: 'string', of: (row: string) => row } } as const;
	return patterns.some((pattern) =>
		compileFilters([`name:~~${pattern}`], fields, comparison)(name),
	);
}
