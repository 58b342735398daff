import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { ClinikoError, WrongPatient } from '../../errors';
import { fileDigest, type UploadMemory } from '../../once/uploadMemory';
import type { PatientAttachment } from '../../records/patientAttachment';
import type { Upload } from '../../upload/upload';
import { errorText, nodeError } from '../report';

/** How many attachments of earlier tries a message names. */
const NAMED = 5;

/**
 * The item of files that failed: the reason for people, and beside it `details`, which a workflow can
 * branch on. `stored` is `yes`, `no` or `unknown`. `safe_to_retry` says that sending the file again,
 * even in a new execution, cannot store it twice. `file` stands for the file, so that a loop that
 * brings the item back sends this one only.
 *
 * With "On Error: Continue (using error output)" n8n tells such items by their keys: from about 2.4x on
 * `error` and `details` are fine, before that it looks for an `error` beside `json`. That one must not
 * be copied along, because newer n8n would keep nothing of the item but its message.
 *
 * @param uploads what the item would have uploaded; none if that could not be found out
 * @param record the attachment, if the file is on the record all the same
 */
export function failedItem(
	context: IExecuteFunctions,
	error: Error,
	itemIndex: number,
	uploads: Upload[],
	memory: UploadMemory,
	record?: PatientAttachment,
): INodeExecutionData {
	const known = uploads.map(({ identity }) => memory.recall(identity));
	const attachments = known.flatMap((one) => (one && 'attachment' in one ? one.attachment : []));
	if (record) attachments.push(record.id);
	// A record that is gone, or another patient's, is nothing to rely on.
	const isWrong =
		error instanceof WrongPatient || (error instanceof ClinikoError && error.httpCode === 404);
	const isStored = attachments.length > 0 && attachments.length >= uploads.length && !isWrong;
	// Which files a faulty item would have had is not known.
	const isSafe =
		uploads.length > 0
			? attachments.length === 0 && known.every((one) => one === undefined)
			: !memory.resumes;
	const [only] = uploads.length === 1 ? uploads : [];
	const item = {
		json: {
			error: errorText(error, itemIndex, only?.file.name),
			details: {
				stored: isStored ? 'yes' : isSafe ? 'no' : 'unknown',
				attachment_id: attachments[0] ?? null,
				safe_to_retry: isSafe,
				...(only && { file: fileDigest(only.patientId, only.file.source) }),
			},
		},
		// For whoever sends the file again or another way: not the item's other files, which are stored.
		binary: only
			? { [only.field.name]: only.field.data }
			: context.getInputData()[itemIndex]?.binary,
		pairedItem: { item: itemIndex },
	};
	return context.getNode().onError === 'continueErrorOutput'
		? Object.defineProperty(item, 'error', {
				value: nodeError(context, error, itemIndex),
				writable: true,
			})
		: item;
}

/**
 * An error that ends a run before anything of it was sent, with what earlier tries of this execution
 * have done: without that, people would start anew and store it twice.
 */
export function withEarlierTries(error: Error, memory: UploadMemory): Error {
	const attachments = memory.attachments();
	const unknown = memory.unknown();
	if (!(error instanceof ClinikoError) || !memory.resumes) return error;
	const more = attachments.length - NAMED;
	const stored =
		attachments.length > 0 &&
		`Earlier tries of this execution stored attachment ${attachments.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
	const perhaps =
		unknown > 0 &&
		`${unknown === 1 ? 'One more file' : `${unknown} more files`} may be there, so look before you run the workflow again.`;
	return new ClinikoError(
		[error.message, stored, perhaps].filter(Boolean).join(' '),
		`${error.description ?? ''} Use Retry on this execution: it does not store again what is stored.`.trim(),
		error.httpCode,
	);
}
