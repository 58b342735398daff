import { refuse } from '../reply.cts';

/** A field's value for comparison; null if the row has none. */
export type Value = string | bigint | boolean | number | null;

/**
 * A field by which lists can be filtered and sorted. `of` returns a string for `string` and `date`
 * (`1987-05-31`), a bigint for `numeric`, milliseconds for `date-time`.
 */
export interface Field<Row> {
	kind: Kind;
	of(row: Row): Value;
}

export type Fields<Row> = Record<string, Field<Row>>;
/** Whether text comparison distinguishes case, accents, both or neither. */
export type Comparison = 'insensitive' | 'case-sensitive' | 'accent-sensitive' | 'sensitive';
export type Kind = 'string' | 'numeric' | 'date' | 'date-time' | 'boolean';

/**
 * The documented operators of each kind; an operator precedes those that are a prefix of it.
 * Date-times have no `=`. `*` is documented for `archived_at:*` only, where it matches everything.
 */
const operators: Record<Kind, string[]> = {
	string: ['!=', '~~', '!?', '=', '~', '?'],
	numeric: ['!=', '>=', '<=', '!?', '=', '>', '<', '?'],
	date: ['>=', '<=', '!?', '=', '>', '<', '?'],
	'date-time': ['>=', '<=', '!?', '>', '<', '?', '*'],
	boolean: ['!=', '='],
};

type Fold = (text: string) => string;

/**
 * Normalizes text for comparison. Letters such as ø and ß have no removable accent and are kept.
 */
const FOLDS: Record<Comparison, Fold> = {
	insensitive: (text) => withoutAccents(text).toLowerCase(),
	'case-sensitive': withoutAccents,
	'accent-sensitive': (text) => text.toLowerCase(),
	sensitive: (text) => text,
};

function withoutAccents(text: string): string {
	return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '');
}

const ISO_DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Compiles the `q[]` parameters of a request into a predicate; a row has to match all of them.
 *
 * @param filters each `field:operator value`, as in `id:=1,2,3`
 * @param comparison how all operators on text compare
 * @throws a 400 if a filter does not follow the documented grammar
 */
export function compileFilters<Row>(
	filters: string[],
	fields: Fields<Row>,
	comparison: Comparison = 'insensitive',
): (row: Row) => boolean {
	const tests = filters.map((filter) => compile(filter, fields, FOLDS[comparison]));
	return (row) => tests.every((test) => test(row));
}

function compile<Row>(filter: string, fields: Fields<Row>, fold: Fold): (row: Row) => boolean {
	const colon = filter.indexOf(':');
	const name = colon < 0 ? filter : filter.slice(0, colon);
	const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
	if (!field) throw refuse(400, `${name} is not filterable`);
	const rest = colon < 0 ? '' : filter.slice(colon + 1);
	const operator = operators[field.kind].find((known) => rest.startsWith(known));
	if (!operator)
		throw refuse(400, `Filter for ${name} must have an operator that a ${field.kind} has`);
	const test = testOf(field.kind, operator, rest.slice(operator.length), name, fold);
	return (row) => test(field.of(row));
}

function testOf(
	kind: Kind,
	operator: string,
	text: string,
	name: string,
	fold: Fold,
): (value: Value) => boolean {
	if (['?', '!?', '*'].includes(operator)) {
		if (text !== '') throw refuse(400, `Filter ${operator} for ${name} takes no value`);
		if (operator === '*') return () => true;
		return (value) => (operator === '?') === (value !== null && value !== '');
	}
	if (kind === 'string') return textTest(operator, text, fold);
	if (kind === 'date' && text.includes('*')) return dateWildcard(operator, text, name);
	const list = kind === 'numeric' && operator === '=' ? text.split(',') : [text];
	const wanted = list.map((item) => parse(kind, item, name));
	return comparison(operator, wanted);
}

function textTest(operator: string, text: string, fold: Fold): (value: Value) => boolean {
	const wanted = fold(text);
	const wildcard = new RegExp(`^${wanted.split('%').map(escaped).join('.*')}$`, 's');
	return (value) => {
		// As in SQL, a missing value matches no comparison, not even `!=`.
		if (typeof value !== 'string') return false;
		const given = fold(value);
		if (operator === '~') return given.includes(wanted);
		if (operator === '~~') return wildcard.test(given);
		return (operator === '=') === (given === wanted);
	};
}

/** `****-05-**`: any day in May. */
function dateWildcard(operator: string, text: string, name: string): (value: Value) => boolean {
	if (operator !== '=' || !/^[\d*]{4}-[\d*]{2}-[\d*]{2}$/.test(text)) {
		throw refuse(400, `Filter value for ${name} must be a date`);
	}
	const pattern = new RegExp(`^${text.replaceAll('*', '\\d')}$`);
	return (value) => typeof value === 'string' && pattern.test(value);
}

function comparison(
	operator: string,
	wanted: Array<NonNullable<Value>>,
): (value: Value) => boolean {
	const [first = ''] = wanted;
	return (value) => {
		if (value === null) return false;
		switch (operator) {
			case '=':
				return wanted.includes(value);
			case '!=':
				return value !== first;
			case '>=':
				return value >= first;
			case '>':
				return value > first;
			case '<=':
				return value <= first;
			default:
				return value < first;
		}
	};
}

function parse(kind: Kind, text: string, name: string): NonNullable<Value> {
	if (kind === 'numeric' && /^-?\d+$/.test(text)) return BigInt(text);
	if (kind === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
	if (kind === 'date' && /^\d{4}-\d\d-\d\d$/.test(text) && isTime(text)) return text;
	if (kind === 'date-time' && ISO_DATE_TIME.test(text) && isTime(text)) return Date.parse(text);
	const called = { numeric: 'number', boolean: 'boolean', date: 'date', 'date-time': 'date-time' };
	throw refuse(400, `Filter value for ${name} must be a ${called[kind as keyof typeof called]}`);
}

function isTime(text: string): boolean {
	return !Number.isNaN(Date.parse(text));
}

function escaped(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
