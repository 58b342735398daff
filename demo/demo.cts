/**
 * Uploads a file with the built package in n8n's own engine and shows each step.
 *
 *   npm run demo                                   to the sandbox, with the sample PDF
 *   npm run demo -- path/to/file                   the same, and that file as well
 *   npm run demo -- --live --patient ID FILE       to a real Cliniko account
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { IDataObject } from 'n8n-workflow';

import { startEngine, type StartItem, type WorkflowFile } from '../engine/engine.cts';
import {
	BUCKET_HOST,
	SANDBOX_API_KEY,
	SANDBOX_PATIENT_ID,
	startSandbox,
	type RecordedRequest,
} from '../sandbox/sandbox.cts';

const SAMPLE = path.join(__dirname, 'Referral letter.pdf');

/** Time to read what a live run will do and to cancel it, in ms. */
const SECOND_THOUGHTS = 5000;

/** A mistake in the command line; its message is all that the user sees. */
class UsageError extends Error {}

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { live: { type: 'boolean', default: false }, patient: { type: 'string' } },
	});
	for (const file of positionals) {
		if (!existsSync(file) || !statSync(file).isFile()) {
			throw new UsageError(`There is no file ${file}.`);
		}
	}
	if (values.live) await live(values.patient, positionals);
	else await offline([SAMPLE, ...positionals]);
}

async function offline(files: string[]): Promise<void> {
	console.log(
		'Starting a stand-in Cliniko and n8n’s workflow engine; nothing leaves this machine.',
	);
	const began = Date.now();
	const sandbox = await startSandbox({ onRequest: (request) => show(request, began) });
	try {
		console.log(`Uploading to patient ${SANDBOX_PATIENT_ID} of the stand-in Cliniko:\n`);
		await upload(files, {
			patientId: SANDBOX_PATIENT_ID,
			credential: { apiKey: SANDBOX_API_KEY, contactEmail: 'demo@clinic.example' },
			env: sandbox.env,
		});
	} finally {
		await sandbox.close();
	}
	console.log(`\nDone in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

async function live(patientId: string | undefined, files: string[]): Promise<void> {
	const { CLINIKO_API_KEY: apiKey, CLINIKO_CONTACT_EMAIL: contactEmail } = process.env;
	if (!patientId || files.length === 0) {
		throw new UsageError('Name the patient and the file: npm run demo -- --live --patient ID FILE');
	}
	if (!apiKey || !contactEmail) {
		throw new UsageError(
			'Set CLINIKO_API_KEY to the key, and CLINIKO_CONTACT_EMAIL to an address where Cliniko can reach you.',
		);
	}
	console.log(`This will put ${files.join(', ')} on the record of patient ${patientId} in the REAL
Cliniko account that CLINIKO_API_KEY belongs to. Ctrl-C within ${SECOND_THOUGHTS / 1000} seconds stops it.`);
	await setTimeout(SECOND_THOUGHTS);
	const { HTTPS_PROXY, NODE_EXTRA_CA_CERTS } = process.env;
	await upload(files, {
		patientId,
		credential: { apiKey, contactEmail },
		env: {
			...(HTTPS_PROXY && { HTTPS_PROXY }),
			...(NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS }),
		},
	});
}

interface Target {
	patientId: string;
	credential: { apiKey: string; contactEmail: string };
	/** Environment variables for the engine's process. */
	env: Record<string, string>;
}

async function upload(files: string[], { patientId, credential, env }: Target): Promise<void> {
	const engine = await startEngine({ env });
	try {
		const items: StartItem[] = files.map((file) => ({
			files: {
				data: { path: path.resolve(file), fileName: path.basename(file), mimeType: mimeType(file) },
			},
		}));
		const { run } = await engine.call('run', {
			workflow: workflowFor(patientId),
			items,
			credentials: { cliniko: { shard: '', ...credential } },
		});
		const { error, runData } = run.data.resultData;
		if (error) {
			throw new UsageError(`${error.message}\n${error.description ?? ''}`);
		}
		const output = runData['Cliniko']?.[0]?.data?.main?.[0] ?? [];
		console.log('\nWhat the next node of the workflow gets:\n');
		for (const { json } of output) console.log(JSON.stringify(json, null, 2));
	} finally {
		await engine.close();
	}
}

function workflowFor(patientId: string): WorkflowFile {
	const position: [number, number] = [0, 0];
	return {
		nodes: [
			{ id: '1', name: 'Files', type: 'engine.files', typeVersion: 1, position, parameters: {} },
			{
				id: '2',
				name: 'Cliniko',
				type: 'n8n-nodes-cliniko.cliniko',
				typeVersion: 1,
				position,
				parameters: {
					patientId: { __rl: true, mode: 'id', value: patientId },
					description: 'Uploaded by the demo',
				},
				credentials: { clinikoApi: { id: 'cliniko', name: 'Cliniko' } },
			},
		],
		connections: { Files: { main: [[{ node: 'Cliniko', type: 'main', index: 0 }]] } },
	};
}

function mimeType(file: string): string {
	const types: IDataObject = {
		'.pdf': 'application/pdf',
		'.jpg': 'image/jpeg',
		'.jpeg': 'image/jpeg',
		'.png': 'image/png',
		'.txt': 'text/plain',
	};
	return String(types[path.extname(file).toLowerCase()] ?? 'application/octet-stream');
}

/** Prints one line for each request that the sandbox received. */
function show(
	{ at, method, host, path: target, status, bytesReceived }: RecordedRequest,
	began: number,
): void {
	const step =
		host === BUCKET_HOST
			? `2 file to S3 (${bytesReceived} bytes)`
			: target.startsWith('/v1/patients?')
				? '0 is the patient in use?'
				: target.includes('presigned_post')
					? '1 presigned post'
					: method === 'POST'
						? '3 create record'
						: '4 is it processed?';
	const seconds = `${((at - began) / 1000).toFixed(2)} s`.padStart(8);
	const took = `${Date.now() - at} ms`.padStart(7);
	console.log(
		`${seconds}  ${step.padEnd(32)} ${method.padEnd(4)} ${host}  ${status ?? '-'} ${took}`,
	);
}

main().catch((error: Error) => {
	const expected = error instanceof UsageError || 'code' in error;
	console.error(expected ? `\n${error.message}` : error);
	process.exitCode = 1;
});
