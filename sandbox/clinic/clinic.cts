import type { Settings } from '../options.cts';
import type { Storage, StoredObject } from '../s3/storage.cts';
import { contentTypeOf } from './content-type.cts';

export type Role =
	| 'administrator'
	| 'bookkeeper'
	| 'power receptionist'
	| 'practitioner'
	| 'receptionist'
	| 'scheduler';

/** Times here and below are milliseconds since the epoch; ids are 64-bit decimal strings. */
export interface User {
	readonly id: string;
	/** Including its shard: `…-au1`. */
	readonly apiKey: string;
	role: Role;
	firstName: string;
	lastName: string;
	email: string;
	createdAt: number;
}

export interface Patient {
	readonly id: string;
	firstName: string;
	lastName: string;
	preferredFirstName: string | null;
	/** `1987-05-31` */
	dateOfBirth: string | null;
	email: string | null;
	oldReferenceId: string | null;
	archivedAt: number | null;
	/** The id of the patient that this one was merged into. */
	mergedWith: string | null;
	/** All other fields that were sent, by Cliniko's names. */
	details: Record<string, unknown>;
	createdAt: number;
	updatedAt: number;
	/** When the patient was added, by this machine's own clock. Lists may show them later. */
	readonly addedAt: number;
}

export interface PatientAttachment {
	readonly id: string;
	readonly patientId: string;
	readonly userId: string;
	description: string | null;
	/** As it was sent when the record was created. */
	readonly uploadUrl: string;
	readonly createdAt: number;
	updatedAt: number;
	archivedAt: number | null;
	/** Null until processing is completed, as are the next three fields. */
	processedAt: number | null;
	filename: string | null;
	contentType: string | null;
	size: number | null;
	/**
	 * The file: under its temporary key until it is processed, then under the record's own. `NO_FILE`
	 * if the record was created for a URL that refers to no file.
	 */
	stored: StoredObject;
	/**
	 * Whether Cliniko generated the file as an export of everything it has on the patient
	 * (FullPatientExport).
	 */
	readonly isExport: boolean;
	/** When the record was added, by this machine's own clock. Lists may show it later. */
	readonly addedAt: number;
}

/** A section of custom fields, as the settings define it. */
export interface CustomFieldSection {
	name: string;
	token: string;
	archived?: boolean;
	fields: Array<{
		name: string;
		token: string;
		type: 'checkboxes' | 'date' | 'paragraph' | 'radiobuttons' | 'text' | null;
		archived?: boolean;
		options?: Array<{ name: string; token: string; archived?: boolean }>;
		other?: { enabled: boolean; archived?: boolean };
	}>;
}

/** A concession type or a referral source type. */
export interface NamedType {
	readonly id: string;
	name: string;
	/** Of a referral source type. */
	subcategories?: string[];
	createdAt: number;
}

export interface Contact {
	readonly id: string;
	title: string | null;
	firstName: string | null;
	lastName: string | null;
	companyName: string | null;
	email: string | null;
	providerNumber: string | null;
	type: 'Doctor' | '3rd Party Payer' | 'Standard';
	archivedAt: number | null;
	createdAt: number;
}

/** How a patient has come to the clinic. */
export interface ReferralSource {
	readonly id: string;
	typeId: string | null;
	referrerId: string | null;
	subcategory: string | null;
	notes: string | null;
	updatedAt: number;
}

/** The attachments of a case from a time on. */
export interface LinkedAttachments {
	ids: string[];
	/** When they were linked, by this machine's own clock. Lists may show it later. */
	readonly at: number;
}

export interface PatientCase {
	readonly id: string;
	readonly patientId: string;
	name: string;
	/** `2027-05-31` */
	expiryDate: string | null;
	/** All other fields that were sent, by Cliniko's names. */
	details: Record<string, unknown>;
	/** What was linked to it, the latest last. */
	readonly linked: LinkedAttachments[];
	readonly createdAt: number;
	updatedAt: number;
	archivedAt: number | null;
	/** When the record was added, by this machine's own clock. Lists may show it later. */
	readonly addedAt: number;
}

/** A medical alert. */
export interface MedicalAlert {
	readonly id: string;
	readonly patientId: string;
	readonly name: string;
	readonly createdAt: number;
	readonly updatedAt: number;
	archivedAt: number | null;
	/** When the record was added, by this machine's own clock. Lists may show it later. */
	readonly addedAt: number;
}

/** A memo in a patient's communications. */
export interface Communication {
	readonly id: string;
	readonly patientId: string;
	/** What was sent, by Cliniko's names. */
	readonly details: Record<string, unknown>;
	readonly createdAt: number;
	readonly updatedAt: number;
	archivedAt: number | null;
	/** When the record was added, by this machine's own clock. Lists may show it later. */
	readonly addedAt: number;
}

/** Somebody who treats patients. */
export interface Practitioner {
	readonly id: string;
	title: string | null;
	firstName: string | null;
	lastName: string | null;
	displayName: string | null;
	/** Lists have those who are not in a list of their own. */
	active: boolean;
	createdAt: number;
}

/** A place at which patients are treated. */
export interface Business {
	readonly id: string;
	name: string | null;
	archivedAt: number | null;
	createdAt: number;
}

/** What appointments are for, such as an initial consultation. */
export interface AppointmentType {
	readonly id: string;
	name: string;
	archivedAt: number | null;
	createdAt: number;
}

/** An appointment of one patient. */
export interface Appointment {
	readonly id: string;
	readonly patientId: string;
	practitionerId: string;
	businessId: string;
	appointmentTypeId: string;
	startsAt: number;
	endsAt: number;
	notes: string | null;
	cancelledAt: number | null;
	cancellationNote: string | null;
	archivedAt: number | null;
	deletedAt: number | null;
	createdAt: number;
	updatedAt: number;
	/** When the record was added, by this machine's own clock. Lists may show it later. */
	readonly addedAt: number;
}

/** A form that a patient fills in. */
export interface PatientForm {
	readonly id: string;
	readonly patientId: string;
	name: string;
	/** Its sections, in Cliniko's form. */
	sections: object[];
	completedAt: number | null;
	createdAt: number;
	updatedAt: number;
	/** When the record was added, by this machine's own clock. Lists may show it later. */
	readonly addedAt: number;
}

export type ClinicTerms = Readonly<
	Pick<Settings, 'shard' | 'processingMs' | 'fileNames' | 'sizeReported'>
>;

/** Placeholder for a record without a file. */
export const NO_FILE: StoredObject = {
	key: '',
	size: 0,
	sha256: '',
	md5: '',
	head: Buffer.alloc(0),
	path: '',
	contentType: '',
	fields: {},
};

const HALF_AN_HOUR = 30 * 60_000;
const DAY = 48 * HALF_AN_HOUR;

/** Error of a wrongly reported size, in bytes. */
const OTHER_SIZE = 13;

/** Ids beyond 2^53, which a client that parses them as numbers cannot tell apart. */
/** After those of the seed. Cliniko gives no id twice, so a reset does not start again. */
const FIRST_IDS = {
	user: 1_098_765_432_109_876_503n,
	patient: 1_234_567_890_123_456_792n,
	attachment: 1_567_890_123_456_789_001n,
	case: 1_345_678_901_234_567_801n,
	alert: 1_456_789_012_345_678_901n,
	communication: 1_456_789_012_345_680_901n,
	practitioner: 1_456_789_012_345_680_021n,
	business: 1_456_789_012_345_680_131n,
	appointmentType: 1_456_789_012_345_680_241n,
	appointment: 1_456_789_012_345_679_901n,
	form: 1_678_901_234_567_890_101n,
	contact: 1_345_678_901_234_569_101n,
};

/** A Cliniko account: its users, patients and contacts, and what belongs to them. */
export class Clinic {
	readonly accountId = '92384';
	readonly users = new Map<string, User>();
	readonly patients = new Map<string, Patient>();
	readonly attachments = new Map<string, PatientAttachment>();
	readonly cases = new Map<string, PatientCase>();
	readonly practitioners = new Map<string, Practitioner>();
	readonly businesses = new Map<string, Business>();
	readonly appointmentTypes = new Map<string, AppointmentType>();
	readonly appointments = new Map<string, Appointment>();
	readonly forms = new Map<string, PatientForm>();
	readonly alerts = new Map<string, MedicalAlert>();
	readonly communications = new Map<string, Communication>();

	/** The custom fields that are defined for patients. */
	customFields: CustomFieldSection[] = [];

	readonly concessionTypes = new Map<string, NamedType>();
	readonly referralSourceTypes = new Map<string, NamedType>();
	readonly contacts = new Map<string, Contact>();
	/** By patient. */
	readonly referralSources = new Map<string, ReferralSource>();

	private readonly nextIds = { ...FIRST_IDS };
	private readonly processing = new Set<NodeJS.Timeout>();

	constructor(
		private readonly terms: ClinicTerms,
		private readonly storage: Storage,
		private readonly now: () => number,
	) {}

	/** Adds a user; missing fields get made-up values, the key one for the clinic's shard. */
	addUser(user: Partial<User> = {}): User {
		const id = user.id ?? this.takeId('user');
		const apiKey = `${Buffer.from(`1|key|${id}`).toString('base64')}-${this.terms.shard}`;
		const added: User = {
			id,
			apiKey,
			role: 'administrator',
			firstName: 'Rowan',
			lastName: 'Achterberg',
			email: `user-${id}@clinic.example`,
			createdAt: this.now(),
			...user,
		};
		this.users.set(id, added);
		return added;
	}

	/** Adds a patient, who lists show at once; missing fields get made-up values or null. */
	addPatient(patient: Partial<Patient> = {}): Patient {
		const id = patient.id ?? this.takeId('patient');
		const added: Patient = {
			id,
			firstName: 'Sam',
			lastName: 'Ple',
			preferredFirstName: null,
			dateOfBirth: null,
			email: null,
			oldReferenceId: null,
			archivedAt: null,
			mergedWith: null,
			details: {},
			createdAt: this.now(),
			updatedAt: this.now(),
			addedAt: 0,
			...patient,
		};
		this.patients.set(id, added);
		return added;
	}

	/**
	 * Creates a record for an uploaded file and starts to process it.
	 *
	 * @param file the file, or a function that looks it up: now, and once more for the processing. If
	 * that finds none, the record is never processed.
	 */
	addAttachment(
		attachment: Pick<PatientAttachment, 'patientId' | 'userId' | 'description' | 'uploadUrl'> &
			Partial<Pick<PatientAttachment, 'createdAt' | 'isExport' | 'addedAt'>>,
		file: StoredObject | (() => StoredObject | undefined),
	): PatientAttachment {
		const find = typeof file === 'function' ? file : () => file;
		const createdAt = attachment.createdAt ?? this.now();
		const added: PatientAttachment = {
			isExport: false,
			addedAt: Date.now(),
			...attachment,
			id: this.takeId('attachment'),
			createdAt,
			updatedAt: createdAt,
			archivedAt: null,
			processedAt: null,
			filename: null,
			contentType: null,
			size: null,
			stored: find() ?? NO_FILE,
		};
		this.attachments.set(added.id, added);
		const timer = setTimeout(() => {
			this.processing.delete(timer);
			const found = find();
			if (found) this.process(added, found);
		}, this.terms.processingMs);
		// So that a client that has finished can exit.
		this.processing.add(timer.unref());
		return added;
	}

	/** Adds a case, which lists show at once; missing fields get made-up values or null. */
	addCase(one: Partial<PatientCase> & Pick<PatientCase, 'patientId'>): PatientCase {
		const createdAt = one.createdAt ?? this.now();
		const added: PatientCase = {
			id: this.takeId('case'),
			name: 'Left knee',
			expiryDate: null,
			details: {},
			linked: [],
			createdAt,
			updatedAt: createdAt,
			archivedAt: null,
			addedAt: 0,
			...one,
		};
		this.cases.set(added.id, added);
		return added;
	}

	/** Adds a contact; missing fields are empty. */
	addContact(contact: Partial<Contact>): Contact {
		const added: Contact = {
			id: contact.id ?? this.takeId('contact'),
			title: null,
			firstName: null,
			lastName: null,
			companyName: null,
			email: null,
			providerNumber: null,
			type: 'Doctor',
			archivedAt: null,
			createdAt: this.now(),
			...contact,
		};
		this.contacts.set(added.id, added);
		return added;
	}

	/** Adds a medical alert, which lists show at once; missing fields get made-up values. */
	addAlert(one: Partial<MedicalAlert> & Pick<MedicalAlert, 'patientId'>): MedicalAlert {
		const createdAt = one.createdAt ?? this.now();
		const added: MedicalAlert = {
			id: this.takeId('alert'),
			name: 'Penicillin',
			createdAt,
			updatedAt: createdAt,
			archivedAt: null,
			addedAt: 0,
			...one,
		};
		this.alerts.set(added.id, added);
		return added;
	}

	/** Adds a memo, which lists show at once; missing fields get made-up values. */
	addCommunication(one: Partial<Communication> & Pick<Communication, 'patientId'>): Communication {
		const createdAt = one.createdAt ?? this.now();
		const added: Communication = {
			id: this.takeId('communication'),
			details: { content: 'Called back', type_code: 3, direction_code: 1 },
			createdAt,
			updatedAt: createdAt,
			archivedAt: null,
			addedAt: 0,
			...one,
		};
		this.communications.set(added.id, added);
		return added;
	}

	/** Adds a practitioner; missing fields get made-up values or null. */
	addPractitioner(practitioner: Partial<Practitioner> = {}): Practitioner {
		const added: Practitioner = {
			id: practitioner.id ?? this.takeId('practitioner'),
			title: null,
			firstName: 'Kit',
			lastName: 'Oyelaran',
			displayName: null,
			active: true,
			createdAt: this.now(),
			...practitioner,
		};
		this.practitioners.set(added.id, added);
		return added;
	}

	/** Adds a business; missing fields get made-up values or null. */
	addBusiness(business: Partial<Business> = {}): Business {
		const added: Business = {
			id: business.id ?? this.takeId('business'),
			name: 'Harbour Street',
			archivedAt: null,
			createdAt: this.now(),
			...business,
		};
		this.businesses.set(added.id, added);
		return added;
	}

	/** Adds an appointment type; missing fields get made-up values or null. */
	addAppointmentType(type: Partial<AppointmentType> = {}): AppointmentType {
		const added: AppointmentType = {
			id: type.id ?? this.takeId('appointmentType'),
			name: 'Initial consultation',
			archivedAt: null,
			createdAt: this.now(),
			...type,
		};
		this.appointmentTypes.set(added.id, added);
		return added;
	}

	/** Adds an appointment, which lists show at once; missing fields get made-up values or null. */
	addAppointment(appointment: Partial<Appointment> & Pick<Appointment, 'patientId'>): Appointment {
		const createdAt = appointment.createdAt ?? this.now();
		const added: Appointment = {
			id: this.takeId('appointment'),
			practitionerId: '21',
			businessId: '31',
			appointmentTypeId: '41',
			startsAt: createdAt + DAY,
			endsAt: createdAt + DAY + HALF_AN_HOUR,
			notes: null,
			cancelledAt: null,
			cancellationNote: null,
			archivedAt: null,
			deletedAt: null,
			createdAt,
			updatedAt: createdAt,
			addedAt: 0,
			...appointment,
		};
		this.appointments.set(added.id, added);
		return added;
	}

	/** Adds a form, which lists show at once; missing fields get made-up values or null. */
	addForm(form: Partial<PatientForm> & Pick<PatientForm, 'patientId'>): PatientForm {
		const createdAt = form.createdAt ?? this.now();
		const added: PatientForm = {
			id: this.takeId('form'),
			name: 'Intake',
			sections: [],
			completedAt: null,
			createdAt,
			updatedAt: createdAt,
			addedAt: 0,
			...form,
		};
		this.forms.set(added.id, added);
		return added;
	}

	/** The folder that a patient's files are uploaded to at first. */
	tempFolder(patientId: string): string {
		return `${this.accountId}/patients/${patientId}/attachments/temp/`;
	}

	/** Deletes everything and stops all processing. */
	clear(): void {
		for (const timer of this.processing) clearTimeout(timer);
		this.processing.clear();
		this.users.clear();
		this.patients.clear();
		this.attachments.clear();
		this.customFields = [];
		this.practitioners.clear();
		this.businesses.clear();
		this.appointmentTypes.clear();
		this.appointments.clear();
		this.forms.clear();
		this.concessionTypes.clear();
		this.referralSourceTypes.clear();
		this.contacts.clear();
		this.referralSources.clear();
		this.cases.clear();
		this.alerts.clear();
		this.communications.clear();
	}

	private process(attachment: PatientAttachment, stored: StoredObject): void {
		const { patientId, id } = attachment;
		const { fileNames, sizeReported } = this.terms;
		const sent = stored.key.slice(stored.key.lastIndexOf('/') + 1);
		const filename = fileNames === 'cleaned' ? sent.replace(/[^A-Za-z0-9._-]/gu, '_') : sent;
		attachment.filename = filename;
		attachment.size = stored.size + (sizeReported === 'other' ? OTHER_SIZE : 0);
		attachment.contentType = contentTypeOf(filename, stored.head);
		attachment.processedAt = attachment.updatedAt = this.now();
		attachment.stored = this.storage.move(
			stored,
			`${this.accountId}/patients/${patientId}/attachments/${id}/${filename}`,
		);
	}

	private takeId(kind: keyof typeof FIRST_IDS): string {
		return String(this.nextIds[kind]++);
	}
}
