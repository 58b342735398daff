import { ClinikoError, WrongPatient } from '../errors';
import type { RecordCreator } from '../once/createRecordOnce';
import { readCreated } from '../requests/readCreated';
import type { UploadMemory } from '../once/uploadMemory';
import { patientIdOf, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import type { AlreadyUploaded } from './alreadyUploaded';
import { createRecord } from './createRecord';
import { postToS3, type SendToS3 } from './postToS3';
import { requestPresignedPost } from './presignedPost';
import type { Upload } from './upload';

/** What an upload needs. */
export interface UploadTools {
	api: ClinikoApi;
	sendToS3: SendToS3;
	pause: Pause;
	memory: UploadMemory;
	creation: RecordCreator;
	alreadyUploaded: AlreadyUploaded;
}

/**
 * The way of a file onto the patient's record: the three steps of Cliniko's guide, after what an
 * earlier try of this execution did and what is on the record already.
 *
 * @returns the record, which Cliniko may not have processed yet
 * @throws ClinikoError if the file is not on the record, or if that cannot be told; `memory` knows which
 */
export async function uploadFile(tools: UploadTools, upload: Upload): Promise<PatientAttachment> {
	const earlier = await resume(tools, upload);
	if (earlier) return ownRecord(earlier, upload);
	if (!upload.skipIfThere) return ownRecord(await store(tools, upload), upload);

	const { alreadyUploaded } = tools;
	return await alreadyUploaded.exclusive(upload, async () => {
		const there = await alreadyUploaded.find(upload);
		if (there) return there;
		const record = ownRecord(await store(tools, upload), upload);
		await alreadyUploaded.remember(upload, record);
		return record;
	});
}

/** What an earlier try of this execution has made of the file; nothing if it is to be sent. */
async function resume(
	{ api, pause, memory, creation }: UploadTools,
	upload: Upload,
): Promise<PatientAttachment | undefined> {
	const before = memory.recall(upload.identity);
	if (!before) return undefined;
	if ('since' in before) return await creation.resume(upload, before);
	const id = before.attachment;
	const action = `read attachment ${id}, which the file "${upload.file.name}" became in an earlier try`;
	const record = await readCreated(api, pause, id, action);
	if (record && !record.archived_at) return record;
	throw new ClinikoError(
		`The file "${upload.file.name}" was stored in an earlier try of this execution, as attachment ${id}, and that is ${record ? 'archived' : 'not in Cliniko any more'}.`,
		'Somebody may have archived or deleted it, or the credential is for another Cliniko account now. If the file belongs on the record, start the workflow anew for it.',
		404,
	);
}

/** The three steps of Cliniko's guide: presigned post, S3, record. */
async function store(
	{ api, sendToS3, pause, creation, alreadyUploaded }: UploadTools,
	upload: Upload,
): Promise<PatientAttachment> {
	const { patientId, file } = upload;
	const presign = async () => await requestPresignedPost(api, patientId, file);
	const stored = await postToS3({ send: sendToS3, pause, presign }, file);
	// Another n8n process may have stored the same file meanwhile.
	// One wrong clock must not make the search begin after the record.
	const now = Date.now() + Math.min(stored.clockAhead, 0);
	const there = upload.skipIfThere && (await alreadyUploaded.findNew(upload, now));
	if (there) return there;
	const create = async (attempt: number) => await createRecord(api, upload, stored, attempt);
	return await creation.create(upload, now, create);
}

/**
 * Passes a record on if it is the right patient's. It is stored and remembered by now, so that a
 * further try says the same instead of putting the file on yet another record.
 */
function ownRecord(record: PatientAttachment, { patientId, file }: Upload): PatientAttachment {
	const owner = patientIdOf(record);
	if (owner === undefined || owner === patientId) return record;
	throw new WrongPatient(
		`Cliniko put the file "${file.name}" on the record of patient ${owner} instead of ${patientId} (attachment ${record.id}).`,
		`Look at attachment ${record.id} in Cliniko at once and move it by hand.`,
	);
}
