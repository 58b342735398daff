import type { IDataObject } from 'n8n-workflow';

/**
 * What an earlier attempt left: the id of the patient, or the time since when one may exist (ms since
 * 1970 by our clock). `accepted` means that Cliniko accepted the creation, so it must never be repeated.
 */
export type RememberedPatient = { patient: string } | { since: number; accepted?: true };

/** One creation, and its place in the execution. */
export interface Creation {
	/** Stands for the person: see `personDigest`. */
	person: string;
	/** Stands for all that is known of them: see `valuesDigest`. */
	values: string;
	itemIndex: number;
}

interface Entry {
	person: string;
	values: string;
	/** The run of the node that last used this entry, and the item. */
	run: number;
	item: number;
	patient?: string;
	since?: number;
	accepted?: true;
	/** The run passed the patient to the next node as a success. */
	handedOn?: true;
}

/**
 * Remembers which patients this execution has created, so that none is created twice. Like
 * `UploadMemory`, it is kept in n8n's context of the node, which survives Retry On Fail, the runs of a
 * loop, and a manual retry of a failed execution. A creation belongs to a person and an item; in a later
 * run of a loop, it is resumed by an item with the same values, unless it was passed on as a success. An
 * item with other values may be somebody else of that name.
 *
 * Only ids, times, indexes and digests are stored, because n8n writes the context to its database.
 */
export class PatientMemory {
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
	recall(creation: Creation): RememberedPatient | undefined {
		const { patient, since, accepted } = this.find(creation) ?? {};
		if (patient !== undefined) return { patient };
		return since === undefined ? undefined : { since, ...(accepted && { accepted }) };
	}

	/** The ids of all patients that this execution has created. */
	patients(): string[] {
		return this.entries.flatMap(({ patient }) => patient ?? []);
	}

	/** Notes that the creation is about to be requested: from now on, the patient may exist. */
	requested(creation: Creation, since: number): void {
		const entry = this.find(creation);
		const { person, values } = creation;
		if (entry) Object.assign(entry, this.placeOf(creation), { values, since });
		else this.entries.push({ person, values, ...this.placeOf(creation), since });
	}

	/** Notes that Cliniko accepted the creation, though the id is unknown. */
	accepted(creation: Creation): void {
		const entry = this.find(creation);
		if (entry) entry.accepted = true;
	}

	created(creation: Creation, patient: string): void {
		const entry = this.find(creation);
		if (entry) Object.assign(entry, { patient }, this.placeOf(creation));
	}

	/** Notes that there is surely no such patient. */
	refused(creation: Creation): void {
		const entry = this.find(creation);
		if (entry) this.entries.splice(this.entries.indexOf(entry), 1);
	}

	/** Notes that the patient is passed to the next node as a success of this run. */
	handedOn(creation: Creation): void {
		const entry = this.find(creation);
		if (entry) Object.assign(entry, this.placeOf(creation), { handedOn: true });
	}

	/** The entry of the same item, or one with the same values that an earlier run has left. */
	private find({ person, values, itemIndex }: Creation): Entry | undefined {
		const own = this.entries.filter((entry) => entry.person === person);
		return (
			own.find(({ run, item }) => run === this.run && item === itemIndex) ??
			own.find((entry) => entry.run !== this.run && !entry.handedOn && entry.values === values)
		);
	}

	private placeOf({ itemIndex }: Creation): Pick<Entry, 'run' | 'item'> {
		return { run: this.run, item: itemIndex };
	}

	private get entries(): Entry[] {
		return (this.context.patients ??= []) as unknown as Entry[];
	}
}
