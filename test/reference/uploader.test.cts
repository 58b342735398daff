import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';

import {
	SANDBOX_API_KEY,
	SANDBOX_PATIENT_ID,
	startSandbox,
	type Sandbox,
} from '../../sandbox/sandbox.cts';
import { dispatcherFor, uploadPatientAttachment, type ReferenceUpload } from './uploader.cts';

describe('The reference uploader', () => {
	let sandbox: Sandbox;
	let dispatcher: Dispatcher;
	let folder: string;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'reference-uploader-'));
		sandbox = await startSandbox({ processingMs: 100 });
		dispatcher = dispatcherFor(sandbox.env);
	});

	beforeEach(() => sandbox.reset());

	afterAll(async () => {
		await dispatcher.close();
		await sandbox.close();
		rmSync(folder, { recursive: true, force: true });
	});

	const send = (file: ReferenceUpload['file'], more: Partial<ReferenceUpload> = {}) =>
		uploadPatientAttachment(
			{
				apiKey: SANDBOX_API_KEY,
				contactEmail: 'reference@n8n-nodes-cliniko.example',
				patientId: SANDBOX_PATIENT_ID,
				file,
				fileName: 'Überweisung & "Befund".pdf',
				contentType: 'application/pdf',
				...more,
			},
			{ dispatcher, pollMs: 20, maxWaitMs: 10_000 },
		);

	const onlyObject = () => {
		const objects = [...sandbox.storage.objects.values()];
		expect(objects).toHaveLength(1);
		return objects[0]!;
	};
	const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

	it('puts a small buffer on the patient and returns the processed record', async () => {
		const bytes = Buffer.from('%PDF-1.4\nreferral\n%%EOF\n');

		const record = await send({ content: bytes }, { description: 'Referral' });

		expect(record).toMatchObject({
			processing_completed: true,
			description: 'Referral',
			size: bytes.length,
		});
		expect(onlyObject().sha256).toBe(sha256(bytes));
	});

	it('streams a 6 MiB file from disk under its exact length, bytes unchanged', async () => {
		const bytes = randomBytes(6 * 1024 * 1024);
		const path = join(folder, 'scan.bin');
		writeFileSync(path, bytes);
		sandbox.settings.trailingSlash = false;

		const record = await send({ path }, { fileName: 'scan.bin', waitForProcessing: false });

		expect(record).toMatchObject({ processing_completed: false });
		expect(onlyObject()).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
		const toS3 = sandbox.requests.find(({ host }) => !host.endsWith('.cliniko.com'));
		expect(toS3?.headers['transfer-encoding']).toBeUndefined();
		expect(Number(toS3?.headers['content-length'])).toBe(toS3?.bytesReceived);
	});
});
