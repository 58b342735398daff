import { ClinikoError } from '../errors';
import type { Contact } from '../records/contact';
import { listRecords } from '../requests/listRecords';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { mostSelectiveFirst, type Criterion } from './criteria';

/** The maximum number of candidates of a search: ten requests' worth. */
const MAX_CANDIDATES = 1000;

const ERROR_CONTEXT = { action: 'look for the contact' };

/** What a contact has to match. */
export interface SoughtContact {
	/** By names and e-mail address. */
	criteria: Criterion[];
	/** Cliniko cannot search by it, so it is compared with all candidates. */
	providerNumber?: string;
}

/** The contacts who match. */
export interface FoundContacts {
	contacts: Contact[];
	/** Archived ones who match. */
	archived: Contact[];
}

/**
 * Finds the contacts who match everything. As in `findPatients`, Cliniko is only asked for candidates,
 * in a way that leaves out none however it compares text, and the comparison is made here.
 *
 * @param sought at least one criterion, or a provider number
 * @throws ClinikoError if there are too many candidates, or a request fails
 */
export async function findContacts(
	api: ClinikoApi,
	{ criteria, providerNumber }: SoughtContact,
): Promise<FoundContacts> {
	const [filters = []] = mostSelectiveFirst(criteria)
		.map((criterion) => criterion.filters('case'))
		.filter((all) => all.length > 0);
	const searches = filters.length > 0 ? filters.map((filter) => [filter]) : [[]];
	const candidates = new Map<string, Contact>();
	for (const search of searches) {
		const all = [...search, 'archived_at:*'];
		const limit = MAX_CANDIDATES + 1;
		for (const contact of await listRecords(api, 'contacts', all, ERROR_CONTEXT, { limit })) {
			candidates.set(contact.id, contact);
		}
		if (candidates.size > MAX_CANDIDATES) {
			throw new ClinikoError(
				'Too little is known about the contact to find them: more than 1000 would have to be compared.',
				'Add the e-mail address or the names.',
			);
		}
	}
	const matching = [...candidates.values()]
		.filter((contact) => criteria.every(({ fits }) => fits(contact as never)))
		.filter(({ provider_number: number }) => {
			return providerNumber === undefined || isSameNumber(number ?? '', providerNumber);
		})
		// Sorted, so that the same search always gives the same message.
		.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
	// An unset field may be null or an empty string.
	const isArchived = (contact: Contact) => [contact.archived_at, contact.deleted_at].some(Boolean);
	return {
		contacts: matching.filter((one) => !isArchived(one)),
		archived: matching.filter(isArchived),
	};
}

/** Provider numbers are written with and without spaces. */
function isSameNumber(a: string, b: string): boolean {
	const [one, other] = [a, b].map((number) =>
		number
			.normalize('NFKC')
			.replace(/[^\p{L}\p{N}]/gu, '')
			.toUpperCase(),
	);
	return one === other && one !== '';
}
