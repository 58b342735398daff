import { randomUUID } from 'node:crypto';

import type { Clinic, Patient } from '../clinic/clinic.cts';
import type { PresignDraft, Settings } from '../options.cts';
import { BUCKET, BUCKET_HOST } from '../s3/bucket.cts';
import { signPolicy } from '../s3/policy.cts';

/**
 * A presigned post for one file of a patient, as returned by `attachment_presigned_post`.
 *
 * @param now milliseconds since the epoch
 */
export function presign(patient: Patient, clinic: Clinic, settings: Settings, now: number) {
	const folder = `${clinic.tempFolder(patient.id)}${randomUUID()}/`;
	const draft: PresignDraft = {
		fields: { key: `${folder}\${filename}`, success_action_status: '201', acl: 'private' },
		conditions: [
			{ bucket: BUCKET },
			['starts-with', '$key', folder],
			{ acl: 'private' },
			{ success_action_status: '201' },
			['content-length-range', settings.minFileBytes, settings.maxFileBytes],
		],
	};
	settings.policyConditions?.(draft);
	return {
		url: `https://${BUCKET_HOST}${settings.trailingSlash ? '/' : ''}`,
		fields: signPolicy(draft, now, settings.presignLifetimeMs),
	};
}
