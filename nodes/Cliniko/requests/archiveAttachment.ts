import type { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { readRecord } from './readRecord';

/** How often archiving is asked for, the first time included. */
const TRIES = 3;

/** The first wait between tries, in ms; it doubles each time. */
const FIRST_WAIT = 1000;

/**
 * Archives an attachment. Archived already counts as done, so that a workflow can be run again: what
 * Cliniko answers then is not documented, so its record is asked.
 *
 * @param id a checked id
 * @throws ClinikoError if Cliniko refuses it, or if it cannot be told whether it was done
 */
export async function archiveAttachment(api: ClinikoApi, pause: Pause, id: string): Promise<void> {
	const errorContext = {
		action: `archive attachment ${id}`,
		notFound: `Cliniko has no attachment with the ID ${id}.`,
	};
	for (let attempt = 1; ; attempt++) {
		let refused: ClinikoError | undefined;
		const open = await api
			.postAction(`/patient_attachments/${id}/archive`, errorContext)
			.catch((error: ClinikoError) => {
				refused = error;
				return undefined;
			});
		if (!open && !refused) return;
		if (refused && ![404, 409, 422].includes(refused.httpCode ?? 0)) throw refused;
		const action = `see whether attachment ${id} is archived, which Cliniko has not said`;
		const record = await readRecord(api, 'patient_attachments', id, action);
		if (record.archived_at) return;
		if (refused) throw refused;
		if (open && attempt === TRIES) throw open.error;
		await pause(FIRST_WAIT * 2 ** (attempt - 1));
	}
}
