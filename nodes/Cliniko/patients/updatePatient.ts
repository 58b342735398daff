import { Cancelled, ClinikoError } from '../errors';
import type { PhoneNumber } from '../fields/field';
import { KeyedLock } from '../once/keyedLock';
import { isClinikoRecord } from '../records/clinikoRecord';
import { whyInactive, type Patient } from '../records/patient';
import { readRecord } from '../requests/readRecord';
import type { ClinikoApi, ClinikoReply } from '../transport/cliniko/clinikoApi';
import { unlessCancelled, type Pause } from '../transport/pause';
import {
	changedFields,
	changesTo,
	dueCustomFieldsOf,
	emptiedFields,
	ignoredChanges,
	smsMarketingWarning,
	type MaySet,
} from './changes';
import { CUSTOM_FIELDS, missingCustomFields } from './customFields';
import { LABELS, PHONE_NUMBERS, type PatientValues } from './fields';
import { PhoneLists } from './phoneLists';
import { phoneNumbersWarning } from './phoneNumbers';
import { FORBIDDEN } from './requestContext';

/**
 * Held from reading a patient to changing them, by account and patient: phone numbers are written as a
 * whole, and another execution's must not be lost.
 */
const lock = new KeyedLock();

const ADDED =
	'Cliniko has added the list of phone numbers to the one on the record, so numbers are there twice. From now on, only new ones are sent.';

/** A patient's record after a change. */
export interface Updated {
	patient: Patient;
	/** Cliniko's names of the fields that were changed; `custom_fields.` and the clinic's own of custom ones. */
	changed: string[];
	/** What Cliniko did otherwise than it was asked to. */
	warning?: string;
}

/**
 * Gives a patient's record the given values. Sends only what differs, and nothing if nothing does, so
 * that it can be done again after a failure. What differs is found out anew for each try.
 *
 * @param id a validated id
 * @param values null empties a field
 * @throws ClinikoError if the patient is archived or merged, if Cliniko refuses it, or if it is unknown
 *   whether the record is changed
 */
export async function updatePatient(
	api: ClinikoApi,
	pause: Pause,
	id: string,
	values: PatientValues,
	maySet: MaySet,
): Promise<Updated> {
	const wait = async (turn: Promise<unknown>) => await unlessCancelled(pause, turn);
	const change = async () => await changePatient(api, id, values, maySet);
	return await lock.exclusive(`${api.account} ${id}`, change, wait);
}

async function changePatient(
	api: ClinikoApi,
	id: string,
	values: PatientValues,
	maySet: MaySet,
): Promise<Updated> {
	const lists = PhoneLists.of(api);
	const warnings: string[] = [];
	const sent: PatientValues = {};
	let first: Patient | undefined;
	let last: { before: Patient; changes: PatientValues } | undefined;
	let phones: PhoneNumber[] | undefined;
	let isReading = false;
	let mayHaveChanged = false;

	const look = (record: Patient): Patient => {
		const list = last?.changes[PHONE_NUMBERS] as PhoneNumber[] | undefined;
		if (last && list && lists.note(last.before, list, record)) warnings.push(ADDED);
		return record;
	};

	const prepare = async (
		reader: ClinikoApi,
		isOpen: boolean,
	): Promise<PatientValues | undefined> => {
		isReading = true;
		mayHaveChanged = isOpen;
		const before = look(await readRecord(reader, 'patients', id));
		first ??= before;
		const inactive = whyInactive(before);
		if (inactive) throw isOpen ? inactiveNow(before) : inactive;
		const changes = changesTo(before, values, maySet);
		const whole = changes[PHONE_NUMBERS] as PhoneNumber[] | undefined;
		if (whole) {
			phones = whole;
			const list = lists.toSend(before, whole);
			if (list) changes[PHONE_NUMBERS] = list;
			else delete changes[PHONE_NUMBERS];
		}
		last = { before, changes };
		if (Object.keys(changes).length === 0) return undefined;
		Object.assign(sent, changes);
		isReading = false;
		return changes;
	};

	const reply = await api
		.change(`/patients/${id}`, async (...given) => (await prepare(...given)) as never, {
			action: `change patient ${id}`,
			notFound: `Cliniko has no patient with the ID ${id} that can be changed.`,
			forbidden: FORBIDDEN,
			labels: LABELS,
		})
		.catch((error: ClinikoError) => {
			const { httpCode = 500 } = error;
			const isOpen = mayHaveChanged || (!isReading && httpCode >= 500);
			throw isOpen && !(error instanceof Cancelled) ? mayBeChanged(error) : error;
		});
	const patient = reply ? look(recordIn(reply, id)) : last!.before;
	const added = warnings.includes(ADDED);
	const ofPhones = phones && !added && phoneNumbersWarning(phones, patient);
	if (ofPhones) warnings.push(ofPhones);
	const ignored = ignoredChanges(first!, patient, sent).map((field) => LABELS[field]);
	const emptied = emptiedFields(first!, patient, sent).map((field) => LABELS[field]);
	const custom = CUSTOM_FIELDS in sent ? dueCustomFieldsOf(first!, values, maySet) : [];
	const customIgnored = missingCustomFields(patient[CUSTOM_FIELDS], custom);
	ignored.push(...customIgnored.map(({ definition }) => definition.name));
	warnings.push(...ignored.map((label) => `Cliniko did not take over ${label}.`));
	warnings.push(...emptied.map((label) => `Cliniko no longer shows ${label}.`));
	const ofSms = smsMarketingWarning(patient, sent);
	if (ofSms) warnings.push(ofSms);
	const changedCustom = custom
		.filter((one) => !customIgnored.includes(one))
		.map(({ definition }) => `${CUSTOM_FIELDS}.${definition.name}`);
	return {
		patient,
		changed: changedFields(first!, patient, sent).flatMap((field) =>
			field === CUSTOM_FIELDS ? changedCustom : [field],
		),
		...(warnings.length > 0 && {
			warning: `${warnings.join(' ')} Look at the patient in Cliniko.`,
		}),
	};
}

function recordIn({ body }: ClinikoReply, id: string): Patient {
	if (isClinikoRecord(body) && body.id === id) return body;
	throw new ClinikoError(
		`Cliniko’s reply to the change of patient ${id} is not the patient’s record.`,
		'The patient is most likely changed. Look at the patient in Cliniko, or run this step again: it sends only what still differs.',
	);
}

function inactiveNow({ id }: Patient): ClinikoError {
	return new ClinikoError(
		`Patient ${id} was archived or merged in Cliniko while the change was tried.`,
		'Look at the patient in Cliniko.',
	);
}

function mayBeChanged({ message, description, httpCode }: ClinikoError): ClinikoError {
	return new ClinikoError(
		message,
		`The patient may be changed all the same. This step can safely be run again: it sends only what still differs. ${description}`,
		httpCode,
	);
}
