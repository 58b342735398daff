import { dispatcherFor, uploadPatientAttachment } from '../../test/reference/uploader.cts';
import { answerCalls } from '../remote.cts';
import type { ReferenceCalls } from './reference.cts';

const dispatcher = dispatcherFor(process.env);

const calls: ReferenceCalls = {
	upload: async (uploads, concurrency) => {
		const began = performance.now();
		const queue = uploads.values();
		const worker = async () => {
			for (const upload of queue) await uploadPatientAttachment(upload, { dispatcher });
		};
		await Promise.all(Array.from({ length: concurrency }, worker));
		return (performance.now() - began) / 1000;
	},
};

answerCalls(calls, async () => await dispatcher.close());
