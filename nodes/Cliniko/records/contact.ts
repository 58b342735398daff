import { valueOrNull, type ClinikoRecord } from './clinikoRecord';

/**
 * A contact record (Cliniko's `Contact`), with those of its fields that the node reads: a doctor, or
 * somebody else who is no patient. A field may be missing, null or an empty string.
 */
export type Contact = ClinikoRecord & {
	archived_at?: string | null;
	company_name?: string | null;
	deleted_at?: string | null;
	email?: string | null;
	first_name?: string | null;
	last_name?: string | null;
	provider_number?: string | null;
	title?: string | null;
	/** `Doctor`, `3rd Party Payer` or `Standard`. */
	type?: string | null;
};

/** What Simplify leaves of it. */
export type SimplifiedContact = ReturnType<typeof simplifiedContact>;

/** The fields that most workflows need, without nesting. */
export function simplifiedContact(contact: Contact) {
	return {
		id: contact.id,
		title: valueOrNull(contact.title),
		first_name: valueOrNull(contact.first_name),
		last_name: valueOrNull(contact.last_name),
		company_name: valueOrNull(contact.company_name),
		email: valueOrNull(contact.email),
		provider_number: valueOrNull(contact.provider_number),
		type: valueOrNull(contact.type),
		archived_at: valueOrNull(contact.archived_at),
	};
}
