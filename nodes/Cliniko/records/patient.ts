import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { linkedId, valueOrNull, type ClinikoRecord } from './clinikoRecord';

/** A patient record (Cliniko's `Patient`). */
export type Patient = ClinikoRecord;

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

/** The fields that most workflows need, without nesting. */
export function simplifiedPatient(patient: Patient): IDataObject {
	const phones = Array.isArray(patient.patient_phone_numbers) ? patient.patient_phone_numbers : [];
	return {
		id: patient.id,
		first_name: valueOrNull(patient.first_name),
		last_name: valueOrNull(patient.last_name),
		preferred_first_name: valueOrNull(patient.preferred_first_name),
		date_of_birth: valueOrNull(patient.date_of_birth),
		email: valueOrNull(patient.email),
		phone_numbers: (phones as Array<IDataObject | null>).map((phone) => valueOrNull(phone?.number)),
		old_reference_id: valueOrNull(patient.old_reference_id),
		merged_with_patient_id: mergedInto(patient) ?? null,
		archived_at: valueOrNull(patient.archived_at),
		created_at: valueOrNull(patient.created_at),
	};
}
