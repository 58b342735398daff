import type {
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';

import type { Contact } from '../records/contact';
import { searchByName, type Named } from './searchByName';

const CONTACTS: Named<'contacts'> = {
	collection: 'contacts',
	action: 'look up contacts',
	fields: ['last_name', 'first_name'],
	choice,
	rank: ({ type }) => Number(type !== 'Doctor'),
};

/** Fills the list from which a contact is chosen, doctors first: see `searchByName`. */
export async function searchContacts(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	return await searchByName(this, CONTACTS, filter, paginationToken);
}

/** With what tells two contacts of the same name apart. */
function choice(contact: Contact): INodeListSearchItems {
	const { id, title, first_name: first, last_name: last, company_name: company, type } = contact;
	const name = [title, first, last].filter(Boolean).join(' ');
	const about = [name && company, type !== 'Doctor' && type, `ID ${id}`].filter(Boolean);
	return { name: `${name || company || 'Without a name'} (${about.join(', ')})`, value: id };
}
