import { ClinikoError } from '../errors';
import type { ClinikoApi, Purpose } from '../transport/cliniko/clinikoApi';
import { isClinikoRecord, type ClinikoRecord } from './clinikoRecord';

/** A page of Cliniko's lists has at most this many records. */
const LONGEST_PAGE = 100;

/** How often a list is divided by ids before it counts as one that cannot be read whole. */
const DEEPEST_SPLIT = 24;

/**
 * Reads a list and makes sure that nothing of it is missing.
 *
 * No document says that Cliniko's lists have a stable order: where records have equal sort keys, or
 * while records are added and archived, a page may repeat records of another one and leave others out.
 * So the records are counted against `total_entries`. If some are missing, the list is divided by ids
 * until each part fits on one page, where the order does not matter.
 *
 * @param collection the path below `/v1`, such as `patients`
 * @param filters for Cliniko's `q[]`; a record has to fit all
 * @param limit reading ends once there are so many records; all of the list if left out
 * @param sort Cliniko's `sort`, of which the order is kept as far as the list is not divided
 * @returns each record once; at least as many as `limit` if there are so many
 * @throws ClinikoError if Cliniko cannot be asked, or if the list cannot be read whole
 */
export async function listRecords(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	purpose: Purpose,
	{ limit = Infinity, sort }: { limit?: number; sort?: string } = {},
): Promise<ClinikoRecord[]> {
	const query: Record<string, string> = {
		per_page: String(Math.min(limit, LONGEST_PAGE)),
		...(sort && { sort }),
	};
	const records = new Map<string, ClinikoRecord>();
	const totals: Array<number | undefined> = [];
	let count = 0;
	for await (const { rows, total } of api.pages(collection, filters, purpose, query)) {
		for (const row of rows) if (isClinikoRecord(row)) records.set(row.id, row);
		count += rows.length;
		totals.push(total);
		if (records.size >= limit) return [...records.values()];
	}
	// What was added meanwhile need not be there; but what was taken out has moved others between pages.
	// Rows that are no records count as well.
	const [first = totals.length === 1 ? 0 : Infinity, last = first] = [totals[0], totals.at(-1)];
	const others = count - records.size;
	const isWhole = records.size + (totals.length === 1 ? others : 0) >= first && last >= first;
	if (isWhole) return [...records.values()];
	const parts = await splitById(api, collection, filters, purpose, [...records.values()]);
	return parts.slice(0, limit);
}

/** Reads a list in parts of one page each, told apart by ids. */
async function splitById(
	api: ClinikoApi,
	collection: string,
	filters: string[],
	purpose: Purpose,
	known: ClinikoRecord[],
): Promise<ClinikoRecord[]> {
	const records = new Map<string, ClinikoRecord>();
	const read = async (range: string[], seen: ClinikoRecord[], depth: number): Promise<void> => {
		const ids = seen.map(({ id }) => BigInt(id)).sort((a, b) => (a < b ? -1 : 1));
		const middle = ids[Math.floor(ids.length / 2)];
		if (depth === DEEPEST_SPLIT || middle === undefined) throw incomplete(purpose);
		for (const half of [`id:<${middle}`, `id:>=${middle}`]) {
			const part = [...range, half];
			const { rows, hasMore } = await api.page(collection, [...filters, ...part], purpose, {
				page: '1',
				per_page: String(LONGEST_PAGE),
			});
			const found = rows.filter(isClinikoRecord);
			if (hasMore) await read(part, found, depth + 1);
			else for (const record of found) records.set(record.id, record);
		}
	};
	await read([], known, 1);
	return [...records.values()].sort(newestFirst);
}

function newestFirst(a: ClinikoRecord, b: ClinikoRecord): number {
	const byTime = Date.parse(String(b.created_at)) - Date.parse(String(a.created_at));
	return byTime || (BigInt(a.id) < BigInt(b.id) ? 1 : -1);
}

function incomplete({ what }: Purpose): ClinikoError {
	return new ClinikoError(
		`Could not ${what}: Cliniko’s list changes while it is read, so it cannot be read whole.`,
		'Run the step again. With a filter that fewer records fit it has a better chance.',
	);
}
