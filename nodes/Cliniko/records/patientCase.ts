import { ClinikoError } from '../errors';
import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';

/**
 * A case of a patient (Cliniko's `PatientCase`), with those of its fields that the node reads. Cliniko's
 * reference says of no field that it is always there, and an empty one may be null or an empty string.
 */
export type PatientCase = ClinikoRecord & {
	archived_at?: string | null;
	closed?: boolean | null;
	contact?: Link | null;
	created_at?: string;
	expiry_date?: string | null;
	issue_date?: string | null;
	max_invoiceable_amount?: string | null;
	max_sessions?: number | null;
	name?: string;
	notes?: string | null;
	patient?: Link;
	referral?: boolean | null;
	referral_type?: string | null;
};

/** What Simplify leaves of it. */
export type SimplifiedCase = ReturnType<typeof simplifiedCase>;

/** The id of the patient whose case it is; undefined if the record does not say. */
export function patientOfCase({ patient }: PatientCase): string | undefined {
	return linkedId(patient, 'patients');
}

/**
 * Whether files still belong to the case: it is neither closed nor archived. It may have expired, which
 * is about sessions and invoices.
 */
export function isOpen({ closed, archived_at: archivedAt }: PatientCase): boolean {
	return closed !== true && !archivedAt;
}

/** Why nothing may be done with a case: nobody would see it. Undefined if it may. */
export function whyArchived({
	id,
	archived_at: archivedAt,
}: PatientCase): ClinikoError | undefined {
	if (!archivedAt) return undefined;
	return new ClinikoError(
		`Case ${id} is archived in Cliniko, so nothing was sent.`,
		'Check that it is the right case, and take it out of the archive in Cliniko first.',
	);
}

/** The fields that most workflows need, without nesting. */
export function simplifiedCase(record: PatientCase) {
	return {
		id: record.id,
		patient_id: patientOfCase(record) ?? null,
		name: valueOrNull(record.name),
		closed: valueOrNull(record.closed),
		issue_date: valueOrNull(record.issue_date),
		expiry_date: valueOrNull(record.expiry_date),
		referral: valueOrNull(record.referral),
		referral_type: valueOrNull(record.referral_type),
		contact_id: linkedId(record.contact, 'contacts') ?? null,
		max_sessions: valueOrNull(record.max_sessions),
		max_invoiceable_amount: valueOrNull(record.max_invoiceable_amount),
		notes: valueOrNull(record.notes),
		archived_at: valueOrNull(record.archived_at),
		created_at: valueOrNull(record.created_at),
	};
}
