import { compileFilters, type Comparison } from '../../../../sandbox/api/filters.cts';

/** Whether Cliniko's operator `~~` lets a name through, if it compares like this. */
export function like(pattern: string, name: string, comparison: Comparison): boolean {
	const fields = { name: { kind: 'string', of: (row: string) => row } } as const;
	return compileFilters([`name:~~${pattern}`], fields, comparison)(name);
}

/** The same for both ways of comparing: nobody knows which one is Cliniko's. */
export function likeBoth(pattern: string, name: string): Record<Comparison, boolean> {
	return {
		insensitive: like(pattern, name, 'insensitive'),
		sensitive: like(pattern, name, 'sensitive'),
	};
}
