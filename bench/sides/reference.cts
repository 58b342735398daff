import path from 'node:path';

import { SANDBOX_API_KEY, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import type { ReferenceUpload } from '../../test/reference/uploader.cts';
import type { Clinic } from '../clinic.cts';
import { observe } from '../process.cts';
import { startRemote } from '../remote.cts';
import type { Side } from './side.cts';

export interface ReferenceCalls {
	/** Uploads files with this concurrency and returns the time in seconds. */
	upload(uploads: ReferenceUpload[], concurrency: number): Promise<number>;
}

/** The reference uploader of the tests (undici and form-data), in a process of its own. */
export async function startReference(clinic: Clinic): Promise<Side> {
	const remote = await startRemote<ReferenceCalls>(
		path.join(__dirname, 'reference-host.cts'),
		clinic.env,
	);
	return {
		name: 'reference',
		upload: async ({ files, wait, concurrency = 4 }) => {
			const uploads = files.map(({ path: file, name }) => ({
				apiKey: SANDBOX_API_KEY,
				contactEmail: 'bench@clinic.example',
				patientId: SANDBOX_PATIENT_ID,
				file: { path: file },
				fileName: name,
				contentType: 'application/pdf',
				description: 'From the bench',
				waitForProcessing: wait,
			}));
			const finish = observe(remote.pid);
			try {
				const seconds = await remote.call('upload', uploads, concurrency);
				return { ...finish(), seconds };
			} catch (error) {
				return { ...finish(), seconds: NaN, error: (error as Error).message };
			}
		},
		close: async () => await remote.close(),
	};
}
