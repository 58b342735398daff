import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { ClinikoError, withFile, WrongPatient } from '../../errors';
import { tokenOf, type UploadMemory } from '../../once/uploadMemory';
import type { PatientAttachment } from '../../records/patientAttachment';
import type { Upload } from '../../upload/upload';
import type { Outcome } from '../../upload/uploadFiles';
import { errorText, nodeError } from '../report';

/** The maximum number of items or attachments that a message lists. */
const MAX_LISTED = 5;

/**
 * The error item of files that failed: `error` is the reason in words, and a workflow can branch on
 * `details`. `stored` is `yes`, `no` or `unknown`. `safe_to_retry` means that sending the file again,
 * even in a new execution, cannot store it twice. `file` is a token for the upload, so that a loop
 * that brings the item back sends only this file.
 *
 * With "On Error: Continue (using error output)", n8n recognises error items by their keys. From about
 * 2.4x on, `error` and `details` in the JSON are enough; older versions look for an `error` beside
 * `json`. That property is not enumerable, because newer versions would reduce the item to its message.
 *
 * @param uploads the uploads of the item; empty if its parameters are invalid
 * @param record the attachment, if the file was stored in spite of the error
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
	// A record that is gone or belongs to another patient does not count as stored.
	const isWrong =
		error instanceof WrongPatient || (error instanceof ClinikoError && error.httpCode === 404);
	const isStored = attachments.length > 0 && attachments.length >= uploads.length && !isWrong;
	// Without uploads, it is unknown whether an earlier attempt stored the item's files.
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
				...(only && { file: tokenOf(only.patientId, only.file.source, only.identity) }),
			},
		},
		// The file that failed, so that the workflow can handle it; not the item's other files.
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
 * Adds to an error what earlier attempts of this execution have stored. Otherwise people would start a
 * new execution and store the files twice.
 *
 * @param error an error that ended the run before anything was sent
 */
export function withEarlierTries(error: Error, memory: UploadMemory): Error {
	const attachments = memory.attachments();
	const unknown = memory.unknown();
	if (!(error instanceof ClinikoError) || !memory.resumes) return error;
	const more = attachments.length - MAX_LISTED;
	const stored =
		attachments.length > 0 &&
		`Earlier tries of this execution stored attachment ${attachments.slice(0, MAX_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
	const perhaps =
		unknown > 0 &&
		`${unknown === 1 ? 'One more file' : `${unknown} more files`} may be there, so look before you run the workflow again.`;
	return new ClinikoError(
		[error.message, stored, perhaps].filter(Boolean).join(' '),
		`${error.description ?? ''} Use Retry on this execution: it does not store again what is stored.`.trim(),
		error.httpCode,
	);
}

/**
 * The error that ends a run: why one file failed, whether it is stored, and what happened to the
 * others, by item and attachment id. The names of the other files are left out: they often contain a
 * patient's name, and there may be hundreds.
 *
 * @returns undefined if no file failed
 */
export function runError(
	outcomes: Outcome[],
	memory: UploadMemory,
): { error: ClinikoError; itemIndex: number } | undefined {
	const known = ({ upload }: Outcome) => memory.recall(upload.identity);
	const attachmentOf = (one: Outcome): string | undefined => {
		const before = known(one);
		return before && 'attachment' in before ? before.attachment : one.record?.id;
	};
	const mayBeThere = (one: Outcome) => attachmentOf(one) === undefined && known(one) !== undefined;
	const gravity = (one: Outcome) =>
		one.error instanceof WrongPatient ? 2 : mayBeThere(one) ? 1 : 0;
	// The most serious error comes first.
	const [first] = outcomes.filter(({ error }) => error).sort((a, b) => gravity(b) - gravity(a));
	if (!first?.error) return undefined;
	const { message, description, httpCode } = first.error as ClinikoError;
	const { file, itemIndex } = first.upload;
	const own = attachmentOf(first);
	const rest = outcomes.filter((one) => one !== first);
	const stored = rest.filter((one) => attachmentOf(one) !== undefined);
	const unclear = rest.filter(mayBeThere);
	const left = rest.filter((one) => !stored.includes(one) && !unclear.includes(one));
	const failed = left.filter(({ error }) => error);
	const unsent = left.length - failed.length;
	const items = (some: Outcome[]) => list(some.map(({ upload }) => `item ${upload.itemIndex}`));
	const sentences = [
		withFile(message, file.name),
		own && !new RegExp(`\\b${own}\\b`).test(message) && `The file is stored, as attachment ${own}.`,
		unclear.length > 0 &&
			`${files(unclear.length)} may be there too, so look before you run the workflow again: ${items(unclear)}.`,
		failed.length > 0 && `${files(failed.length)} failed too: ${items(failed)}.`,
		stored.length > 0 &&
			`${files(stored.length)} stored in this run: ${list(
				stored.map((one) => `item ${one.upload.itemIndex} as attachment ${attachmentOf(one)}`),
			)}.`,
		unsent > 0 && `${files(unsent)} not sent.`,
	];
	return {
		error: new ClinikoError(sentences.filter(Boolean).join(' '), description ?? '', httpCode),
		itemIndex,
	};
}

function files(count: number): string {
	return count === 1 ? '1 other file' : `${count} other files`;
}

function list(all: string[]): string {
	const more = all.length - MAX_LISTED;
	return all.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
