import type { IDataObject } from 'n8n-workflow';

/** A patient attachment record as Cliniko gives it. Ids are decimal strings of up to 64 bits. */
export type PatientAttachment = IDataObject & { id: string };

/** Whether a value is a record that can be relied on: it has an id, fit to go into a path. */
export function isPatientAttachment(value: unknown): value is PatientAttachment {
	const id: unknown = (value as IDataObject | undefined)?.id;
	return typeof id === 'string' && /^\d+$/.test(id);
}

/** Cliniko writes this as the type of a file that it could not read (reported by integrators). */
export function isUnreadable({ content_type: type }: PatientAttachment): boolean {
	return type === 'invalid/invalid';
}

/** The id of the patient that the record belongs to, from its link; nothing if it has none. */
export function patientIdOf(record: PatientAttachment): string | undefined {
	const { self } = ((record.patient as IDataObject)?.links ?? {}) as IDataObject;
	return /\/patients\/(\d+)$/.exec(String(self))?.[1];
}

/** The ten fields that a workflow mostly needs, flat. */
export function simplified(record: PatientAttachment): IDataObject {
	const content = record.content as IDataObject | undefined;
	return {
		id: record.id,
		patient_id: patientIdOf(record) ?? null,
		filename: record.filename ?? null,
		description: record.description ?? null,
		content_type: record.content_type ?? null,
		size: record.size ?? null,
		processing_completed: record.processing_completed ?? null,
		created_at: record.created_at ?? null,
		processed_at: record.processed_at ?? null,
		content_url: (content?.links as IDataObject | undefined)?.self ?? null,
	};
}
