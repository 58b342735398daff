import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/cliniko/rateLimit';
import { patientIdOf, type PatientAttachment } from '../records/patientAttachment';
import { earlierRecord } from './earlierRecord';
import { postToS3, type SendToS3 } from './postToS3';
import { requestPresignedPost } from './presignedPost';
import type { RecordCreation } from './recordCreation';
import type { SourceFile } from './sourceFile';
import type { UploadMemory } from './uploadMemory';

/** One file for one patient. */
export interface Upload {
	/** The item that the file comes from. */
	itemIndex: number;
	patientId: string;
	/** At most 255 characters; empty for none. */
	description: string;
	file: SourceFile;
	/** The same for the same file in another try of this execution, and for no other file of it. */
	identity: string;
}

/** What an upload needs. */
export interface UploadTools {
	api: ClinikoApi;
	sendToS3: SendToS3;
	pause: Pause;
	memory: UploadMemory;
	creation: RecordCreation;
}

/**
 * The way of a file: the three steps of Cliniko's guide, after which it is on the patient's record.
 * What an earlier try of this execution has done is not done again.
 */
export async function uploadFile(
	{ api, sendToS3, pause, memory, creation }: UploadTools,
	upload: Upload,
): Promise<PatientAttachment> {
	const { patientId, file } = upload;
	const before = memory.recall(upload.identity);
	if (before && 'attachment' in before) {
		return ownRecord(await earlierRecord(api, before.attachment, file.name), upload);
	}
	const found = before && (await creation.find(upload, before.since));
	if (found) return found;

	const presign = async () => await requestPresignedPost(api, patientId, file);
	const stored = await postToS3({ send: sendToS3, pause, presign }, file);
	return ownRecord(await creation.create(upload, stored), upload);
}

/**
 * Passes a record on if it is the right patient's. It is stored and remembered by now, so that a
 * further try says the same instead of putting the file on yet another record.
 */
function ownRecord(record: PatientAttachment, { patientId, file }: Upload): PatientAttachment {
	const owner = patientIdOf(record);
	if (owner === undefined || owner === patientId) return record;
	throw new ClinikoError(
		`Cliniko put the file "${file.name}" on the record of patient ${owner} instead of ${patientId} (attachment ${record.id}).`,
		`Look at attachment ${record.id} in Cliniko at once and move it by hand.`,
	);
}
