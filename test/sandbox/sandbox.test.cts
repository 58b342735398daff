import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';

import {
	SANDBOX_API_KEY,
	SANDBOX_PATIENT_ID,
	startSandbox,
	type RecordedRequest,
	type Sandbox,
	type SandboxOptions,
} from '../../sandbox/sandbox.cts';
import { Client, until } from './client.cts';

const open: Array<{ close(): Promise<void> }> = [];

async function start(options?: SandboxOptions): Promise<Sandbox> {
	const sandbox = await startSandbox(options);
	open.push(sandbox);
	return sandbox;
}

function clientOf(sandbox: Sandbox): Client {
	const client = new Client(sandbox);
	open.push(client);
	return client;
}

afterEach(async () => {
	for (const one of open.splice(0)) await one.close();
});

describe('The sandbox', () => {
	it.each([
		'example.com:443',
		'cliniko.com:443',
		'api.au1.cliniko.com:80',
		'other.s3.amazonaws.com:443',
	])('carries nothing to %s, and keeps a record of the attempt', async (authority) => {
		const sandbox = await start();
		const { status, socket } = await clientOf(sandbox).connect(authority);
		socket.destroy();
		expect(status).toBe(403);
		expect(sandbox.requests).toMatchObject([{ method: 'CONNECT', path: authority, status: 403 }]);
	});

	it('carries nothing over plain HTTP', async () => {
		const sandbox = await start();
		const { hostname, port } = new URL(sandbox.proxyUrl);
		const status = await new Promise((resolve, reject) => {
			httpRequest({ hostname, port, path: 'http://example.com/', agent: false })
				.once('response', (response) => resolve(response.resume().statusCode))
				.once('error', reject)
				.end();
		});
		expect(status).toBe(403);
		expect(sandbox.requests).toMatchObject([{ method: 'GET', status: 403 }]);
	});

	it('records requests in order of arrival, and tells of each when it is over', async () => {
		const told: RecordedRequest[] = [];
		const sandbox = await start({ latencyMs: 30, onRequest: (one) => told.push(one) });
		const client = clientOf(sandbox);
		const startedAt = Date.now();
		await client.api('/user');
		await client.api('/patients?per_page=2');
		expect(Date.now() - startedAt).toBeGreaterThanOrEqual(58);
		expect(sandbox.requests).toMatchObject([
			{ host: 'api.au1.cliniko.com', method: 'GET', path: '/v1/user', status: 200 },
			{ host: 'api.au1.cliniko.com', method: 'GET', path: '/v1/patients?per_page=2', status: 200 },
		]);
		expect(sandbox.requests[0]?.headers['user-agent']).toBe('Sandbox test (test@clinic.example)');
		expect(sandbox.requests[0]?.at).toBeGreaterThanOrEqual(startedAt);
		await until(() => told.length === 2);
		expect(told).toEqual(sandbox.requests);
	});

	it('goes back to the seed on reset', async () => {
		const sandbox = await start({ requestsPerWindow: 2, processingMs: 60_000 });
		const client = clientOf(sandbox);
		const seeded = [...sandbox.clinic.patients.keys()];
		sandbox.clinic.addPatient();
		sandbox.settings.trailingSlash = false;
		await client.upload(await client.presign(SANDBOX_PATIENT_ID), 'a.txt', 'x');
		await client.api('/user');
		expect((await client.api('/user')).status).toBe(429);
		sandbox.reset();
		expect(sandbox.requests).toEqual([]);
		expect(sandbox.storage.objects.size).toBe(0);
		expect([...sandbox.clinic.patients.keys()]).toEqual(seeded);
		expect(sandbox.settings.trailingSlash).toBe(true);
		expect((await client.api('/user')).status).toBe(200);
	});

	it('closes though clients hang on to it, and takes its temp folder along', async () => {
		const sandbox = await start();
		const client = clientOf(sandbox);
		sandbox.faults.add({ on: 'user', act: 'before', do: { hang: true } });
		const hanging = client.api('/user');
		hanging.catch(() => undefined);
		await client.api('/settings/public');
		await sandbox.close();
		await expect(hanging).rejects.toThrow();
		expect(existsSync(sandbox.caFile)).toBe(false);
	});

	it('is reached by a process that knows nothing of it but its environment', async () => {
		const sandbox = await start();
		const script = `
			const { EnvHttpProxyAgent, request } = require('undici');
			request('https://api.au1.cliniko.com/v1/user', {
				dispatcher: new EnvHttpProxyAgent(),
				headers: {
					authorization: 'Basic ' + Buffer.from('${SANDBOX_API_KEY}:').toString('base64'),
					accept: 'application/json',
					'user-agent': 'Child (child@clinic.example)',
				},
			}).then(async (reply) => { await reply.body.dump(); process.exit(reply.statusCode - 200); });
		`;
		const child = spawn(process.execPath, ['-e', script], {
			cwd: join(__dirname, '../..'),
			env: { PATH: process.env.PATH, ...sandbox.env },
			stdio: 'ignore',
		});
		expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
		expect(sandbox.requests).toMatchObject([{ path: '/v1/user', status: 200 }]);
	});
});
