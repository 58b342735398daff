import type { Clinic, PatientAttachment, User } from '../clinic/clinic.cts';
import type { Settings } from '../options.cts';
import { invalid } from '../reply.cts';
import { BUCKET_HOST } from '../s3/bucket.cts';
import type { Storage, StoredObject } from '../s3/storage.cts';

const MAX_DESCRIPTION = 255;

/**
 * Makes the record for an uploaded file. The upload URL has to be the presign's address with the
 * key of a file that is still in the temp folder of the same patient. Whether the real Cliniko
 * takes another patient's file is unknown; the sandbox must not let it pass. A second record for
 * the same file is made without complaint: whether Cliniko refuses it is unknown too, and a
 * client's duplicate is to be seen. Other properties of the body are ignored.
 *
 * @throws a 422 in the documented shape
 */
export function createAttachment(
	body: Record<string, unknown>,
	user: User,
	clinic: Clinic,
	storage: Storage,
	{ uploadUrlForm }: Settings,
): PatientAttachment {
	const { patient_id: patientId, description = null, upload_url: uploadUrl } = body;
	const errors: Record<string, string> = {};
	// As a JSON number the id has lost its last digits in most clients: refused on purpose.
	if (typeof patientId !== 'string') errors.patient_id = 'must be a string';
	else if (clinic.patients.get(patientId)?.archivedAt !== null) errors.patient_id = 'is invalid';

	if (description !== null && typeof description !== 'string') {
		errors.description = 'must be a string';
	} else if (description !== null && [...description].length > MAX_DESCRIPTION) {
		errors.description = `is too long (maximum is ${MAX_DESCRIPTION} characters)`;
	}

	const object =
		typeof uploadUrl === 'string' ? find(uploadUrl, storage, uploadUrlForm) : undefined;
	if (!object?.key.startsWith(clinic.tempFolder(String(patientId)))) {
		// The real reply names this field, not `upload_url`.
		errors.temp_attachment_url = 'is invalid';
	}
	if (Object.keys(errors).length > 0 || !object) throw invalid(errors);

	return clinic.addAttachment(
		{
			patientId: patientId as string,
			userId: user.id,
			description: description as string | null,
			uploadUrl: uploadUrl as string,
		},
		object,
	);
}

/** The object that an upload URL names, its key raw as the guide has it, or encoded as S3 has it in
 * `<Location>`, according to what the sandbox is set to take. */
function find(
	uploadUrl: string,
	storage: Storage,
	form: Settings['uploadUrlForm'],
): StoredObject | undefined {
	const base = `https://${BUCKET_HOST}/`;
	if (!uploadUrl.startsWith(base)) return undefined;
	const key = uploadUrl.slice(base.length);
	const raw = form === 'encoded' ? undefined : storage.objects.get(key);
	if (raw || form === 'raw') return raw;
	return storage.objects.get(decoded(key));
}

function decoded(key: string): string {
	// A space or an umlaut is no part of an encoded address.
	if (/[^!-~]/.test(key)) return '';
	try {
		return decodeURIComponent(key.replaceAll('+', ' '));
	} catch {
		return '';
	}
}
