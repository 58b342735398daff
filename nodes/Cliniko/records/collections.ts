import type { Appointment } from './appointment';
import type { Patient } from './patient';
import type { PatientAttachment } from './patientAttachment';
import type { PatientCase } from './patientCase';
import type { PatientForm } from './patientForm';

/** The records of each collection that the node reads, by its path below `/v1`. */
export interface Collections {
	individual_appointments: Appointment;
	patient_forms: PatientForm;
	patients: Patient;
	patient_attachments: PatientAttachment;
	patient_cases: PatientCase;
	[ofCase: `patient_cases/${string}/patient_attachments`]: PatientAttachment;
}
