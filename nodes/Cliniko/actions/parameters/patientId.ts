import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { isLeftOut, recordIdField, recordIdOf, type RecordKind } from './recordId';

const patient: RecordKind = {
	noun: 'patient',
	parameter: 'patientId',
	listSearch: 'searchPatients',
	url: '^https:\\/\\/[\\w.-]+\\.([a-z]{2}\\d{1,2})\\.cliniko\\.com\\/(?:[^?#]*\\/)?patients\\/(\\d+)(?=[/?#]|$)',
	exampleUrl: 'https://your-clinic.au1.cliniko.com/patients/1234567890123456789',
	urlAdvice:
		'Open the patient in Cliniko and copy the address from the browser. It has /patients/ and a number in it.',
	noneAdvice:
		'Choose a patient from the list, or give the ID: the number in the address of the patient’s page. If an expression gives it, check that the node before found the patient.',
};

/** The field in which the user picks the patient whose record is meant. */
export function patientIdField(description: string): INodeProperties {
	return recordIdField(patient, { displayName: 'Patient', required: true, description });
}

/** The same where the patient may be left out. */
export function optionalPatientIdField(description: string): INodeProperties {
	return recordIdField(patient, { displayName: 'Patient', description });
}

/**
 * The patient id that an item asks for: see `recordIdOf`.
 *
 * @throws ClinikoError
 */
export function patientIdOf(context: IExecuteFunctions, itemIndex: number, shard: string): string {
	return recordIdOf(context, itemIndex, shard, patient);
}

/**
 * The same where the patient may be left out. An expression that gives nothing does not count as left
 * out: whoever set it wants the patient to be checked.
 *
 * @returns nothing if the field is empty in the node
 */
export function optionalPatientIdOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): string | undefined {
	return isLeftOut(context, patient) ? undefined : patientIdOf(context, itemIndex, shard);
}
