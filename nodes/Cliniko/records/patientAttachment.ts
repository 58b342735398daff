import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';
import { compareFileNames } from './compareFileNames';

/**
 * A patient attachment record (Cliniko's `PatientAttachment`). Cliniko's reference says of no field
 * that it is always there, and an empty one may be null or an empty string.
 */
export type PatientAttachment = ClinikoRecord & {
	archived_at?: string | null;
	content?: Link | null;
	content_type?: string | null;
	created_at?: string;
	description?: string | null;
	filename?: string | null;
	patient?: Link;
	processed_at?: string | null;
	processing_completed?: boolean | null;
	/** In bytes. */
	size?: number | null;
};

/** What Simplify leaves of it. */
export type SimplifiedAttachment = ReturnType<typeof simplified>;

/** Whether Cliniko could not read the file. It then gives this as its type (reported by integrators). */
export function isUnreadable({ content_type: type }: PatientAttachment): boolean {
	return type === 'invalid/invalid';
}

/** The id of the patient that the record belongs to; undefined if it does not say. */
export function patientIdOf(record: PatientAttachment): string | undefined {
	return linkedId(record.patient, 'patients');
}

/** The ten fields that most workflows need, without nesting. */
export function simplified(record: PatientAttachment) {
	return {
		id: record.id,
		patient_id: patientIdOf(record) ?? null,
		filename: valueOrNull(record.filename),
		description: valueOrNull(record.description),
		content_type: valueOrNull(record.content_type),
		size: valueOrNull(record.size),
		processing_completed: valueOrNull(record.processing_completed),
		created_at: valueOrNull(record.created_at),
		processed_at: valueOrNull(record.processed_at),
		content_url: valueOrNull(record.content?.links?.self),
	};
}

/** Whether both the name and the size of a processed record differ from the file's. */
export function isOfAnotherFile(
	{ filename, size, processing_completed: isProcessed }: PatientAttachment,
	file: { name: string; size: number },
): boolean {
	if (isProcessed !== true || !filename) return false;
	return compareFileNames(filename, file.name) === 'different' && Number(size) !== file.size;
}
