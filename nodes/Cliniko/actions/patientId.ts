import type {
	IExecuteFunctions,
	INodeParameterResourceLocator,
	INodeProperties,
} from 'n8n-workflow';

import { ClinikoError } from '../errors';

/** A patient's page in Cliniko, or the address of the record in its API. */
const PATIENT_URL =
	/^https:\/\/[\w.-]+\.([a-z]{2}\d{1,2})\.cliniko\.com\/(?:[^?#]*\/)?patients\/(\d+)(?=[/?#]|$)/i;

/** The largest 64-bit number; Cliniko's ids are that wide. */
const LARGEST_ID = 2n ** 63n - 1n;

/** The field in which the user picks a patient. */
export const patientIdField: INodeProperties = {
	displayName: 'Patient',
	name: 'patientId',
	type: 'resourceLocator',
	default: { mode: 'list', value: '' },
	required: true,
	description: 'The patient whose record the file belongs on',
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Select a patient...',
			typeOptions: { searchListMethod: 'searchPatients', searchable: true },
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 1234567890123456789',
			validation: [
				{
					type: 'regex',
					properties: { regex: '^\\d{1,19}$', errorMessage: 'A patient ID has only digits' },
				},
			],
		},
		{
			displayName: 'By URL',
			name: 'url',
			type: 'string',
			placeholder: 'e.g. https://your-clinic.au1.cliniko.com/patients/1234567890123456789',
			validation: [
				{
					type: 'regex',
					properties: {
						regex: `${PATIENT_URL.source}.*`,
						errorMessage: "Copy the address of the patient's page from Cliniko",
					},
				},
			],
			extractValue: { type: 'regex', regex: PATIENT_URL.source.replace('([a-z]', '(?:[a-z]') },
		},
	],
};

/**
 * The patient id that an item asks for. It goes into a path and decides whose record a file lands on,
 * so only a whole and exact id passes.
 *
 * @param shard the shard of the credential: a page of another one shows another clinic's patient
 * @returns a decimal string; ids have up to 64 bits, more than a number holds exactly
 * @throws ClinikoError
 */
export function patientIdOf(context: IExecuteFunctions, itemIndex: number, shard: string): string {
	const parameter = context.getNodeParameter('patientId', itemIndex) as
		| INodeParameterResourceLocator
		| string
		| number;
	const isLocator = typeof parameter === 'object' && parameter !== null;
	const value: unknown = isLocator ? parameter.value : parameter;
	return isLocator && parameter.mode === 'url'
		? idFromUrl(String(value ?? '').trim(), shard)
		: checkedId(value);
}

function idFromUrl(url: string, shard: string): string {
	const [, urlShard, id] = PATIENT_URL.exec(url) ?? [];
	if (!urlShard) {
		throw new ClinikoError(
			"The patient's URL is not the address of a patient's page in Cliniko.",
			'Open the patient in Cliniko and copy the address from the browser. It has /patients/ and a number in it.',
		);
	}
	if (urlShard.toLowerCase() !== shard) {
		throw new ClinikoError(
			`The patient's URL is on shard ${urlShard.toLowerCase()}, but the Cliniko API credential is for shard ${shard}.`,
			'The same number is another patient there. Copy the address from the Cliniko account that the credential belongs to.',
		);
	}
	return checkedId(id);
}

function checkedId(value: unknown): string {
	if (typeof value === 'number' && !Number.isSafeInteger(value)) {
		throw new ClinikoError(
			'The patient ID came as a number too large to be exact, so its last digits may be wrong.',
			'Keep the ID as text in the nodes before this one: it then has quotes around it in the JSON view.',
		);
	}
	const id = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
	if (!/^\d{1,19}$/.test(id) || BigInt(id) < 1n || BigInt(id) > LARGEST_ID) {
		throw new ClinikoError(
			id === ''
				? 'No patient is set for this item.'
				: 'The patient ID is not a whole number, as Cliniko IDs are.',
			'Choose a patient from the list, or give the ID: the number in the address of the patient’s page. If an expression gives it, check that the node before found the patient.',
		);
	}
	return BigInt(id).toString();
}
