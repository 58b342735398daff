import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { KeyedLock } from '../once/keyedLock';
import { CLOCK_ERROR, LOOK_BACK, mayBeSince } from '../once/recordSearch';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isArchived, mergedInto, type Patient } from '../records/patient';
import { listRecords } from '../requests/listRecords';
import { readCreated, WAITS_FOR_RECORD } from '../requests/readCreated';
import { survivor } from '../requests/survivor';
import { UnknownOutcome, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isAboutRequest } from '../transport/cliniko/refusal';
import { Priority } from '../transport/cliniko/requestQueue';
import { clinikoTimestamp } from '../transport/cliniko/timestamp';
import { unlessCancelled, type Pause } from '../transport/pause';
import { changesTo, differences, droppedFields, holdsOnly, replaceNothing } from './changes';
import {
	CUSTOM_FIELDS,
	missingCustomFields,
	withCustomFields,
	type CustomFieldValue,
} from './customFields';
import { LABELS, type PatientValues } from './fields';
import type { Creation, PatientMemory } from './patientMemory';
import { criteriaOf, nameKeyOf, type Person } from './person';
import {
	acceptCreation,
	beginCreation,
	claimantOf,
	doubtsAbout,
	endCreation,
	isOfAnother,
	rememberPatient,
	type Doubt,
} from './recentPatients';
import { FORBIDDEN } from './requestContext';
import { updatePatient } from './updatePatient';

/** The maximum number of attempts; another one is made only if the earlier one surely did not run. */
const TRIES = 2;

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
	/** The ids of patients who match and are not meant: a person has looked at them. */
	ruledOut?: string[];
}

/** A patient that was created. */
export interface Created {
	patient: Patient;
	/** What is on the record otherwise than it was given. */
	warning?: string;
}

/** The patient in use that a search after a lost reply has led to. */
interface Found {
	patient: Patient;
	/** Whether the one who was found was merged into this one. */
	isMerged: boolean;
}

/** A request to create a patient, in every retry of the execution that has sent it. */
type Request = Pick<Doubt, 'person' | 'digest' | 'since'>;

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
	 * The patient that an earlier attempt of this execution has created, or the one they were merged into
	 * since. Within `inTurn`.
	 *
	 * @returns undefined if there is none, so that one may be created
	 * @throws ClinikoError if that is unknown, or if the patient is not there any more
	 */
	async resume(wanted: NewPatient): Promise<Created | undefined> {
		const known = this.memory.recall(wanted.creation);
		if (!known) return undefined;
		if ('patient' in known) {
			const patient = await this.reread(known.patient);
			const others = differences(patient, wanted.values).map((field) => LABELS[field]);
			return { patient, ...(others.length > 0 && { warning: createdBefore(others.join(', ')) }) };
		}
		const found = await this.find(wanted, known.since);
		if (found) return await this.adopt(wanted, known.since, found);
		if (known.accepted) throw notShown();
		this.end(wanted, known.since);
		return undefined;
	}

	/**
	 * Clears up what became of creations of the same name that other executions of this process have left
	 * without a known outcome, so that a search for the person sees them. Those of somebody else are left
	 * alone. Within `inTurn`.
	 *
	 * @throws ClinikoError if that is unknown
	 */
	async clearUp(person: Person): Promise<void> {
		const key = this.keyOf(person);
		for (const doubt of doubtsAbout(key).filter((one) => mayBeFoundAs(person, one.person))) {
			const found = await this.firstOf(doubt);
			if (found.length === 0 && doubt.accepted) throw notShown();
			for (const { id } of found) rememberPatient(this.api.account, key, id);
			endCreation(doubt);
		}
	}

	/**
	 * Creates a patient. Within `inTurn`, after `resume` has found none.
	 *
	 * @throws ClinikoError if Cliniko refused it, or if it is unknown whether the patient exists
	 */
	async create(wanted: NewPatient): Promise<Created> {
		const since = Date.now();
		this.memory.requested(wanted.creation, since);
		beginCreation({ key: this.keyOf(wanted.person), ...requestOf(wanted, since) });
		for (let attempt = 1; ; attempt++) {
			const outcome = await this.attempt(wanted, since, attempt);
			if (!(outcome instanceof UnknownOutcome)) {
				const fields = customFieldsIn(wanted.values);
				const custom = missingCustomFields(outcome[CUSTOM_FIELDS], fields);
				const ignored = [
					...droppedFields(outcome, wanted.values).map((field) => LABELS[field]!),
					...custom.map(({ definition }) => definition.name),
				];
				const created = this.claim(wanted, since, outcome);
				return ignored.length > 0 ? { ...created, warning: notTakenOver(ignored) } : created;
			}
			if (outcome.accepted) this.noteAccepted(wanted, since);
			const found = await this.find(wanted, since, outcome.recordId);
			if (found) return await this.adopt(wanted, since, found);
			if (outcome.accepted) throw notShown();
			if (attempt === TRIES) {
				this.end(wanted, since);
				throw outcome.error;
			}
		}
	}

	private async attempt(
		wanted: NewPatient,
		since: number,
		attempt: number,
	): Promise<Patient | UnknownOutcome> {
		const { person, values } = wanted;
		const errorContext = {
			action: 'create the patient',
			forbidden: FORBIDDEN,
			labels: LABELS,
		};
		const reply = await this.api
			.post('/patients', bodyOf(values), errorContext)
			.catch((refusal: ClinikoError) => {
				const { httpCode } = refusal;
				// Without a status the request may have been sent. A second attempt may be refused because
				// the first one has run after all.
				const isUnknown = httpCode === undefined || (attempt > 1 && isAboutRequest(refusal));
				if (isUnknown) rethrowMayBeCreated(refusal);
				this.end(wanted, since);
				throw refusal;
			});
		if (reply instanceof UnknownOutcome) return reply;
		// A cache on Cliniko's side might answer with an earlier record.
		const { body } = reply;
		const isFree = isClinikoRecord(body) && !this.isTaken(body.id, requestOf(wanted, since));
		const isOurs = isFree && isPerson(body, person, true);
		return isOurs ? body : new UnknownOutcome(true, notShown());
	}

	/**
	 * Looks for a patient whose creation has an unknown outcome. One who is archived or merged counts only
	 * if no other one has turned up within a minute.
	 *
	 * @param since when the creation was requested, in ms since 1970 by our clock
	 * @param id the id that the reply's `Location` named
	 * @returns undefined if no such patient has turned up
	 * @throws ClinikoError if it is unclear whether one who has turned up is the one
	 */
	private async find(wanted: NewPatient, since: number, id?: string): Promise<Found | undefined> {
		const { person, isAnother, ruledOut = [] } = wanted;
		const request = requestOf(wanted, since);
		const named = id && (await this.readPatient(id).catch(() => undefined));
		if (named && !this.isTaken(named.id, request) && isPerson(named, person)) {
			return (await this.inUse([named]))[0];
		}
		let rows: Patient[] = [];
		let unclear: Patient[] = [];
		for await (const { alike: all, start } of this.looks(request)) {
			const alike = all.filter(({ id: one }) => !ruledOut.includes(one));
			rows = alike.filter((row) => isLikeWanted(row, wanted, start));
			unclear = alike.filter((row) => !rows.includes(row));
			const active = rows.filter((row) => !isArchived(row) && !mergedInto(row));
			if (active.length > 1) throw severalCreated(active);
			const [only] = isAnother && rows.length > 1 ? [] : active;
			if (only) return { patient: only, isMerged: false };
		}
		const found = await this.inUse(rows);
		if (found.length > 1) throw severalCreated(found.map(({ patient }) => patient));
		if (found.length === 0 && unclear.length > 0) throw mayBeAnother(unclear);
		return found[0];
	}

	/** The first patients to turn up who may be the person of a creation. */
	private async firstOf(doubt: Doubt): Promise<Patient[]> {
		for await (const { alike } of this.looks(doubt)) if (alike.length > 0) return alike;
		return [];
	}

	/**
	 * Looks again and again, for a minute, for patients whom a request may have created.
	 *
	 * @returns those with the person's names, date of birth and e-mail address who are not known to be of
	 *   another creation, and the same time by Cliniko's clock if it is known
	 */
	private async *looks(
		request: Request,
	): AsyncGenerator<{ alike: Patient[]; start: number | undefined }> {
		const { person, since } = request;
		// Others of this name wait for it.
		const api = this.api.withPriority(Priority.finish);
		const { ahead, isKnown } = await clockAhead(api).catch(rethrowMayBeCreated);
		const start = since + ahead;
		for (const wait of WAITS_FOR_RECORD) {
			await this.pause(wait);
			const rows = await patientsSince(api, start - LOOK_BACK).catch(rethrowMayBeCreated);
			const alike = rows.filter(
				// Cliniko may ignore the filter.
				(row) => mayBeSince(row, start) && !this.isTaken(row.id, request) && isPerson(row, person),
			);
			yield { alike, start: isKnown ? start : undefined };
		}
	}

	/** Where patients lead who may have been merged into others: each once. */
	private async inUse(rows: Patient[]): Promise<Found[]> {
		const found = new Map<string, Found>();
		for (const row of rows) {
			const patient = await survivor(this.api, row).catch(rethrowMayBeCreated);
			if (!patient) throw mergedAway(row.id);
			found.set(patient.id, { patient, isMerged: patient.id !== row.id });
		}
		return [...found.values()];
	}

	/**
	 * Takes a patient that was found for the one that was asked for. Somebody else may have entered the
	 * same person in these minutes: then fields that are empty on the record are filled, if the date of
	 * birth leaves no doubt. Nothing is changed if another patient was wanted, or if the one who was
	 * found was merged: somebody has looked at them.
	 */
	private async adopt(
		wanted: NewPatient,
		since: number,
		{ patient: found, isMerged }: Found,
	): Promise<Created> {
		const { api, pause } = this;
		const { values, person, isAnother } = wanted;
		if (isArchived(found)) {
			this.claim(wanted, since, found);
			throw archivedSince(found.id);
		}
		if (isAnother && !isMerged) return this.claim(wanted, since, found);
		let patient = found;
		const warnings: string[] = [];
		if (!isMerged) {
			if (knowsMore(found, person)) throw mayBeAnother([found]);
			if (Object.keys(changesTo(found, values, replaceNothing)).length > 0) {
				if (!person.dateOfBirth) throw mayBeAnother([found]);
				const updated = await updatePatient(api, pause, found.id, values, replaceNothing);
				patient = updated.patient;
				if (updated.warning) warnings.push(updated.warning);
			}
		}
		const others = differences(patient, values).map((field) => LABELS[field]);
		if (others.length > 0) warnings.push(hasOtherValues(others.join(', ')));
		const created = this.claim(wanted, since, patient);
		return warnings.length > 0 ? { ...created, warning: warnings.join(' ') } : created;
	}

	private async reread(id: string): Promise<Patient> {
		const created = await this.readPatient(id);
		if (!created) {
			throw new ClinikoError(
				`The patient was created in an earlier try of this execution, as patient ${id}, and Cliniko does not show that: it may have been deleted, or not be shown yet.`,
				'Look for the patient in Cliniko before you run the workflow again.',
			);
		}
		const patient = await survivor(this.api, created);
		if (!patient) throw mergedAway(id);
		if (isArchived(patient)) throw archivedSince(patient.id);
		return patient;
	}

	private async readPatient(id: string): Promise<Patient | undefined> {
		const action = `read patient ${id}`;
		return await readCreated(this.api, this.pause, id, action, undefined, 'patients');
	}

	private claim(wanted: NewPatient, since: number, patient: Patient): Created {
		const request = requestOf(wanted, since);
		this.memory.created(wanted.creation, patient.id);
		const key = this.keyOf(wanted.person);
		rememberPatient(this.api.account, key, patient.id, claimantOf(request));
		endCreation(request);
		return { patient };
	}

	/** Notes that there is surely no such patient. */
	private end(wanted: NewPatient, since: number): void {
		this.memory.refused(wanted.creation);
		endCreation(requestOf(wanted, since));
	}

	private noteAccepted(wanted: NewPatient, since: number): void {
		this.memory.accepted(wanted.creation);
		acceptCreation(requestOf(wanted, since));
	}

	private keyOf(person: Person): string {
		return nameKeyOf(this.api.account, person);
	}

	/** Whether a patient is known to be of another creation than this one. */
	private isTaken(id: string, request: Request): boolean {
		const isOthers = isOfAnother(this.api.account, id, claimantOf(request));
		return isOthers || this.memory.patients().includes(id);
	}
}

function requestOf({ person, creation }: NewPatient, since: number): Request {
	return { person, digest: creation.person, since };
}

function customFieldsIn(values: PatientValues): CustomFieldValue[] {
	return (values[CUSTOM_FIELDS] ?? []) as CustomFieldValue[];
}

/** The values as Cliniko takes them for a new patient. */
function bodyOf(values: PatientValues): IDataObject {
	const custom = customFieldsIn(values);
	const body = values as IDataObject;
	return custom.length > 0 ? { ...body, [CUSTOM_FIELDS]: withCustomFields(null, custom) } : body;
}

/**
 * Whether a record has the person's names, date of birth and e-mail address, or the mobile number if
 * neither is known.
 *
 * @param mayLack whether all but the names may be missing
 */
function isPerson(record: Patient, person: Person, mayLack = false): boolean {
	return criteriaOf(person).every(
		({ name, field, fits }) =>
			fits(record) ||
			(mayLack &&
				(name === 'mobile' || (['dateOfBirth', 'email'].includes(name) && !record[field]))),
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
function isLikeWanted(record: Patient, wanted: NewPatient, start: number | undefined): boolean {
	const { person, values, isAnother } = wanted;
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

/**
 * Whether a search for a person could come upon the record of somebody of that name: by the date of birth,
 * the e-mail address or the mobile number, as in `matchingPatient`, and not if both dates of birth are
 * known and differ.
 */
function mayBeFoundAs(person: Person, { dateOfBirth, email, mobiles = [] }: Person): boolean {
	if (person.dateOfBirth && dateOfBirth && person.dateOfBirth !== dateOfBirth) return false;
	const phones = mobiles.map((number) => ({ number }));
	const record = { id: '', date_of_birth: dateOfBirth, email, patient_phone_numbers: phones };
	const criteria = criteriaOf(person, ['dateOfBirth', 'email', 'mobiles']);
	return criteria.some(({ fits }) => fits(record));
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
		'Look at them in Cliniko. If they are one person, merge them there, and then use Retry on this execution.',
	);
}

function archivedSince(id: string): ClinikoError {
	return new ClinikoError(
		`The patient was created, as patient ${id}, and is archived in Cliniko now.`,
		'If the patient is needed, take them out of the archive in Cliniko, and then use Retry on this execution.',
	);
}

function mergedAway(id: string): ClinikoError {
	return new ClinikoError(
		`The patient was created, as patient ${id}, and merged into one that Cliniko does not show.`,
		'Look for the patient in Cliniko before you run the workflow again.',
	);
}

function notTakenOver(labels: string[]): string {
	const sentences = labels.map((label) => `Cliniko did not take over ${label}.`);
	return `${sentences.join(' ')} Look at the patient in Cliniko.`;
}

function createdBefore(labels: string): string {
	return `The patient was created in an earlier try of this execution, and has not what is given for: ${labels}. Look at the patient in Cliniko, or use Patient > Update.`;
}

function hasOtherValues(labels: string): string {
	return `Cliniko’s answer to the creation was lost. The record that was found has not what was given for: ${labels}. Look at the patient in Cliniko.`;
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
