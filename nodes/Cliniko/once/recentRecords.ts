import type { Collections } from '../records/collections';
import { readRecordIfExists, type Readable } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { perAccount } from '../transport/cliniko/perAccount';

/** How long a new record is kept in mind, in ms: lists may show it late. */
const LIFETIME = 2 * 60_000;

/** A record of a patient that this process has created. */
interface RecentRecord {
	collection: Readable;
	id: string;
	patientId: string;
	/** In ms since 1970. */
	at: number;
}

const recent = perAccount((): RecentRecord[] => []);

/** Notes that a record was created, so that `unlisted` knows it before lists show it. */
export function noteCreated(
	api: ClinikoApi,
	collection: Readable,
	patientId: string,
	id: string,
): void {
	const records = recent(api);
	const now = Date.now();
	while (records[0] && now - records[0].at > LIFETIME) records.shift();
	records.push({ collection, id, patientId, at: now });
}

/**
 * The records of a patient that this process has created lately and that are not in a list.
 *
 * @throws ClinikoError if a request fails
 */
export async function unlisted<C extends Readable>(
	api: ClinikoApi,
	collection: C,
	patientId: string,
	listed: Array<Collections[C]>,
): Promise<Array<Collections[C]>> {
	const found: Array<Collections[C]> = [];
	for (const one of recent(api)) {
		const isHere = one.collection === collection && one.patientId === patientId;
		if (!isHere || listed.some(({ id }) => id === one.id)) continue;
		const record = await readRecordIfExists(api, collection, one.id);
		if (record) found.push(record);
	}
	return found;
}
