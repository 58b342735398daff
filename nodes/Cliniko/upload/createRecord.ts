import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isPatientAttachment, patientIdOf, type PatientAttachment } from './patientAttachment';

/** Where S3 has a file. */
export interface StoredFile {
	/** The address of the presigned post, ended by one slash. */
	url: string;
	/** Not encoded. */
	key: string;
}

/**
 * Step 3: creates the patient attachment record for a file that S3 has.
 *
 * Its upload URL is the post's address and the key as they are, not encoded (Cliniko's guide,
 * "Uploading patient attachments"). Other integrations report that the encoded form works, and nobody
 * says which of them does for a name such as `50% #2.pdf`: if Cliniko refuses the one, nothing has
 * been created, and it gets the other.
 *
 * @param patientId the same patient that the presigned post was asked for
 * @param description at most 255 characters; empty for none
 * @returns the record, which Cliniko has not processed yet
 * @throws ClinikoError
 */
export async function createRecord(
	api: ClinikoApi,
	patientId: string,
	{ url, key }: StoredFile,
	description: string,
	fileName: string,
): Promise<PatientAttachment> {
	const post = async (uploadUrl: string) =>
		await api.post(
			'/patient_attachments',
			{ patient_id: patientId, upload_url: uploadUrl, ...(description ? { description } : {}) },
			{
				what: `put the file "${fileName}" on the record of patient ${patientId}`,
				notFound: `Cliniko has no patient with the ID ${patientId}.`,
			},
		);
	const encodedKey = key.split('/').map(encodeURIComponent).join('/');
	const { body } = await post(url + key).catch(async (error: ClinikoError) => {
		if (encodedKey === key || !isAboutUploadUrl(error)) throw error;
		return await post(url + encodedKey);
	});
	if (!isPatientAttachment(body)) {
		throw new ClinikoError(
			`Cliniko created a record for the file "${fileName}" but its reply has no ID.`,
			'Look at the patient’s files in Cliniko before you run the workflow again: the file may be there.',
		);
	}
	const owner = patientIdOf(body);
	if (owner !== undefined && owner !== patientId) {
		throw new ClinikoError(
			`Cliniko put the file "${fileName}" on the record of patient ${owner} instead of ${patientId} (attachment ${body.id}).`,
			`Look at attachment ${body.id} in Cliniko at once and move it by hand.`,
		);
	}
	return body;
}

/** Cliniko names the field `temp_attachment_url` in its message, though it is sent as `upload_url`. */
function isAboutUploadUrl({ httpCode, message }: ClinikoError): boolean {
	return httpCode === 422 && /temp_attachment_url|upload_url/.test(message);
}
