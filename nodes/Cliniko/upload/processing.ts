import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import { readRecord } from '../requests/readRecord';

/** Wait before the first poll, in ms, and the factor and bound of its growth. */
const FIRST_INTERVAL = 1000;
const GROWTH = 1.3;
const LONGEST_INTERVAL = 15_000;

/** How many ids one poll asks for: a page of Cliniko's lists. */
const IDS_PER_POLL = 100;

/**
 * For how long polls may say that there is no such record before it counts as gone, in ms: one of
 * Cliniko's servers may not know it yet.
 */
const LONGEST_MISSING = 60_000;

/** A file is stored, and something is wrong with its processing or with the waiting for it. */
export class ProcessingError extends ClinikoError {
	/** @param record as it was last seen */
	constructor(
		message: string,
		advice: string,
		readonly record: PatientAttachment,
		httpCode?: number,
	) {
		super(message, advice, httpCode);
	}
}

interface Waiting {
	record: PatientAttachment;
	/** When the waiting ends, ms since 1970. */
	deadline: number;
	/** How many of the last lists did not show it. */
	unlisted: number;
	/** Since when requests for its own address have not found it, ms since 1970. */
	missingSince?: number;
	promise: Promise<PatientAttachment>;
	resolve: (record: PatientAttachment) => void;
	reject: (error: ClinikoError) => void;
}

/**
 * Step 4: waits until Cliniko has processed records. There is no push, so it polls; one poll serves
 * all files of a run, however many are waited for.
 */
export class Processing {
	private readonly waiting = new Map<string, Waiting>();

	private polling = false;

	private stopped = false;

	/** Why the last poll told nothing. */
	private lastPollError?: ClinikoError;

	/** Sends nothing more once the waiting has been stopped. */
	private readonly api: ClinikoApi;

	constructor(
		api: ClinikoApi,
		private readonly pause: Pause,
		/** The longest wait for one record, in ms. */
		private readonly maxWait: number,
		/** What to do when it is over: fail, or give the record as it stands. */
		private readonly onTimeout: 'error' | 'continue',
	) {
		this.api = api.until(() => {
			if (this.stopped) {
				throw new ClinikoError('The waiting was stopped.', 'Nobody waits any more.');
			}
		});
	}

	/**
	 * @param record as it was created
	 * @returns the record once it is processed
	 * @throws ProcessingError, with the attachment's id, if Cliniko cannot read the file, if the record is
	 *   gone, or if the longest wait is over
	 */
	async finished(record: PatientAttachment): Promise<PatientAttachment> {
		// Two equal files may have one record; both wait for the same.
		const known = this.waiting.get(record.id);
		if (known) return await known.promise;
		const waiting = {
			record,
			deadline: Date.now() + this.maxWait,
			unlisted: 0,
		} as Waiting;
		waiting.promise = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
		if (!this.settle(waiting)) {
			this.waiting.set(record.id, waiting);
			if (!this.polling) void this.poll();
		}
		return await waiting.promise;
	}

	/** Ends the waiting, for good: whoever waits gets the record as it stands. */
	stop(): void {
		this.stopped = true;
		this.settleAll();
	}

	private async poll(): Promise<void> {
		this.polling = true;
		let interval = FIRST_INTERVAL;
		while (this.waiting.size > 0) {
			try {
				const left = Math.min(...[...this.waiting.values()].map(({ deadline }) => deadline));
				await this.pause(Math.max(Math.min(interval, left - Date.now()), 0));
			} catch (error) {
				this.abandon(error as ClinikoError);
			}
			if (this.waiting.size === 0) break;
			try {
				this.lastPollError = undefined;
				await this.look();
			} catch (error) {
				this.lastPollError = error as ClinikoError;
				if (!mayPass(this.lastPollError)) this.abandon(this.lastPollError);
			}
			this.settleAll();
			interval = Math.min(Math.round(interval * GROWTH), LONGEST_INTERVAL);
		}
		this.polling = false;
	}

	/** Asks Cliniko once for everything that is waited for. */
	private async look(): Promise<void> {
		const ids = [...this.waiting.keys()];
		const [only] = ids;
		// A list may leave a record out that can be read by its own address.
		if (ids.length === 1 && only) return await this.lookAt(only);
		for (let from = 0; from < ids.length; from += IDS_PER_POLL) {
			const asked = ids.slice(from, from + IDS_PER_POLL);
			const seen = new Set<string>();
			// A record that somebody archives meanwhile is still on its way.
			const filters = [`id:=${asked.join(',')}`, 'archived_at:*'];
			for await (const rows of this.api.list('patient_attachments', filters, {
				action: 'see whether Cliniko has processed the files',
			})) {
				for (const row of rows) {
					if (!isClinikoRecord(row)) continue;
					seen.add(row.id);
					this.update(row);
				}
			}
			for (const id of asked) {
				const waiting = this.waiting.get(id);
				// A list may show a new record some time after its creation, so the first miss is let pass.
				if (!seen.has(id) && waiting && ++waiting.unlisted > 1) await this.lookAt(id);
			}
		}
	}

	private async lookAt(id: string): Promise<void> {
		const action = `see whether Cliniko has processed attachment ${id}`;
		const reading = readRecord(this.api, 'patient_attachments', id, action);
		const record = await reading.catch((error: ClinikoError) => {
			if (error.httpCode !== 404) throw error;
			const waiting = this.waiting.get(id);
			if (!waiting) return undefined;
			waiting.missingSince ??= Date.now();
			if (Date.now() - waiting.missingSince >= LONGEST_MISSING) this.reject(id, notShown(id));
			return undefined;
		});
		if (record) this.update(record);
	}

	private update(record: PatientAttachment): void {
		const waiting = this.waiting.get(record.id);
		if (waiting) Object.assign(waiting, { record, unlisted: 0, missingSince: undefined });
	}

	private settleAll(): void {
		for (const [id, waiting] of this.waiting) {
			if (this.settle(waiting)) this.waiting.delete(id);
		}
	}

	/** @returns whether there is nothing left to wait for */
	private settle({ record, deadline, resolve, reject }: Waiting): boolean {
		const { id } = record;
		if (isUnreadable(record)) {
			reject(
				new ProcessingError(
					`Cliniko could not read the file: attachment ${id} is on the patient's record, marked as invalid.`,
					'Check that the file opens and that its name ends in what it is (.pdf, .jpg). Then archive the attachment in Cliniko and upload the right file.',
					record,
				),
			);
			return true;
		}
		if (record.processing_completed === true) {
			resolve(record);
			return true;
		}
		if (Date.now() < deadline && !this.stopped) return false;
		if (this.onTimeout === 'continue' || this.stopped) resolve(record);
		else {
			const seconds = Math.round(this.maxWait / 1000);
			reject(
				new ProcessingError(
					this.lastPollError
						? `Attachment ${id} is on the patient's record, but after ${seconds} seconds it could not be seen whether Cliniko has processed it. ${this.lastPollError.message}`
						: `Cliniko has not finished processing attachment ${id} after ${seconds} seconds.`,
					'The file is on the patient’s record, so do not upload it again. If it cannot be opened in Cliniko later, archive the attachment and upload the file anew. For large files set the option Longest Wait higher, or If Processing Takes Longer to Continue.',
					record,
				),
			);
		}
		return true;
	}

	private abandon(error: ClinikoError): void {
		for (const id of [...this.waiting.keys()]) this.reject(id, error);
	}

	private reject(id: string, { message, description, httpCode }: ClinikoError): void {
		const waiting = this.waiting.get(id);
		this.waiting.delete(id);
		const isGone = httpCode === 404;
		waiting?.reject(
			new ProcessingError(
				message.includes(id) ? message : `${message} Attachment ${id} is on the patient's record.`,
				[!isGone && 'The file is on the patient’s record, so do not upload it again.', description]
					.filter(Boolean)
					.join(' '),
				waiting.record,
				httpCode,
			),
		);
	}
}

function notShown(id: string): ClinikoError {
	return new ClinikoError(
		`Attachment ${id} was created, and Cliniko has not shown it for a minute: it may have been deleted, or not be shown yet.`,
		'Look at the patient’s files in Cliniko before you upload the file again.',
		404,
	);
}

/** Whether a later poll may tell more: the file is stored, so there is no hurry to give up. */
function mayPass({ httpCode }: ClinikoError): boolean {
	return (
		httpCode === undefined || [408, 429].includes(httpCode) || httpCode >= 500 || httpCode < 300
	);
}
