import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { FIELDS, type PatientValues } from '../../patients/fields';
import { fieldCollection, fieldValuesOf, propertyOf, type FieldCollection } from './recordFields';
import { referralSourceField } from './referralSource';

/** The parameter of one field of a patient, for use outside a collection. */
export function patientField(name: string, more: Partial<INodeProperties> = {}): INodeProperties {
	return { ...propertyOf(FIELDS.find((field) => field.name === name)!), ...more };
}

/**
 * A collection of the fields of a patient that can be set: see `fieldCollection`.
 *
 * @param without Cliniko's names of fields that the operation asks for elsewhere
 */
export function patientFields(
	collection: FieldCollection,
	without: string[] = [],
): INodeProperties {
	return fieldCollection(collection, FIELDS, without, [referralSourceField]);
}

/** Reads and checks the values of an item: see `fieldValuesOf`. */
export function patientValuesOf(given: IDataObject): PatientValues {
	return fieldValuesOf(given, FIELDS);
}
