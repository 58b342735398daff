import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import {
	checkedValue,
	PHONE_TYPES,
	PRONOUNS,
	type Field,
	type FieldValues,
	type PhoneNumber,
	type Pronouns,
} from '../../fields/field';
import { plainNumber } from '../../find/phoneNumber';
import { PHONE_NUMBERS } from '../../patients/fields';
import { mergedPhoneNumbers } from '../../patients/phoneNumbers';
import { chosenId, chosenRecord } from './chosenId';
import { textOf } from './text';

/** The name of a field's parameter, such as `dateOfBirth` for `date_of_birth`. */
export function parameterOf({ name }: Field): string {
	return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What a collection of fields is called, and what is said of it. */
export type FieldCollection = Pick<
	INodeProperties,
	'displayName' | 'name' | 'placeholder' | 'description'
>;

/**
 * A collection of the fields of a record that can be set.
 *
 * @param without Cliniko's names of fields that the operation asks for elsewhere
 * @param besides other parameters that the collection has
 */
export function fieldCollection(
	collection: FieldCollection,
	fields: Field[],
	without: string[] = [],
	besides: INodeProperties[] = [],
): INodeProperties {
	return {
		...collection,
		type: 'collection',
		default: {},
		options: [
			...fields.filter(({ name }) => !without.includes(name)).map(propertyOf),
			...besides,
		].sort((a, b) => a.displayName.localeCompare(b.displayName)),
	};
}

/**
 * Reads and checks the values of an item. An expression that gives nothing is no value.
 *
 * @param given the parameters of the fields, by name
 * @throws ClinikoError if Cliniko would not accept a value
 */
export function fieldValuesOf(given: IDataObject, fields: Field[]): FieldValues {
	const values: FieldValues = {};
	for (const field of fields) {
		const value = valueOf(field, given[parameterOf(field)]);
		if (value !== undefined) values[field.name] = value;
	}
	return values;
}

/** The parameter of one field, for use outside a collection. */
export function propertyOf(field: Field): INodeProperties {
	const { label, kind, choices = [], choiceNames = choices, isLong, listSearch } = field;
	const { description, placeholder } = field;
	const common = {
		displayName: label,
		name: parameterOf(field),
		...(description && { description }),
	};
	switch (kind) {
		case 'boolean':
			return { ...common, type: 'boolean', default: false };
		case 'choice':
			return {
				...common,
				type: 'options',
				default: choices[0],
				options: choices.map((value, at) => ({ name: choiceNames[at]!, value })),
			};
		case 'phones':
			return {
				...common,
				type: 'fixedCollection',
				typeOptions: { multipleValues: true },
				placeholder: 'Add Phone Number',
				default: {},
				options: [
					{
						displayName: 'Phone Number',
						name: 'phoneNumber',
						values: [
							{
								displayName: 'Type',
								name: 'type',
								type: 'options',
								default: 'Mobile',
								options: PHONE_TYPES.map(option),
							},
							{ displayName: 'Number', name: 'number', type: 'string', default: '' },
						],
					},
				],
			};
		case 'pronouns':
			return {
				...common,
				type: 'fixedCollection',
				default: {},
				options: [
					{
						displayName: 'Pronouns',
						name: 'forms',
						values: PRONOUNS.map(({ name, label: displayName, placeholder: example }) => ({
							displayName,
							name,
							type: 'string',
							default: '',
							placeholder: example,
						})),
					},
				],
			};
		case 'id':
			return chosenRecord(common, listSearch!);
		default:
			return {
				...common,
				type: 'string',
				default: '',
				...(placeholder && { placeholder }),
				...(isLong && { typeOptions: { rows: 4 } }),
			};
	}
}

function option(value: string) {
	return { name: value, value };
}

function valueOf(field: Field, given: unknown): FieldValues[string] | undefined {
	const { label, kind } = field;
	if (kind === 'phones') return phoneNumbersIn(given, label);
	if (kind === 'pronouns') return pronounsIn(given, label);
	if (kind === 'id') return chosenId(given, label);
	const lines = textOf(given, label).trim();
	const text = field.isLong ? lines : lines.replace(/\s+/g, ' ');
	return text === '' ? undefined : checkedValue(field, text);
}

function phoneNumbersIn(given: unknown, label: string): PhoneNumber[] | undefined {
	const rows = ((given as IDataObject | undefined)?.phoneNumber ?? []) as IDataObject[];
	const phones = rows.flatMap(({ type = 'Mobile', number }) => {
		const text = textOf(number, label).trim();
		if (text === '') return [];
		const phoneType = PHONE_TYPES.find((one) => one === type);
		if (!phoneType || !/\d/.test(plainNumber(text))) {
			throw new ClinikoError(
				phoneType
					? `${label} has a number without digits for this item.`
					: `${label} has a type that Cliniko does not know for this item.`,
				phoneType
					? 'Check the expression, and what the form or the e-mail gives there.'
					: `Give one of these: ${PHONE_TYPES.join(', ')}.`,
			);
		}
		return [{ phone_type: phoneType, number: text }];
	});
	// Each number once.
	return mergedPhoneNumbers({ [PHONE_NUMBERS]: [] }, phones);
}

function pronounsIn(given: unknown, label: string): Pronouns | undefined {
	const forms = ((given as IDataObject | undefined)?.forms ?? {}) as IDataObject;
	const pronouns = PRONOUNS.map(
		({ name, label: form }) => [name, textOf(forms[name], `${label} (${form})`).trim()] as const,
	);
	const isGiven = pronouns.map(([, text]) => text !== '');
	if (!isGiven.includes(true)) return undefined;
	if (!isGiven.includes(false)) return Object.fromEntries(pronouns) as Pronouns;
	throw new ClinikoError(
		`${label} has only some of the five forms for this item, and Cliniko takes all or none.`,
		'Fill in all five forms, such as she, her, her, hers, herself.',
	);
}
