import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';

/**
 * An appointment of one patient (Cliniko's `IndividualAppointment`), with those of its fields that the
 * node reads. Cliniko's reference says of no field that it is always there, and an empty one may be null
 * or an empty string.
 */
export type Appointment = ClinikoRecord & {
	appointment_type?: Link | null;
	archived_at?: string | null;
	business?: Link | null;
	cancellation_note?: string | null;
	cancellation_reason_description?: string | null;
	cancelled_at?: string | null;
	created_at?: string;
	deleted_at?: string | null;
	did_not_arrive?: boolean | null;
	ends_at?: string;
	notes?: string | null;
	patient?: Link | null;
	patient_arrived?: boolean | null;
	patient_case?: Link | null;
	patient_name?: string | null;
	practitioner?: Link | null;
	starts_at?: string;
	telehealth_url?: string | null;
	updated_at?: string;
};

/** What Simplify leaves of it. */
export type SimplifiedAppointment = ReturnType<typeof simplifiedAppointment>;

/** What the records are called that an appointment is with, for and at. */
export type AppointmentNames = Record<
	'practitioner_name' | 'appointment_type_name' | 'business_name',
	string | null
>;

/** The fields that most workflows need, without nesting. */
export function simplifiedAppointment(record: Appointment) {
	return {
		id: record.id,
		starts_at: valueOrNull(record.starts_at),
		ends_at: valueOrNull(record.ends_at),
		patient_id: linkedId(record.patient, 'patients') ?? null,
		patient_name: valueOrNull(record.patient_name),
		patient_case_id: linkedId(record.patient_case, 'patient_cases') ?? null,
		practitioner_id: linkedId(record.practitioner, 'practitioners') ?? null,
		business_id: linkedId(record.business, 'businesses') ?? null,
		appointment_type_id: linkedId(record.appointment_type, 'appointment_types') ?? null,
		patient_arrived: valueOrNull(record.patient_arrived),
		did_not_arrive: valueOrNull(record.did_not_arrive),
		cancelled_at: valueOrNull(record.cancelled_at),
		cancellation_reason: valueOrNull(record.cancellation_reason_description),
		cancellation_note: valueOrNull(record.cancellation_note),
		notes: valueOrNull(record.notes),
		telehealth_url: valueOrNull(record.telehealth_url),
		archived_at: valueOrNull(record.archived_at),
		created_at: valueOrNull(record.created_at),
		updated_at: valueOrNull(record.updated_at),
	};
}

/** The same with the names that the record was given, where people look for them. */
export function simplifiedWithNames(
	record: Appointment & Partial<AppointmentNames>,
): SimplifiedAppointment & AppointmentNames {
	const { id, starts_at, ends_at, patient_id, patient_name, ...others } =
		simplifiedAppointment(record);
	return {
		...{ id, starts_at, ends_at, patient_id, patient_name },
		practitioner_name: record.practitioner_name ?? null,
		appointment_type_name: record.appointment_type_name ?? null,
		business_name: record.business_name ?? null,
		...others,
	};
}
