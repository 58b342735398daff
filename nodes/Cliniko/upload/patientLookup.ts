import { Cancelled, ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { Patient } from '../records/patient';
import { readRecordIfExists } from '../requests/readRecord';
import { PAGE_SIZE, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { perAccount } from '../transport/cliniko/perAccount';
import { isAboutRequest } from '../transport/cliniko/refusal';
import { SharedRequest } from '../transport/cliniko/sharedRequest';
import type { Pause } from '../transport/pause';

/** When look-ups follow each other within this time, in ms, others are likely to come. */
const BURST = 1000;

/** How long a look-up waits for others then, in ms. */
const GATHER = 100;

/** The patients of an execution. */
interface Lookup {
	/** Still to be read. */
	missing: Set<string>;
	/** Not in the list: to be read separately. */
	unlisted: Set<string>;
	found: Map<string, Patient>;
	/** Whether it shares no request any more, since a shared one failed. */
	isAlone: boolean;
	/** Whether it is sending a request: then the outcome of that one counts. */
	isSending: boolean;
	/** Why another execution's request for it failed, if any other would have failed too. */
	error?: ClinikoError;
}

/**
 * Reads patients by id, for all executions of this process that use the same key: those that begin
 * together share a request.
 */
export class PatientLookup {
	private readonly waiting = new Set<Lookup>();

	private readonly request = new SharedRequest();

	/** When the last request was sent, in ms since 1970. */
	private sentAt = -Infinity;

	/** The look-up that all executions share which use the same key. */
	static readonly of = perAccount(() => new PatientLookup());

	/**
	 * Reads the patients with these ids, archived and merged ones too. A patient missing from the list is
	 * read separately, since lists may hide merged patients.
	 *
	 * @param ids validated ids
	 * @returns the patients who exist, by their ids
	 * @throws ClinikoError if this execution's own request fails, or another's for it and not because of a
	 *   patient, or if this execution is cancelled
	 */
	async read(api: ClinikoApi, pause: Pause, ids: string[]): Promise<Map<string, Patient>> {
		const lookup: Lookup = {
			missing: new Set(ids),
			unlisted: new Set(),
			found: new Map(),
			isAlone: false,
			isSending: false,
		};
		this.waiting.add(lookup);
		try {
			if (Date.now() - this.sentAt < BURST) await pause(GATHER);
			while (lookup.missing.size > 0) {
				if (lookup.error) throw lookup.error;
				await (this.request.join(pause) ?? this.readNext(api, lookup));
			}
		} finally {
			this.waiting.delete(lookup);
		}
		for (const id of lookup.unlisted) {
			const patient = await readRecordIfExists(api, 'patients', id, `look up patient ${id}`);
			if (patient) lookup.found.set(id, patient);
		}
		return lookup.found;
	}

	/** Sends a request for this execution's patients, and for as many others as it has room for. */
	private async readNext(api: ClinikoApi, own: Lookup): Promise<void> {
		const others = [...this.waiting].filter(({ isAlone, isSending }) => !isAlone && !isSending);
		// Only those that wait already: the reply may be older than an execution that begins later.
		const sharing = own.isAlone ? [own] : [...new Set([own, ...others])];
		const ids = [...new Set(sharing.flatMap(({ missing }) => [...missing]))].slice(0, PAGE_SIZE);
		const served = sharing.filter(({ missing }) => ids.some((id) => missing.has(id)));
		const ask = async (sending: ClinikoApi) =>
			await readList(sending, ids, served).catch((error: unknown) => {
				// Here, so that those who wait for this request know it when they learn that it has ended.
				if (concernsAll(error)) this.fail(served, error);
				throw error;
			});
		this.sentAt = Date.now();
		own.isSending = true;
		await this.request
			.send(api, ask)
			.catch((error: ClinikoError) => {
				if (served.length === 1 || !isAboutRequest(error)) throw error;
				// It may have failed because of another execution's patient.
				own.isAlone = true;
			})
			.finally(() => (own.isSending = false));
	}

	/** Ends those that still wait, so that they do not all find out one after another. */
	private fail(served: Lookup[], { message, description, httpCode }: ClinikoError): void {
		for (const lookup of served.filter(({ isSending }) => !isSending)) {
			// Each execution has an error of its own, to which n8n adds what it knows.
			lookup.error = new ClinikoError(message, description ?? '', httpCode);
		}
	}
}

/** Whether a request failed for a reason that any other would fail for: a fault, the key, the limit. */
function concernsAll(error: unknown): error is ClinikoError {
	return error instanceof ClinikoError && !(error instanceof Cancelled) && !isAboutRequest(error);
}

async function readList(api: ClinikoApi, ids: string[], served: Lookup[]): Promise<void> {
	const filters = [`id:=${ids.join(',')}`, 'archived_at:*'];
	for await (const rows of api.list('patients', filters, { action: 'look up the patients' })) {
		for (const patient of rows.filter(isClinikoRecord)) {
			for (const { missing, found } of served) {
				if (missing.delete(patient.id)) found.set(patient.id, patient);
			}
		}
	}
	for (const { missing, unlisted } of served) {
		for (const id of ids.filter((one) => missing.delete(one))) unlisted.add(id);
	}
}
