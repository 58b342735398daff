import { ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { Collections } from '../records/collections';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/** What messages call the records of a collection. */
export const NOUNS = {
	patients: 'patient',
	patient_attachments: 'attachment',
	patient_cases: 'case',
	medical_alerts: 'medical alert',
	communications: 'communication',
	practitioners: 'practitioner',
	businesses: 'business',
	appointment_types: 'appointment type',
} as const;

/** The collections whose records are read one by one. */
export type Readable = keyof typeof NOUNS;

/**
 * Reads one record, archived or not: Cliniko shows archived ones only to a request that mentions
 * `archived_at`. Practitioners cannot be archived, and their reference has no such filter.
 *
 * @param id a validated id
 * @param action as in `ErrorContext`
 * @throws ClinikoError if there is no such record, or it cannot be read
 */
export async function readRecord<C extends Readable>(
	api: ClinikoApi,
	collection: C,
	id: string,
	action = `read ${NOUNS[collection]} ${id}`,
): Promise<Collections[C]> {
	const noun = NOUNS[collection];
	const query = new URLSearchParams({ 'q[]': 'archived_at:*' });
	const filter = collection === 'practitioners' ? '' : `?${query.toString()}`;
	const { body } = await api.get(`/${collection}/${id}${filter}`, {
		action,
		notFound: `Cliniko has no ${noun} with the ID ${id}.`,
	});
	if (isClinikoRecord<Collections[C]>(body) && body.id === id) return body;
	throw new ClinikoError(
		`Could not ${action}: Cliniko's reply is not the record of that ${noun}.`,
		'Run the workflow again. If it keeps happening, look at status.cliniko.com.',
	);
}

/**
 * Like `readRecord`, for a record that may not exist.
 *
 * @returns undefined if Cliniko answers that there is none
 */
export async function readRecordIfExists<C extends Readable>(
	...read: Parameters<typeof readRecord<C>>
): Promise<Collections[C] | undefined> {
	return await readRecord(...read).catch((error: ClinikoError) => {
		if (error.httpCode !== 404) throw error;
		return undefined;
	});
}
