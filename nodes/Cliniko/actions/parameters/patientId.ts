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

/** The field in which the user chooses a patient. */
export function patientIdField(description: string): INodeProperties {
	return recordIdField(patient, { displayName: 'Patient', required: true, description });
}

/** The same field where choosing a patient is optional. */
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
 * The patient id of an item where the patient is optional. An expression that yields nothing is an
 * error and does not count as empty: whoever wrote it wants the patient to be checked.
 *
 * @returns undefined if the field is empty in the node
 * @throws ClinikoError
 */
export function optionalPatientIdOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): string | undefined {
	return isLeftOut(context, patient) ? undefined : patientIdOf(context, itemIndex, shard);
}

/**
 * The fields in which the user chooses one patient, or says that the records of all are wanted.
 *
 * @param what what the records are, such as "attachments"
 */
export function patientOrAllFields(displayName: string, what: string): INodeProperties[] {
	return [
		{
			displayName,
			name: 'of',
			type: 'options',
			default: 'onePatient',
			description: `Whose ${what} to return`,
			options: [
				{ name: 'All Patients', value: 'allPatients' },
				{ name: 'One Patient', value: 'onePatient' },
			],
		},
		{
			...patientIdField(`The patient whose ${what} to return`),
			displayOptions: { show: { of: ['onePatient'] } },
		},
	];
}

/**
 * The patient id of an item with these fields.
 *
 * @returns undefined if the records of all patients are asked for by name
 * @throws ClinikoError if it is no exact id, or there is none
 */
export function patientOrAllOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): string | undefined {
	const isAll = context.getNodeParameter('of', itemIndex, 'onePatient') === 'allPatients';
	return isAll ? undefined : patientIdOf(context, itemIndex, shard);
}
