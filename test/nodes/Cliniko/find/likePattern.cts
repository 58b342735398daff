import type { Minds } from '../../../../nodes/Cliniko/find/names.ts';
import { compileFilters, type Comparison } from '../../../../sandbox/api/filters.cts';

/** What a Cliniko minds that compares like this; one that minds case alone counts as minding both. */
export const MINDS: Record<Comparison, Minds> = {
	insensitive: 'nothing',
	'accent-sensitive': 'marks',
	'case-sensitive': 'case',
	sensitive: 'case',
};

export const COMPARISONS = Object.keys(MINDS) as Comparison[];

/** Whether Cliniko's operator `~~` lets a name through by one of the patterns, if it compares like this. */
export function like(patterns: string[], name: string, comparison: Comparison): boolean {
	const fields = { name: { kind: 'string', of: (row: string) => row } } as const;
	return patterns.some((pattern) =>
		compileFilters([`name:~~${pattern}`], fields, comparison)(name),
	);
}
