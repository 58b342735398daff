import { Cancelled, ClinikoError } from '../errors';
import { KeyedLock } from '../once/keyedLock';
import { isClinikoRecord } from '../records/clinikoRecord';
import { whyInactive, type Patient } from '../records/patient';
import { readRecord } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { unlessCancelled, type Pause } from '../transport/pause';
import { changesTo, ignoredChanges, type MayReplace } from './changes';
import { LABELS, PHONE_NUMBERS, type PatientValues, type PhoneNumber } from './fields';
import { phoneNumbersWarning } from './phoneNumbers';
import { FORBIDDEN, secretsIn } from './requestContext';

/**
 * Held from reading a patient to changing them, by account and patient: phone numbers are written as a
 * whole, and another execution's must not be lost.
 */
const lock = new KeyedLock();

/** A patient's record after a change. */
export interface Updated {
	patient: Patient;
	/** Cliniko's names of the fields that were changed. */
	changed: string[];
	/** What Cliniko did otherwise than it was asked to. */
	warning?: string;
}

/**
 * Gives a patient's record the given values. Sends only what differs, and nothing if nothing does, so
 * that it can be done again after a failure.
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
	mayReplace: MayReplace,
): Promise<Updated> {
	const wait = async (turn: Promise<unknown>) => await unlessCancelled(pause, turn);
	const change = async (): Promise<Updated> => {
		const before = await readRecord(api, 'patients', id);
		const inactive = whyInactive(before);
		if (inactive) throw inactive;
		const changes = changesTo(before, values, mayReplace);
		if (Object.keys(changes).length === 0) return { patient: before, changed: [] };
		const patient = await patch(api, before, changes);
		const ignored = ignoredChanges(before, patient, changes);
		const warnings = ignored.map((field) => `Cliniko did not take over ${LABELS[field]}.`);
		const phones = changes[PHONE_NUMBERS] as PhoneNumber[] | undefined;
		const ofPhones = phones && phoneNumbersWarning(phones, patient);
		if (ofPhones) warnings.push(ofPhones);
		return {
			patient,
			changed: Object.keys(changes).filter((field) => !ignored.includes(field)),
			...(warnings.length > 0 && {
				warning: `${warnings.join(' ')} Look at the patient in Cliniko.`,
			}),
		};
	};
	return await lock.exclusive(`${api.account} ${id}`, change, wait);
}

async function patch(
	api: ClinikoApi,
	{ id, first_name, last_name, preferred_first_name }: Patient,
	changes: PatientValues,
): Promise<Patient> {
	const names = [first_name, last_name, preferred_first_name];
	const { body } = await api
		.patch(`/patients/${id}`, changes as never, {
			action: `change patient ${id}`,
			notFound: `Cliniko has no patient with the ID ${id} that can be changed.`,
			forbidden: FORBIDDEN,
			labels: LABELS,
			secrets: [names, changes].flatMap(secretsIn),
		})
		.catch(rethrowMayBeChanged);
	if (isClinikoRecord(body) && body.id === id) return body;
	throw new ClinikoError(
		`Cliniko’s reply to the change of patient ${id} is not the patient’s record.`,
		'The patient is most likely changed. Look at the patient in Cliniko, or run this step again: it sends only what still differs.',
	);
}

function rethrowMayBeChanged(error: ClinikoError): never {
	const { message, description, httpCode = 500 } = error;
	if (httpCode < 500 || error instanceof Cancelled) throw error;
	throw new ClinikoError(
		message,
		`The patient may be changed all the same. This step can safely be run again: it sends only what still differs. ${description}`,
		error.httpCode,
	);
}
