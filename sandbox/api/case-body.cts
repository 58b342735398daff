import type { Clinic, PatientCase } from '../clinic/clinic.cts';
import type { Settings } from '../options.cts';
import { invalid } from '../reply.cts';
import { boolean, checkedValues, choice, date, id, text, type Rule } from './patient-body.cts';

const sessions: Rule = (value) =>
	Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 200
		? undefined
		: 'must be between 1 and 200';

const amount: Rule = (value) =>
	typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) && Number(value) > 0
		? undefined
		: 'must be greater than 0';

/** An array of ids. */
const ids: Rule = (value) =>
	Array.isArray(value) && value.every((one) => id(one) === undefined) ? undefined : 'is invalid';

const RULES: Record<string, Rule> = {
	attendee_ids: ids,
	closed: boolean,
	contact_id: id,
	expiry_date: date,
	include_cancelled_attendees: boolean,
	include_dna_attendees: boolean,
	issue_date: date,
	max_invoiceable_amount: amount,
	max_sessions: sessions,
	name: text(),
	notes: text(),
	patient_attachment_ids: ids,
	patient_id: id,
	referral: boolean,
	referral_type: choice('dva', 'medicare'),
};

/** Those that the reference does not mark as nullable. */
const NOT_NULLABLE = ['contact_id', 'name', 'patient_attachment_ids', 'patient_id'];

/**
 * Reads the body of a request that creates or changes a case. The reference marks no field as required;
 * here a new case needs a name and a patient who is not archived, and its attachments have to be the
 * patient's.
 *
 * @param before the case to be changed; undefined for a new one
 * @throws a 422 in the documented shape
 */
export function caseChange(
	body: Record<string, unknown>,
	before: PatientCase | undefined,
	clinic: Clinic,
	settings: Settings,
): Partial<PatientCase> & Pick<PatientCase, 'patientId'> {
	const { values, errors } = checkedValues(body, RULES, NOT_NULLABLE, settings);
	const {
		name = before?.name,
		patient_id: patientId = before?.patientId,
		expiry_date: expiryDate = before?.expiryDate ?? null,
		patient_attachment_ids: linked,
		...details
	} = values;
	if (String(name ?? '').trim() === '') errors.name ??= "can't be blank";
	const patient = clinic.patients.get(String(patientId));
	if (patient?.archivedAt !== null) errors.patient_id ??= 'is invalid';
	const given = linked === undefined ? undefined : (linked as string[]);
	const isOwn = (one: string) => clinic.attachments.get(one)?.patientId === patientId;
	if (given && !given.every(isOwn)) errors.patient_attachment_ids ??= 'is invalid';
	if (Object.keys(errors).length > 0) throw invalid(errors);
	const known = before?.linked ?? [];
	const kept = settings.patchedArrays === 'appended' ? (known.at(-1)?.ids ?? []) : [];
	return {
		name: name as string,
		patientId: patientId as string,
		expiryDate: expiryDate as string | null,
		details: { ...before?.details, ...details },
		linked: given ? [...known, { ids: [...kept, ...given], at: Date.now() }] : known,
	};
}
