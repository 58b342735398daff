import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { listRecords } from '../requests/listRecords';
import { connect } from '../transport/n8n';

/**
 * Makes a method that fills a list with all records of a collection by their names. There are few of
 * them, and Cliniko cannot filter them by name.
 */
function searchIn(collection: 'concession_types' | 'referral_source_types', action: string) {
	return async function (this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
		const records = await listRecords(await connect(this), collection, [], { action });
		const typed = filter.trim().toLowerCase();
		return {
			results: records
				.map(({ id, name }) => ({ name: String(name ?? id), value: id }))
				.filter(({ name }) => name.toLowerCase().includes(typed))
				.sort((a, b) => a.name.localeCompare(b.name)),
		};
	};
}

/** Fills the list from which a concession type is chosen. */
export const searchConcessionTypes = searchIn('concession_types', 'look up concession types');

/** Fills the list from which the type of a referral source is chosen. */
export const searchReferralSourceTypes = searchIn(
	'referral_source_types',
	'look up referral source types',
);
