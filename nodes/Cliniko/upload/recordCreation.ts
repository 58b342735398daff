import { ClinikoError } from '../errors';
import { MayHaveRun, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/cliniko/rateLimit';
import { createRecord, isAboutUploadUrl } from './createRecord';
import type { PatientAttachment } from '../records/patientAttachment';
import type { StoredFile } from './postToS3';
import { findRecord } from './recordSearch';
import { Turns } from './turns';
import type { Upload } from './uploadFile';
import type { UploadMemory } from './uploadMemory';

/** How often a creation is asked for where none of the earlier ones ran. */
const TRIES = 3;

/** Cliniko's clock shows whole seconds, and replies take their time: ms by which to look back. */
const LOOK_BACK = 2000;

/**
 * Sees to it that each file gets one record, whatever happens to the requests.
 *
 * After a time-out, a dropped connection or a 5xx a creation may have run. Then the record is looked
 * for, and the creation is asked for again only if there is none. While one file looks, no other file
 * of this run may create a record for the same patient: the looking takes whatever is new and not
 * claimed for its own. Creations that nothing happens to go side by side. So:
 *
 * - A creates and is answered, B creates and is not: A's record is claimed before B looks, since
 *   looking waits for all creations of the patient to come to an end.
 * - Neither is answered: they look one after the other. The first claims what fits it; where they look
 *   alike, `findRecord` compares the numbers of files and records.
 * - Another execution, or a person, puts a file on the record: it is adopted only if name and size
 *   are those of our file, and then the file is there.
 */
export class RecordCreation {
	private readonly turns = new Turns();

	/** Ids of the records of this execution. */
	private readonly claimed: Set<string>;

	/** Files whose creation is open, and since when it may have run, in ms by Cliniko's clock. */
	private readonly open = new Map<Upload, number>();

	constructor(
		private readonly api: ClinikoApi,
		private readonly pause: Pause,
		private readonly memory: UploadMemory,
	) {
		this.claimed = new Set(memory.attachments());
	}

	/**
	 * Creates the record for a file that S3 has.
	 *
	 * @returns the one record of the file
	 * @throws ClinikoError if Cliniko refused it, or if it cannot be told whether there is one
	 */
	async create(upload: Upload, stored: StoredFile): Promise<PatientAttachment> {
		const since = Date.now() + stored.clockAhead - LOOK_BACK;
		this.memory.asked(upload.identity, since);
		return await this.attempt(upload, stored, since, TRIES);
	}

	/**
	 * Looks for the record of a file whose creation was open when the node last ended.
	 *
	 * @param since ms since 1970 by Cliniko's clock
	 * @returns the record; nothing if there is none
	 * @throws ClinikoError if it cannot be told
	 */
	async find(upload: Upload, since: number): Promise<PatientAttachment | undefined> {
		this.open.set(upload, since);
		const record = await this.search(upload, false);
		if (!record) this.forget(upload);
		return record;
	}

	/**
	 * Takes note of a file if its creation was open when the node last ended. All files have to be
	 * shown before the first is looked for, so that the record of one is not adopted by another.
	 */
	resume(upload: Upload): void {
		const before = this.memory.recall(upload.identity);
		if (before && 'since' in before) this.open.set(upload, before.since);
	}

	private async attempt(
		upload: Upload,
		stored: StoredFile,
		since: number,
		tries: number,
	): Promise<PatientAttachment> {
		const outcome = await this.turns.together(upload.patientId, async () => {
			const reply = await createRecord(this.api, upload, stored).catch((error: ClinikoError) => {
				// Refused after a try that may have run: then that one has used the file up.
				if (tries < TRIES && isAboutUploadUrl(error)) return new UsedUp(upload);
				// Without a status there was no reply: it is still open.
				if (error.httpCode !== undefined) this.forget(upload);
				throw error;
			});
			if (reply instanceof MayHaveRun) this.open.set(upload, since);
			else this.claim(upload, reply);
			return reply;
		});
		if (!(outcome instanceof MayHaveRun)) return outcome;
		const found = await this.search(upload, outcome.answered);
		if (found) return found;
		if (outcome instanceof UsedUp) throw outcome.error;
		this.open.delete(upload);
		if (tries > 1) return await this.attempt(upload, stored, since, tries - 1);
		this.forget(upload);
		throw outcome.error;
	}

	private claim(upload: Upload, record: PatientAttachment): PatientAttachment {
		this.claimed.add(record.id);
		this.open.delete(upload);
		this.memory.stored(upload.identity, record.id);
		return record;
	}

	private forget(upload: Upload): void {
		this.open.delete(upload);
		this.memory.refused(upload.identity);
	}

	private async search(upload: Upload, answered: boolean): Promise<PatientAttachment | undefined> {
		return await this.turns.alone(upload.patientId, async () => {
			// Files that look alike look at the same records and take them in the order in which they
			// asked for them: otherwise one may be left with a record that is older than its own request.
			const alike = [...this.open]
				.filter(([other]) => looksLike(other, upload))
				.sort(([, a], [, b]) => a - b);
			const record = await findRecord(this.api, this.pause, upload, {
				since: alike[0]![1],
				answered,
				claimed: this.claimed,
				alike: alike.length,
				place: alike.findIndex(([other]) => other === upload),
			});
			return record && this.claim(upload, record);
		});
	}
}

function looksLike(a: Upload, b: Upload): boolean {
	return (
		a.patientId === b.patientId &&
		a.description === b.description &&
		a.file.name === b.file.name &&
		a.file.size === b.file.size
	);
}

/** Cliniko says that the file is not at its address any more: it has taken it for a record. */
class UsedUp extends MayHaveRun {
	constructor({ file, patientId }: Upload) {
		super(
			false,
			new ClinikoError(
				`The connection broke while the file "${file.name}" was put on the record of patient ${patientId}. Cliniko has taken the file, but its record is not to be seen.`,
				'Look at the patient’s files in Cliniko. If the file is not there after some minutes, run the workflow again for it.',
			),
		);
	}
}
