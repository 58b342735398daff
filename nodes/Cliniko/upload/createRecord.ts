import { ClinikoError } from '../errors';
import { UnknownOutcome, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isAboutRequest } from '../transport/cliniko/refusal';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { PatientAttachment } from '../records/patientAttachment';
import type { StoredFile } from './postToS3';
import type { Upload } from './upload';

/**
 * Step 3: creates the patient attachment record for a file that S3 has.
 *
 * Its upload URL is the post's address and the key as they are, not encoded (Cliniko's guide,
 * "Uploading patient attachments"). Other integrations report that the encoded form works, and nobody
 * says which of them does for a name with a space or an umlaut, nor how Cliniko refuses the other. So
 * after a refusal that may be about the address it gets the other form, once: nothing has been
 * created.
 *
 * @param upload its patient must be the one that the presigned post was asked for
 * @param attempt how often the record is asked for with this call, from 1, where earlier calls had an
 *   unknown outcome and no record was found: every second call begins with the encoded form, since
 *   Cliniko may fail over the plain one
 * @returns the record, which Cliniko has not processed yet; or what is known if it cannot be told
 *   whether there is one
 * @throws ClinikoError if Cliniko refused it: then there is none
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
			throw isAboutRequest(second) ? moreTelling(error, second) : second;
		});
	});
	if (reply instanceof UnknownOutcome) return reply;
	const { body } = reply;
	if (!isClinikoRecord(body)) {
		const error = new ClinikoError(
			`Cliniko's reply has no ID for the file "${file.name}".`,
			'Run the workflow again.',
		);
		return new UnknownOutcome(true, error);
	}
	return body;
}

/** The first of two refusals, unless only the second is one that names a field. */
function moreTelling(first: ClinikoError, second: ClinikoError): ClinikoError {
	return first.httpCode !== 422 && second.httpCode === 422 ? second : first;
}
