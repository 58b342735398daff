import type { IDataObject } from 'n8n-workflow';

import { linkedId, type ClinikoRecord } from './clinikoRecord';

/** A patient record (Cliniko's `Patient`). */
export type Patient = ClinikoRecord;

/** The id of the patient that this one was merged into; nothing if it was not merged. */
export function mergedInto(patient: Patient): string | undefined {
	return linkedId(patient.merged_with_patient, 'patients');
}

/** Whether the patient is out of use: archived, deleted, or merged into another one. */
export function isArchived(patient: Patient): boolean {
	return Boolean(patient.archived_at ?? patient.deleted_at ?? patient.merged_at);
}

/** The fields that a workflow mostly needs, flat. */
export function simplifiedPatient(patient: Patient): IDataObject {
	const phones = Array.isArray(patient.patient_phone_numbers) ? patient.patient_phone_numbers : [];
	return {
		id: patient.id,
		first_name: patient.first_name ?? null,
		last_name: patient.last_name ?? null,
		preferred_first_name: patient.preferred_first_name ?? null,
		date_of_birth: patient.date_of_birth ?? null,
		email: patient.email ?? null,
		phone_numbers: (phones as IDataObject[]).map(({ number }) => number ?? null),
		old_reference_id: patient.old_reference_id ?? null,
		merged_with_patient_id: mergedInto(patient) ?? null,
		archived_at: patient.archived_at ?? null,
		created_at: patient.created_at ?? null,
	};
}
