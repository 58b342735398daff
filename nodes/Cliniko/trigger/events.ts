import { simplifiedAppointment, type SimplifiedAppointment } from '../records/appointment';
import type { ClinikoRecord } from '../records/clinikoRecord';
import { simplifiedPatient, type SimplifiedPatient } from '../records/patient';
import {
	simplified as simplifiedAttachment,
	type SimplifiedAttachment,
} from '../records/patientAttachment';
import { simplifiedForm, type SimplifiedForm } from '../records/patientForm';
import type { Watch } from './newRecords';

/** What an item of the output holds with Simplify on: which of the fields depends on the event. */
export type Simplified = Partial<
	SimplifiedAppointment & SimplifiedAttachment & SimplifiedForm & SimplifiedPatient
> & {
	id: string;
};

/** What the trigger can be set to. */
interface Event extends Watch {
	/** A record of the collection with Simplify on. */
	simplified(record: ClinikoRecord): Simplified;
}

const ATTACHMENTS = {
	collection: 'patient_attachments',
	errorContext: { action: 'look for new attachments' },
	simplified: simplifiedAttachment,
} as const;

const PATIENTS = { collection: 'patients', simplified: simplifiedPatient } as const;

const APPOINTMENTS = {
	collection: 'individual_appointments',
	simplified: simplifiedAppointment,
} as const;

/** Watches for an action such as "look for new patients", which a refusal of the key's user names too. */
const to = (action: string) => ({
	errorContext: {
		action,
		forbidden:
			'Use the key of a user whose role may see them, or ask the owner of the Cliniko account to change the role.',
	},
});

/** By the parameter "event". */
export const EVENTS: Record<string, Event> = {
	appointmentCancelled: {
		...APPOINTMENTS,
		...to('look for cancelled appointments'),
		timestamp: 'cancelled_at',
	},
	appointmentCreated: {
		...APPOINTMENTS,
		...to('look for new appointments'),
		timestamp: 'created_at',
	},
	appointmentUpdated: {
		...APPOINTMENTS,
		...to('look for changed appointments'),
		timestamp: 'updated_at',
	},
	attachmentCreated: { ...ATTACHMENTS, timestamp: 'created_at' },
	attachmentProcessed: { ...ATTACHMENTS, timestamp: 'processed_at' },
	patientCreated: { ...PATIENTS, ...to('look for new patients'), timestamp: 'created_at' },
	patientFormCompleted: {
		collection: 'patient_forms',
		simplified: simplifiedForm,
		...to('look for completed patient forms'),
		timestamp: 'completed_at',
	},
	patientUpdated: { ...PATIENTS, ...to('look for changed patients'), timestamp: 'updated_at' },
};
