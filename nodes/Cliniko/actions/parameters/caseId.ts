import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ONLY_OPEN } from '../../cases/caseLink';
import type { ChosenCase } from '../../cases/readCase';
import { optionalPatientIdField, optionalPatientIdOf } from './patientId';
import { recordIdField, recordIdIn, recordIdOf, type RecordKind } from './recordId';

const patientCase: RecordKind = {
	noun: 'case',
	parameter: 'caseId',
	listSearch: 'searchPatientCases',
	url: '^https:\\/\\/[\\w.-]+\\.([a-z]{2}\\d{1,2})\\.cliniko\\.com\\/(?:[^?#]*\\/)?(?:patient_)?cases\\/(\\d+)(?=[/?#]|$)',
	exampleUrl: 'https://api.au1.cliniko.com/v1/patient_cases/1234567890123456789',
	urlAdvice: 'Use the case’s own address. It has /patient_cases/ and a number in it.',
	noneAdvice:
		'Choose a case from the list, or give its ID, which Patient Case > Get Many and Create output as "id". If an expression gives it, check that the node before found the case.',
};

/** The fields in which the user chooses a case. */
export function caseFields(description: string): INodeProperties[] {
	return [
		optionalPatientIdField(
			'Whose case it is. Not needed if the ID of the case is given, but then a case of anybody else is refused.',
		),
		recordIdField(patientCase, { displayName: 'Case', required: true, description }),
	];
}

/**
 * The case that an item asks for: see `recordIdOf`.
 *
 * @throws ClinikoError if a parameter is not an id
 */
export function caseOf(context: IExecuteFunctions, itemIndex: number, shard: string): ChosenCase {
	const patientId = optionalPatientIdOf(context, itemIndex, shard);
	return { id: recordIdOf(context, itemIndex, shard, patientCase), patientId };
}

const toLink: RecordKind = {
	...patientCase,
	parameter: 'linkToCase',
	listSearch: 'searchCasesToLink',
};

/** The option in which the user chooses the case that a file is linked to. */
export const caseLinkField: INodeProperties = recordIdField(toLink, {
	displayName: 'Link to Patient Case',
	description:
		'The case that the attachment belongs to: one of the patient’s, or the only open one, whichever that is. If there is no such case, nothing is uploaded.',
});

/**
 * The case to link to.
 *
 * @param given the value of the option; undefined if it is left out
 * @returns an id, `ONLY_OPEN`, or undefined for none
 * @throws ClinikoError if it is not an id
 */
export function caseLinkIn(given: unknown, shard: string): string | undefined {
	if (given === undefined) return undefined;
	const value: unknown = (given as { value?: unknown } | null)?.value ?? given;
	return value === ONLY_OPEN ? ONLY_OPEN : recordIdIn(given, shard, toLink);
}
