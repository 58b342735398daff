/** A file that must get exactly one record, for one patient. */
export interface PatientFile {
	/** Identifies the upload in `UploadMemory`. */
	identity: string;
	patientId: string;
	/** Whether the name has changed since the creation, so that it does not identify the record. */
	isRenamed?: boolean;
	file: {
		name: string;
		/** In bytes. */
		size: number;
		/** The SHA-256 of the bytes, in hex. */
		digest: () => Promise<string>;
	};
}
