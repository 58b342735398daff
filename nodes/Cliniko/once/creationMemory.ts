import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

/**
 * What an earlier attempt left: the id of the record, or the time since when one may exist (ms since
 * 1970 by our clock). `accepted` means that Cliniko accepted the creation, so it must never be repeated.
 */
export type RememberedCreation = { id: string } | { since: number; accepted?: true };

/** One creation, and its place in the execution. */
export interface Creation {
	/** Stands for what the record is created for, such as a patient: see `digestOf`. */
	subject: string;
	/** Stands for all that is sent. */
	values: string;
	itemIndex: number;
}

interface Entry {
	subject: string;
	values: string;
	/** The run of the node that last used this entry, and the item. */
	run: number;
	item: number;
	id?: string;
	since?: number;
	accepted?: true;
	/** The run passed the record to the next node as a success. */
	handedOn?: true;
}

/**
 * Remembers which records this execution has created, so that none is created twice. Like
 * `UploadMemory`, it is kept in n8n's context of the node, which survives Retry On Fail, the runs of a
 * loop, and a manual retry of a failed execution. A creation belongs to a subject and an item, whatever
 * has been edited since; in a later run of a loop, it is resumed by an item with the same values, unless
 * it was passed on as a success.
 *
 * Only ids, times, indexes and digests are stored, because n8n writes the context to its database.
 */
export class CreationMemory {
	/**
	 * @param context n8n's context object of the node, which is changed in place
	 * @param run the index of this run of the node in the execution (`$runIndex`)
	 */
	constructor(
		private readonly context: IDataObject,
		private readonly run: number,
	) {
		// n8n has discarded the output of earlier attempts of this run.
		for (const entry of this.entries) if (entry.run === run) delete entry.handedOn;
	}

	/** What an earlier attempt left of a creation; undefined if there is nothing to resume. */
	recall(creation: Creation): RememberedCreation | undefined {
		const { id, since, accepted } = this.find(creation) ?? {};
		if (id !== undefined) return { id };
		return since === undefined ? undefined : { since, ...(accepted && { accepted }) };
	}

	/** The ids of all records that this execution has created. */
	created(): string[] {
		return this.entries.flatMap(({ id }) => id ?? []);
	}

	/** Notes that the creation is about to be requested: from now on, the record may exist. */
	requested(creation: Creation, since: number): void {
		const entry = this.find(creation);
		const { subject, values } = creation;
		if (entry) Object.assign(entry, this.placeOf(creation), { values, since });
		else this.entries.push({ subject, values, ...this.placeOf(creation), since });
	}

	/** Notes that Cliniko accepted the creation, though the id is unknown. */
	accepted(creation: Creation): void {
		const entry = this.find(creation);
		if (entry) entry.accepted = true;
	}

	/** Notes which record was created. */
	stored(creation: Creation, id: string): void {
		const entry = this.find(creation);
		if (entry) Object.assign(entry, { id }, this.placeOf(creation));
	}

	/** Notes that there is surely no such record. */
	refused(creation: Creation): void {
		const entry = this.find(creation);
		if (entry) this.entries.splice(this.entries.indexOf(entry), 1);
	}

	/** Notes that the record is passed to the next node as a success of this run. */
	handedOn(creation: Creation): void {
		const entry = this.find(creation);
		if (entry) Object.assign(entry, this.placeOf(creation), { handedOn: true });
	}

	/** The entry of the same item, or one with the same values that an earlier run has left. */
	private find({ subject, values, itemIndex }: Creation): Entry | undefined {
		const own = this.entries.filter((entry) => entry.subject === subject);
		return (
			own.find(({ run, item }) => run === this.run && item === itemIndex) ??
			own.find((entry) => entry.run !== this.run && !entry.handedOn && entry.values === values)
		);
	}

	private placeOf({ itemIndex }: Creation): Pick<Entry, 'run' | 'item'> {
		return { run: this.run, item: itemIndex };
	}

	private get entries(): Entry[] {
		return (this.context.created ??= []) as unknown as Entry[];
	}
}

/** Stands for some values without telling anything about them. */
export function digestOf(...parts: string[]): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
