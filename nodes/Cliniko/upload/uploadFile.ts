import { ClinikoError, WrongPatient } from '../errors';
import type { RecordCreator } from '../once/createRecordOnce';
import { CLOCK_ERROR } from '../once/recordSearch';
import type { UploadMemory } from '../once/uploadMemory';
import {
	isOfAnotherFile,
	isUnreadable,
	patientIdOf,
	type PatientAttachment,
} from '../records/patientAttachment';
import { readCreated } from '../requests/readCreated';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { Priority } from '../transport/cliniko/requestQueue';
import type { Limiter } from '../transport/limiter';
import type { Pause } from '../transport/pause';
import type { AlreadyUploaded } from './alreadyUploaded';
import { createRecord } from './createRecord';
import { NotLinked } from './notLinked';
import { postToS3, type SendToS3 } from './postToS3';
import { requestPresignedPost } from './presignedPost';
import type { Processing, ProcessingError } from './processing';
import { STREAM_ABOVE } from './sourceFile';
import type { Upload } from './upload';

/** What an upload depends on. */
export interface UploadTools {
	api: ClinikoApi;
	sendToS3: SendToS3;
	pause: Pause;
	/** Limits how many files are sent at the same time. */
	limiter: Limiter;
	/** How many places in the limiter a streamed file takes; a small one takes one. */
	streamWeight: number;
	memory: UploadMemory;
	recordCreator: RecordCreator;
	alreadyUploaded: AlreadyUploaded;
	processing: Processing;
	/** Links an attachment to a case. */
	linkToCase: (caseId: string, attachmentId: string) => Promise<void>;
}

/**
 * The whole way of a file onto the patient's record and, if wanted, into a case. Linking it and waiting
 * for Cliniko's processing do not hold up other files.
 *
 * @returns the record, processed if the upload asks for that
 * @throws NotStarted if the limiter was stopped before this upload began; NotLinked or ProcessingError
 *   if the file is stored but that failed; any other ClinikoError if it is not on the record, or may not
 *   be: `memory` knows which
 */
export async function uploadFile(tools: UploadTools, upload: Upload): Promise<PatientAttachment> {
	const weight = upload.file.size > STREAM_ABOVE ? tools.streamWeight : 1;
	const record = await tools.limiter.run(async () => await putOnRecord(tools, upload), weight);
	if (!upload.waitForProcessing) return await linked(tools, upload, record);
	const finished = await tools.processing.finished(record).catch(async (error: ProcessingError) => {
		// One that takes longer belongs to the case all the same.
		const isOfUse = error.httpCode !== 404 && !isUnreadable(error.record);
		if (isOfUse) await linked(tools, upload, error.record);
		throw error;
	});
	const processed = assertOwnRecord(finished, upload);
	assertOwnFile(tools, processed, upload);
	if (upload.skipIfThere) await tools.alreadyUploaded.remember(upload, processed);
	return await linked(tools, upload, processed);
}

/**
 * Links the attachment to its case, if to any: processed if that is waited for, since Cliniko may refuse
 * one that is not.
 *
 * @throws NotLinked if that fails
 */
async function linked(
	{ linkToCase }: UploadTools,
	{ caseId, file }: Upload,
	record: PatientAttachment,
): Promise<PatientAttachment> {
	if (caseId !== undefined) {
		await linkToCase(caseId, record.id).catch((error: ClinikoError) => {
			throw new NotLinked(file.name, caseId, record, error);
		});
	}
	return record;
}

/** Stores the file, unless an earlier attempt of this execution has, or "Skip" finds it there. */
async function putOnRecord(tools: UploadTools, upload: Upload): Promise<PatientAttachment> {
	const earlier = await resume(tools, upload);
	if (earlier) return assertOwnRecord(earlier, upload);
	if (!upload.skipIfThere) return assertOwnRecord(await store(tools, upload), upload);

	const { alreadyUploaded } = tools;
	return await alreadyUploaded.exclusive(upload, async () => {
		const there = await alreadyUploaded.find(upload);
		if (there) return there;
		const record = assertOwnRecord(await store(tools, upload), upload);
		await alreadyUploaded.remember(upload, record);
		return record;
	});
}

/** The record that an earlier attempt of this execution created; undefined if there is none. */
async function resume(
	{ api, pause, memory, recordCreator }: UploadTools,
	upload: Upload,
): Promise<PatientAttachment | undefined> {
	const known = memory.recall(upload.identity);
	if (!known) return undefined;
	if ('since' in known) return await recordCreator.resume(upload, known);
	const id = known.attachment;
	const action = `read attachment ${id}, which the file "${upload.file.name}" became in an earlier try`;
	const record = await readCreated(api, pause, id, action);
	if (record && !record.archived_at) return record;
	const before = `The file "${upload.file.name}" was stored in an earlier try of this execution, as attachment ${id}`;
	throw record
		? new ClinikoError(
				`${before}, and that is archived.`,
				'Somebody may have archived it. If the file belongs on the record, run the workflow again for it.',
				404,
			)
		: new ClinikoError(
				`${before}, and Cliniko does not show that: it may have been deleted, or not be shown yet.`,
				'Look at the patient’s files in Cliniko before you upload the file again. If the credential is for another Cliniko account now, set the former one.',
				404,
			);
}

/** The three steps of Cliniko's guide: presigned post, S3, record. */
async function store(tools: UploadTools, upload: Upload): Promise<PatientAttachment> {
	const { api, pause, recordCreator, alreadyUploaded } = tools;
	const { patientId, file } = upload;
	const post = await requestPresignedPost(api, patientId, file);
	const stored = await postToS3(tools, post, patientId, file);
	// A search for the record begins at this time, so a wrong clock must not put it too late.
	const now = Date.now() + Math.min(stored.clockAhead, stored.isUndated ? -CLOCK_ERROR : 0);
	// The file belongs to nobody until it has its record, so this goes before what has not begun.
	const urgent = api.withPriority(Priority.finish);
	// Another n8n process may have stored the same file in the meantime.
	const there = upload.skipIfThere && (await alreadyUploaded.findNew(upload, now));
	if (there) return there;
	const create = async (attempt: number) => await createRecord(urgent, upload, stored, attempt);
	const record = await recordCreator.createOnce(upload, now, create);
	if (patientIdOf(record) !== undefined) return record;
	// The reply does not name the patient.
	return (await readCreated(urgent, pause, record.id).catch(() => undefined)) ?? record;
}

/**
 * Returns the record if it is the right patient's. By now the memory has it, so another attempt ends
 * with the same error instead of storing the file again.
 *
 * @throws WrongPatient if it is not
 */
function assertOwnRecord(
	record: PatientAttachment,
	{ patientId, file }: Upload,
): PatientAttachment {
	const owner = patientIdOf(record);
	if (owner === undefined || owner === patientId) return record;
	throw new WrongPatient(
		`Cliniko put the file "${file.name}" on the record of patient ${owner} instead of ${patientId} (attachment ${record.id}).`,
		`Look at attachment ${record.id} in Cliniko at once, and move it to the right patient.`,
	);
}

/**
 * @param record processed
 * @throws ClinikoError if both its name and its size are another file's: then Cliniko's reply to the
 *   creation was about another record
 */
function assertOwnFile(
	{ memory }: UploadTools,
	record: PatientAttachment,
	{ file, patientId, identity }: Upload,
): void {
	if (!isOfAnotherFile(record, file) || memory.isRenamed(identity, file.name)) return;
	throw new ClinikoError(
		`Cliniko’s answer for the file "${file.name}" names attachment ${record.id}, which is another file.`,
		`The file may be on the record of patient ${patientId} as another attachment: look at the patient’s files in Cliniko. If it is not there, run the workflow again for it.`,
	);
}
