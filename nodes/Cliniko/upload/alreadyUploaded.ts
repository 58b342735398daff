import type { ContentDigest } from '../download/contentDigest';
import { ClinikoError } from '../errors';
import { KeyedLock } from '../once/keyedLock';
import { mayBeOfPatient } from '../records/clinikoRecord';
import { compareFileNames } from '../records/compareFileNames';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import { listRecords, newestFirst } from '../requests/listRecords';
import { readCreated } from '../requests/readCreated';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { Priority } from '../transport/cliniko/requestQueue';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';
import { unlessCancelled, type Pause } from '../transport/pause';
import { Processing } from './processing';
import type { SourceFile } from './sourceFile';
import type { Upload } from './upload';

/** How long to wait until an unprocessed record has its name, in ms. */
const LONGEST_WAIT = 30_000;

/** An unprocessed record that is older than this, in ms, is not waited for. */
const STUCK = 15 * 60_000;

/** The maximum number of records of another size that are downloaded for one file. */
const MOST_OF_OTHER_SIZE = 5;

/** How far back `findNew` looks, in ms: more than the clocks of Cliniko's servers may differ. */
const LOOK_BACK = 5 * 60_000;

/**
 * The waits between attempts to read a record that Cliniko has shown before, in ms. They are short: if
 * it is not there any more, somebody has probably deleted it.
 */
const WAITS_FOR_SEEN = [2000, 2000];

/** The size of the cache of records that this process stored. */
const REMEMBERED = 1000;

/** Held by one execution of this process at a time, for each account, patient and file content. */
const lock = new KeyedLock();

/** The last records that this process stored with "Skip", by account, patient, content and name. */
const remembered = new Map<string, { id: string; createdAt: string; isSeen: boolean }>();

/** What the search depends on. */
export interface Surroundings {
	api: ClinikoApi;
	pause: Pause;
	/** The digest of a processed record's file, or why it is unavailable. */
	digestOf: (record: PatientAttachment) => Promise<ContentDigest>;
}

/**
 * The option "If Already Uploaded: Skip": finds out whether a file is already on a patient's record.
 *
 * It is, if a record has the same name (or what Cliniko may have turned it into), size and content. If
 * the key's user may not open files, the same name and size are enough. If a download fails for any
 * other reason, the upload fails: a different file might be mistaken for this one.
 */
export class AlreadyUploaded {
	private readonly lists = new Map<string, Promise<PatientAttachment[]>>();

	private readonly processing: Processing;

	/** The records that were waited for: each once, however often it is listed. */
	private readonly waitedFor = new Set<string>();

	constructor(private readonly surroundings: Surroundings) {
		const { api, pause } = surroundings;
		this.processing = new Processing(api, pause, LONGEST_WAIT, 'continue');
	}

	/**
	 * Runs `work` while no other execution of this process uploads the same file for the same patient.
	 *
	 * @throws ClinikoError if the execution is cancelled while it waits
	 */
	async exclusive<T>(upload: Upload, work: () => Promise<T>): Promise<T> {
		const wait = async (turn: Promise<unknown>) =>
			await unlessCancelled(this.surroundings.pause, turn);
		return await lock.exclusive(await this.keyOf(upload), work, wait);
	}

	/**
	 * Searches all files of the patient. The list is read once per run.
	 *
	 * @returns the record that has the file; undefined if there is none
	 * @throws ClinikoError if a request fails, or if a record that may have the file cannot be compared
	 *   with it
	 */
	async find(upload: Upload): Promise<PatientAttachment | undefined> {
		const own = await this.findRemembered(upload);
		if (own) return own;
		const { patientId } = upload;
		let list = this.lists.get(patientId);
		if (!list) {
			list = this.list(patientId, []);
			this.lists.set(patientId, list);
			list.catch(() => this.lists.delete(patientId));
		}
		return await this.among(await list, upload);
	}

	/**
	 * Searches the files of the last minutes, with a fresh request: another n8n process may have stored
	 * the same file while this one sent it.
	 *
	 * @param now ms since 1970 by Cliniko's clock
	 */
	async findNew(upload: Upload, now: number): Promise<PatientAttachment | undefined> {
		const recent = [`created_at:>=${clinikoTimestamp(now - LOOK_BACK)}`];
		const urgent = this.surroundings.api.withPriority(Priority.finish);
		return await this.among(await this.list(upload.patientId, recent, urgent), upload);
	}

	/** Caches which record has the file: Cliniko shows no name until it has processed the file. */
	async remember(upload: Upload, record: PatientAttachment): Promise<void> {
		const { id, created_at: createdAt } = record;
		const key = await this.nameKeyOf(upload);
		remembered.delete(key);
		const [oldest] = remembered.keys();
		if (oldest !== undefined && remembered.size >= REMEMBERED) remembered.delete(oldest);
		// A processed record has been read after its creation, so Cliniko has shown it.
		const isSeen = record.processing_completed === true;
		remembered.set(key, { id, createdAt: String(createdAt), isSeen });
	}

	private async findRemembered(upload: Upload): Promise<PatientAttachment | undefined> {
		const known = remembered.get(await this.nameKeyOf(upload));
		if (!known) return undefined;
		const { api, pause } = this.surroundings;
		// A record that is known only from the reply to its creation may not be visible yet.
		const waits = known.isSeen ? WAITS_FOR_SEEN : undefined;
		const record = await readCreated(api, pause, known.id, undefined, waits);
		const isStillThere =
			record &&
			!record.archived_at &&
			!isUnreadable(record) &&
			[String(record.created_at), 'undefined'].includes(known.createdAt) &&
			mayBeOfPatient(record, upload.patientId);
		return isStillThere ? record : undefined;
	}

	private async list(
		patientId: string,
		more: string[],
		api = this.surroundings.api,
	): Promise<PatientAttachment[]> {
		const filters = [`patient_id:=${patientId}`, ...more];
		const errorContext = { action: `see which files patient ${patientId} has` };
		const own = new Set(
			[...remembered]
				.filter(([key]) => key.startsWith(`["${api.account}"`))
				.map(([, one]) => one.id),
		);
		const rows = await listRecords(api, 'patient_attachments', filters, errorContext);
		const found = rows.map(async (row) => {
			// The content of records that this process stored is known already.
			const isFresh = row.processing_completed !== true && !isUnreadable(row) && !own.has(row.id);
			const age = Date.now() - Date.parse(String(row.created_at));
			if (!isFresh || age > STUCK || this.waitedFor.has(row.id)) return row;
			const waited = await this.processing.finished(row).catch(() => row);
			this.waitedFor.add(row.id);
			return waited;
		});
		return await Promise.all(found);
	}

	private async among(
		records: PatientAttachment[],
		{ file, patientId }: Upload,
	): Promise<PatientAttachment | undefined> {
		let notCompared: PatientAttachment | undefined;
		for (const record of alike(records, patientId, file)) {
			const { sha256, unavailable } = await this.surroundings.digestOf(record);
			const isSame =
				unavailable === 'forbidden'
					? hasName(record, file) && hasSize(record, file)
					: sha256 === (await file.digest());
			if (isSame) return record;
			// Go on: another record may have the file.
			if (unavailable === 'fault') notCompared ??= record;
		}
		if (notCompared) throw cannotCompare(notCompared, file);
		return undefined;
	}

	/** With the name: the same content under another name is another upload. */
	private async nameKeyOf(upload: Upload): Promise<string> {
		return `${await this.keyOf(upload)} ${upload.file.name}`;
	}

	private async keyOf({ patientId, file }: Upload): Promise<string> {
		return JSON.stringify([this.surroundings.api.account, patientId, await file.digest()]);
	}
}

/**
 * The records that may have the file: those of its size first. Cliniko does not document what it
 * reports as the size, so some of another size but exactly the same name follow.
 */
function alike(
	records: PatientAttachment[],
	patientId: string,
	file: SourceFile,
): PatientAttachment[] {
	const readable = records.filter(
		(record) => mayBeOfPatient(record, patientId) && !isUnreadable(record),
	);
	const ofSize = readable.filter(
		(record) =>
			hasSize(record, file) && compareFileNames(record.filename, file.name) !== 'different',
	);
	const ofOtherSize = readable
		.filter((record) => !hasSize(record, file) && hasName(record, file))
		.sort(newestFirst);
	return [...ofSize, ...ofOtherSize.slice(0, MOST_OF_OTHER_SIZE)];
}

function hasName({ filename }: PatientAttachment, { name }: SourceFile): boolean {
	return compareFileNames(filename, name) === 'exact';
}

function hasSize(record: PatientAttachment, { size }: SourceFile): boolean {
	return Number(record.size) === size;
}

function cannotCompare(record: PatientAttachment, file: SourceFile): ClinikoError {
	const name = hasName(record, file) ? 'the same name' : 'a similar name';
	return new ClinikoError(
		`Attachment ${record.id} with ${name} could not be compared with the file "${file.name}", because it could not be downloaded. So nothing was put on the patient’s record.`,
		'Run the workflow again. If it keeps happening, see whether that attachment opens in Cliniko, or set If Already Uploaded to Upload Again.',
	);
}
