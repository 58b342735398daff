import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import {
	SANDBOX_PATIENT_ID,
	SANDBOX_USER_ID,
	type PatientAttachment,
	type Sandbox,
	type StoredObject,
} from '../../sandbox/sandbox.cts';
import { sha256 } from './clinic.cts';

/** A file that somebody else has added to a patient's record before. */
export interface FileOnRecord {
	name: string;
	content: Buffer | string;
	patientId?: string;
	description?: string;
	/** Who added it; the key's user by default. */
	userId?: string;
	/** Whether it stays unprocessed. */
	fresh?: true;
}

/** Adds a file to a patient's record, and waits for its processing. */
export async function putOnRecord(
	sandbox: Sandbox,
	{
		name,
		content,
		patientId = SANDBOX_PATIENT_ID,
		userId = SANDBOX_USER_ID,
		description,
		fresh,
	}: FileOnRecord,
): Promise<PatientAttachment> {
	const { clinic, settings } = sandbox;
	const object = storeFile(sandbox, patientId, name, Buffer.from(content));
	const usual = settings.processingMs;
	if (fresh) settings.processingMs = 3_600_000;
	const record = clinic.addAttachment(
		{
			patientId,
			userId,
			description: description ?? null,
			uploadUrl: `https://store.example/${object.key}`,
			// Long enough ago for lists to show it.
			addedAt: 0,
		},
		object,
	);
	settings.processingMs = usual;
	while (!fresh && record.processedAt === null) await setTimeout(1);
	return record;
}

/** Puts an object into the bucket without a form. */
export function storeFile(
	{ clinic, storage }: Sandbox,
	patientId: string,
	name: string,
	content: Buffer,
): StoredObject {
	const object = {
		key: `${clinic.tempFolder(patientId)}another-${storage.objects.size}/${name}`,
		size: content.length,
		sha256: sha256(content),
		md5: createHash('md5').update(content).digest('hex'),
		head: content.subarray(0, 16),
		path: storage.freshPath(),
		contentType: 'application/pdf',
		fields: {},
	};
	writeFileSync(object.path, content);
	storage.put(object);
	return object;
}
