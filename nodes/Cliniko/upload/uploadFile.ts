import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { createRecord } from './createRecord';
import type { PatientAttachment } from './patientAttachment';
import { postToS3, type SendToS3 } from './postToS3';
import { requestPresignedPost } from './presignedPost';
import type { SourceFile } from './sourceFile';

/** One file for one patient. */
export interface Upload {
	/** The item that the file comes from. */
	itemIndex: number;
	patientId: string;
	/** At most 255 characters; empty for none. */
	description: string;
	file: SourceFile;
}

/** The three steps of Cliniko's guide, after which the file is on the patient's record. */
export async function uploadFile(
	api: ClinikoApi,
	sendToS3: SendToS3,
	{ patientId, description, file }: Upload,
): Promise<PatientAttachment> {
	const post = await requestPresignedPost(api, patientId, file);
	const key = await postToS3(sendToS3, post, file);
	return await createRecord(api, patientId, { url: post.url, key }, description, file.name);
}
