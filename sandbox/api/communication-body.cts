import type { Clinic, Communication } from '../clinic/clinic.cts';
import type { Settings } from '../options.cts';
import { invalid } from '../reply.cts';
import { boolean, checkedValues, id, text, type Rule } from './patient-body.cts';

/** One of Cliniko's codes. */
const code =
	(...codes: number[]): Rule =>
	(value) =>
		codes.includes(value as number) ? undefined : 'is not included in the list';

const RULES: Record<string, Rule> = {
	category_code: code(12),
	confidential: boolean,
	content: text(),
	direction_code: code(1, 2),
	from: text(),
	patient_id: id,
	to: text(),
	type_code: code(1, 2, 3, 4),
};

/**
 * Reads the body of a request that creates a memo. The reference marks no field as required; here it needs
 * a text, a type and a patient who is not archived.
 *
 * @throws a 422 in the documented shape
 */
export function newCommunication(
	body: Record<string, unknown>,
	clinic: Clinic,
	settings: Settings,
): Pick<Communication, 'patientId' | 'details'> {
	const { values, errors } = checkedValues(body, RULES, ['patient_id'], settings);
	const { patient_id: patientId, category_code: _, ...details } = values;
	if (String(details.content ?? '').trim() === '') errors.content ??= "can't be blank";
	if (details.type_code === undefined) errors.type_code ??= "can't be blank";
	const patient = clinic.patients.get(String(patientId));
	if (patient?.archivedAt !== null) errors.patient_id ??= 'is invalid';
	if (Object.keys(errors).length > 0) throw invalid(errors);
	return { patientId: patientId as string, details };
}
