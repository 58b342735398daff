import { ClinikoError } from '../errors';
import { KeyedLock } from '../once/keyedLock';
import { whyArchived } from '../records/patientCase';
import { listRecords } from '../requests/listRecords';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { perAccount } from '../transport/cliniko/perAccount';
import { isAboutRequest } from '../transport/cliniko/refusal';
import { unlessCancelled, type Pause } from '../transport/pause';
import { onlyOpenCase, readCase } from './readCase';
import { FORBIDDEN } from './updateCase';

/** Stands for the only open case of the patient, where a case is chosen. */
export const ONLY_OPEN = 'onlyOpen';

/** How often the list of a case's attachments is sent if Cliniko does not show what was sent. */
const ROUNDS = 2;

/** The waits before each look at the list after it was sent, in ms: it may be shown late. */
const WAITS = [0, 2000, 4000, 8000, 16_000];

/** How long a link is kept in mind, in ms: for that long, a list may be older than it. */
const LIFETIME = 2 * 60_000;

/**
 * The case that a patient's files are to be linked to. A closed case is fine if it was chosen: a letter
 * may come late.
 *
 * @param wanted a validated id, or `ONLY_OPEN`
 * @returns the id of the case
 * @throws ClinikoError if it is archived or another patient's, or if there is not exactly one open case
 */
export async function caseToLink(
	api: ClinikoApi,
	patientId: string,
	wanted: string,
): Promise<string> {
	if (wanted === ONLY_OPEN) return (await onlyOpenCase(api, patientId)).id;
	const record = await readCase(api, { id: wanted, patientId });
	const archived = whyArchived(record);
	if (archived) throw archived;
	return record.id;
}

/**
 * Links attachments to cases. Whether Cliniko replaces the list of a case's attachments or adds to it is
 * not documented, so the whole list is sent, and read again to see that nothing is missing.
 *
 * The executions of this process that use the same key take turns for each case, and know what they have
 * linked lately even if Cliniko's lists do not show it yet.
 */
export class CaseLinks {
	/** The links that all executions share which use the same key. */
	static readonly of = perAccount(() => new CaseLinks());

	/** Held from reading a case's list to sending it. */
	private readonly lock = new KeyedLock();

	/** What was linked lately: the id of the attachment, and when, in ms since 1970. */
	private recent: Array<{ caseId: string; id: string; at: number }> = [];

	/**
	 * Links an attachment to a case, unless it is linked already.
	 *
	 * @throws ClinikoError if Cliniko refuses it, or does not show this or another link afterwards
	 */
	async add(api: ClinikoApi, pause: Pause, caseId: string, attachmentId: string): Promise<void> {
		const wait = async (turn: Promise<unknown>) => await unlessCancelled(pause, turn);
		let missing = [attachmentId];
		for (let round = 1; ; round++) {
			const send = async () => await this.send(api, caseId, missing);
			const before = await this.lock.exclusive(caseId, send, wait);
			if (!before) return;
			missing = await notShown(api, pause, caseId, new Set([...before, ...missing]));
			if (missing.length === 0) return;
			if (round === ROUNDS) throw incomplete(caseId, attachmentId, missing);
		}
	}

	/**
	 * Sends the attachments of a case together with others.
	 *
	 * @returns those that were linked before; undefined if nothing had to be sent
	 * @throws ClinikoError if Cliniko refuses it
	 */
	private async send(
		api: ClinikoApi,
		caseId: string,
		more: string[],
	): Promise<string[] | undefined> {
		let before: string[] = [];
		const prepare = async (reader: ClinikoApi) => {
			before = await linkedTo(reader, caseId);
			if (more.every((id) => before.includes(id))) return undefined;
			const ids = new Set([...before, ...this.recentOf(caseId), ...more]);
			return { patient_attachment_ids: [...ids] };
		};
		const errorContext = {
			action: `link attachment ${more.join(', ')} to case ${caseId}`,
			notFound: `Cliniko has no case with the ID ${caseId} that can be changed.`,
			forbidden: FORBIDDEN,
		};
		const note = () => more.forEach((id) => this.recent.push({ caseId, id, at: Date.now() }));
		const change = async () => await api.change(`/patient_cases/${caseId}`, prepare, errorContext);
		const reply = await change()
			.catch(async (error: ClinikoError) => {
				// One that was linked lately may have been deleted.
				if (error.httpCode !== 422 || !this.forget(caseId)) throw error;
				return await change();
			})
			.catch((error: ClinikoError) => {
				// It may have been linked all the same, unless Cliniko has refused it.
				if (!isAboutRequest(error)) note();
				throw error;
			});
		if (!reply) return undefined;
		note();
		return before;
	}

	/** @returns whether anything was linked to the case lately */
	private forget(caseId: string): boolean {
		const before = this.recent.length;
		this.recent = this.recent.filter((one) => one.caseId !== caseId);
		return this.recent.length < before;
	}

	/** The attachments that were linked to a case lately. */
	private recentOf(caseId: string): string[] {
		const now = Date.now();
		this.recent = this.recent.filter(({ at }) => now - at <= LIFETIME);
		return this.recent.filter((one) => one.caseId === caseId).map(({ id }) => id);
	}
}

/** The ids of all attachments of a case, archived ones too: they must not be lost either. */
async function linkedTo(api: ClinikoApi, caseId: string): Promise<string[]> {
	const errorContext = {
		action: `see which attachments case ${caseId} has`,
		notFound: `Cliniko has no case with the ID ${caseId}.`,
	};
	const list = `patient_cases/${caseId}/patient_attachments` as const;
	const records = await listRecords(api, list, ['archived_at:*'], errorContext);
	return records.map(({ id }) => id);
}

/**
 * @param wanted is added to: what somebody else has linked, and is seen at one of the looks
 * @returns those of the attachments that Cliniko still does not show after half a minute
 */
async function notShown(
	api: ClinikoApi,
	pause: Pause,
	caseId: string,
	wanted: Set<string>,
): Promise<string[]> {
	let missing = [...wanted];
	for (const wait of WAITS) {
		await pause(wait);
		const shown = await linkedTo(api, caseId);
		for (const id of shown) wanted.add(id);
		missing = [...wanted].filter((id) => !shown.includes(id));
		if (missing.length === 0) break;
	}
	return missing;
}

function incomplete(caseId: string, attachmentId: string, missing: string[]): ClinikoError {
	const lost = missing.filter((id) => id !== attachmentId);
	return new ClinikoError(
		lost.length > 0
			? `Cliniko no longer shows attachment ${lost.join(', ')} in case ${caseId}.`
			: `Cliniko does not show attachment ${attachmentId} in case ${caseId}.`,
		'Look at the case in Cliniko.',
	);
}
