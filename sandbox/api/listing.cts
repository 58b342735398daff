import { json, refuse, type Reply } from '../reply.cts';
import { compileFilters, type Comparison, type Fields, type Value } from './filters.cts';

/** A kind of record that the API lists: under which name, by which fields, in which form. */
export interface Resource<Row> {
	name: string;
	fields: Fields<Row> & Record<'id' | 'created_at' | 'archived_at', Fields<Row>[string]>;
	render(row: Row): unknown;
}

const MAX_PER_PAGE = 100;

/** The rows that a request's `q[]` select. Archived ones only if it speaks of `archived_at`. */
export function select<Row>(
	rows: Iterable<Row>,
	url: URL,
	resource: Resource<Row>,
	comparison?: Comparison,
): Row[] {
	const filters = url.searchParams.getAll('q[]');
	const fits = compileFilters(filters, resource.fields, comparison);
	const withArchived = filters.some((filter) => filter.startsWith('archived_at:'));
	const { archived_at: archivedAt } = resource.fields;
	return [...rows].filter((row) => fits(row) && (withArchived || archivedAt.of(row) === null));
}

/** One page of a list in Cliniko's envelope, by the request's `q[]`, `sort`, `order`, `page` and
 * `per_page`. */
export function listing<Row>(
	rows: Iterable<Row>,
	url: URL,
	resource: Resource<Row>,
	comparison?: Comparison,
): Reply {
	const selected = select(rows, url, resource, comparison).sort(ordering(url, resource));
	const page = count(url, 'page', 1, Infinity);
	const perPage = count(url, 'per_page', 50, MAX_PER_PAGE);
	const start = (page - 1) * perPage;
	const at = (number?: number) => {
		const address = new URL(url);
		if (number !== undefined) address.searchParams.set('page', String(number));
		// Written out anew: brackets may arrive as they are, and are none in an address.
		address.search = address.searchParams.toString();
		return address.href;
	};
	return json(200, {
		[resource.name]: selected.slice(start, start + perPage).map((row) => resource.render(row)),
		total_entries: selected.length,
		links: {
			self: at(),
			...(start + perPage < selected.length && { next: at(page + 1) }),
			...(page > 1 && { previous: at(page - 1) }),
		},
	});
}

/** `sort=size:desc,id`; else by creation. Rows of the same place stay in the order of their ids. */
function ordering<Row>(url: URL, { fields }: Resource<Row>): (a: Row, b: Row) => number {
	const order = url.searchParams.get('order') ?? 'asc';
	const sort = url.searchParams.get('sort') ?? 'created_at';
	const columns = [...sort.split(','), 'id:asc'].map((column) => {
		const [name = '', direction = order] = column.trim().split(':');
		const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (!field || !['asc', 'desc'].includes(direction)) {
			throw refuse(400, `Cannot sort by ${column}`);
		}
		return { field, sign: direction === 'asc' ? 1 : -1 };
	});
	return (a, b) => {
		for (const { field, sign } of columns) {
			const [left, right] = [field.of(a), field.of(b)];
			if (left === right) continue;
			// Rows without a value come first.
			if (left === null || right === null) return left === null ? -sign : sign;
			return sign * compare(left, right);
		}
		return 0;
	};
}

/** Text in the order that a person expects, as a database's usual collation has it. */
function compare(left: NonNullable<Value>, right: NonNullable<Value>): number {
	if (typeof left === 'string') return left.localeCompare(String(right), 'en');
	return left < right ? -1 : 1;
}

function count(url: URL, name: string, fallback: number, max: number): number {
	const text = url.searchParams.get(name);
	if (text === null) return fallback;
	const number = /^\d+$/.test(text) ? Number(text) : 0;
	if (number < 1 || number > max) throw refuse(400, `${name} is out of range`);
	return number;
}
