import { ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import { readRecord } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';

/** The wait before the first poll, in ms; its growth factor; and its maximum. */
const FIRST_INTERVAL = 1000;
const GROWTH = 1.3;
const LONGEST_INTERVAL = 15_000;

/** The number of ids per request: a page of Cliniko's lists. */
const IDS_PER_POLL = 100;

/**
 * How long polls may report that the record does not exist before it counts as gone, in ms: not all of
 * Cliniko's servers may have it yet.
 */
const LONGEST_MISSING = 60_000;

/** The file is stored, but its processing failed, or it is unknown whether it succeeded. */
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
	/** How many polls in a row did not list it. */
	unlisted: number;
	/** Since when requests for the record itself have answered 404, ms since 1970. */
	missingSince?: number;
	promise: Promise<PatientAttachment>;
	resolve: (record: PatientAttachment) => void;
	reject: (error: ClinikoError) => void;
}

/**
 * Step 4: waits until Cliniko has processed records. Cliniko has no webhooks, so it polls; one poll
 * serves all files of a run.
 */
export class Processing {
	private readonly waiting = new Map<string, Waiting>();

	private polling = false;

	private stopped = false;

	/** Why the last poll failed. */
	private lastPollError?: ClinikoError;

	/** Sends nothing after `stop`. */
	private readonly api: ClinikoApi;

	constructor(
		api: ClinikoApi,
		private readonly pause: Pause,
		/** The maximum wait for one record, in ms. */
		private readonly maxWait: number,
		/** What to do after that: fail, or return the record as it is. */
		private readonly onTimeout: 'error' | 'continue',
	) {
		this.api = api.until(() => {
			if (this.stopped) {
				throw new ClinikoError('The waiting was stopped.', 'Nobody waits any more.');
			}
		});
	}

	/**
	 * @param record as the reply to its creation showed it
	 * @returns the record once it is processed
	 * @throws ProcessingError, with the attachment's id, if Cliniko cannot read the file, if the record is
	 *   gone, or after the maximum wait
	 */
	async finished(record: PatientAttachment): Promise<PatientAttachment> {
		// Two uploads may share one record.
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

	/** Stops polling for good. Pending calls of `finished` return the record as it is. */
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
				if (!isTransient(this.lastPollError)) this.abandon(this.lastPollError);
			}
			this.settleAll();
			interval = Math.min(Math.round(interval * GROWTH), LONGEST_INTERVAL);
		}
		this.polling = false;
	}

	/** Asks Cliniko once for all pending records. */
	private async look(): Promise<void> {
		const ids = [...this.waiting.keys()];
		const [only] = ids;
		// A list may omit a record that can be read on its own.
		if (ids.length === 1 && only) return await this.lookAt(only);
		for (let from = 0; from < ids.length; from += IDS_PER_POLL) {
			const asked = ids.slice(from, from + IDS_PER_POLL);
			const seen = new Set<string>();
			// Also records that somebody has archived in the meantime.
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
				// Lists may lag behind, so the first time that a record is missing is ignored.
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

	/** @returns whether the wait for the record is over */
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
					'The file is on the patient’s record, so do not upload it again. If it cannot be opened in Cliniko later, archive the attachment and upload the file again. For large files set the option Longest Wait higher, or If Processing Takes Longer to Continue.',
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

/** Whether a later poll may succeed. The file is stored, so there is no reason to give up early. */
function isTransient({ httpCode }: ClinikoError): boolean {
	return (
		httpCode === undefined || [408, 429].includes(httpCode) || httpCode >= 500 || httpCode < 300
	);
}
