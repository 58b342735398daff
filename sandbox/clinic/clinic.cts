import type { Storage, StoredObject } from '../s3/storage.cts';
import { contentTypeOf } from './content-type.cts';

/** The roles that Cliniko's users can have. */
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
	/** Whole, with its shard: `…-au1`. */
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
	createdAt: number;
	updatedAt: number;
}

export interface PatientAttachment {
	readonly id: string;
	readonly patientId: string;
	readonly userId: string;
	description: string | null;
	/** As it was sent to make the record. */
	readonly uploadUrl: string;
	readonly createdAt: number;
	updatedAt: number;
	archivedAt: number | null;
	/** Null until processing is completed, as are the next three. */
	processedAt: number | null;
	filename: string | null;
	contentType: string | null;
	size: number | null;
	/** The file: at its temporary key until it is processed, then at the record's own. */
	stored: StoredObject;
}

export interface ClinicTerms {
	readonly shard: string;
	readonly processingMs: number;
}

/** Ids that a client which takes them for numbers cannot tell apart: all beyond 2^53. */
const FIRST_IDS = {
	user: 1_098_765_432_109_876_501n,
	patient: 1_234_567_890_123_456_781n,
	attachment: 1_567_890_123_456_789_001n,
};

/** One Cliniko account: its users, its patients, and the attachments on their records. */
export class Clinic {
	readonly accountId = '92384';
	readonly users = new Map<string, User>();
	readonly patients = new Map<string, Patient>();
	readonly attachments = new Map<string, PatientAttachment>();

	private nextIds = { ...FIRST_IDS };
	private readonly processing = new Set<NodeJS.Timeout>();

	constructor(
		private readonly terms: ClinicTerms,
		private readonly storage: Storage,
		private readonly now: () => number,
	) {}

	/** Adds a user; what is left out is invented. Without a key, one for the clinic's shard. */
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

	/** Adds a patient; what is left out is invented or null. */
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
			createdAt: this.now(),
			updatedAt: this.now(),
			...patient,
		};
		this.patients.set(id, added);
		return added;
	}

	/** Makes a record for an uploaded file, and begins to process it. */
	addAttachment(
		attachment: Pick<PatientAttachment, 'patientId' | 'userId' | 'description' | 'uploadUrl'>,
		stored: StoredObject,
	): PatientAttachment {
		const added: PatientAttachment = {
			...attachment,
			id: this.takeId('attachment'),
			createdAt: this.now(),
			updatedAt: this.now(),
			archivedAt: null,
			processedAt: null,
			filename: null,
			contentType: null,
			size: null,
			stored,
		};
		this.attachments.set(added.id, added);
		const timer = setTimeout(() => {
			this.processing.delete(timer);
			this.process(added);
		}, this.terms.processingMs);
		// A client that has finished must not wait for us.
		this.processing.add(timer.unref());
		return added;
	}

	/** Where the files that are uploaded for a patient go first. */
	tempFolder(patientId: string): string {
		return `${this.accountId}/patients/${patientId}/attachments/temp/`;
	}

	/** Forgets everything and stops all processing. */
	clear(): void {
		for (const timer of this.processing) clearTimeout(timer);
		this.processing.clear();
		this.users.clear();
		this.patients.clear();
		this.attachments.clear();
		this.nextIds = { ...FIRST_IDS };
	}

	private process(attachment: PatientAttachment): void {
		const { stored, patientId, id } = attachment;
		const filename = stored.key.slice(stored.key.lastIndexOf('/') + 1);
		attachment.filename = filename;
		attachment.size = stored.size;
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
