import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isClinikoRecord, type ClinikoRecord } from './clinikoRecord';

/** What people call the records of a collection. */
const NOUNS = { patients: 'patient', patient_attachments: 'attachment' } as const;

/**
 * Reads one record. Archived ones are found too: Cliniko shows them only to a request that speaks of
 * `archived_at`.
 *
 * @param id a checked id
 * @param what it is read for, as in `Purpose`
 * @throws ClinikoError if there is none, or it cannot be read
 */
export async function readRecord(
	api: ClinikoApi,
	collection: keyof typeof NOUNS,
	id: string,
	what = `read ${NOUNS[collection]} ${id}`,
): Promise<ClinikoRecord> {
	const noun = NOUNS[collection];
	const query = new URLSearchParams({ 'q[]': 'archived_at:*' });
	const { body } = await api.get(`/${collection}/${id}?${query.toString()}`, {
		what,
		notFound: `Cliniko has no ${noun} with the ID ${id}.`,
	});
	if (isClinikoRecord(body)) return body;
	throw new ClinikoError(
		`Could not ${what}: Cliniko's reply is no ${noun} record.`,
		'Run the workflow again. If it stays like this, look at status.cliniko.com.',
	);
}
