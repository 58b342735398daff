import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { isClinikoRecord } from '../records/clinikoRecord';
import type { Contact } from '../records/contact';
import { connect } from '../transport/n8n';
import { nameFilters } from './nameFilters';

/**
 * Fills the list from which a contact is chosen, doctors first.
 *
 * @param filter what the user typed
 * @param paginationToken the number of the page; undefined for the first
 */
export async function searchContacts(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const api = await connect(this);
	const page = paginationToken ?? '1';
	const found = new Map<string, Contact>();
	let more = false;
	for (const filters of nameFilters(filter ?? '', ['last_name', 'first_name'])) {
		const query = { page, per_page: '50', sort: 'last_name:asc' };
		const reply = await api.page('contacts', filters, { action: 'look up contacts' }, query);
		for (const contact of reply.rows.filter(isClinikoRecord<Contact>)) {
			found.set(contact.id, contact);
		}
		more ||= reply.hasMore;
	}
	const isOther = ({ type }: Contact) => Number(type !== 'Doctor');
	return {
		results: [...found.values()]
			.sort((a, b) => isOther(a) - isOther(b))
			.map((contact) => ({ name: nameOf(contact), value: contact.id })),
		paginationToken: more ? String(Number(page) + 1) : undefined,
	};
}

/** With what tells two contacts of the same name apart. */
function nameOf(contact: Contact): string {
	const { id, title, first_name: first, last_name: last, company_name: company, type } = contact;
	const name = [title, first, last].filter(Boolean).join(' ');
	const about = [name && company, type !== 'Doctor' && type, `ID ${id}`].filter(Boolean);
	return `${name || company || 'Without a name'} (${about.join(', ')})`;
}
