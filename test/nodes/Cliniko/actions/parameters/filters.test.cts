import type { IDataObject, IExecuteFunctions, INodePropertyCollection } from 'n8n-workflow';

import {
	filterFields,
	filtersOf,
	type FilterField,
} from '../../../../../nodes/Cliniko/actions/parameters/filters.ts';
import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import { compileFilters, type Fields } from '../../../../../sandbox/api/filters.cts';
import { thrownBy } from '../../connection.cts';

const FIELDS: FilterField[] = [
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Date of Birth', name: 'date_of_birth', kind: 'date' },
	{ displayName: 'Last Name', name: 'last_name', kind: 'text' },
];

const compiled = (filter: unknown, archived?: string, zone = 'Australia/Brisbane') => {
	const parameters: IDataObject = { filters: { filter }, archived } as IDataObject;
	const context = {
		getTimezone: () => zone,
		getNodeParameter: (name: string, _: number, fallback: unknown) => parameters[name] ?? fallback,
	};
	return filtersOf(context as unknown as IExecuteFunctions, 0, FIELDS);
};

const text = (textCondition: string, textValue?: unknown) => ({
	field: 'last_name',
	textCondition,
	textValue,
});

const date = (dateCondition: string, dateValue?: unknown) => ({
	field: 'date_of_birth',
	dateCondition,
	dateValue,
});

const dateTime = (dateTimeCondition: string, dateTimeValue?: unknown) => ({
	field: 'created_at',
	dateTimeCondition,
	dateTimeValue,
});

describe('A filter', () => {
	it.each([
		[text('contains', 'Cit'), 'last_name:~Cit'],
		[text('pattern', 'C%n'), 'last_name:~~C%n'],
		[text('is', 'Citizen'), 'last_name:=Citizen'],
		[text('isNot', 'Citizen'), 'last_name:!=Citizen'],
		[text('empty'), 'last_name:!?'],
		[text('notEmpty'), 'last_name:?'],
		[date('is', '1987-05-31'), 'date_of_birth:=1987-05-31'],
		[date('is', '****-05-**'), 'date_of_birth:=****-05-**'],
		[date('after', '1987-05-31'), 'date_of_birth:>1987-05-31'],
		[date('since', '1987-05-31'), 'date_of_birth:>=1987-05-31'],
		[date('until', '1987-05-31'), 'date_of_birth:<=1987-05-31'],
		[date('before', '1987-05-31'), 'date_of_birth:<1987-05-31'],
		[date('empty'), 'date_of_birth:!?'],
		[date('notEmpty'), 'date_of_birth:?'],
		[dateTime('after', '2026-11-22T09:30'), 'created_at:>2026-11-21T23:30:00Z'],
		[dateTime('since', '2026-11-22T09:30'), 'created_at:>=2026-11-21T23:30:00Z'],
		[dateTime('until', '2026-11-22T09:30Z'), 'created_at:<=2026-11-22T09:30:00Z'],
		[dateTime('before', '2026-11-22'), 'created_at:<2026-11-21T14:00:00Z'],
		[dateTime('empty'), 'created_at:!?'],
		[dateTime('notEmpty'), 'created_at:?'],
	])('is written as Cliniko wants it: %j', (filter, written) => {
		expect(compiled([filter])).toEqual([written]);
	});

	it('has what the node shows when nothing was changed', () => {
		expect(compiled([{ dateTimeValue: '2026-11-22' }])).toEqual([
			'created_at:>=2026-11-21T14:00:00Z',
		]);
		expect(compiled([{ field: 'last_name', textValue: 'Cit' }])).toEqual(['last_name:~Cit']);
		expect(compiled([{ field: 'date_of_birth', dateValue: '1987-05-31' }])).toEqual([
			'date_of_birth:=1987-05-31',
		]);
	});

	it('is one of several, all of which are sent, in their order', () => {
		expect(compiled([text('is', 'A'), date('notEmpty'), text('isNot', 'B')])).toEqual([
			'last_name:=A',
			'date_of_birth:?',
			'last_name:!=B',
		]);
		expect(compiled(undefined)).toEqual([]);
	});

	it.each([
		[text('contains', '  Cit\n'), 'last_name:~Cit'],
		[text('is', 42), 'last_name:=42'],
		[text('is', 'a:b'), 'last_name:=a:b'],
		[text('is', '=a'), 'last_name:==a'],
		[date('is', '1987-05-31T00:00:00.000+10:00'), 'date_of_birth:=1987-05-31'],
		[dateTime('since', new Date('2026-11-22T09:30:00Z')), 'created_at:>=2026-11-22T09:30:00Z'],
		[dateTime('since', '2026-11-22T09:30:00.123+10:00'), 'created_at:>=2026-11-21T23:30:00Z'],
	])('takes its value as an expression gives it: %j', (filter, written) => {
		expect(compiled([filter])).toEqual([written]);
	});

	it('that is to contain a ~ does not become another one', () => {
		const [filter] = compiled([text('contains', '~a')]);
		const fields: Fields<string> = { last_name: { kind: 'string', of: (row) => row } };
		const fits = (row: string) => compileFilters([filter!], fields)(row);
		expect([fits('b~a!'), fits('~a'), fits('a'), fits('b')]).toEqual([true, true, false, false]);
	});

	it.each([
		[text('contains', ''), 'Last Name'],
		[text('is', '  '), 'Last Name'],
		[text('isNot', null), 'Last Name'],
		[text('pattern', undefined), 'Last Name'],
		[date('is', ''), 'Date of Birth'],
		[dateTime('since', undefined), 'Created At'],
	])(
		'whose expression gives nothing is refused: it would let everything through: %j',
		(filter, name) => {
			const error = thrownBy(() => compiled([filter]));
			expect(error).toBeInstanceOf(ClinikoError);
			expect(error.message).toContain(`The filter ${name} has no value for this item`);
			expect(error.description).toContain('remove the filter');
		},
	);

	it.each([
		[date('is', '31/05/1987'), 'Date of Birth', 'year-month-day'],
		[date('is', '1987-05-31T09:30:00Z'), 'Date of Birth', 'year-month-day'],
		[date('is', '1987-5-31'), 'Date of Birth', 'year-month-day'],
		[date('is', 'Invalid DateTime'), 'Date of Birth', 'year-month-day'],
		[dateTime('since', 'yesterday'), 'Created At', 'after a T'],
		[dateTime('since', '2026-02-30'), 'Created At', 'after a T'],
	])('whose value is not a date is refused: %j', (filter, name, advice) => {
		const error = thrownBy(() => compiled([filter]));
		expect(error.message).toMatch(new RegExp(`of the filter ${name} is not a date`));
		expect(error.description).toContain(advice);
	});

	it('whose value is not a date is refused without its e-mail address or its length in the message', () => {
		const { message } = thrownBy(() =>
			compiled([date('is', `jane@mail.example ${'x '.repeat(100)}`)]),
		);
		expect(message).not.toContain('jane@mail.example');
		expect(message.length).toBeLessThan(130);
	});

	it.each([
		{ field: 'phone', textCondition: 'is', textValue: '1' },
		{ field: 'last_name', textCondition: 'like', textValue: 'x' },
		{ field: 'created_at', dateTimeCondition: 'is', dateTimeValue: '2026-11-22' },
		{ field: 'date_of_birth', dateCondition: 'contains', dateValue: '1987' },
	])('that the node does not know is refused: %j', (filter) => {
		expect(thrownBy(() => compiled([filter])).message).toContain('does not know');
	});
});

interface Row {
	at: number;
	born: string;
	name: string;
}

const ROW: Fields<Row> = {
	created_at: { kind: 'date-time', of: ({ at }) => at },
	date_of_birth: { kind: 'date', of: ({ born }) => born },
	last_name: { kind: 'string', of: ({ name }) => name },
};

describe('Archived records', () => {
	it.each([
		[undefined, []],
		['exclude', []],
		['include', ['archived_at:*']],
		['only', ['archived_at:?']],
	])('are left out unless requested: %s', (archived, filters) => {
		expect(compiled(undefined, archived)).toEqual(filters);
		expect(compiled([text('is', 'A')], archived)).toEqual(['last_name:=A', ...filters]);
	});
});

describe('The fields for filters', () => {
	const [filters] = filterFields(FIELDS);
	const [{ values }] = filters!.options as [INodePropertyCollection];

	it('show the conditions and the value that go with the field that is chosen', () => {
		const shown = (field: string) =>
			values
				.filter(({ displayOptions }) => displayOptions?.show?.field?.includes(field) ?? true)
				.map(({ name }) => name);
		expect(shown('last_name')).toEqual(['field', 'textCondition', 'textValue']);
		expect(shown('date_of_birth')).toEqual(['field', 'dateCondition', 'dateValue']);
		expect(shown('created_at')).toEqual(['field', 'dateTimeCondition', 'dateTimeValue']);
	});

	it('offer only conditions that Cliniko has for the field, and all of them work', () => {
		const kinds = { text: 'last_name', date: 'date_of_birth', dateTime: 'created_at' };
		for (const [kind, field] of Object.entries(kinds)) {
			const { options = [] } = values.find(({ name }) => name === `${kind}Condition`)!;
			expect(options.length).toBeGreaterThan(5);
			for (const { value } of options as Array<{ value: string }>) {
				const [filter] = compiled([
					{ field, [`${kind}Condition`]: value, [`${kind}Value`]: '2026-11-22' },
				]);
				expect(() => compileFilters([filter!], ROW)).not.toThrow();
			}
		}
	});

	it('hide the value when the condition needs none', () => {
		for (const kind of ['text', 'date', 'dateTime']) {
			const value = values.find(({ name }) => name === `${kind}Value`)!;
			expect(value.displayOptions?.hide).toEqual({ [`${kind}Condition`]: ['empty', 'notEmpty'] });
		}
	});

	it('are only those of the kinds that the list has', () => {
		const [few] = filterFields(FIELDS.slice(0, 1));
		const [{ values: fewValues }] = few!.options as [INodePropertyCollection];
		expect(fewValues.map(({ name }) => name)).toEqual([
			'field',
			'dateTimeCondition',
			'dateTimeValue',
		]);
	});
});
