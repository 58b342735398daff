import type {
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';

import { isClinikoRecord } from '../records/clinikoRecord';
import type { Collections } from '../records/collections';
import { connect } from '../transport/n8n';

/** What there is to know of a collection whose records are chosen by name. */
export interface Named<C extends 'patients' | 'contacts'> {
	collection: C;
	action: string;
	/** Cliniko's names of the name fields. */
	fields: string[];
	choice: (record: Collections[C]) => INodeListSearchItems;
	/** Which records come first on a page, by the lowest number; all alike by default. */
	rank?: (record: Collections[C]) => number;
}

/**
 * Fills a list with the records whose name has what was typed.
 *
 * @param filter what the user typed
 * @param paginationToken the number of the page; undefined for the first
 */
export async function searchByName<C extends 'patients' | 'contacts'>(
	context: ILoadOptionsFunctions,
	{ collection, action, fields, choice, rank = () => 0 }: Named<C>,
	filter = '',
	paginationToken = '1',
): Promise<INodeListSearchResult> {
	const api = await connect(context);
	const found = new Map<string, Collections[C]>();
	let more = false;
	for (const filters of nameFilters(filter, fields)) {
		const query = { page: paginationToken, per_page: '50', sort: 'last_name:asc' };
		const { rows, hasMore } = await api.page(collection, filters, { action }, query);
		for (const row of rows.filter(isClinikoRecord<Collections[C]>)) found.set(row.id, row);
		more ||= hasMore;
	}
	return {
		results: [...found.values()].sort((a, b) => rank(a) - rank(b)).map(choice),
		paginationToken: more ? String(Number(paginationToken) + 1) : undefined,
	};
}

/**
 * What to search for when a name is typed. Cliniko's filters have no "or", so one word is searched for in
 * each of the name fields, and two words in first and last name.
 *
 * @returns the filters of each search
 */
function nameFilters(typed: string, fields: string[]): string[][] {
	const words = typed.replace(/,/g, ' ').split(/\s+/).filter(Boolean);
	const [first, ...rest] = words;
	if (!first) return [[]];
	if (rest.length === 0) return fields.map((field) => [`${field}:~${first}`]);
	const last = rest.join(' ');
	return [
		[`first_name:~${first}`, `last_name:~${last}`],
		// "Citizen, Jane"
		[`last_name:~${first}`, `first_name:~${last}`],
	];
}
