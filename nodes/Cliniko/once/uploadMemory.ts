import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

/**
 * What an earlier try left of an upload: the attachment it became, or the time since when a record may
 * exist (ms since 1970 by Cliniko's clock). `accepted` means that Cliniko said yes to the record, so it
 * must never be asked for again.
 */
export type Remembered = { attachment: string } | { since: number; accepted?: true };

/** Where a file stands in a run of the node: together they tell two uses of the same file apart. */
export interface Position {
	patientId: string;
	/** Identifies the file within the execution: see `SourceFile.source`. */
	source: string;
	itemIndex: number;
	/** Its position among the files of the item. */
	position: number;
}

interface Entry {
	/** Digest of patient and file. */
	file: string;
	/** The run of the node that last used this entry, and the place it had there. */
	run: number;
	item: number;
	position: number;
	attachment?: string;
	since?: number;
	accepted?: true;
	/** Digest of the name that the file was sent with. */
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
 *
 * Only ids, times, indexes and digests are kept, because n8n writes the context into its database.
 */
export class UploadMemory {
	/** Whether an earlier try of this execution has left something to resume. */
	readonly resumes: boolean;

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
		this.resumes = Object.values(this.entries).some((entry) => this.isResumable(entry));
	}

	/**
	 * Finds the identity of each upload of this run: that of an earlier try which it resumes, or a new
	 * one. To be called once, with all uploads of the run.
	 *
	 * @returns the identities, in the order of `positions`
	 */
	identify(positions: Position[]): string[] {
		const wanted = positions.map(({ patientId, source, itemIndex, position }) => ({
			file: fileDigest(patientId, source),
			run: this.run,
			item: itemIndex,
			position,
		}));
		const earlier = new Map<string, Array<[id: string, entry: Entry]>>();
		for (const [id, entry] of Object.entries(this.entries)) {
			const sameFile = earlier.get(entry.file);
			if (sameFile) sameFile.push([id, entry]);
			else earlier.set(entry.file, [[id, entry]]);
		}
		const take = ({ file }: Entry, fits: (entry: Entry) => boolean): string | undefined => {
			const left = earlier.get(file) ?? [];
			const at = left.findIndex(([, entry]) => fits(entry));
			return at < 0 ? undefined : left.splice(at, 1)[0]![0];
		};
		// The same place first, for all: what is left over may have moved to another one.
		const same = wanted.map((one) =>
			take(
				one,
				({ run, item, position }) =>
					run === this.run && item === one.item && position === one.position,
			),
		);
		return wanted.map((one, at) => {
			const id =
				same[at] ?? take(one, (entry) => this.isResumable(entry)) ?? this.freshIdentity(one);
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

	/** Notes that the record is about to be created: from here on it may exist. */
	asked(identity: string, since: number, name?: string): void {
		this.set(identity, { since, ...(name && { name: digest(identity, name) }) });
	}

	/** Whether the record was asked for with this name: it may have been edited before a retry. */
	wasNamed(identity: string, name: string): boolean {
		return this.entries[identity]?.name === digest(identity, name);
	}

	/** Notes that Cliniko accepted the record, though it is not known which one it is. */
	accepted(identity: string): void {
		const entry = this.entries[identity];
		if (entry) entry.accepted = true;
	}

	stored(identity: string, attachment: string): void {
		this.set(identity, { attachment });
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
	private freshIdentity({ file, run, item, position }: Entry): string {
		for (let count = 0; ; count++) {
			const identity = digest(file, run, item, position, count);
			if (!(identity in this.entries)) return identity;
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

/** Stands for a file of this execution and its patient, without giving either away. */
export function fileDigest(patientId: string, source: string): string {
	return digest(patientId, source).slice(0, 32);
}

function digest(...parts: Array<string | number>): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
