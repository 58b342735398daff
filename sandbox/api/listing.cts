import type { Settings } from '../options.cts';
import { json, refuse, type Reply } from '../reply.cts';
import { compileFilters, type Fields, type Value } from './filters.cts';

/** A kind of record that the API lists: its name, its fields, and how it is rendered. */
export interface Resource<Row> {
	name: string;
	fields: Fields<Row> & Record<'id' | 'created_at', Fields<Row>[string]>;
	render(row: Row): unknown;
}

const MAX_PER_PAGE = 100;

/** Rows that have one of these are hidden unless a filter names it; of the others, integrators say so. */
const HIDING = ['archived_at'];
const ALSO_HIDING = ['cancelled_at', 'deleted_at'];

/**
 * The rows that match the request's `q[]`; archived ones only if it filters by `archived_at`, and so for
 * cancelled and deleted ones unless lists show them.
 */
export function select<Row>(
	rows: Iterable<Row>,
	url: URL,
	fields: Fields<Row>,
	{ comparison, listsShowCancelled }: Partial<Settings> = {},
): Row[] {
	const filters = url.searchParams.getAll('q[]');
	const fits = compileFilters(filters, fields, comparison);
	const all = listsShowCancelled ? HIDING : [...HIDING, ...ALSO_HIDING];
	const hiding = all.filter((name) => !filters.some((filter) => filter.startsWith(`${name}:`)));
	const isHidden = (row: Row) => hiding.some((name) => (fields[name]?.of(row) ?? null) !== null);
	return [...rows].filter((row) => fits(row) && !isHidden(row));
}

/**
 * One page of a list in Cliniko's envelope, according to the request's `q[]`, `sort`, `order`,
 * `page` and `per_page`.
 */
export function listing<Row>(
	rows: Iterable<Row>,
	url: URL,
	resource: Resource<Row>,
	settings: Settings,
): Reply {
	const selected = select(rows, url, resource.fields, settings);
	if (settings.listOrder === 'unstable') shuffle(selected);
	selected.sort(ordering(url, resource, settings));
	const page = count(url, 'page', 1, Infinity);
	const perPage = count(url, 'per_page', 50, MAX_PER_PAGE);
	const start = (page - 1) * perPage;
	const at = (number?: number) => {
		const address = new URL(url);
		if (number !== undefined) address.searchParams.set('page', String(number));
		// Serialized again, because brackets may arrive unencoded.
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

/**
 * `sort=size:desc,id`; default: by creation. Ties are broken by id, or left in their order if
 * `listOrder` is unstable.
 */
function ordering<Row>(
	url: URL,
	{ fields }: Resource<Row>,
	{ listOrder, sortsById, otherSorts }: Settings,
): (a: Row, b: Row) => number {
	const isStable = listOrder === 'stable';
	const order = url.searchParams.get('order') ?? 'asc';
	const sort = url.searchParams.get('sort') ?? 'created_at';
	const columns = sort.split(',').flatMap((column) => {
		const [name = '', direction = order] = column.trim().split(':');
		const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
		const isOther = name !== 'id' && name !== 'created_at';
		const isSortable =
			field && (sortsById || name !== 'id') && !(isOther && otherSorts === 'refused');
		if (!isSortable || !['asc', 'desc'].includes(direction)) {
			throw refuse(400, `Cannot sort by ${column}`);
		}
		if (isOther && otherSorts === 'ignored') return [];
		const by = isOther && otherSorts === 'by creation' ? fields.created_at : field;
		const inSeconds = by.kind === 'date-time' && !isStable;
		return [{ of: inSeconds ? secondsOf(by) : by.of, sign: direction === 'asc' ? 1 : -1 }];
	});
	if (isStable) columns.push({ of: fields.id.of, sign: 1 });
	return (a, b) => {
		for (const { of, sign } of columns) {
			const [left, right] = [of(a), of(b)];
			if (left === right) continue;
			// Missing values sort first.
			if (left === null || right === null) return left === null ? -sign : sign;
			return sign * compare(left, right);
		}
		return 0;
	};
}

/** A date-time in whole seconds, as lists show it. */
function secondsOf<Row>({ of }: Fields<Row>[string]): (row: Row) => Value {
	return (row) => {
		const at = of(row);
		return typeof at === 'number' ? Math.floor(at / 1000) : at;
	};
}

/** Shuffles the rows (Fisher-Yates). */
function shuffle<Row>(rows: Row[]): void {
	for (let last = rows.length - 1; last > 0; last--) {
		const other = Math.floor(Math.random() * (last + 1));
		[rows[last], rows[other]] = [rows[other]!, rows[last]!];
	}
}

/** Compares text with a locale-aware collation, as databases usually do. */
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
