import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { KeyedLock } from '../once/keyedLock';
import { LOOK_BACK, mayBeSince } from '../once/recordSearch';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isArchived, type Patient } from '../records/patient';
import { listRecords } from '../requests/listRecords';
import { readCreated, WAITS_FOR_RECORD } from '../requests/readCreated';
import { UnknownOutcome, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isAboutRequest } from '../transport/cliniko/refusal';
import { Priority } from '../transport/cliniko/requestQueue';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';
import { unlessCancelled, type Pause } from '../transport/pause';
import { changesTo, holdsOnly, replaceNothing } from './changes';
import { LABELS, type PatientValues } from './fields';
import type { Creation, PatientMemory } from './patientMemory';
import { criteriaOf, nameKeyOf, type Person } from './person';
import {
	beginCreation,
	doubtAbout,
	endCreation,
	isRecentPatient,
	rememberPatient,
} from './recentPatients';
import { FORBIDDEN, secretsIn } from './requestContext';
import { updatePatient } from './updatePatient';

/** The maximum number of attempts; another one is made only if the earlier one surely did not run. */
const TRIES = 2;

/** How far our clock may be ahead of Cliniko's if Cliniko's replies have no date, in ms. */
const CLOCK_ERROR = 60 * 60_000;

/** How inexact Cliniko's clock is, in ms: its times have whole seconds. */
const INACCURACY = 3000;

const CHECK = { action: 'check whether the patient was created before the connection broke' };

/** Held by one execution of this process at a time, for each account and name. */
const lock = new KeyedLock();

/** A patient to be created. */
export interface NewPatient {
	person: Person;
	/** What is sent, the person included. */
	values: PatientValues;
	creation: Creation;
	/** Whether the patient is wanted besides others who match, who are never taken for the patient. */
	isAnother?: boolean;
}

/** Who is looked for; what was sent is not known of another execution's creation. */
type Sought = Pick<NewPatient, 'person'> & Partial<NewPatient>;

/**
 * Creates patients, each once, whatever happens to the requests.
 *
 * After a time-out, a dropped connection or a 5xx, the outcome of a creation is unknown. Then the
 * patient is looked for among those created since, and the creation is repeated only if there is surely
 * no such patient and Cliniko never accepted the request.
 */
export class PatientCreator {
	constructor(
		private readonly api: ClinikoApi,
		private readonly pause: Pause,
		private readonly memory: PatientMemory,
	) {}

	/**
	 * Runs `work` while no other execution of this process looks for or creates a patient of this name.
	 *
	 * @throws ClinikoError if the execution is cancelled while it waits
	 */
	async inTurn<T>(person: Person, work: () => Promise<T>): Promise<T> {
		const wait = async (turn: Promise<unknown>) => await unlessCancelled(this.pause, turn);
		return await lock.exclusive(this.keyOf(person), work, wait);
	}

	/**
	 * The patient that an earlier attempt of this execution has created. Within `inTurn`.
	 *
	 * @returns undefined if there is none, so that one may be created
	 * @throws ClinikoError if that is unknown, or if the patient is not there any more
	 */
	async resume(wanted: NewPatient): Promise<Patient | undefined> {
		const known = this.memory.recall(wanted.creation);
		if (!known) return undefined;
		if ('patient' in known) return await this.reread(known.patient);
		const found = await this.find(wanted, known.since);
		if (found) return await this.adopt(wanted, found);
		if (known.accepted) throw notShown();
		this.end(wanted);
		return undefined;
	}

	/**
	 * Clears up what became of a creation of the same name that another execution of this process has
	 * left without a known outcome, so that a search sees it. Within `inTurn`.
	 *
	 * @throws ClinikoError if that is unknown
	 */
	async clearUp(person: Person): Promise<void> {
		const key = this.keyOf(person);
		const doubt = doubtAbout(key);
		if (!doubt) return;
		const found = await this.find({ person: doubt.person }, doubt.since);
		if (found) rememberPatient(this.api.account, key, found.id);
		else if (doubt.accepted && !isBornOtherwise(doubt.person, person)) throw notShown();
		else if (doubt.accepted) return;
		endCreation(key);
	}

	/**
	 * Creates a patient. Within `inTurn`, after `resume` has found none.
	 *
	 * @throws ClinikoError if Cliniko refused it, or if it is unknown whether the patient exists
	 */
	async create(wanted: NewPatient): Promise<Patient> {
		const { creation, person } = wanted;
		const since = Date.now();
		this.memory.requested(creation, since);
		beginCreation(this.keyOf(person), person, since);
		for (let attempt = 1; ; attempt++) {
			const outcome = await this.attempt(wanted, attempt);
			if (!(outcome instanceof UnknownOutcome)) return this.claim(wanted, outcome);
			if (outcome.accepted) this.noteAccepted(wanted);
			const found = await this.find(wanted, since, outcome.recordId);
			if (found) return await this.adopt(wanted, found);
			if (outcome.accepted) throw notShown();
			if (attempt === TRIES) {
				this.end(wanted);
				throw outcome.error;
			}
		}
	}

	private async attempt(wanted: NewPatient, attempt: number): Promise<Patient | UnknownOutcome> {
		const { person, values } = wanted;
		const errorContext = {
			action: 'create the patient',
			forbidden: FORBIDDEN,
			labels: LABELS,
			secrets: secretsIn(values),
		};
		const reply = await this.api
			.post('/patients', values as IDataObject, errorContext)
			.catch((refusal: ClinikoError) => {
				const { httpCode } = refusal;
				// Without a status the request may have been sent. A second attempt may be refused because
				// the first one has run after all.
				const isUnknown = httpCode === undefined || (attempt > 1 && isAboutRequest(refusal));
				if (isUnknown) rethrowMayBeCreated(refusal);
				this.end(wanted);
				throw refusal;
			});
		if (reply instanceof UnknownOutcome) return reply;
		// A cache on Cliniko's side might answer with an earlier record.
		const { body } = reply;
		const isOurs = isClinikoRecord(body) && !this.isTaken(body.id) && isPerson(body, person, true);
		return isOurs ? body : new UnknownOutcome(true, notShown());
	}

	/**
	 * Looks for a patient whose creation has an unknown outcome.
	 *
	 * @param since when the creation was requested, in ms since 1970 by our clock
	 * @param id the id that the reply's `Location` named
	 * @returns undefined if no such patient has turned up within a minute
	 * @throws ClinikoError if it is unclear whether one who has turned up is the one
	 */
	private async find(sought: Sought, since: number, id?: string): Promise<Patient | undefined> {
		const { person } = sought;
		// Others of this name wait for it.
		const api = this.api.withPriority(Priority.finish);
		const named = id && (await this.readPatient(id).catch(() => undefined));
		if (named && !this.isTaken(named.id) && isPerson(named, person)) return named;
		const { ahead, isKnown } = await clockAhead(api).catch(rethrowMayBeCreated);
		const start = since + ahead;
		let unclear: Patient[] = [];
		for (const wait of WAITS_FOR_RECORD) {
			await this.pause(wait);
			const rows = await patientsSince(api, start - LOOK_BACK).catch(rethrowMayBeCreated);
			const alike = rows.filter(
				// Cliniko may ignore the filter.
				(row) => mayBeSince(row, start) && !this.isTaken(row.id) && isPerson(row, person),
			);
			const found = alike.filter((row) => isLikeSought(row, sought, isKnown ? start : undefined));
			unclear = alike.filter((row) => !found.includes(row));
			if (found.length > 1) throw severalCreated(found);
			if (found[0]) return found[0];
		}
		if (unclear.length > 0) throw mayBeAnother(unclear);
		return undefined;
	}

	/**
	 * Takes a patient that was found for the one that was asked for. Somebody else may have entered the
	 * same person in these minutes, so fields that are empty on the record are filled, unless another
	 * patient was wanted: then nothing is changed.
	 */
	private async adopt(wanted: NewPatient, found: Patient): Promise<Patient> {
		const { api, pause } = this;
		const { values, person, isAnother } = wanted;
		if (isAnother) return this.claim(wanted, found);
		if (knowsMore(found, person)) throw mayBeAnother([found]);
		const isComplete = Object.keys(changesTo(found, values, replaceNothing)).length === 0;
		if (isComplete) return this.claim(wanted, found);
		const { patient } = await updatePatient(api, pause, found.id, values, replaceNothing);
		return this.claim(wanted, patient);
	}

	private async reread(id: string): Promise<Patient> {
		const patient = await this.readPatient(id);
		if (patient && !isArchived(patient)) return patient;
		const before = `The patient was created in an earlier try of this execution, as patient ${id}`;
		throw patient
			? new ClinikoError(
					`${before}, and that is archived or merged.`,
					'Somebody may have done that in Cliniko. If the patient is needed, run the workflow again.',
				)
			: new ClinikoError(
					`${before}, and Cliniko does not show that: it may have been deleted, or not be shown yet.`,
					'Look for the patient in Cliniko before you run the workflow again.',
				);
	}

	private async readPatient(id: string): Promise<Patient | undefined> {
		const action = `read patient ${id}`;
		return await readCreated(this.api, this.pause, id, action, undefined, 'patients');
	}

	private claim({ person, creation }: NewPatient, patient: Patient): Patient {
		this.memory.created(creation, patient.id);
		const key = this.keyOf(person);
		rememberPatient(this.api.account, key, patient.id);
		endCreation(key);
		return patient;
	}

	/** Notes that there is surely no such patient. */
	private end({ person, creation }: NewPatient): void {
		this.memory.refused(creation);
		endCreation(this.keyOf(person));
	}

	private noteAccepted({ person, creation }: NewPatient): void {
		this.memory.accepted(creation);
		const doubt = doubtAbout(this.keyOf(person));
		if (doubt) doubt.accepted = true;
	}

	private keyOf(person: Person): string {
		return nameKeyOf(this.api.account, person);
	}

	/** Whether a patient is known to be of another creation. */
	private isTaken(id: string): boolean {
		return this.memory.patients().includes(id) || isRecentPatient(this.api.account, id);
	}
}

/**
 * Whether a record has the person's names, date of birth and e-mail address.
 *
 * @param mayLack whether the date of birth and the e-mail address may be missing
 */
function isPerson(record: Patient, person: Person, mayLack = false): boolean {
	return criteriaOf(person).every(
		({ name, field, fits }) =>
			fits(record) || (mayLack && ['dateOfBirth', 'email'].includes(name) && !record[field]),
	);
}

/** Whether a record has a date of birth or an e-mail address that was not given: it may be a relative's. */
function knowsMore(record: Patient, { dateOfBirth, email }: Person): boolean {
	return Boolean((!dateOfBirth && record.date_of_birth) || (!email && record.email));
}

/**
 * Whether a record of the person's names, date of birth and e-mail address may be taken for the patient.
 * If another patient was wanted, it has to be new, and to hold what was sent and nothing else.
 *
 * @param start when the creation was requested, by Cliniko's clock; undefined if that is unknown
 */
function isLikeSought(record: Patient, sought: Sought, start: number | undefined): boolean {
	const { person, values, isAnother } = sought;
	// A doubt is only about whether anybody is there.
	if (!values) return true;
	if (knowsMore(record, person)) return false;
	if (!isAnother) return true;
	const isNew = start !== undefined && Date.parse(String(record.created_at)) >= start - INACCURACY;
	return isNew && holdsOnly(record, values);
}

/** @param since in ms since 1970 by Cliniko's clock */
async function patientsSince(api: ClinikoApi, since: number): Promise<Patient[]> {
	const filters = [`created_at:>=${clinikoTimestamp(since)}`, 'archived_at:*'];
	return await listRecords(api, 'patients', filters, CHECK);
}

/** Whether two people of one name are surely not the same. */
function isBornOtherwise({ dateOfBirth: one }: Person, { dateOfBirth: other }: Person): boolean {
	return Boolean(one && other) && one !== other;
}

/** How far Cliniko's clock is ahead of ours at least, in ms, and whether that is known. */
async function clockAhead(api: ClinikoApi): Promise<{ ahead: number; isKnown: boolean }> {
	const query = { per_page: '1', page: '1' };
	const { date, isDated } = await api.page('patients', [], CHECK, query);
	return { ahead: isDated ? date - Date.now() : -CLOCK_ERROR, isKnown: isDated };
}

/**
 * Adds to an error the advice to look first. Its own advice is to run the workflow again, which might
 * create the patient twice.
 */
function rethrowMayBeCreated({ message, description, httpCode }: ClinikoError): never {
	throw new ClinikoError(
		message,
		`The patient may have been created: look in Cliniko before you run the workflow again. ${description}`,
		httpCode,
	);
}

function severalCreated(patients: Patient[]): ClinikoError {
	return new ClinikoError(
		`Cliniko did not say whether it created the patient, and several patients of that name were created in these minutes: IDs ${patients.map(({ id }) => id).join(', ')}.`,
		'If they are one person, merge them in Cliniko.',
	);
}

function mayBeAnother(patients: Patient[]): ClinikoError {
	return new ClinikoError(
		`Cliniko did not say whether it created the patient, and it is not clear whether the patient is one of that name who was created in these minutes: ID ${patients.map(({ id }) => id).join(', ')}.`,
		'The patient may have been created: look in Cliniko before you run the workflow again.',
	);
}

function notShown(): ClinikoError {
	return new ClinikoError(
		'Cliniko’s answer does not say whether it created the patient, and Cliniko does not show the patient.',
		'The patient may have been created: look in Cliniko. If the patient is not there after some minutes, run the workflow again.',
	);
}
