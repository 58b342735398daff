import { ClinikoError, WrongPatient, withFile } from '../errors';
import type { PatientAttachment } from '../records/patientAttachment';
import type { UploadMemory } from '../once/uploadMemory';
import type { Upload } from './upload';

/** What became of one file: its record, an error, or neither if it was not started any more. */
export interface Outcome {
	upload: Upload;
	/** The attachment, once the file is stored; also there if only the processing went wrong. */
	record?: PatientAttachment;
	error?: Error;
}

/** How the files of a run are worked through. */
export interface RunOptions {
	/** How many files are sent at the same time. */
	concurrency: number;
	/** Whether to go on with the other files after one went wrong. */
	continueOnFail: boolean;
	/** Puts one file on its record. */
	send: (upload: Upload) => Promise<PatientAttachment>;
	/** Waits until Cliniko has processed a record. */
	processed: (record: PatientAttachment) => Promise<PatientAttachment>;
	/** Ends all waiting: called once it is clear that the run ends with an error. */
	stopWaiting: () => void;
}

/**
 * Uploads files, some at a time. A file that is sent makes room for the next one at once; the waiting
 * for Cliniko's processing goes on beside.
 *
 * @returns an outcome for each upload, in their order; never throws for a single file
 */
export async function runUploads(uploads: Upload[], options: RunOptions): Promise<Outcome[]> {
	const outcomes: Outcome[] = uploads.map((upload) => ({ upload }));
	const waits: Array<Promise<void>> = [];
	const queue = outcomes.values();
	let failed = false;

	const fail = (outcome: Outcome, error: unknown): void => {
		failed = true;
		outcome.error = error as Error;
		if (!options.continueOnFail) options.stopWaiting();
	};
	const wait = async (outcome: Outcome, stored: PatientAttachment): Promise<void> => {
		if (!outcome.upload.waitForProcessing) return;
		try {
			outcome.record = await options.processed(stored);
		} catch (error) {
			fail(outcome, error);
		}
	};
	const worker = async (): Promise<void> => {
		for (const outcome of queue) {
			// One that is under way is brought to its end: broken off, nobody would know where it is.
			if (failed && !options.continueOnFail) return;
			try {
				outcome.record = await options.send(outcome.upload);
				waits.push(wait(outcome, outcome.record));
			} catch (error) {
				fail(outcome, error);
			}
		}
	};
	await Promise.all(Array.from({ length: options.concurrency }, worker));
	await Promise.all(waits);
	return outcomes;
}

/** How many files of each kind a message names. */
const NAMED = 5;

/**
 * The error that ends a run: why the first file failed, whether it is stored, and what became of the
 * others, by their items and attachment ids. The names of other files are left out: they often hold a
 * patient's name, and there may be hundreds.
 *
 * @returns nothing if no file went wrong
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
	// What harms most is said first.
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
	const more = all.length - NAMED;
	return all.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
