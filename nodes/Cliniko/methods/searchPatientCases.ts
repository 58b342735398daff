import type {
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';

import { ONLY_OPEN } from '../cases/caseLink';
import { casesOf } from '../cases/readCase';
import { ClinikoError } from '../errors';
import type { PatientCase } from '../records/patientCase';
import { connect } from '../transport/n8n';

/**
 * Fills the list from which one of a patient's cases is chosen: newest first, filtered by name. Cliniko
 * cannot be searched by the name of a case.
 *
 * @param filter what the user typed
 * @throws ClinikoError if no patient is chosen: a case without its patient could be anybody's
 */
export async function searchPatientCases(
	this: ILoadOptionsFunctions,
	filter?: string,
): Promise<INodeListSearchResult> {
	const results = await choices(this, filter);
	if (results) return { results };
	throw new ClinikoError(
		'No patient is chosen, so there are no cases to choose from.',
		'Choose the patient first, or give the case by ID.',
	);
}

/** The same for a file to be linked: the only open case of whichever patient it is comes first. */
export async function searchCasesToLink(
	this: ILoadOptionsFunctions,
	filter?: string,
): Promise<INodeListSearchResult> {
	const onlyOpen = { name: 'The Patient’s Only Open Case', value: ONLY_OPEN };
	return { results: [onlyOpen, ...((await choices(this, filter)) ?? [])] };
}

/** @returns undefined if no patient is chosen, or an expression gives the patient */
async function choices(
	context: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchItems[] | undefined> {
	const patientId = String(context.getNodeParameter('patientId', '', { extractValue: true }) ?? '');
	if (!/^\d+$/.test(patientId)) return undefined;
	const records = await casesOf(await connect(context), patientId);
	const typed = filter.trim().toLowerCase();
	return records.map(choice).filter(({ name }) => name.toLowerCase().includes(typed));
}

/** With the date and the id, because two cases may have the same name. */
function choice({ id, name, closed, created_at: created }: PatientCase): INodeListSearchItems {
	const state = closed === true ? 'closed, ' : '';
	return {
		name: `${name ?? ''} (${state}${String(created).slice(0, 10)}, ID ${id})`,
		value: id,
	};
}
