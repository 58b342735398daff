import type { IDataObject } from 'n8n-workflow';

import { CreationMemory, type RememberedCreation } from '../once/creationMemory';

/** What an earlier attempt left: see `RememberedCreation`. */
export type RememberedPatient = { patient: string } | Exclude<RememberedCreation, { id: string }>;

/** One creation, and its place in the execution. */
export interface Creation {
	/** Stands for the person: see `personDigest`. */
	person: string;
	/** Stands for all that is known of them: see `valuesDigest`. */
	values: string;
	itemIndex: number;
}

/**
 * Remembers which patients this execution has created, so that none is created twice: see
 * `CreationMemory`. In a later run of a loop, an item with other values may be somebody else of that
 * name.
 */
export class PatientMemory {
	private readonly memory: CreationMemory;

	/** @param run the index of this run of the node in the execution (`$runIndex`) */
	constructor(context: IDataObject, run: number) {
		this.memory = new CreationMemory(context, run);
	}

	recall(creation: Creation): RememberedPatient | undefined {
		const known = this.memory.recall(of(creation));
		return known && 'id' in known ? { patient: known.id } : known;
	}

	patients(): string[] {
		return this.memory.created();
	}

	requested(creation: Creation, since: number): void {
		this.memory.requested(of(creation), since);
	}

	accepted(creation: Creation): void {
		this.memory.accepted(of(creation));
	}

	created(creation: Creation, patient: string): void {
		this.memory.stored(of(creation), patient);
	}

	refused(creation: Creation): void {
		this.memory.refused(of(creation));
	}

	handedOn(creation: Creation): void {
		this.memory.handedOn(of(creation));
	}
}

function of({ person, ...creation }: Creation) {
	return { subject: person, ...creation };
}
