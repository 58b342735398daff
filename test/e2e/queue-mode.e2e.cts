import { cpSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INode } from 'n8n-workflow';

import { startN8n, type N8n } from '../../n8n/n8n.cts';
import { SANDBOX_PATIENT_ID, startSandbox, type Sandbox } from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { byName, CREDENTIAL } from './clinic.cts';
import { leaveLog } from './failures.cts';
import { OWNER } from './owner.cts';
import { startPostgres, type Postgres } from './postgres.cts';
import { startRedis, type Redis } from './redis.cts';
import { post, webhookUpload } from './webhook.cts';

/** How many files are sent, and after how many attachments a worker is killed. */
const FILES = 60;
const LOST_AFTER = 8;

/** n8n's message for an execution whose worker is gone. It does not retry it by itself. */
const STALLED = expect.stringContaining('failed to be processed too many times');

/** n8n considers a worker lost after a minute by default; here it takes seconds. */
const QUEUE = {
	EXECUTIONS_MODE: 'queue',
	QUEUE_WORKER_LOCK_DURATION: '5000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '1000',
	QUEUE_WORKER_STALLED_INTERVAL: '2000',
};

let sandbox: Sandbox;
let postgres: Postgres;
let redis: Redis;
let main: N8n;
let workers: N8n[] = [];
let credentials: INode['credentials'];

beforeAll(async () => {
	// Slow enough for a worker to have many executions in progress, at different steps.
	sandbox = await startSandbox({ latencyMs: 150, processingMs: 1500, requestsPerWindow: 10_000 });
	redis = await startRedis();
	postgres = await startPostgres();
	const start = async (command: 'start' | 'worker') => {
		const folder = mkdtempSync(path.join(process.env.E2E_FOLDER!, 'queue-'));
		// The package, and the encryption key, which all processes share.
		cpSync(path.join(process.env.E2E_FOLDER!, 'prepared'), folder, { recursive: true });
		return await startN8n({
			command,
			folder,
			env: {
				...sandbox.env,
				NO_PROXY: 'localhost,127.0.0.1',
				...postgres.env,
				...QUEUE,
				QUEUE_BULL_REDIS_HOST: '127.0.0.1',
				QUEUE_BULL_REDIS_PORT: String(redis.port),
			},
		});
	};
	// Creates the tables that the workers need.
	main = await start('start');
	workers = await Promise.all([start('worker'), start('worker')]);
	await main.call('POST', '/rest/owner/setup', OWNER);
	const { id } = await main.call<{ id: string }>('POST', '/rest/credentials', {
		name: 'Cliniko',
		type: 'clinikoApi',
		data: CREDENTIAL,
	});
	credentials = { clinikoApi: { id, name: 'Cliniko' } };
}, 300_000);

afterAll(async () => {
	for (const n8n of [...workers, main]) await n8n?.close();
	leaveLog('queue-mode-main', main?.log() ?? '');
	workers.forEach((worker, at) => leaveLog(`queue-mode-worker-${at}`, worker.log()));
	await postgres?.close();
	await redis?.close();
	await sandbox?.close();
});

it('two workers share one Cliniko user: 60 files at once are each stored once', async () => {
	Object.assign(sandbox.settings, { requestsPerWindow: 50, rateLimitWindowMs: 5000 });
	const files = Array.from({ length: FILES }, (_, at) => ({
		name: `Scan ${at}.pdf`,
		content: pdf(`scan ${at}`),
	}));
	const send = await publish('burst', {});
	await Promise.all(files.map(send));
	const outcomes = [...(await whenAllAreOver()).values()];

	const calls = sandbox.requests.filter(({ host }) => host.startsWith('api.'));
	const refused = calls.filter(({ status }) => status === 429);
	process.stdout.write(
		`${FILES} executions on two workers: ${calls.length} calls, ${refused.length} of them refused\n`,
	);
	expect(outcomes).toEqual(files.map(() => ({ status: 'success', message: undefined })));
	const right = files.map(({ name, content }) => ({
		patient: SANDBOX_PATIENT_ID,
		name,
		sha256: sha256(content),
	}));
	expect(recorded(sandbox).sort(byName)).toEqual(right.sort(byName));
	sandbox.reset();
}, 300_000);

it('loses no file without a word and stores none twice when a worker is lost', async () => {
	const files = Array.from({ length: FILES }, (_, at) => ({
		name: `Röntgen ${at}.pdf`,
		content: pdf(`${at} `.repeat(1 + at * 2000)),
	}));
	const send = await publish('scans', {});
	const sending = Promise.all(files.map(send));
	while (sandbox.clinic.attachments.size < LOST_AFTER) await sleep(10);
	await workers[1]!.kill();
	await sending;
	// What n8n stores of a lost execution does not include the file name.
	const executions = new Map(
		postgres
			.query(`SELECT substring(data FROM 'Röntgen \\d+\\.pdf'), "executionId" FROM execution_data`)
			.map(([name, id]) => [name, id]),
	);
	const outcomes = await whenAllAreOver();

	const fates = files.map(({ name, content }) => ({
		name,
		attached: recorded(sandbox).filter((record) => record.name === name),
		right: { patient: SANDBOX_PATIENT_ID, name, sha256: sha256(content) },
		...outcomes.get(executions.get(name) ?? '')!,
	}));
	const failed = fates.filter(({ status }) => status !== 'success');
	process.stdout.write(
		`${FILES} files, ${sandbox.clinic.attachments.size} attachments, ` +
			`${failed.length} failed executions (the files of ` +
			`${failed.filter(({ attached }) => attached.length > 0).length} of them are on record), ` +
			`${fates.filter(({ attached }) => attached.length > 1).length} duplicates, ` +
			`${fates.filter(({ attached, message }) => attached.length === 0 && !message).length} ` +
			'lost without a word\n',
	);
	// The killed worker had some in progress.
	expect(failed.length).toBeGreaterThan(0);
	for (const { name, attached, right, status, message } of fates) {
		if (status === 'success') expect(attached).toEqual([right]);
		else {
			expect({ name, status, message }).toEqual({ name, status: 'error', message: STALLED });
			expect([[], [right]]).toContainEqual(attached);
		}
	}
	expect(sandbox.clinic.attachments.size).toBe(fates.flatMap(({ attached }) => attached).length);

	// n8n has deleted the files of lost executions, so its Retry does nothing. The sender sends all
	// files again, not knowing which of them arrived.
	const again = await publish('scans-again', { options: { ifAlreadyUploaded: 'skip' } });
	const lost = files.filter(({ name }) => failed.some((fate) => fate.name === name));
	await Promise.all(lost.map(again));
	await whenAllAreOver();
	expect(recorded(sandbox).sort(byName)).toEqual(fates.map(({ right }) => right).sort(byName));
}, 300_000);

/** Waits until all executions have finished; returns how each one ended, by id. */
async function whenAllAreOver(): Promise<Map<string, { status: string; message?: string }>> {
	for (const lastMoment = Date.now() + 120_000; ; await sleep(500)) {
		const rows = postgres.query('SELECT id, status FROM execution_entity');
		const underWay = rows.filter(([, status]) => ['new', 'running'].includes(status!));
		if (underWay.length === 0) {
			const outcomes = rows.map(async ([id, status]) => {
				const { data } = await main.call<{ data: string }>('GET', `/rest/executions/${id}`);
				return [id!, { status: status!, message: messageIn(data) }] as const;
			});
			return new Map(await Promise.all(outcomes));
		}
		if (Date.now() > lastMoment) throw new Error(`${underWay.length} executions are not over`);
	}
}

/**
 * The error message of an execution. n8n stores its data as a flat list, with indexes as
 * references.
 */
function messageIn(data: string): string | undefined {
	const values = JSON.parse(data) as Array<Record<string, string>>;
	const at = (of: Record<string, string> | undefined, name: string) => values[Number(of?.[name])];
	const error = at(at(values[0], 'resultData'), 'error');
	return at(error, 'message') as string | undefined;
}

/** Publishes a workflow with a webhook; returns a function that posts a file to it. */
async function publish(
	webhook: string,
	parameters: IDataObject,
): Promise<(file: { name: string; content: Buffer }) => Promise<void>> {
	const { id, versionId } = await main.call<{ id: string; versionId: string }>(
		'POST',
		'/rest/workflows',
		{ settings: {}, ...webhookUpload(webhook, credentials, parameters) },
	);
	await main.call('POST', `/rest/workflows/${id}/activate`, { versionId });
	return async (file) => await post(main, webhook, file);
}
