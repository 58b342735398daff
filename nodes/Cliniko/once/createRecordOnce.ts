import { Cancelled, ClinikoError } from '../errors';
import { isOfAnotherFile, type PatientAttachment } from '../records/patientAttachment';
import { readCreated } from '../requests/readCreated';
import { readRecord } from '../requests/readRecord';
import { UnknownOutcome } from '../transport/cliniko/clinikoApi';
import { isAboutRequest, isAboutUploadUrl } from '../transport/cliniko/refusal';
import { ClaimedRecords } from './claimedRecords';
import { KeyedLock } from './keyedLock';
import type { PatientFile } from './patientFile';
import { findRecord, mayBeSince, mayBeStored, type RecordSearch } from './recordSearch';
import type { UploadMemory } from './uploadMemory';

/** The maximum number of attempts; another one is made only if the earlier one surely did not run. */
const TRIES = 2;

/**
 * Asks Cliniko to create the record of a file.
 *
 * @param attempt 1, or 2 after an attempt that did not run
 * @returns the record, or an UnknownOutcome if it may exist
 * @throws ClinikoError if Cliniko refused the request, so that there is no record
 */
export type CreateRequest = (attempt: number) => Promise<PatientAttachment | UnknownOutcome>;

/**
 * Makes sure that each file gets exactly one record, whatever happens to the requests.
 *
 * After a time-out, a dropped connection or a 5xx, the outcome of a creation is unknown. Then the record
 * is searched for, and the creation is repeated only if there is surely no record and Cliniko never
 * accepted the request. During such a search, no other file of this run with the same size creates a
 * record for the same patient: otherwise two files with the same content could claim one record.
 * Otherwise, creations run concurrently.
 */
export class RecordCreator {
	/** By patient and size: shared by creations, exclusive for a search. */
	private readonly lock = new KeyedLock();

	/** The ids of this execution's records. */
	private readonly claimed: Set<string>;

	/** The records of all executions. */
	private readonly claims: ClaimedRecords;

	/** The ids that the `Location` of a reply named, by the identity of the upload. */
	private readonly named = new Map<string, string>();

	constructor(
		private readonly search: RecordSearch,
		private readonly memory: UploadMemory,
	) {
		this.claimed = new Set(memory.attachments());
		this.claims = ClaimedRecords.of(search.api);
	}

	/**
	 * Creates the record for a file in S3.
	 *
	 * @param now ms since 1970 by Cliniko's clock
	 * @returns the only record of the file
	 * @throws ClinikoError if Cliniko refused it, or if it is unknown whether it exists
	 */
	async createOnce(
		upload: PatientFile,
		now: number,
		createRecord: CreateRequest,
	): Promise<PatientAttachment> {
		this.memory.requested(upload.identity, now, upload.file.name);
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
	 * Searches for the record of a file whose creation had an unknown outcome in an earlier attempt.
	 *
	 * @param since ms since 1970 by Cliniko's clock
	 * @returns the record; undefined if there is none, so that it may be created
	 * @throws ClinikoError if that is unknown, or if Cliniko accepted the creation but shows no record
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
				// The file in S3 is used up: the earlier attempt has run after all.
				if (attempt > 1 && isAboutUploadUrl(refusal)) return new UnknownOutcome(true, refusal);
				// Any other refusal of a second attempt may mean the same, and without a status the request
				// may have been sent. Both leave the outcome unknown.
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
			if (recordId && !this.isAnothers(recordId, upload)) {
				// Before the lock is released, because a file with the same content might find the record.
				this.claimed.add(recordId);
				this.named.set(upload.identity, recordId);
			}
			return outcome;
		});
	}

	/**
	 * Whether a reply may be about the record just created. A cache on Cliniko's side might answer with
	 * an earlier record.
	 */
	private async mayBeOurs(
		record: PatientAttachment,
		upload: PatientFile,
		now: number,
	): Promise<boolean> {
		const { file } = upload;
		if (this.isAnothers(record.id, upload) || isOfAnotherFile(record, file)) return false;
		if (record.created_at) return mayBeSince(record, now);
		const { api } = this.search;
		const shown = await readRecord(api, 'patient_attachments', record.id).catch(() => record);
		if (this.isAnothers(record.id, upload) || isOfAnotherFile(shown, file)) return false;
		return mayBeSince(shown, now);
	}

	private async find(upload: PatientFile, since: number): Promise<PatientAttachment | undefined> {
		const isAnothers = (id: string) => this.isAnothers(id, upload);
		return await this.lock
			.exclusive(lockKey(upload), async () => {
				const record =
					(await this.readNamed(upload, since)) ??
					(await findRecord(this.search, upload, since, isAnothers));
				return record && this.claim(upload, record);
			})
			.catch((error: ClinikoError) => {
				throw error instanceof Cancelled ? mayBeStored(error) : error;
			});
	}

	private isAnothers(id: string, { identity }: PatientFile): boolean {
		return this.claimed.has(id) || this.claims.isOfAnother(id, identity);
	}

	/** The record that a reply's `Location` named, if it can be read and is not an earlier one. */
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
		this.claims.claim(record.id, upload.identity);
		this.memory.stored(upload.identity, record.id);
		return record;
	}
}

/** By size, because it is known without reading the files, and files with the same content share it. */
function lockKey({ patientId, file }: PatientFile): string {
	return `${patientId} ${file.size}`;
}

function recordNotVisible({ file, patientId }: PatientFile): ClinikoError {
	return new ClinikoError(
		`Cliniko’s answer does not say whether it put the file "${file.name}" on the record of patient ${patientId}, and does not show the record.`,
		'It may be on the patient’s record: look at the patient’s files in Cliniko. If it is not there after some minutes, run the workflow again for it.',
	);
}
