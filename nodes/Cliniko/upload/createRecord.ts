import { ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { PatientAttachment } from '../records/patientAttachment';
import { UnknownOutcome, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isAboutRequest } from '../transport/cliniko/refusal';
import type { StoredFile } from './postToS3';
import type { Upload } from './upload';

/**
 * Step 3: creates the patient attachment record for a file in S3.
 *
 * The upload URL is the URL of the presigned post followed by the key, not encoded (Cliniko's guide,
 * "Uploading patient attachments"). Other integrations report that the encoded form works too, and it
 * is not documented which one works for a name with a space or an umlaut. So if Cliniko refuses one
 * form, the other is tried once: after a refusal, nothing has been created.
 *
 * @param upload its patient must be the one that the presigned post was requested for
 * @param attempt the number of this attempt, from 1; an earlier one had an unknown outcome and left no
 *   record. Even attempts begin with the encoded form, in case Cliniko fails on the plain one
 * @returns the record, not yet processed; or an UnknownOutcome if it may exist
 * @throws ClinikoError if Cliniko refused the request, so that there is no record
 */
export async function createRecord(
	api: ClinikoApi,
	{ patientId, description, file }: Upload,
	{ url, key }: StoredFile,
	attempt = 1,
): Promise<PatientAttachment | UnknownOutcome> {
	const post = async (uploadUrl: string) =>
		await api.post(
			'/patient_attachments',
			{ patient_id: patientId, upload_url: uploadUrl, ...(description ? { description } : {}) },
			{
				action: `put the file "${file.name}" on the record of patient ${patientId}`,
				notFound: `Cliniko has no patient with the ID ${patientId}.`,
			},
		);
	const plain = url + key;
	const encoded = url + key.split('/').map(encodeURIComponent).join('/');
	const [first, other] = attempt % 2 === 1 ? [plain, encoded] : [encoded, plain];
	const reply = await post(first).catch(async (error: ClinikoError) => {
		if (other === first || !isAboutRequest(error)) throw error;
		return await post(other).catch((second: ClinikoError) => {
			throw isAboutRequest(second) ? moreSpecific(error, second) : second;
		});
	});
	if (reply instanceof UnknownOutcome) return reply;
	const { body } = reply;
	if (!isClinikoRecord<PatientAttachment>(body)) {
		const error = new ClinikoError(
			`Cliniko's reply has no ID for the file "${file.name}".`,
			'Run the workflow again.',
		);
		return new UnknownOutcome(true, error);
	}
	return body;
}

/** The more informative of two refusals: the first, unless only the second names a field (422). */
function moreSpecific(first: ClinikoError, second: ClinikoError): ClinikoError {
	return first.httpCode !== 422 && second.httpCode === 422 ? second : first;
}
