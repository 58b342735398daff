import { startSandbox, type RecordedRequest } from '../sandbox/sandbox.cts';
import type { ClinicCalls, Recorded } from './clinic.cts';
import { answerCalls } from './remote.cts';

async function main(): Promise<void> {
	const sandbox = await startSandbox({ processingMs: 0, requestsPerWindow: Infinity });
	const calls: ClinicCalls = {
		env: () => sandbox.env,
		prepare: (settings) => {
			sandbox.reset();
			Object.assign(sandbox.settings, settings);
		},
		outcome: () => {
			const api = sandbox.requests.filter(({ host }) => host.endsWith('.cliniko.com'));
			const count = (wanted: (request: RecordedRequest) => boolean) => api.filter(wanted).length;
			const presign = count(({ path }) => path.endsWith('/attachment_presigned_post'));
			const attachments = ({ path }: RecordedRequest) => path.startsWith('/v1/patient_attachments');
			const create = count((one) => one.method === 'POST' && attachments(one));
			const processing = count((one) => one.method === 'GET' && attachments(one));
			return {
				records: [...sandbox.clinic.attachments.values()].map(
					({ patientId, stored, processedAt }): Recorded => ({
						patientId,
						name: stored.key.slice(stored.key.lastIndexOf('/') + 1),
						sha256: stored.sha256,
						processed: processedAt !== null,
					}),
				),
				calls: {
					presign,
					create,
					processing,
					other: api.length - presign - create - processing,
					all: api.length,
				},
				refused: count(({ status }) => status === 429),
			};
		},
	};
	answerCalls(calls, async () => await sandbox.close());
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
