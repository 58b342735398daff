import type { IDataObject } from 'n8n-workflow';

import { candidate, type Patient } from '../../records/patient';

/** The choice that shows a person the patients who may be meant. */
export const candidatesOption = {
	name: 'Return an Item With the Candidates',
	value: 'candidates',
	description:
		'The same, with the name, date of birth and city of those who may be meant, so that a person can choose',
};

/** The part of an item with those who may be meant, if it was chosen. */
export function candidatesIn(chosen: unknown, patients: Patient[]): IDataObject {
	return chosen === candidatesOption.value ? { candidates: patients.map(candidate) } : {};
}
