import type { Appointment } from '../records/appointment';
import { linkedId } from '../records/clinikoRecord';

/** Which appointments are meant: those that have all of these. */
export interface AppointmentsFor {
	patientId?: string;
	practitionerId?: string;
	businessId?: string;
	appointmentTypeId?: string;
}

/** For each of them, Cliniko's filter, the field of a record, and the collection that it links to. */
const LINKS: Array<[keyof AppointmentsFor, string, keyof Appointment, string]> = [
	['patientId', 'patient_id', 'patient', 'patients'],
	['practitionerId', 'practitioner_id', 'practitioner', 'practitioners'],
	['businessId', 'business_id', 'business', 'businesses'],
	['appointmentTypeId', 'appointment_type_id', 'appointment_type', 'appointment_types'],
];

/** Cliniko's filters for them, in its `q[]`; none if all appointments are meant. */
export function filtersFor(meant: AppointmentsFor): string[] {
	return LINKS.flatMap(([key, filter]) => {
		const id = meant[key];
		return id === undefined ? [] : [`${filter}:=${id}`];
	});
}

/**
 * Whether an appointment may be one of them: if Cliniko ignores a filter, its list has others. One that
 * does not say what it is for may be.
 */
export function isMeant(record: Appointment, meant: AppointmentsFor): boolean {
	return LINKS.every(([key, , field, collection]) => {
		const id = linkedId(record[field], collection);
		return meant[key] === undefined || id === undefined || id === meant[key];
	});
}
