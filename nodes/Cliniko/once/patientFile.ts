/** A file that is to get one record, on one patient's record. */
export interface PatientFile {
	/** Identifies the upload in `UploadMemory`. */
	identity: string;
	patientId: string;
	/** Whether the name was changed since the record was asked for, so that it does not tell a record. */
	isRenamed?: boolean;
	file: {
		name: string;
		/** In bytes. */
		size: number;
		/** The SHA-256 of the bytes, in hex. */
		digest: () => Promise<string>;
	};
}
