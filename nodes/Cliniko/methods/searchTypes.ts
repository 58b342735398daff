import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { nameOf } from '../records/named';
import { listRecords } from '../requests/listRecords';
import { connect } from '../transport/n8n';

type Named =
	| 'appointment_types'
	| 'businesses'
	| 'concession_types'
	| 'practitioners'
	| 'referral_source_types';

/**
 * Makes a method that fills a list with all records of a collection by their names, with the ID where
 * several have the same name. There are few of them, and Cliniko cannot filter them by name.
 */
function searchIn(collection: Named) {
	const action = `look up ${collection.replaceAll('_', ' ')}`;
	return async function (this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
		const records = await listRecords(await connect(this), collection, [], { action });
		const all = records.map((record) => ({ id: record.id, name: nameOf(record) ?? record.id }));
		const typed = filter.trim().toLowerCase();
		return {
			results: all
				.map(({ id, name }) => {
					const isUnique = all.filter((one) => one.name === name).length === 1;
					return { name: isUnique ? name : `${name} (ID ${id})`, value: id };
				})
				.filter(({ name }) => name.toLowerCase().includes(typed))
				.sort((a, b) => a.name.localeCompare(b.name)),
		};
	};
}

/** Fills the list from which an appointment type is chosen. */
export const searchAppointmentTypes = searchIn('appointment_types');

/** Fills the list from which a business is chosen. */
export const searchBusinesses = searchIn('businesses');

/** Fills the list from which a concession type is chosen. */
export const searchConcessionTypes = searchIn('concession_types');

/** Fills the list from which a practitioner is chosen: those who are active. */
export const searchPractitioners = searchIn('practitioners');

/** Fills the list from which the type of a referral source is chosen. */
export const searchReferralSourceTypes = searchIn('referral_source_types');
