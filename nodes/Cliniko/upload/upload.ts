import type { FileField } from './binaryFields';
import type { SourceFile } from './sourceFile';

/** One file for one patient. */
export interface Upload {
	/** The index of the item that the file comes from. */
	itemIndex: number;
	/** The binary field as n8n has it. */
	field: FileField;
	patientId: string;
	/** At most 255 characters; empty for none. */
	description: string;
	file: SourceFile;
	/** Identifies the upload in `UploadMemory`: unique, and the same in every attempt. */
	identity: string;
	/** Whether to skip the upload and return the existing attachment if the file is already there. */
	skipIfThere: boolean;
	/** The case of the patient that the attachment is linked to, if to any. */
	caseId?: string;
	/** Whether to wait until Cliniko has processed the file. */
	waitForProcessing: boolean;
}
