import type { PatientAttachment } from '../records/patientAttachment';
import { NotStarted } from '../transport/limiter';
import { ProcessingError } from './processing';
import type { Upload } from './upload';

/** What became of one file: its record, an error, or neither if it was not started any more. */
export interface Outcome {
	upload: Upload;
	/** The attachment, once the file is stored; also there if only the processing went wrong. */
	record?: PatientAttachment;
	error?: Error;
}

/**
 * Uploads the files of a run, side by side.
 *
 * @param uploadOne uploads one file, and waits for its turn by itself
 * @param onError called for each file that fails
 * @returns an outcome for each upload, in their order; never throws for a single file
 */
export async function uploadFiles(
	uploads: Upload[],
	uploadOne: (upload: Upload) => Promise<PatientAttachment>,
	onError: () => void,
): Promise<Outcome[]> {
	const outcome = async (upload: Upload): Promise<Outcome> => {
		try {
			return { upload, record: await uploadOne(upload) };
		} catch (error) {
			if (error instanceof NotStarted) return { upload };
			onError();
			const record = error instanceof ProcessingError ? error.record : undefined;
			return { upload, record, error: error as Error };
		}
	};
	return await Promise.all(uploads.map(outcome));
}
