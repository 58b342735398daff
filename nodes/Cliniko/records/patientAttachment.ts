import type { IDataObject } from 'n8n-workflow';

import { linkedId, type ClinikoRecord } from './clinikoRecord';

/** A patient attachment record (Cliniko's `PatientAttachment`). */
export type PatientAttachment = ClinikoRecord;

/** Cliniko writes this as the type of a file that it could not read (reported by integrators). */
export function isUnreadable({ content_type: type }: PatientAttachment): boolean {
	return type === 'invalid/invalid';
}

/** The id of the patient that the record belongs to, from its link; nothing if it has none. */
export function patientIdOf(record: PatientAttachment): string | undefined {
	return linkedId(record.patient, 'patients');
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
