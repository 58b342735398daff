import type {
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';

import type { Patient } from '../records/patient';
import { searchByName, type Named } from './searchByName';

const PATIENTS: Named<'patients'> = {
	collection: 'patients',
	action: 'look up patients',
	fields: ['last_name', 'first_name', 'preferred_first_name'],
	choice,
};

/** Fills the list from which a patient is chosen: see `searchByName`. */
export async function searchPatients(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	return await searchByName(this, PATIENTS, filter, paginationToken);
}

/** With the date of birth and the id, because two patients may have the same name. */
function choice(patient: Patient): INodeListSearchItems {
	const name = [patient.first_name, patient.last_name].filter(Boolean).join(' ');
	const born = patient.date_of_birth ? `born ${patient.date_of_birth}, ` : '';
	return { name: `${name} (${born}ID ${patient.id})`, value: patient.id };
}
