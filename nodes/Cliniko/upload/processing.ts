import { Cancelled, ClinikoError } from '../errors';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { Priority } from '../transport/cliniko/requestQueue';
import type { Pause } from '../transport/pause';
import { SharedPoll, type Watcher } from './sharedPoll';

/** How long after the maximum wait the last poll may be answered, in ms. */
const LAST_POLL = 3000;

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
	/** Why the record could not be read the last time. */
	lastError?: ClinikoError;
	watcher: Watcher;
	promise: Promise<PatientAttachment>;
	resolve: (record: PatientAttachment) => void;
	reject: (error: ClinikoError) => void;
}

/**
 * Step 4: waits until Cliniko has processed the records of an execution. Cliniko has no webhooks, so it
 * polls; one poll serves all executions of this process that use the same key.
 */
export class Processing {
	private readonly waiting = new Map<string, Waiting>();

	private polling = false;

	private stopped = false;

	private readonly polls: SharedPoll;

	/** Why this execution's own last poll has no result. */
	private lastError: ClinikoError | undefined;

	/** Sends nothing once nobody waits any more. */
	private readonly api: ClinikoApi;

	private readonly pause: Pause;

	constructor(
		api: ClinikoApi,
		pause: Pause,
		/** The maximum wait for one record, in ms. */
		private readonly maxWait: number,
		/** What to do after that: fail, or return the record as it is. */
		private readonly onTimeout: 'error' | 'continue',
	) {
		this.polls = SharedPoll.of(api);
		const assertNeeded = () => {
			const isNeeded = !this.stopped && this.timeLeft() > 0;
			if (!isNeeded) throw new Cancelled('The waiting is over.', 'Nobody waits any more.');
		};
		const timeLeft = () => this.timeLeft();
		this.api = api.until(assertNeeded, timeLeft).withPriority(Priority.poll);
		this.pause = pause;
	}

	/**
	 * @param record as the reply to its creation showed it
	 * @returns the record once it is processed
	 * @throws ProcessingError, with the attachment's id, if Cliniko cannot read the file, if the record is
	 *   gone, or after the maximum wait
	 */
	async finished(record: PatientAttachment): Promise<PatientAttachment> {
		const { id } = record;
		// Two uploads may share one record.
		const known = this.waiting.get(id);
		if (known) return await known.promise;
		const waiting = { record, deadline: Date.now() + this.maxWait } as Waiting;
		waiting.promise = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
		waiting.watcher = {
			onSeen: (seen) => {
				Object.assign(waiting, { record: seen, lastError: undefined });
				// Not at the deadline: others of the same reply may not have been seen yet.
				if (isUnreadable(seen) || seen.processing_completed === true) this.settleAll(id);
			},
			onMissing: () => this.reject(id, notShown(id)),
			onError: (error) => {
				waiting.lastError = error;
				if (!isTransient(error)) this.reject(id, error);
			},
		};
		if (!this.settle(waiting)) {
			this.waiting.set(id, waiting);
			this.polls.watch(id, waiting.watcher);
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
		while (this.waiting.size > 0) {
			try {
				// Another execution may have polled meanwhile.
				for (let wait = this.untilNextPoll(); wait > 0; wait = this.untilNextPoll()) {
					await this.pause(wait);
				}
				if (this.waiting.size === 0) break;
				const error = await this.polls.poll(this.api, this.pause);
				// Its turn, or the reply, did not come in time.
				if (error instanceof Cancelled) this.lastError ??= notAnswered();
				else if (error && !isTransient(error)) this.abandon(error);
			} catch (error) {
				// The execution was cancelled.
				this.abandon(error as ClinikoError);
			}
			this.settleAll();
		}
		this.polling = false;
	}

	/** How long a request may take for the records that are waited for, in ms. */
	private timeLeft(): number {
		const deadlines = [...this.waiting.values()].map(({ deadline }) => deadline);
		return Math.max(...deadlines) + LAST_POLL - Date.now();
	}

	/** How long until one of this execution's records is due, or its wait is over, in ms. */
	private untilNextPoll(): number {
		const times = [...this.waiting].map(([id, { deadline }]) =>
			Math.min(deadline, this.polls.dueAt(id)),
		);
		return times.length > 0 ? Math.min(...times) - Date.now() : 0;
	}

	/** @param only this record; all by default */
	private settleAll(only?: string): void {
		for (const [id, waiting] of this.waiting) {
			if ((only ?? id) === id && this.settle(waiting)) this.leave(id);
		}
	}

	private leave(id: string): Waiting | undefined {
		const waiting = this.waiting.get(id);
		this.waiting.delete(id);
		if (waiting) this.polls.unwatch(id, waiting.watcher);
		return waiting;
	}

	/** @returns whether the wait for the record is over */
	private settle({ record, deadline, lastError: ownError, resolve, reject }: Waiting): boolean {
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
			const lastError = ownError ?? this.polls.lastError ?? this.lastError;
			reject(
				new ProcessingError(
					lastError
						? `Attachment ${id} is on the patient's record, but after ${seconds} seconds it could not be seen whether Cliniko has processed it. ${lastError.message}`
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
		const waiting = this.leave(id);
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

function notAnswered(): ClinikoError {
	return new ClinikoError(
		'Cliniko had a fault, did not answer in time, or its limit of 200 requests a minute was reached.',
		'',
	);
}

/** Whether a later poll may succeed. The file is stored, so there is no reason to give up early. */
function isTransient({ httpCode }: ClinikoError): boolean {
	return (
		httpCode === undefined || [408, 429].includes(httpCode) || httpCode >= 500 || httpCode < 300
	);
}
