import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';

/** A message in a patient's communications (Cliniko's `MemoCommunication`), with those of its fields that the node reads. */
export type Communication = ClinikoRecord & {
	archived_at?: string | null;
	category_code?: number | null;
	confidential?: boolean | null;
	content?: string | null;
	created_at?: string;
	direction_code?: number | null;
	direction_description?: string | null;
	from?: string | null;
	patient?: Link | null;
	to?: string | null;
	type?: string | null;
	type_code?: number | null;
	updated_at?: string;
};

/** What Simplify leaves of it. */
export type SimplifiedCommunication = ReturnType<typeof simplifiedCommunication>;

/** The fields that most workflows need, without nesting. */
export function simplifiedCommunication(record: Communication) {
	return {
		id: record.id,
		patient_id: linkedId(record.patient, 'patients') ?? null,
		type: valueOrNull(record.type),
		direction: valueOrNull(record.direction_description),
		from: valueOrNull(record.from),
		to: valueOrNull(record.to),
		content: valueOrNull(record.content),
		confidential: valueOrNull(record.confidential),
		created_at: valueOrNull(record.created_at),
	};
}
