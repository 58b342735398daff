import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';

/** A medical alert of a patient (Cliniko's `MedicalAlert`), with those of its fields that the node reads. */
export type MedicalAlert = ClinikoRecord & {
	archived_at?: string | null;
	created_at?: string;
	deleted_at?: string | null;
	name?: string | null;
	patient?: Link;
	updated_at?: string;
};

/** What Simplify leaves of it. */
export type SimplifiedAlert = ReturnType<typeof simplifiedAlert>;

/** The fields that most workflows need, without nesting. */
export function simplifiedAlert(record: MedicalAlert) {
	return {
		id: record.id,
		patient_id: linkedId(record.patient, 'patients') ?? null,
		name: valueOrNull(record.name),
		archived_at: valueOrNull(record.archived_at),
		created_at: valueOrNull(record.created_at),
	};
}
