import { ClinikoError } from '../errors';
import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';

/**
 * A patient record (Cliniko's `Patient`), with those of its fields that the node reads. Cliniko's
 * reference says of no field that it is always there, and an empty one may be null or an empty string.
 */
export type Patient = ClinikoRecord & {
	archived_at?: string | null;
	city?: string | null;
	created_at?: string;
	date_of_birth?: string | null;
	deleted_at?: string | null;
	email?: string | null;
	first_name?: string;
	last_name?: string;
	merged_at?: string | null;
	merged_with_patient?: Link;
	old_reference_id?: string | null;
	patient_phone_numbers?: Array<PhoneNumber | null> | null;
	preferred_first_name?: string | null;
};

interface PhoneNumber {
	number?: string | null;
	normalized_number?: string | null;
	phone_type?: string | null;
}

/** What Simplify leaves of it. */
export type SimplifiedPatient = ReturnType<typeof simplifiedPatient>;

/** The id of the patient that this one was merged into; undefined if it was not merged. */
export function mergedInto(patient: Patient): string | undefined {
	return linkedId(patient.merged_with_patient, 'patients');
}

/** Whether the patient is archived, deleted, or merged into another one. */
export function isArchived(patient: Patient): boolean {
	// An unset field may be null or an empty string.
	return [patient.archived_at, patient.deleted_at, patient.merged_at].some(Boolean);
}

/** Why nothing may be put on a patient's record: nobody would see it. Undefined if it may. */
export function whyInactive(patient: Patient): ClinikoError | undefined {
	const { id } = patient;
	const into = mergedInto(patient);
	if (into) {
		return new ClinikoError(
			`Patient ${id} was merged into patient ${into} in Cliniko, so nothing was sent.`,
			`Use patient ${into} instead. Patient > Find leads from a merged patient to the one in use.`,
		);
	}
	if (!isArchived(patient)) return undefined;
	return new ClinikoError(
		`Patient ${id} is archived in Cliniko, so nothing was sent.`,
		'Check that it is the right patient, and take them out of the archive in Cliniko first.',
	);
}

/** What a person needs to know in order to choose one of several patients. */
export type Candidate = ReturnType<typeof candidate>;

/** No more than tells patients apart: the item may hold several, of whom only one is meant. */
export function candidate(patient: Patient) {
	return {
		id: patient.id,
		first_name: valueOrNull(patient.first_name),
		last_name: valueOrNull(patient.last_name),
		preferred_first_name: valueOrNull(patient.preferred_first_name),
		date_of_birth: valueOrNull(patient.date_of_birth),
		city: valueOrNull(patient.city),
		archived_at: valueOrNull(patient.archived_at),
	};
}

/** The fields that most workflows need, without nesting. */
export function simplifiedPatient(patient: Patient) {
	const phones = Array.isArray(patient.patient_phone_numbers) ? patient.patient_phone_numbers : [];
	return {
		id: patient.id,
		first_name: valueOrNull(patient.first_name),
		last_name: valueOrNull(patient.last_name),
		preferred_first_name: valueOrNull(patient.preferred_first_name),
		date_of_birth: valueOrNull(patient.date_of_birth),
		email: valueOrNull(patient.email),
		phone_numbers: phones.map((phone) => valueOrNull(phone?.number)),
		old_reference_id: valueOrNull(patient.old_reference_id),
		merged_with_patient_id: mergedInto(patient) ?? null,
		archived_at: valueOrNull(patient.archived_at),
		created_at: valueOrNull(patient.created_at),
	};
}
