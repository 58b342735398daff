import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { inUtc } from './dateTime';
import { textOf } from './text';

/** The type of a field, which decides its operators (Cliniko's API guide, "Filtering results"). */
type Kind = 'text' | 'date' | 'dateTime';

/** A field that a list can be filtered by; every list has `created_at`. */
export interface FilterField {
	displayName: string;
	/** Its name in Cliniko's API. */
	name: string;
	kind: Kind;
}

interface Operator {
	name: string;
	value: string;
	/** Its sign in Cliniko's `q[]`. */
	sign: string;
}

const EMPTINESS: Operator[] = [
	{ name: 'Is Empty', value: 'empty', sign: '!?' },
	{ name: 'Is Not Empty', value: 'notEmpty', sign: '?' },
];

const ORDER: Operator[] = [
	{ name: 'After', value: 'after', sign: '>' },
	{ name: 'At or After', value: 'since', sign: '>=' },
	{ name: 'At or Before', value: 'until', sign: '<=' },
	{ name: 'Before', value: 'before', sign: '<' },
];

const OPERATORS: Record<Kind, Operator[]> = {
	text: [
		{ name: 'Contains', value: 'contains', sign: '~' },
		{ name: 'Matches Pattern (% for Anything)', value: 'pattern', sign: '~~' },
		{ name: 'Is', value: 'is', sign: '=' },
		...EMPTINESS,
		{ name: 'Is Not', value: 'isNot', sign: '!=' },
	],
	date: [...ORDER, { name: 'Is', value: 'is', sign: '=' }, ...EMPTINESS],
	// Cliniko has no "=" for times.
	dateTime: [...ORDER, ...EMPTINESS],
};

/** The conditions of each kind; n8n shows those of the chosen field. */
const CONDITIONS: Record<Kind, INodeProperties> = {
	text: {
		displayName: 'Condition',
		name: 'textCondition',
		type: 'options',
		default: 'contains',
		options: OPERATORS.text.map(({ name, value }) => ({ name, value })),
	},
	date: {
		displayName: 'Condition',
		name: 'dateCondition',
		type: 'options',
		default: 'is',
		options: OPERATORS.date.map(({ name, value }) => ({ name, value })),
	},
	dateTime: {
		displayName: 'Condition',
		name: 'dateTimeCondition',
		type: 'options',
		default: 'since',
		options: OPERATORS.dateTime.map(({ name, value }) => ({ name, value })),
	},
};

const PLACEHOLDERS: Record<Kind, string> = {
	text: '',
	date: 'e.g. 1987-05-31',
	dateTime: 'e.g. 2026-11-22 or 2026-11-22T09:30',
};

/** The fields in which the user filters a list. */
export function filterFields(fields: FilterField[]): INodeProperties[] {
	const kinds = [...new Set(fields.map(({ kind }) => kind))];
	const of = (kind: Kind) => ({
		show: { field: fields.filter((one) => one.kind === kind).map(({ name }) => name) },
	});
	return [
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			placeholder: 'Add Filter',
			default: {},
			description: 'Which records to return. A record has to match all filters.',
			options: [
				{
					displayName: 'Filter',
					name: 'filter',
					values: [
						{
							displayName: 'Field',
							name: 'field',
							type: 'options',
							default: 'created_at',
							options: fields.map(({ displayName, name }) => ({ name: displayName, value: name })),
						},
						...kinds.map((kind) => ({ ...CONDITIONS[kind], displayOptions: of(kind) })),
						...kinds.map(
							(kind): INodeProperties => ({
								displayName: 'Value',
								name: `${kind}Value`,
								type: 'string',
								default: '',
								placeholder: PLACEHOLDERS[kind],
								displayOptions: {
									show: of(kind).show,
									hide: { [CONDITIONS[kind].name]: EMPTINESS.map(({ value }) => value) },
								},
							}),
						),
					],
				},
			],
		},
		{
			displayName: 'Archived',
			name: 'archived',
			type: 'options',
			default: 'exclude',
			description: 'Whether to return archived records',
			options: [
				{ name: 'Leave Out', value: 'exclude' },
				{ name: 'Include', value: 'include' },
				{ name: 'Only Archived', value: 'only' },
			],
		},
	];
}

/**
 * The filters of an item in the form of Cliniko's `q[]`: `field:` + sign + value.
 *
 * @throws ClinikoError if a filter has an invalid value, or none: without the filter, the node would
 *   return more than was asked for
 */
export function filtersOf(
	context: IExecuteFunctions,
	itemIndex: number,
	fields: FilterField[],
): string[] {
	const { filter = [] } = context.getNodeParameter('filters', itemIndex, {}) as {
		filter?: IDataObject[];
	};
	const zone = context.getTimezone();
	const filters = filter.map((one) => compile(one, fields, zone));
	const archived = context.getNodeParameter('archived', itemIndex, 'exclude');
	if (archived === 'include') filters.push('archived_at:*');
	if (archived === 'only') filters.push('archived_at:?');
	return filters;
}

function compile(filter: IDataObject, fields: FilterField[], zone: string): string {
	const field = fields.find(({ name }) => name === (filter.field ?? 'created_at'));
	const kind = field?.kind ?? 'text';
	const condition = filter[CONDITIONS[kind].name] ?? CONDITIONS[kind].default;
	const operator = OPERATORS[kind].find(({ value }) => value === condition);
	if (!field || !operator) {
		throw new ClinikoError(
			'One of the filters names a field or a condition that this node does not know.',
			'Choose both from their lists.',
		);
	}
	if (EMPTINESS.includes(operator)) return `${field.name}:${operator.sign}`;
	const value = valueOf(filter[`${kind}Value`], field, zone);
	// "contains ~a" would be read as the operator ~~ with "a".
	return operator.sign === '~' && value.startsWith('~')
		? `${field.name}:~~%${value}%`
		: `${field.name}:${operator.sign}${value}`;
}

function valueOf(given: unknown, { displayName, kind }: FilterField, zone: string): string {
	const value = given instanceof Date ? given.toJSON() : given;
	const text = textOf(value, `The filter ${displayName}`).trim();
	if (text === '') {
		throw new ClinikoError(
			`The filter ${displayName} has no value for this item. Without it, far more would be returned than you asked for.`,
			'Fill in its value, or remove the filter. If an expression gives it, check the node before.',
		);
	}
	if (kind === 'text') return text;
	const date = kind === 'date' ? dateIn(text) : inUtc(text, zone);
	if (date) return date;
	throw new ClinikoError(
		`The value of the filter ${displayName} is not a date that the node can read.`,
		kind === 'date'
			? 'Write it as year-month-day, such as 1987-05-31; * stands for any digit.'
			: 'Write it as year-month-day, with the time after a T if it matters, such as 2026-11-22T09:30.',
	);
}

/** Cliniko also accepts patterns such as `****-05-**`. */
function dateIn(text: string): string | undefined {
	return /^([\d*]{4}-[\d*]{2}-[\d*]{2})(?:T00:00.*)?$/.exec(text)?.[1];
}
