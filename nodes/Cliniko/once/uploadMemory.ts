import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

/**
 * What an earlier attempt left: the id of the attachment, or the time since when a record may exist (ms
 * since 1970 by Cliniko's clock). `accepted` means that Cliniko accepted the creation, so it must never
 * be repeated.
 */
export type Remembered = { attachment: string } | { since: number; accepted?: true };

/** The length of an identity, and of each half of a token, in hex digits. */
const DIGITS = 16;

/** The content of a file, with its name: the same bytes under another name are another upload. */
export interface Content {
	name: string;
	/** The SHA-256 of the bytes, in hex. */
	sha256: string;
}

/** The place of a file in a run of the node, which tells two uses of the same file apart. */
export interface Position {
	patientId: string;
	/** Identifies the file within the execution: see `SourceFile.source`. */
	source: string;
	itemIndex: number;
	/** Its position among the files of the item. */
	position: number;
	/** The token (see `tokenOf`) in the item, if it is an error item. */
	token?: string;
	/** Set if `knowsContents`. */
	content?: Content;
}

interface Entry {
	/** A digest of patient and file. */
	file: string;
	/** A digest of patient, name and content, once the upload has failed. */
	content?: string;
	/** The run of the node that last used this entry, and its place in that run. */
	run: number;
	item: number;
	position: number;
	attachment?: string;
	since?: number;
	accepted?: true;
	/** A digest of the name that the record was created with. */
	name?: string;
	/** The run passed the attachment to the next node as a success. */
	handedOn?: true;
}

/**
 * Remembers which files this execution has stored, so that none is stored twice. It is kept in n8n's
 * context of the node, which survives Retry On Fail, the runs of a loop, and a manual retry of a failed
 * execution.
 *
 * An upload is identified by patient, file, item and position. What may be edited before a retry, such
 * as the description or the file's name, is not part of its identity. A loop may bring back fewer items,
 * so an entry that was never passed on as a success is resumed by any upload of the same file for the
 * same patient. Once it has been passed on, the same file in a later run of the loop is a new upload. An
 * error item carries a token that identifies its upload, so that two uploads of one file are not
 * confused; if the loop has saved the file again, its content is compared.
 *
 * Only ids, times, indexes and digests are stored, because n8n writes the context to its database.
 */
export class UploadMemory {
	/** Whether an earlier attempt of this execution has left something to resume. */
	readonly resumes: boolean;

	/** Whether an unknown file may be a known one that was saved again, so that contents are needed. */
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
		// n8n has discarded the output of earlier attempts of this run.
		for (const entry of Object.values(this.entries)) {
			if (entry.run === run) delete entry.handedOn;
		}
		const resumable = Object.values(this.entries).filter((entry) => this.isResumable(entry));
		this.resumes = resumable.length > 0;
		this.knowsContents = resumable.some(({ content }) => content !== undefined);
	}

	/**
	 * Assigns an identity to each upload of this run: that of the earlier upload which it resumes, or a
	 * new one. To be called once, with all uploads of the run.
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
		// First by token, then by place, and each for all uploads before the next: what is left over may
		// have moved to another place.
		const told = wanted.map(({ file, content, token = '' }) => {
			const [tokenFile, identity] = [token.slice(0, DIGITS), token.slice(DIGITS)];
			const isTold = (id: string, entry: Entry) => id === identity && canResume(id, entry);
			const known = take(file, isTold) ?? take(content, isTold);
			// An upload that was surely not stored has left no entry.
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

	/** What an earlier attempt left of an upload; undefined if there is nothing to resume. */
	recall(identity: string): Remembered | undefined {
		const { attachment, since, accepted } = this.entries[identity] ?? {};
		if (attachment !== undefined) return { attachment };
		return since === undefined ? undefined : { since, ...(accepted && { accepted }) };
	}

	/** The number of files of this execution that may be stored, as an unknown attachment. */
	unknown(): number {
		return Object.values(this.entries).filter(({ attachment }) => attachment === undefined).length;
	}

	/** The ids of all attachments of this execution. */
	attachments(): string[] {
		return Object.values(this.entries).flatMap(({ attachment }) => attachment ?? []);
	}

	/**
	 * Notes that the creation is about to be requested: from now on, the record may exist.
	 *
	 * @param name the file's name on the record
	 */
	requested(identity: string, since: number, name?: string): void {
		this.set(identity, { since, ...(name !== undefined && { name: nameDigest(name) }) });
	}

	/** Whether an earlier attempt created the record with another name. */
	isRenamed(identity: string, name: string): boolean {
		const earlier = this.entries[identity]?.name;
		return earlier !== undefined && earlier !== nameDigest(name);
	}

	/** Notes that Cliniko accepted the creation, though the id is unknown. */
	accepted(identity: string): void {
		const entry = this.entries[identity];
		if (entry) entry.accepted = true;
	}

	stored(identity: string, attachment: string): void {
		this.set(identity, { attachment });
	}

	/**
	 * Notes the content of a file whose upload failed but may be stored: a loop may save the file again,
	 * and then only the content identifies it.
	 */
	failed(identity: string, patientId: string, content: Content): void {
		const entry = this.entries[identity];
		if (entry) entry.content = contentDigest(patientId, content);
	}

	/** Notes that there is surely no record. */
	refused(identity: string): void {
		delete this.entries[identity];
	}

	/** Notes that the attachment is passed to the next node as a success of this run. */
	handedOn(identity: string): void {
		const entry = this.entries[identity];
		if (entry) Object.assign(entry, this.positions.get(identity), { handedOn: true });
	}

	/** Whether an upload of this run may resume an entry, because no later node has received it. */
	private isResumable({ handedOn, run }: Entry): boolean {
		return !handedOn || run === this.run;
	}

	/** A new identity; an earlier upload at the same place keeps its own. */
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
 * The token of an upload in its error item, so that a loop that brings the item back resumes this
 * upload and no other.
 */
export function tokenOf(patientId: string, source: string, identity: string): string {
	return fileDigest(patientId, source).slice(0, DIGITS) + identity;
}

/** Whether a token is for an upload of this file for this patient. */
export function isTokenOf(token: string, patientId: string, source: string): boolean {
	return token.slice(0, DIGITS) === fileDigest(patientId, source).slice(0, DIGITS);
}

/** Identifies a file and its patient without revealing either. */
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
