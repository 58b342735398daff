import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

/**
 * What an earlier try left of an upload: the attachment it became, or the time since when a record may
 * exist (ms since 1970 by Cliniko's clock). `accepted` means that Cliniko said yes to the record, so it
 * must never be asked for again.
 */
export type Remembered = { attachment: string } | { since: number; accepted?: true };

/** The length of an identity, and of each half of a token, in hex digits. */
const DIGITS = 16;

/** What is in a file: the same bytes under another name are another upload. */
export interface Content {
	name: string;
	/** The SHA-256 of the bytes, in hex. */
	sha256: string;
}

/** Where a file stands in a run of the node: together they tell two uses of the same file apart. */
export interface Position {
	patientId: string;
	/** Identifies the file within the execution: see `SourceFile.source`. */
	source: string;
	itemIndex: number;
	/** Its position among the files of the item. */
	position: number;
	/** The `tokenOf` the upload that an error item stands for, if the item is one. */
	token?: string;
	/** The file's name and SHA-256, where `knowsContents` asks for them. */
	content?: Content;
}

interface Entry {
	/** Digest of patient and file. */
	file: string;
	/** Digest of patient, name and content, once the upload has failed. */
	content?: string;
	/** The run of the node that last used this entry, and the place it had there. */
	run: number;
	item: number;
	position: number;
	attachment?: string;
	since?: number;
	accepted?: true;
	/** Digest of the name that the record was asked for with. */
	name?: string;
	/** The run gave the attachment to the next node as a success. */
	handedOn?: true;
}

/**
 * Remembers which files of this execution are on their records already, so that none is stored twice.
 * It lives in n8n's context of the node, which n8n keeps while it runs the node again ("Retry On
 * Fail"), between the runs of a loop, and in the data of a failed execution that a person retries.
 *
 * An upload is identified by patient, file, item and position. What may be edited before a retry, such
 * as the description or the file's name, is not part of it. A loop may bring fewer items than the run
 * before, so an entry that was never handed on as a success is resumed by any upload of the same file
 * for the same patient. Once it was handed on, a loop that comes back with the file means a new upload.
 * An error item carries a token that says which upload it stands for, so that two uploads of one file
 * are not taken for each other; and where a loop has saved the file anew, its content is compared.
 *
 * Only ids, times, indexes and digests are kept, because n8n writes the context into its database.
 */
export class UploadMemory {
	/** Whether an earlier try of this execution has left something to resume. */
	readonly resumes: boolean;

	/** Whether a file that is not known by its source may be known by its content. */
	readonly knowsContents: boolean;

	private readonly positions = new Map<string, Entry>();

	/**
	 * @param context n8n's context object of the node, which is changed in place
	 * @param run the index of this run of the node in the execution (`$runIndex`)
	 */
	constructor(
		private readonly context: IDataObject,
		private readonly run: number,
	) {
		// What an earlier try of this run gave to n8n, n8n has thrown away.
		for (const entry of Object.values(this.entries)) {
			if (entry.run === run) delete entry.handedOn;
		}
		const resumable = Object.values(this.entries).filter((entry) => this.isResumable(entry));
		this.resumes = resumable.length > 0;
		this.knowsContents = resumable.some(({ content }) => content !== undefined);
	}

	/**
	 * Finds the identity of each upload of this run: that of an earlier try which it resumes, or a new
	 * one. To be called once, with all uploads of the run.
	 *
	 * @returns the identities, in the order of `positions`
	 */
	identify(positions: Position[]): string[] {
		const wanted = positions.map((one) => ({
			file: fileDigest(one.patientId, one.source),
			content: one.content && contentDigest(one.patientId, one.content),
			run: this.run,
			item: one.itemIndex,
			position: one.position,
			token: one.token,
		}));
		const earlier = new Map<string, Array<[id: string, entry: Entry]>>();
		for (const [id, entry] of Object.entries(this.entries)) {
			for (const key of [entry.file, entry.content]) {
				if (!key) continue;
				const sameFile = earlier.get(key);
				if (sameFile) sameFile.push([id, entry]);
				else earlier.set(key, [[id, entry]]);
			}
		}
		const taken = new Set<string>();
		const take = (key: string | undefined, fits: (id: string, entry: Entry) => boolean) => {
			const found = key && earlier.get(key)?.find(([id, one]) => !taken.has(id) && fits(id, one));
			if (!found) return undefined;
			taken.add(found[0]);
			return found[0];
		};
		const canResume = (_: string, entry: Entry) => this.isResumable(entry);
		// What is told by an error item first, then what stands at the same place: for all, since what is
		// left over may have moved to another place.
		const told = wanted.map(({ file, content, token = '' }) => {
			const [tokenFile, identity] = [token.slice(0, DIGITS), token.slice(DIGITS)];
			const isTold = (id: string, entry: Entry) => id === identity && canResume(id, entry);
			const known = take(file, isTold) ?? take(content, isTold);
			// One that was not stored has left no entry.
			const isNew = tokenFile === file.slice(0, DIGITS) && !(identity in this.entries);
			if (known || !identity || !isNew || taken.has(identity)) return known;
			taken.add(identity);
			return identity;
		});
		const same = wanted.map((one, at) => {
			const isHere = (_: string, { run, item, position }: Entry) =>
				run === this.run && item === one.item && position === one.position;
			return told[at] ?? take(one.file, isHere);
		});
		return wanted.map(({ file, content, run, item, position }, at) => {
			const one = { file, run, item, position };
			const id =
				same[at] ??
				take(file, canResume) ??
				take(content, canResume) ??
				this.freshIdentity(one, taken);
			taken.add(id);
			this.positions.set(id, one);
			return id;
		});
	}

	/** What an earlier try left of an upload; nothing if there is nothing to resume. */
	recall(identity: string): Remembered | undefined {
		const { attachment, since, accepted } = this.entries[identity] ?? {};
		if (attachment !== undefined) return { attachment };
		return since === undefined ? undefined : { since, ...(accepted && { accepted }) };
	}

	/** How many files of this execution may be stored, without it being known as which attachment. */
	unknown(): number {
		return Object.values(this.entries).filter(({ attachment }) => attachment === undefined).length;
	}

	/** The ids of everything that was stored in this execution, whatever the file. */
	attachments(): string[] {
		return Object.values(this.entries).flatMap(({ attachment }) => attachment ?? []);
	}

	/**
	 * Notes that the record is about to be created: from here on it may exist.
	 *
	 * @param name the file's name on the record
	 */
	asked(identity: string, since: number, name?: string): void {
		this.set(identity, { since, ...(name !== undefined && { name: nameDigest(name) }) });
	}

	/** Whether the record of an earlier try was asked for with another name. */
	isRenamed(identity: string, name: string): boolean {
		const earlier = this.entries[identity]?.name;
		return earlier !== undefined && earlier !== nameDigest(name);
	}

	/** Notes that Cliniko accepted the record, though it is not known which one it is. */
	accepted(identity: string): void {
		const entry = this.entries[identity];
		if (entry) entry.accepted = true;
	}

	stored(identity: string, attachment: string): void {
		this.set(identity, { attachment });
	}

	/**
	 * Notes what is in a file whose upload failed and may be stored: a loop may save the file anew, and
	 * then only its content tells that it is the same.
	 *
	 */
	failed(identity: string, patientId: string, content: Content): void {
		const entry = this.entries[identity];
		if (entry) entry.content = contentDigest(patientId, content);
	}

	/** Notes that there is no record after all. */
	refused(identity: string): void {
		delete this.entries[identity];
	}

	/** Notes that the attachment goes to the next node as a success of this run. */
	handedOn(identity: string): void {
		const entry = this.entries[identity];
		if (entry) Object.assign(entry, this.positions.get(identity), { handedOn: true });
	}

	/** Whether an upload of this run may resume an entry: no later node has got it as a success yet. */
	private isResumable({ handedOn, run }: Entry): boolean {
		return !handedOn || run === this.run;
	}

	/** An earlier upload that was at this place may have moved, and keeps its identity. */
	private freshIdentity({ file, run, item, position }: Entry, taken: ReadonlySet<string>): string {
		for (let count = 0; ; count++) {
			const identity = digest(file, run, item, position, count).slice(0, DIGITS);
			if (!(identity in this.entries) && !taken.has(identity)) return identity;
		}
	}

	private set(identity: string, known: Pick<Entry, 'attachment' | 'since' | 'name'>): void {
		const place = this.positions.get(identity) ?? {
			file: '',
			run: this.run,
			item: 0,
			position: 0,
		};
		this.entries[identity] = { ...place, ...known };
	}

	private get entries(): Record<string, Entry> {
		return (this.context.uploads ??= {}) as unknown as Record<string, Entry>;
	}
}

/**
 * Stands for an upload in its error item, so that a loop that brings the item back resumes this upload
 * and no other.
 */
export function tokenOf(patientId: string, source: string, identity: string): string {
	return fileDigest(patientId, source).slice(0, DIGITS) + identity;
}

/** Whether a token stands for an upload of this file for this patient. */
export function isTokenOf(token: string, patientId: string, source: string): boolean {
	return token.slice(0, DIGITS) === fileDigest(patientId, source).slice(0, DIGITS);
}

/** Stands for a file of this execution and its patient, without giving either away. */
function fileDigest(patientId: string, source: string): string {
	return digest(patientId, source).slice(0, 32);
}

function contentDigest(patientId: string, { name, sha256 }: Content): string {
	return digest(patientId, name, sha256).slice(0, 32);
}

function nameDigest(name: string): string {
	return digest('name', name).slice(0, DIGITS);
}

function digest(...parts: Array<string | number>): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
