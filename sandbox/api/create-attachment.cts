import type { Clinic, PatientAttachment, User } from '../clinic/clinic.cts';
import type { Settings } from '../options.cts';
import { invalid, refuse } from '../reply.cts';
import type { Storage, StoredObject } from '../s3/storage.cts';
import { shownDescription, wrongDescription } from './description.cts';
import { objectAt } from './upload-url.cts';

/**
 * Creates the record for an uploaded file. The upload URL has to be the presigned post's URL plus
 * the key of a file in the same patient's temp folder. Two cases are not documented: another
 * patient's file is refused, and a second record for the same file is created, so that duplicates
 * show up in tests. Other properties of the body are ignored.
 *
 * @param body its `patient_id` may be a string, as in the reference, or a number, as in the guide
 * @param now milliseconds since the epoch
 * @throws a 422 in the documented shape, or what `uploadUrlRefusal` says
 */
export function createAttachment(
	body: Record<string, unknown>,
	user: User,
	clinic: Clinic,
	storage: Storage,
	settings: Settings,
	now: number,
): PatientAttachment {
	const { description = null, upload_url: uploadUrl } = body;
	const patientId = typeof body.patient_id === 'number' ? `${body.patient_id}` : body.patient_id;
	const errors: Record<string, string> = {};
	if (typeof patientId !== 'string') errors.patient_id = 'must be a string';
	else if (clinic.patients.get(patientId)?.archivedAt !== null) errors.patient_id = 'is invalid';

	const wrong = wrongDescription(description);
	if (wrong) errors.description = wrong;

	const find = (): StoredObject | undefined => {
		const object = objectAt(String(uploadUrl), storage, settings);
		return object?.key.startsWith(clinic.tempFolder(String(patientId))) ? object : undefined;
	};
	const late = settings.uploadUrlChecked === 'at processing';
	if (late ? !isHttpsUrl(uploadUrl) : !find()) refuseUploadUrl(settings.uploadUrlRefusal, errors);
	if (Object.keys(errors).length > 0) throw invalid(errors);

	return clinic.addAttachment(
		{
			patientId: patientId as string,
			userId: user.id,
			description: shownDescription(description as string | null, settings),
			uploadUrl: uploadUrl as string,
			createdAt: now - settings.createdAtBehindMs,
		},
		find,
	);
}

function refuseUploadUrl(
	refusal: Settings['uploadUrlRefusal'],
	errors: Record<string, string>,
): void {
	if (refusal === 400) throw refuse(400, 'The upload URL is invalid');
	if (refusal === 500) throw refuse(500, 'Internal Server Error');
	// The real reply names this field, not `upload_url`.
	errors[refusal] = 'is invalid';
}

function isHttpsUrl(value: unknown): boolean {
	return typeof value === 'string' && value.startsWith('https://') && URL.canParse(value);
}
