import { Cancelled, type ClinikoError } from '../errors';
import { nameOf } from '../records/named';
import { PAGE_SIZE, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isAboutRequest } from '../transport/cliniko/refusal';
import { listRecords } from './listRecords';
import { readRecord } from './readRecord';

/** Collections whose records are looked up for their names. */
type Named = 'appointment_types' | 'businesses' | 'practitioners';

/** Filters with which the list has archived records too. Practitioners are never archived. */
const ALL: Record<Named, string[]> = {
	appointment_types: ['archived_at:*'],
	businesses: ['archived_at:*'],
	practitioners: [],
};

/**
 * The names of records, by their ids: one request for up to 100 of them. Those that the list does not
 * have, such as practitioners who have left, are read one by one.
 *
 * @param ids validated ids
 * @returns only the names that can be read: that of a record that is gone, or that the key's user may not
 *   see, is missing, and no error
 * @throws Cancelled if the execution is cancelled
 */
export async function namesOf(
	api: ClinikoApi,
	collection: Named,
	ids: Iterable<string>,
): Promise<Map<string, string | null>> {
	const names = new Map<string, string | null>();
	const wanted = [...new Set(ids)];
	const read = async () => {
		for (let at = 0; at < wanted.length; at += PAGE_SIZE) {
			await addNames(api, collection, wanted.slice(at, at + PAGE_SIZE), names);
		}
	};
	await read().catch((error: unknown) => {
		if (error instanceof Cancelled) throw error;
	});
	return names;
}

/** @throws ClinikoError if a request fails, and not because of a single record */
async function addNames(
	api: ClinikoApi,
	collection: Named,
	ids: string[],
	names: Map<string, string | null>,
): Promise<void> {
	const action = `look up the names of ${collection.replace('_', ' ')}`;
	const filters = [`id:=${ids.join(',')}`, ...ALL[collection]];
	const records = await listRecords(api, collection, filters, { action });
	for (const record of records) names.set(record.id, nameOf(record));
	for (const id of ids.filter((one) => !names.has(one))) {
		const record = await readRecord(api, collection, id).catch((error: ClinikoError) => {
			if (!isAboutRequest(error)) throw error;
		});
		if (record) names.set(id, nameOf(record));
	}
}
