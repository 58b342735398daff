import { ClinikoError } from '../errors';
import { compareFileNames } from '../records/compareFileNames';
import type { PatientAttachment } from '../records/patientAttachment';
import { UnknownOutcome } from '../transport/cliniko/clinikoApi';
import { isAboutRequest, isAboutUploadUrl } from '../transport/cliniko/refusal';
import { KeyedLock } from './keyedLock';
import { readCreated } from '../requests/readCreated';
import { readRecord } from '../requests/readRecord';
import type { PatientFile } from './patientFile';
import { findRecord, mayBeSince, mayBeStored, type RecordSearch } from './recordSearch';
import type { UploadMemory } from './uploadMemory';

/** How often a creation is asked for where the earlier one surely did not run. */
const TRIES = 2;

/**
 * Asks Cliniko to create the record of a file.
 *
 * @param attempt 1, or 2 after an attempt that did not run
 * @returns the record, or what is known if the outcome is unknown
 * @throws ClinikoError if Cliniko refused it: then there is no record
 */
export type CreateRequest = (attempt: number) => Promise<PatientAttachment | UnknownOutcome>;

/**
 * Sees to it that each file gets one record, whatever happens to the requests.
 *
 * After a time-out, a dropped connection or a 5xx the outcome of a creation is unknown. Then the record
 * is looked for, and the creation is asked for again only if there is surely none and Cliniko never
 * accepted it. While one file looks, no other file of this run with the same size creates a record for
 * the same patient: otherwise two files with the same bytes could claim one record. Creations that are
 * answered run side by side.
 */
export class RecordCreator {
	/** By patient and size: shared by those who create, exclusive for whoever searches. */
	private readonly lock = new KeyedLock();

	/** Ids of the records of this execution. */
	private readonly claimed: Set<string>;

	/** Ids of records that a reply named without showing them, by the identity of their upload. */
	private readonly named = new Map<string, string>();

	constructor(
		private readonly search: RecordSearch,
		private readonly memory: UploadMemory,
	) {
		this.claimed = new Set(memory.attachments());
	}

	/**
	 * Creates the record for a file that S3 has.
	 *
	 * @param now ms since 1970 by Cliniko's clock
	 * @returns the one record of the file
	 * @throws ClinikoError if Cliniko refused it, or if it cannot be told whether there is one
	 */
	async createOnce(
		upload: PatientFile,
		now: number,
		createRecord: CreateRequest,
	): Promise<PatientAttachment> {
		this.memory.asked(upload.identity, now, upload.file.name);
		for (let attempt = 1; ; attempt++) {
			const outcome = await this.attempt(upload, now, attempt, createRecord);
			if (!(outcome instanceof UnknownOutcome)) return outcome;
			if (outcome.accepted) this.memory.accepted(upload.identity);
			const found = await this.find(upload, now);
			if (found) return found;
			if (outcome.accepted) throw recordNotVisible(upload);
			if (attempt === TRIES) {
				this.memory.refused(upload.identity);
				throw outcome.error;
			}
		}
	}

	/**
	 * Looks for the record of a file whose creation had an unknown outcome in an earlier try.
	 *
	 * @param since ms since 1970 by Cliniko's clock
	 * @returns the record; nothing if there is none and it may be created
	 * @throws ClinikoError if it cannot be told, or if Cliniko has accepted it and does not show it
	 */
	async resume(
		upload: PatientFile,
		{ since, accepted }: { since: number; accepted?: true },
	): Promise<PatientAttachment | undefined> {
		const isRenamed = this.memory.isRenamed(upload.identity, upload.file.name);
		const found = await this.find({ ...upload, isRenamed }, since);
		if (found) return found;
		if (accepted) throw recordNotVisible(upload);
		this.memory.refused(upload.identity);
		return undefined;
	}

	private async attempt(
		upload: PatientFile,
		now: number,
		attempt: number,
		createRecord: CreateRequest,
	): Promise<PatientAttachment | UnknownOutcome> {
		return await this.lock.shared(lockKey(upload), async () => {
			const outcome = await createRecord(attempt).catch((refusal: ClinikoError) => {
				const { httpCode } = refusal;
				// An earlier attempt that ran after all has used the file in S3 up.
				if (attempt > 1 && isAboutUploadUrl(refusal)) return new UnknownOutcome(true, refusal);
				// Any other refusal of the request itself may mean the same. And without a status the request
				// may have been sent. Then the outcome stays unknown.
				const isUnknown = httpCode === undefined || (attempt > 1 && isAboutRequest(refusal));
				if (isUnknown) throw mayBeStored(refusal);
				this.memory.refused(upload.identity);
				throw refusal;
			});
			if (!(outcome instanceof UnknownOutcome)) {
				return (await this.mayBeOurs(outcome, upload, now))
					? this.claim(upload, outcome)
					: new UnknownOutcome(true, recordNotVisible(upload));
			}
			const { recordId } = outcome;
			if (recordId && !this.claimed.has(recordId)) {
				// Before the lock is released: a file with the same bytes might search and find it.
				this.claimed.add(recordId);
				this.named.set(upload.identity, recordId);
			}
			return outcome;
		});
	}

	/**
	 * Whether a reply may be about the record that was just asked for: a cache or a retry on Cliniko's
	 * side might answer with an earlier one.
	 */
	private async mayBeOurs(
		record: PatientAttachment,
		{ file }: PatientFile,
		now: number,
	): Promise<boolean> {
		if (this.claimed.has(record.id) || isOfAnotherFile(record, file)) return false;
		if (record.created_at) return mayBeSince(record, now);
		const { api } = this.search;
		const shown = await readRecord(api, 'patient_attachments', record.id).catch(() => record);
		if (this.claimed.has(record.id) || isOfAnotherFile(shown, file)) return false;
		return mayBeSince(shown, now);
	}

	private async find(upload: PatientFile, since: number): Promise<PatientAttachment | undefined> {
		return await this.lock.exclusive(lockKey(upload), async () => {
			const record =
				(await this.readNamed(upload, since)) ??
				(await findRecord(this.search, upload, since, this.claimed));
			return record && this.claim(upload, record);
		});
	}

	/** The record that a reply named, if it can be read and is not one from before. */
	private async readNamed(
		{ identity, file }: PatientFile,
		since: number,
	): Promise<PatientAttachment | undefined> {
		const id = this.named.get(identity);
		if (!id) return undefined;
		const { api, pause } = this.search;
		const record = await readCreated(api, pause, id).catch(() => undefined);
		if (record && mayBeSince(record, since) && !isOfAnotherFile(record, file)) return record;
		this.claimed.delete(id);
		this.named.delete(identity);
		return undefined;
	}

	private claim(upload: PatientFile, record: PatientAttachment): PatientAttachment {
		this.claimed.add(record.id);
		this.memory.stored(upload.identity, record.id);
		return record;
	}
}

/** Whether a processed record shows by its name and its size that it is another file's. */
function isOfAnotherFile(record: PatientAttachment, file: PatientFile['file']): boolean {
	const { filename, size, processing_completed: isProcessed } = record;
	if (isProcessed !== true || !filename) return false;
	return compareFileNames(filename, file.name) === 'different' && Number(size) !== file.size;
}

/** Files with the same bytes have the same size, which is known without reading them. */
function lockKey({ patientId, file }: PatientFile): string {
	return `${patientId} ${file.size}`;
}

function recordNotVisible({ file, patientId }: PatientFile): ClinikoError {
	return new ClinikoError(
		`Cliniko’s answer does not show whether it put the file "${file.name}" on the record of patient ${patientId}, and its record is not to be seen.`,
		'It may be on the patient’s record: look at the patient’s files in Cliniko. If it is not there after some minutes, run the workflow again for it.',
	);
}
