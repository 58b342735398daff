/** A file that is to get one record, on one patient's record. */
export interface PatientFile {
	/** Identifies the upload in `UploadMemory`. */
	identity: string;
	patientId: string;
	file: {
		name: string;
		/** In bytes. */
		size: number;
		/** The SHA-256 of the bytes, in hex. */
		digest: () => Promise<string>;
	};
}
