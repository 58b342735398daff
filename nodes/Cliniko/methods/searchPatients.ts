import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';

import { isClinikoRecord } from '../records/clinikoRecord';
import { connect } from '../transport/n8n';
import { nameFilters } from './nameFilters';

const ERROR_CONTEXT = { action: 'look up patients' };

const NAMES = ['last_name', 'first_name', 'preferred_first_name'];

/**
 * Fills the list from which a patient is chosen.
 *
 * @param filter what the user typed
 * @param paginationToken the number of the page; undefined for the first
 */
export async function searchPatients(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const api = await connect(this);
	const page = paginationToken ?? '1';
	const found = new Map<string, IDataObject>();
	let more = false;
	for (const filters of nameFilters(filter ?? '', NAMES)) {
		const query = { page, per_page: '50', sort: 'last_name:asc' };
		const { rows, hasMore } = await api.page('patients', filters, ERROR_CONTEXT, query);
		for (const patient of rows.filter(isClinikoRecord)) found.set(patient.id, patient);
		more ||= hasMore;
	}
	return {
		results: [...found.values()].map(choice),
		paginationToken: more ? String(Number(page) + 1) : undefined,
	};
}

/** With the date of birth and the id, because two patients may have the same name. */
function choice(patient: IDataObject): INodeListSearchItems {
	const name = [patient.first_name, patient.last_name].filter(Boolean).join(' ');
	const born = patient.date_of_birth ? `born ${String(patient.date_of_birth)}, ` : '';
	return { name: `${name} (${born}ID ${String(patient.id)})`, value: String(patient.id) };
}
