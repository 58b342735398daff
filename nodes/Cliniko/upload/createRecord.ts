import { ClinikoError } from '../errors';
import { MayHaveRun, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { PatientAttachment } from '../records/patientAttachment';
import type { StoredFile } from './postToS3';
import type { Upload } from './upload';

/**
 * Step 3: creates the patient attachment record for a file that S3 has.
 *
 * Its upload URL is the post's address and the key as they are, not encoded (Cliniko's guide,
 * "Uploading patient attachments"). Other integrations report that the encoded form works, and nobody
 * says which of them does for a name such as `50% #2.pdf`: if Cliniko refuses the one, nothing has
 * been created, and it gets the other.
 *
 * @param upload its patient must be the one that the presigned post was asked for
 * @returns the record, which Cliniko has not processed yet; or what is known if it cannot be told
 *   whether there is one
 * @throws ClinikoError if Cliniko refused it: then there is none
 */
export async function createRecord(
	api: ClinikoApi,
	{ patientId, description, file }: Upload,
	{ url, key }: StoredFile,
	_attempt = 1,
): Promise<PatientAttachment | MayHaveRun> {
	const post = async (uploadUrl: string) =>
		await api.post(
			'/patient_attachments',
			{ patient_id: patientId, upload_url: uploadUrl, ...(description ? { description } : {}) },
			{
				what: `put the file "${file.name}" on the record of patient ${patientId}`,
				notFound: `Cliniko has no patient with the ID ${patientId}.`,
			},
		);
	const encodedKey = key.split('/').map(encodeURIComponent).join('/');
	const reply = await post(url + key).catch(async (error: ClinikoError) => {
		if (encodedKey === key || !isAboutUploadUrl(error)) throw error;
		return await post(url + encodedKey);
	});
	if (reply instanceof MayHaveRun) return reply;
	const { body } = reply;
	if (!isClinikoRecord(body)) {
		const error = new ClinikoError(
			`Cliniko's reply has no ID for the file "${file.name}".`,
			'Run the workflow again.',
		);
		return new MayHaveRun(true, error);
	}
	return body;
}

/**
 * Whether a refusal is about where the file is. Cliniko names the field `temp_attachment_url`, though
 * it is sent as `upload_url`.
 */
export function isAboutUploadUrl({ httpCode, message }: ClinikoError): boolean {
	return httpCode === 422 && /temp_attachment_url|upload_url/.test(message);
}
