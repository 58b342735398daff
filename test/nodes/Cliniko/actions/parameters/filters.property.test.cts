import fc from 'fast-check';
import type { IExecuteFunctions } from 'n8n-workflow';

import {
	filtersOf,
	type FilterField,
} from '../../../../../nodes/Cliniko/actions/parameters/filters.ts';
import { compileFilters, type Fields } from '../../../../../sandbox/api/filters.cts';

const LAST_NAME: FilterField = { displayName: 'Last Name', name: 'last_name', kind: 'text' };

const ROW: Fields<string> = { last_name: { kind: 'string', of: (row) => row } };

const compiled = (textCondition: string, textValue: string) => {
	const filters = { filter: [{ field: 'last_name', textCondition, textValue }] };
	const context = {
		getTimezone: () => 'Australia/Brisbane',
		getNodeParameter: (name: string, _: number, fallback: unknown) =>
			name === 'filters' ? filters : fallback,
	};
	return filtersOf(context as unknown as IExecuteFunctions, 0, [LAST_NAME]);
};

/** Whether "Citizen" matches, without Cliniko's filter grammar. */
function expected(condition: string, value: string): boolean {
	const wanted = value
		.normalize('NFD')
		.replace(/[\u0300-\u036f]/g, '')
		.toLowerCase();
	if (condition === 'is') return wanted === 'citizen';
	if (condition === 'isNot') return wanted !== 'citizen';
	if (condition === 'contains' && !wanted.startsWith('~')) return 'citizen'.includes(wanted);
	const parts = wanted.split('%').map((part) => part.replace(/[^a-z0-9]/g, '\\$&'));
	const pattern = parts.join('.*');
	return new RegExp(condition === 'pattern' ? `^${pattern}$` : pattern, 's').test('citizen');
}

describe('A filter', () => {
	it('is never another one than was chosen, whatever its value is', () => {
		const sign = fc.constantFrom('contains', 'pattern', 'is', 'isNot');
		const value = fc.string({
			unit: fc.oneof(fc.constantFrom(...'~=!?%*<>:&[]'), fc.string({ minLength: 1, maxLength: 2 })),
		});
		fc.assert(
			fc.property(sign, value, (condition, given) => {
				if (given.trim() === '') return;
				const [filter] = compiled(condition, given);
				const compare = compileFilters([filter!], ROW);
				expect({ given, is: compare('Citizen') }).toEqual({
					given,
					is: expected(condition, given.trim()),
				});
			}),
			{ numRuns: 1000 },
		);
	});
});
