import { unlessCancelled } from '../transport/pause';
import { KeyedLock } from '../once/keyedLock';
import { readCreated } from '../requests/readCreated';
import { compareFileNames } from '../records/fileNames';
import { listRecords } from '../requests/listRecords';
import { isUnreadable, patientIdOf, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';
import type { Pause } from '../transport/pause';
import { Processing } from './processing';
import type { Upload } from './upload';

/** How long a record that has no name yet is waited for, in ms; one older than `STUCK` is not. */
const LONGEST_WAIT = 30_000;
const STUCK = 15 * 60_000;

/** How far back `findNew` looks, in ms: further than the clocks of Cliniko's servers differ. */
const LOOK_BACK = 5 * 60_000;

/** How many records this process keeps in mind. */
const REMEMBERED = 1000;

/** The executions of this n8n process take turns by account, patient and bytes of the file. */
const lock = new KeyedLock();

/** The last records that this process stored with "Skip", by account, patient, bytes and name. */
const remembered = new Map<string, { id: string; createdAt: string }>();

/** What the search needs of its surroundings. */
export interface Surroundings {
	api: ClinikoApi;
	pause: Pause;
	/** The SHA-256 of a processed record's file, in hex; nothing if the file cannot be had. */
	digestOf: (record: PatientAttachment) => Promise<string | undefined>;
}

/**
 * The option "If Already Uploaded: Skip": finds out whether a file is on a patient's record already.
 *
 * It is there if a record has its name (or what Cliniko may have made of it), its size and its bytes.
 * Where the bytes cannot be downloaded, exactly the same name and size are enough.
 */
export class AlreadyUploaded {
	private readonly lists = new Map<string, Promise<PatientAttachment[]>>();

	private readonly processing: Processing;

	constructor(private readonly surroundings: Surroundings) {
		const { api, pause } = surroundings;
		this.processing = new Processing(api, pause, LONGEST_WAIT, 'continue');
	}

	/**
	 * Runs `work` while no other upload of this process is at the same file for the same patient.
	 *
	 * @throws ClinikoError if the execution is cancelled while it waits
	 */
	async exclusive<T>(upload: Upload, work: () => Promise<T>): Promise<T> {
		const wait = async (turn: Promise<unknown>) =>
			await unlessCancelled(this.surroundings.pause, turn);
		return await lock.exclusive(await this.keyOf(upload), work, wait);
	}

	/**
	 * Looks through all files of the patient; the list is read once in a run.
	 *
	 * @returns the record that has the file; nothing if there is none
	 * @throws ClinikoError if Cliniko cannot be asked
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
	 * The same through the files of the last minutes, as they are now: another n8n process may have
	 * stored the file while this one sent it.
	 *
	 * @param now ms since 1970 by Cliniko's clock
	 */
	async findNew(upload: Upload, now: number): Promise<PatientAttachment | undefined> {
		const recent = [`created_at:>=${clinikoTimestamp(now - LOOK_BACK)}`];
		return await this.among(await this.list(upload.patientId, recent), upload);
	}

	/** Keeps in mind which record has the file: Cliniko shows a name only once it is processed. */
	async remember(upload: Upload, { id, created_at: createdAt }: PatientAttachment): Promise<void> {
		const key = await this.nameKeyOf(upload);
		remembered.delete(key);
		const [oldest] = remembered.keys();
		if (oldest !== undefined && remembered.size >= REMEMBERED) remembered.delete(oldest);
		remembered.set(key, { id, createdAt: String(createdAt) });
	}

	private async findRemembered(upload: Upload): Promise<PatientAttachment | undefined> {
		const known = remembered.get(await this.nameKeyOf(upload));
		if (!known) return undefined;
		const { api, pause } = this.surroundings;
		const record = await readCreated(api, pause, known.id);
		const isStillThere =
			record &&
			!record.archived_at &&
			!isUnreadable(record) &&
			[String(record.created_at), 'undefined'].includes(known.createdAt) &&
			(patientIdOf(record) ?? upload.patientId) === upload.patientId;
		return isStillThere ? record : undefined;
	}

	private async list(patientId: string, more: string[]): Promise<PatientAttachment[]> {
		const { api } = this.surroundings;
		const filters = [`patient_id:=${patientId}`, ...more];
		const errorContext = { action: `see which files patient ${patientId} has` };
		const own = new Set(
			[...remembered]
				.filter(([key]) => key.startsWith(`["${api.account}"`))
				.map(([, one]) => one.id),
		);
		const rows = await listRecords(api, 'patient_attachments', filters, errorContext);
		const found = rows.map(async (row) => {
			// What this process stored is known by its bytes.
			const isFresh = row.processing_completed !== true && !isUnreadable(row) && !own.has(row.id);
			const age = Date.now() - Date.parse(String(row.created_at));
			if (!isFresh || age > STUCK) return row;
			return await this.processing.finished(row).catch(() => row);
		});
		return await Promise.all(found);
	}

	private async among(
		records: PatientAttachment[],
		{ file, patientId }: Upload,
	): Promise<PatientAttachment | undefined> {
		for (const record of records) {
			if ((patientIdOf(record) ?? patientId) !== patientId) continue;
			if (Number(record.size) !== file.size || isUnreadable(record)) continue;
			const match = compareFileNames(record.filename, file.name);
			if (match === 'different') continue;
			const digest = await this.surroundings.digestOf(record);
			if (digest === undefined ? match === 'exact' : digest === (await file.digest())) {
				return record;
			}
		}
		return undefined;
	}

	/** The same bytes under another name are another upload. */
	private async nameKeyOf(upload: Upload): Promise<string> {
		return `${await this.keyOf(upload)} ${upload.file.name}`;
	}

	private async keyOf({ patientId, file }: Upload): Promise<string> {
		return JSON.stringify([this.surroundings.api.account, patientId, await file.digest()]);
	}
}
