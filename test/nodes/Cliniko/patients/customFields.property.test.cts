import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import {
	dueCustomFields,
	holdsOnlyCustomFields,
	missingCustomFields,
	withCustomFields,
	type CustomFieldValue,
} from '../../../../nodes/Cliniko/patients/customFields.ts';
import type { CustomFieldDefinition } from '../../../../nodes/Cliniko/requests/customFieldDefinitions.ts';

const definitions: CustomFieldDefinition[] = (
	['text', 'paragraph', 'date', 'radiobuttons', 'checkboxes'] as const
).map((type, at) => ({
	token: `field ${at}`,
	name: `Field ${at}`,
	type,
	section: { token: `section ${at % 2}`, name: `Section ${at % 2}` },
	options: ['a', 'b', 'c'].map((name) => ({ token: `${at}${name}`, name })),
	takesOther: at === 4,
}));

const word = fc.constantFrom('', 'x', ' x ', 'Two\r\nlines', '2026-01-02');

const unknown = fc.dictionary(fc.constantFrom('extra', 'name', 'archived'), fc.jsonValue());

const option = fc
	.record({
		token: fc.constantFrom('3a', '3b', '4a', '4b', '4z', 'gone'),
		selected: fc.boolean(),
		more: unknown,
	})
	.map(({ more, ...rest }) => ({ ...more, ...rest }));

const field = (token: fc.Arbitrary<string>) =>
	fc
		.record(
			{
				token,
				value: fc.oneof(word, fc.constant(null)),
				options: fc.uniqueArray(option, { maxLength: 4, selector: (one) => one.token }),
				other: fc.record({ selected: fc.boolean(), value: word }),
				more: unknown,
			},
			{ requiredKeys: ['token'] },
		)
		.map(({ more, ...rest }) => ({ ...more, ...rest }));

const anyToken = fc.constantFrom('field 0', 'field 1', 'field 2', 'field 3', 'field 4', 'f', 'g');

/** What a record may have, known to the settings and not. */
const present: fc.Arbitrary<IDataObject | null | ''> = fc.oneof(
	{ weight: 1, arbitrary: fc.constantFrom(null, '' as const) },
	{
		weight: 9,
		arbitrary: fc
			.record({
				fields: fc.uniqueArray(field(anyToken), { maxLength: 5, selector: (one) => one.token }),
				cut: fc.nat(5),
				more: unknown,
				ofSection: unknown,
			})
			.map(({ fields, cut, more, ofSection }) => ({
				...more,
				sections: [
					{ ...ofSection, token: 'section 0', fields: fields.slice(0, cut) },
					{ token: 'another', fields: fields.slice(cut) },
				],
			})) as fc.Arbitrary<IDataObject>,
	},
);

const wanted: fc.Arbitrary<CustomFieldValue[]> = fc
	.uniqueArray(fc.constantFrom(...definitions), { maxLength: 4 })
	.chain((chosen) =>
		fc.tuple(
			...chosen.map((definition) =>
				['radiobuttons', 'checkboxes'].includes(definition.type)
					? fc.subarray(definition.options, { minLength: 1 }).chain((options) =>
							fc.option(fc.constantFrom('other'), { nil: undefined }).map((other) => ({
								definition,
								selected: options
									.slice(0, definition.type === 'radiobuttons' ? 1 : 3)
									.map(({ token }) => token),
								...(definition.takesOther && other && { other }),
							})),
						)
					: fc.constantFrom('x', 'y').map((text) => ({ definition, text })),
			),
		),
	);

interface Shown extends IDataObject {
	sections: Array<IDataObject & { token: string; fields: Array<IDataObject & { token: string }> }>;
}

const fieldsOf = (custom: unknown) =>
	((custom as Shown | null)?.sections ?? []).flatMap(({ fields }) => fields);

const always = () => true;

it('No custom field that was not given is ever changed, nor anything else that Cliniko keeps there', () => {
	fc.assert(
		fc.property(present, wanted, (before, values) => {
			const copy = structuredClone(before);
			const due = dueCustomFields(before, values, always);
			const after = withCustomFields(before, due) as Shown;
			expect(before).toEqual(copy);
			const given = due.map(({ definition }) => definition.token);
			const untouched = fieldsOf(before).filter(({ token }) => !given.includes(token));
			expect(fieldsOf(after).filter(({ token }) => !given.includes(token))).toEqual(untouched);
			const { sections, ...rest } = (before || { sections: [] }) as Shown;
			const { sections: written, ...others } = after;
			expect(others).toEqual(rest);
			sections.forEach(({ fields: _, ...section }, at) => {
				const { fields: __, ...same } = written[at]!;
				expect(same).toEqual(section);
			});
			// Of a field that was given, only its value.
			for (const one of fieldsOf(before)) {
				const same = fieldsOf(after).find(({ token }) => token === one.token)!;
				const { value: _, options: __, other: ___, ...kept } = one;
				expect(same).toMatchObject(kept);
			}
		}),
		{ numRuns: 1000 },
	);
});

it('All given values are there afterwards, and are due only once', () => {
	fc.assert(
		fc.property(present, wanted, (before, values) => {
			const after = withCustomFields(before, dueCustomFields(before, values, always));
			expect(missingCustomFields(after, values)).toEqual([]);
			expect(dueCustomFields(after, values, always)).toEqual([]);
			const isEmptyBefore = holdsOnlyCustomFields(before, []);
			if (isEmptyBefore) expect(holdsOnlyCustomFields(after, values)).toBe(true);
		}),
		{ numRuns: 1000 },
	);
});

it('Where Cliniko’s values are kept, only empty fields are filled', () => {
	fc.assert(
		fc.property(present, wanted, (before, values) => {
			const due = dueCustomFields(before, values, (isEmpty) => isEmpty);
			const after = withCustomFields(before, due);
			const filled = fieldsOf(before).filter(
				({ token }) =>
					!holdsOnlyCustomFields(
						{ sections: [{ fields: fieldsOf(before).filter((one) => one.token === token) }] },
						[],
					),
			);
			for (const one of filled) expect(fieldsOf(after)).toContainEqual(one);
		}),
		{ numRuns: 1000 },
	);
});

it.each([[undefined], [[]], ['text'], [{ sections: {} }], [{ sections: [null] }]])(
	'Nothing is written over what is not shown as documented: %j',
	(before) => {
		const [definition] = definitions;
		const values = [{ definition: definition!, text: 'x' }];
		expect(() => dueCustomFields(before, values, always)).toThrow('does not show the patient’s');
		expect(dueCustomFields(before, [], always)).toEqual([]);
		expect(missingCustomFields(before, values)).toEqual([]);
	},
);

it('An archived choice stays with checkboxes, and gives way to a single choice', () => {
	const value = (at: number, name: string): CustomFieldValue => ({
		definition: definitions[at]!,
		selected: [`${at}${name}`],
	});
	const before = (at: number) => ({
		sections: [
			{
				token: 's',
				fields: [{ token: `field ${at}`, options: [{ token: 'old', selected: true }] }],
			},
		],
	});
	const chosen = (at: number) =>
		(fieldsOf(withCustomFields(before(at), [value(at, 'b')]))[0]!.options as IDataObject[])
			.filter(({ selected }) => selected)
			.map(({ token }) => token);
	expect(chosen(4)).toEqual(['old', '4b']);
	expect(chosen(3)).toEqual(['3b']);
});
