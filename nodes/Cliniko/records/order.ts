import type { ClinikoRecord } from './clinikoRecord';
import { plainText } from './plainText';

/** The order in which records are returned if no other is asked for, as Cliniko's `sort`. */
export const NEWEST_FIRST = 'created_at:desc';

/** Case and accents make no difference, and numbers in names count as numbers. */
const names = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

/**
 * Compares records, for sorting. Times and dates are compared as such, everything else as names. Records
 * without a value come last, and those with the same values in the order of their ids.
 *
 * @param sort as Cliniko takes it, such as `last_name:asc,first_name:asc`
 */
export function comparison(sort: string): (a: ClinikoRecord, b: ClinikoRecord) => number {
	const compare = byColumns(sort);
	return (a, b) => compare(a, b) || (BigInt(a.id) < BigInt(b.id) ? -1 : 1);
}

/** The same columns the other way round. */
export function reversed(sort: string): string {
	return sort.replace(/asc|desc/g, (direction) => (direction === 'asc' ? 'desc' : 'asc'));
}

/**
 * Whether a list surely came in an order: not if Cliniko ignores `sort`, sorts empty values or names in
 * another way, or if all values are the same.
 */
export function isInOrder(records: ClinikoRecord[], sort: string): boolean {
	const compare = byColumns(sort);
	const steps = records.slice(1).map((record, at) => compare(records[at]!, record));
	return steps.every((step) => step <= 0) && steps.some((step) => step < 0);
}

function byColumns(sort: string): (a: ClinikoRecord, b: ClinikoRecord) => number {
	const columns = sort.split(',').map((column) => column.split(':') as [string, 'asc' | 'desc']);
	return (a, b) => {
		for (const [name, direction] of columns) {
			const [left, right] = [a, b].map((record) => plainText(record[name])) as [string, string];
			if (left === '' || right === '') {
				if (left !== right) return left === '' ? 1 : -1;
				continue;
			}
			const step = compareValues(name, left, right);
			if (step !== 0) return direction === 'asc' ? step : -step;
		}
		return 0;
	};
}

function compareValues(name: string, left: string, right: string): number {
	if (!/_(at|date)$/.test(name)) return names.compare(left, right);
	return Date.parse(left) - Date.parse(right) || 0;
}
