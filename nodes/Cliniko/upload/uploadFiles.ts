import type { PatientAttachment } from '../records/patientAttachment';
import { NotStarted } from '../transport/limiter';
import { NotLinked } from './notLinked';
import { ProcessingError } from './processing';
import type { Upload } from './upload';

/** The outcome of one upload: a record, an error, or neither if it was never started. */
export interface Outcome {
	upload: Upload;
	/** The attachment, if the file is stored, even if its processing or its link failed. */
	record?: PatientAttachment;
	error?: Error;
}

/**
 * Uploads the files of a run concurrently.
 *
 * @param uploadOne uploads one file; it waits for its own turn
 * @param onError called for each upload that fails
 * @returns an outcome for each upload, in their order; does not throw if an upload fails
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
			const isStored = error instanceof ProcessingError || error instanceof NotLinked;
			const record = isStored ? error.record : undefined;
			return { upload, record, error: error as Error };
		}
	};
	return await Promise.all(uploads.map(outcome));
}
