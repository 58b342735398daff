import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { isClinikoRecord, linkedId, mayBeOfPatient } from '../records/clinikoRecord';
import type { Collections } from '../records/collections';
import { listRecordsDated, newestFirst } from '../requests/listRecords';
import { readCreated, WAITS_FOR_RECORD } from '../requests/readCreated';
import { NOUNS } from '../requests/readRecord';
import { PAGE_SIZE, UnknownOutcome, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { perAccount } from '../transport/cliniko/perAccount';
import { isAboutRequest, type ErrorContext } from '../transport/cliniko/refusal';
import { Priority } from '../transport/cliniko/requestQueue';
import { unlessCancelled, type Pause } from '../transport/pause';
import { ClaimedRecords } from './claimedRecords';
import type { Creation, CreationMemory } from './creationMemory';
import { KeyedLock } from './keyedLock';
import { noteCreated } from './recentRecords';
import { CLOCK_ERROR, mayBeSince } from './recordSearch';

/** The maximum number of attempts; another one is made only if the earlier one surely did not run. */
const TRIES = 2;

/** The collections that belong to a patient and whose records are created here. */
type Created = Exclude<keyof typeof NOUNS, 'patients' | 'patient_attachments'>;

/** Whether a record is the one that was asked for. */
export type Match = 'ours' | 'maybe' | 'other';

/** A record to be created for a patient. */
export interface NewRecord<C extends Created> {
	collection: C;
	patientId: string;
	/** What is sent. */
	body: IDataObject;
	creation: Creation;
	errorContext: ErrorContext;
	/** Compares a record of the patient with what was sent. */
	match: (record: Collections[C]) => Match;
}

/** Held by one creation of this process at a time, for each account, collection and patient. */
const lock = new KeyedLock();

/** The records that this process has created, so that none is taken for another's. */
const claimsOf = perAccount(() => new ClaimedRecords());

/**
 * Creates records that belong to a patient, each once, whatever happens to the requests.
 *
 * After a time-out, a dropped connection or a 5xx, the outcome of a creation is unknown. Then the record
 * is looked for among the patient's new ones, and the creation is repeated only if there is surely none
 * and Cliniko never accepted the request.
 */
export class OnceCreator {
	constructor(
		private readonly api: ClinikoApi,
		private readonly pause: Pause,
		private readonly memory: CreationMemory,
	) {}

	/**
	 * Creates a record, unless an earlier attempt of this execution has.
	 *
	 * @param prepare is called before the creation is requested, if it is; may throw to prevent it, or
	 *   return a record that makes it unnecessary
	 * @returns the only record of this creation
	 * @throws ClinikoError if Cliniko refused it, or if it is unknown whether the record exists
	 */
	async create<C extends Created>(
		wanted: NewRecord<C>,
		prepare: () => Promise<Collections[C] | undefined>,
	): Promise<Collections[C]> {
		const key = JSON.stringify([this.api.account, wanted.collection, wanted.patientId]);
		const wait = async (turn: Promise<unknown>) => await unlessCancelled(this.pause, turn);
		const work = async () => {
			const wasRequested = this.memory.recall(wanted.creation) !== undefined;
			const before = await this.resume(wanted);
			if (before) return before;
			const instead = await prepare().catch((error: ClinikoError) => {
				throw wasRequested ? inAnotherTry(wanted, error) : error;
			});
			if (wasRequested) this.memory.refused(wanted.creation);
			return instead ?? (await this.request(wanted));
		};
		const record = await lock.exclusive(key, work, wait);
		this.memory.handedOn(wanted.creation);
		return record;
	}

	/** The record that an earlier attempt of this execution has created; undefined if there is none. */
	private async resume<C extends Created>(
		wanted: NewRecord<C>,
	): Promise<Collections[C] | undefined> {
		const known = this.memory.recall(wanted.creation);
		if (!known) return undefined;
		if ('id' in known) return await this.reread(wanted, known.id);
		const found = await this.find(wanted, known.since);
		if (found) return this.claim(wanted, known.since, found);
		if (known.accepted) throw notShown(wanted);
		return undefined;
	}

	private async request<C extends Created>(wanted: NewRecord<C>): Promise<Collections[C]> {
		const { creation } = wanted;
		// The fraction tells it from another creation in the same millisecond.
		const since = Date.now() + Math.random();
		this.memory.requested(creation, since);
		for (let attempt = 1; ; attempt++) {
			const outcome = await this.attempt(wanted, since, attempt);
			if (!(outcome instanceof UnknownOutcome)) return this.claim(wanted, since, outcome);
			if (outcome.accepted) this.memory.accepted(creation);
			const found = await this.find(wanted, since, outcome.recordId);
			if (found) return this.claim(wanted, since, found);
			if (outcome.accepted) throw notShown(wanted);
			// Kept in mind: a list may show it later than it was watched.
			if (attempt === TRIES) throw mayBeThere(wanted, outcome.error);
		}
	}

	private async attempt<C extends Created>(
		wanted: NewRecord<C>,
		since: number,
		attempt: number,
	): Promise<Collections[C] | UnknownOutcome> {
		const { collection, body, errorContext, creation } = wanted;
		const reply = await this.api
			.post(`/${collection}`, body, errorContext)
			.catch((refusal: ClinikoError) => {
				const { httpCode } = refusal;
				// Without a status the request may have been sent. A second attempt may be refused because
				// the first one has run after all.
				const isUnknown = httpCode === undefined || (attempt > 1 && isAboutRequest(refusal));
				if (isUnknown) throw mayBeThere(wanted, refusal);
				this.memory.refused(creation);
				throw refusal;
			});
		if (reply instanceof UnknownOutcome) return reply;
		const { body: record } = reply;
		if (!this.isCandidate(wanted, since, record)) {
			return new UnknownOutcome(true, notShown(wanted));
		}
		// One that says something else is read first.
		return wanted.match(record) === 'ours'
			? record
			: new UnknownOutcome(true, notShown(wanted), record.id);
	}

	/**
	 * Looks for a record whose creation has an unknown outcome.
	 *
	 * @param since when the creation was requested, in ms since 1970 by our clock
	 * @param id the id that the reply's `Location` named
	 * @returns undefined if no such record has turned up within a minute
	 * @throws ClinikoError if it is unclear whether one that has turned up is the one
	 */
	private async find<C extends Created>(
		wanted: NewRecord<C>,
		since: number,
		id?: string,
	): Promise<Collections[C] | undefined> {
		const { collection, match, patientId } = wanted;
		const named = id && (await this.read(wanted, id).catch(() => undefined));
		if (named && this.isCandidate(wanted, since, named) && isNew(wanted, since, named))
			return named;
		// Others wait for it.
		const api = this.api.withPriority(Priority.finish);
		const errorContext = {
			action: `check whether the ${NOUNS[collection]} was created before the connection broke`,
		};
		const filters = [`patient_id:=${patientId}`, 'archived_at:*'];
		let unclear: Array<Collections[C]> = [];
		for (const wait of WAITS_FOR_RECORD) {
			const look = async () => {
				await this.pause(wait);
				return await listRecordsDated(api, collection, filters, errorContext, { limit: PAGE_SIZE });
			};
			const { records, date, isDated } = await look().catch((error: ClinikoError) => {
				throw mayBeThere(wanted, error);
			});
			// A wrong date must not make a new record look old.
			const start = since + (isDated ? Math.min(date - Date.now(), 0) : -CLOCK_ERROR);
			const candidates = records
				.filter((record) => mayBeSince(record, start) && this.isCandidate(wanted, since, record))
				.sort(newestFirst);
			const ours = candidates.find((one) => match(one) === 'ours' && !one.archived_at);
			if (ours) return ours;
			unclear = candidates.filter((one) => match(one) !== 'other');
		}
		if (unclear.length > 0) throw mayBeAnother(wanted, unclear);
		return undefined;
	}

	private async reread<C extends Created>(
		wanted: NewRecord<C>,
		id: string,
	): Promise<Collections[C]> {
		const noun = NOUNS[wanted.collection];
		const record = await this.read(wanted, id);
		if (record && !record.archived_at) return record;
		const before = `The ${noun} was created in an earlier try of this execution, with the ID ${id}`;
		throw record
			? new ClinikoError(
					`${before}, and is archived.`,
					'Somebody may have archived it in Cliniko. If it is needed, run the workflow again.',
				)
			: new ClinikoError(
					`${before}, and Cliniko does not show it: it may have been deleted, or not be shown yet.`,
					'Look at the patient in Cliniko before you run the workflow again.',
				);
	}

	private async read<C extends Created>({ collection }: NewRecord<C>, id: string) {
		const record = await readCreated(this.api, this.pause, id, undefined, undefined, collection);
		return record as Collections[C] | undefined;
	}

	/** Whether a value is a record of the patient that is not known to be of another creation. */
	private isCandidate<C extends Created>(
		wanted: NewRecord<C>,
		since: number,
		record: unknown,
	): record is Collections[C] {
		const { collection, patientId } = wanted;
		if (!isClinikoRecord<Collections[C]>(record)) return false;
		const isTaken =
			this.memory.created().includes(record.id) ||
			claimsOf(this.api).isOfAnother(`${collection} ${record.id}`, claimantOf(wanted, since));
		return !isTaken && mayBeOfPatient(record, patientId);
	}

	private claim<C extends Created>(
		wanted: NewRecord<C>,
		since: number,
		record: Collections[C],
	): Collections[C] {
		const { collection, patientId, creation } = wanted;
		this.memory.stored(creation, record.id);
		claimsOf(this.api).claim(`${collection} ${record.id}`, claimantOf(wanted, since));
		noteCreated(this.api, collection, patientId, record.id);
		return record;
	}
}

/** Stands for one creation, in every retry of the execution that has requested it. */
function claimantOf({ creation }: Pick<NewRecord<Created>, 'creation'>, since: number): string {
	return `${creation.subject} ${creation.itemIndex} ${since}`;
}

/**
 * Whether a record that a reply named is the new one. Cliniko may have changed what was sent; but a cache on
 * its side might answer with an earlier record.
 */
function isNew<C extends Created>(
	{ match, patientId }: NewRecord<C>,
	since: number,
	record: Collections[C],
): boolean {
	if (match(record) !== 'other') return true;
	const isOfPatient = linkedId(record.patient, 'patients') === patientId;
	return isOfPatient && mayBeSince(record, since - CLOCK_ERROR);
}

type Named = Pick<NewRecord<Created>, 'collection'>;

/**
 * Adds to an error the advice to look first. Its own advice is to run the workflow again, which might
 * create the record twice.
 */
function mayBeThere(
	{ collection }: Named,
	{ message, description, httpCode }: ClinikoError,
): ClinikoError {
	return new ClinikoError(
		message,
		`The ${NOUNS[collection]} may have been created: look at the patient in Cliniko before you run the workflow again. ${description}`,
		httpCode,
	);
}

/** An error that keeps a later try from asking again says nothing of what an earlier one has led to. */
function inAnotherTry(
	wanted: Named,
	{ message, description, httpCode }: ClinikoError,
): ClinikoError {
	const before = `An earlier try of this execution may have created the ${NOUNS[wanted.collection]} all the same.`;
	return mayBeThere(wanted, new ClinikoError(`${message} ${before}`, description ?? '', httpCode));
}

function mayBeAnother({ collection }: Named, records: Array<{ id: string }>): ClinikoError {
	const noun = NOUNS[collection];
	return new ClinikoError(
		`Cliniko did not say whether it created the ${noun}, and it is not clear whether it is one that was created in these minutes: ID ${records.map(({ id }) => id).join(', ')}.`,
		`The ${noun} may have been created: look at the patient in Cliniko before you run the workflow again.`,
	);
}

function notShown({ collection }: Named): ClinikoError {
	const noun = NOUNS[collection];
	return new ClinikoError(
		`Cliniko’s answer does not say whether it created the ${noun}, and Cliniko does not show it.`,
		`The ${noun} may have been created: look at the patient in Cliniko. If it is not there after some minutes, run the workflow again.`,
	);
}
