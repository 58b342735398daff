import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { labelsOf, type Field, type FieldValues } from '../../fields/field';
import { fieldCollection, fieldValuesOf } from './recordFields';

/**
 * The parameters in which the user says what to change on a record: Update Fields, and Fields to Empty
 * with those that Cliniko's reference says can be empty.
 *
 * @param description of Update Fields
 * @param besides other parameters that Update Fields has
 */
export function changedFields(
	fields: Field[],
	description: string,
	besides: INodeProperties[] = [],
): INodeProperties[] {
	return [
		fieldCollection(
			{
				displayName: 'Update Fields',
				name: 'updateFields',
				placeholder: 'Add field',
				description,
			},
			fields,
			[],
			besides,
		),
		{
			displayName: 'Fields to Empty',
			name: 'fieldsToEmpty',
			type: 'multiOptions',
			default: [],
			description: 'Fields whose value is removed from the record',
			options: fields
				.filter(({ isNotNullable }) => !isNotNullable)
				.map(({ label, name }) => ({ name: label, value: name })),
		},
	];
}

/**
 * What an item changes. An expression that gives nothing changes nothing.
 *
 * @param isOtherAdded whether something else is to be changed
 * @returns the new values by Cliniko's names; null empties a field
 * @throws ClinikoError if there is nothing to change, or if Cliniko would not accept a value
 */
export function changesIn(
	context: IExecuteFunctions,
	itemIndex: number,
	fields: Field[],
	isOtherAdded = false,
): FieldValues {
	const given = context.getNodeParameter('updateFields', itemIndex, {});
	const toEmpty: unknown = context.getNodeParameter('fieldsToEmpty', itemIndex, []);
	const emptied = (Array.isArray(toEmpty) ? toEmpty : [toEmpty]).filter(Boolean).map(String);
	if (Object.keys(given).length + emptied.length === 0 && !isOtherAdded) {
		throw new ClinikoError(
			'There is nothing to change: no field is added.',
			'Add at least one field under Update Fields, or choose one under Fields to Empty.',
		);
	}
	const labels = labelsOf(fields);
	const values = fieldValuesOf(given, fields);
	for (const field of emptied) {
		const label = labels[field];
		if (!fields.some(({ name, isNotNullable }) => name === field && !isNotNullable)) {
			throw new ClinikoError(
				'Fields to Empty names a field that cannot be emptied.',
				'Choose the fields from the list.',
			);
		}
		if (field in values) {
			throw new ClinikoError(
				`${label} is both filled in and to be emptied for this item.`,
				`Remove ${label} from Update Fields or from Fields to Empty.`,
			);
		}
		values[field] = null;
	}
	return values;
}
