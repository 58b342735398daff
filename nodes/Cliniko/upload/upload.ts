import type { FileField } from './binaryFields';
import type { SourceFile } from './sourceFile';

/** One file for one patient. */
export interface Upload {
	/** The item that the file comes from. */
	itemIndex: number;
	/** The file as n8n has it, and the name of its binary field. */
	field: FileField;
	patientId: string;
	/** At most 255 characters; empty for none. */
	description: string;
	file: SourceFile;
	/** Identifies the upload in `UploadMemory`: the same in every try, and no other upload's. */
	identity: string;
	/** Whether to use the attachment that is on the record already, if the file is there. */
	skipIfThere: boolean;
	/** Whether to wait until Cliniko has processed the file. */
	waitForProcessing: boolean;
}
