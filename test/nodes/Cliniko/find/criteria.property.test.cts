import fc from 'fast-check';

import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import {
	CRITERIA,
	criterion,
	type CriterionName,
} from '../../../../nodes/Cliniko/find/criteria.ts';
import { compileFilters } from '../../../../sandbox/api/filters.cts';
import { patients as resource } from '../../../../sandbox/api/records.cts';
import type { Patient } from '../../../../sandbox/sandbox.cts';
import { COMPARISONS, MINDS } from './likePattern.cts';

describe('Whatever a form sends', () => {
	const name = fc.constantFrom(...CRITERIA.map(({ name: one }) => one));
	const nasty = fc.string({
		unit: fc.oneof(
			fc.constantFrom(...'~=!?%*<>:,;&[]#+@.\'"\\ -', 'a', 'B', 'é', '1', '\n', 'q[]='),
			fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
		),
		maxLength: 12,
	});
	const address = fc.tuple(nasty, nasty).map(([a, b]) => `${a.replace(/[\s@<>,;]/gu, '')}~a@b${b}`);

	it('stays inside of its own filter, of the field it is for and with the operator it is for', () => {
		const row: Patient = {
			id: '1',
			firstName: 'Jane',
			lastName: 'Citizen',
			preferredFirstName: null,
			dateOfBirth: '1987-05-31',
			email: 'jane@mail.example',
			oldReferenceId: null,
			archivedAt: null,
			mergedWith: null,
			details: {},
			createdAt: 0,
			updatedAt: 0,
			addedAt: 0,
		};
		const { fields } = resource('');
		const start: Record<CriterionName, RegExp> = {
			email: /^email:~~?(?!~)/,
			firstName: /^first_name:~~(?!~)/,
			lastName: /^last_name:~~(?!~)/,
			preferredFirstName: /^preferred_first_name:~~(?!~)/,
			dateOfBirth: /^date_of_birth:=\d{4}-\d\d-\d\d$/,
			oldReferenceId: /^old_reference_id:(=|~~(?!~))/,
			mobile: /^(?!)/,
		};
		fc.assert(
			fc.property(name, fc.oneof(nasty, address), (one, value) => {
				let filters: string[] = [];
				try {
					const { filters: of } = criterion(one, value);
					filters = [...new Set(COMPARISONS.flatMap((comparison) => of(MINDS[comparison])))];
				} catch (error) {
					expect(error).toBeInstanceOf(ClinikoError);
				}
				for (const filter of filters) {
					expect(filter).toMatch(start[one]);
					const query = new URLSearchParams([['q[]', filter]]).toString();
					expect([...new URLSearchParams(query)]).toEqual([['q[]', filter]]);
					for (const comparison of COMPARISONS) {
						// Otherwise Cliniko would reject it.
						expect(() => compileFilters([filter], fields, comparison)(row)).not.toThrow();
					}
				}
			}),
			{ numRuns: 2000 },
		);
	});
});
