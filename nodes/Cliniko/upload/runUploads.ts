import { ClinikoError, withFile } from '../errors';
import type { PatientAttachment } from '../records/patientAttachment';
import type { Upload } from './uploadFile';

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
	goOn: boolean;
	/** Puts one file on its record. */
	send: (upload: Upload) => Promise<PatientAttachment>;
	/** Waits until Cliniko has processed a record; left out if that is not wanted. */
	processed?: (record: PatientAttachment, upload: Upload) => Promise<PatientAttachment>;
	/** Ends all waiting: called once it is clear that the run ends with an error. */
	stopWaiting?: () => void;
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
		if (!options.goOn) options.stopWaiting?.();
	};
	const wait = async (outcome: Outcome, stored: PatientAttachment): Promise<void> => {
		if (!options.processed) return;
		try {
			outcome.record = await options.processed(stored, outcome.upload);
		} catch (error) {
			fail(outcome, error);
		}
	};
	const worker = async (): Promise<void> => {
		for (const outcome of queue) {
			// One that is under way is brought to its end: broken off, nobody would know where it is.
			if (failed && !options.goOn) return;
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

/**
 * The error that ends a run, with what became of the other files: whoever reads it has to know what
 * is on the records already.
 *
 * @returns nothing if no file went wrong
 */
export function runError(
	outcomes: Outcome[],
): { error: ClinikoError; itemIndex: number } | undefined {
	const first = outcomes.find(({ error }) => error);
	if (!first?.error) return undefined;
	const { description, httpCode } = first.error as ClinikoError;
	const rest = outcomes.filter((one) => one !== first);
	const stored = rest.filter(({ record }) => record);
	const left = rest.filter(({ record, error }) => !record && !error).length;
	const failed = rest.filter(({ error }) => error);
	const others = [
		...failed.map(({ upload: { file, itemIndex }, error }) =>
			// The same reason for several files is said once.
			error!.message === first.error!.message
				? `The same goes for "${file.name}" (item ${itemIndex}).`
				: `Also: ${withFile(error!.message, file.name)} [item ${itemIndex}]`,
		),
		stored.length > 0 &&
			`Stored in this run: ${stored.map(({ upload, record }) => `"${upload.file.name}" (item ${upload.itemIndex}) as attachment ${record?.id}`).join(', ')}.`,
		left > 0 && `Not sent: ${left} more of the ${outcomes.length} files.`,
	].filter(Boolean);
	return {
		error: new ClinikoError(
			[withFile(first.error.message, first.upload.file.name), ...others].join(' '),
			description ?? '',
			httpCode,
		),
		itemIndex: first.upload.itemIndex,
	};
}
