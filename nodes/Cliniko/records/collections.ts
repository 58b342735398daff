import type { Appointment } from './appointment';
import type { Communication } from './communication';
import type { Contact } from './contact';
import type { MedicalAlert } from './medicalAlert';
import type { NamedRecord } from './named';
import type { Patient } from './patient';
import type { PatientAttachment } from './patientAttachment';
import type { PatientCase } from './patientCase';
import type { PatientForm } from './patientForm';

/** The records of each collection that the node reads, by its path below `/v1`. */
export interface Collections {
	appointment_types: NamedRecord;
	businesses: NamedRecord;
	individual_appointments: Appointment;
	patient_forms: PatientForm;
	patients: Patient;
	practitioners: NamedRecord;
	patient_attachments: PatientAttachment;
	concession_types: NamedRecord;
	contacts: Contact;
	referral_source_types: NamedRecord;
	patient_cases: PatientCase;
	medical_alerts: MedicalAlert;
	communications: Communication;
	[ofCase: `patient_cases/${string}/patient_attachments`]: PatientAttachment;
}
