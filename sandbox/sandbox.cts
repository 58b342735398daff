import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RateLimit } from './api/rate-limit.cts';
import { createApi } from './api/site.cts';
import { openCertificateAuthority } from './certificates.cts';
import { Clinic } from './clinic/clinic.cts';
import { seed } from './clinic/seed.cts';
import { serve, type Surroundings } from './exchange.cts';
import { Faults } from './faults.cts';
import type { Around } from './front-desk/page.cts';
import { createFrontDesk } from './front-desk/site.cts';
import { settingsFrom, type SandboxOptions, type Settings } from './options.cts';
import { createProxy, type End } from './proxy.cts';
import type { RecordedRequest } from './recorded-request.cts';
import { BUCKET_HOST } from './s3/bucket.cts';
import { createRealS3, Inventory } from './s3/real-s3.cts';
import { createS3 } from './s3/site.cts';
import { Storage } from './s3/storage.cts';

export * from './clinic/seed.cts';
export { ACCESS_KEY_ID, BUCKET, BUCKET_HOST, REGION, SECRET_ACCESS_KEY } from './s3/bucket.cts';
export type {
	Clinic,
	Contact,
	Communication,
	MedicalAlert,
	Patient,
	PatientAttachment,
	PatientCase,
	Role,
	User,
} from './clinic/clinic.cts';
export type { Fault, FaultAction, Faults, Step } from './faults.cts';
export { CHOICES, optionsFrom, UNKIND } from './options.cts';
export type { PresignDraft, SandboxOptions, Settings } from './options.cts';
export type { RecordedRequest } from './recorded-request.cts';
export type { Reply } from './reply.cts';
export type { Policy, PolicyCondition } from './s3/policy.cts';
export type { Storage, StoredObject } from './s3/storage.cts';

/** A running stand-in for Cliniko and its bucket. */
export interface Sandbox {
	/**
	 * `http://127.0.0.1:<port>`: the forward proxy through which both are reached. A browser that
	 * opens it sees the front desk's page.
	 */
	readonly proxyUrl: string;
	/** What the front desk's page shows beside the records: nothing at first. */
	readonly frontDesk: Around;
	/** The CA certificate in PEM form, which clients have to trust. */
	readonly caFile: string;
	/** Environment variables with which a client process reaches the sandbox and nothing else. */
	readonly env: Record<string, string>;
	/** The current settings. They may be changed at any time; `reset` restores them. */
	readonly settings: Settings;
	readonly clinic: Clinic;
	readonly storage: Storage;
	/** Every request, in order of arrival, including those that the proxy refused. */
	readonly requests: RecordedRequest[];
	readonly faults: Faults;
	/** Restores the initial state: records, objects, requests, faults, rate limits, settings. */
	reset(): void;
	/** Closes every connection and deletes temporary files. */
	close(): Promise<void>;
}

/**
 * Starts the sandbox. Clients reach it through the proxy, as `https://api.<shard>.cliniko.com/v1/…`
 * and as the bucket that a presigned post refers to.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
	const settings = settingsFrom(options);
	const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'cliniko-sandbox-'));
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const authority = await openCertificateAuthority(folder);

	const faults = new Faults();
	const requests: RecordedRequest[] = [];
	const now = () => Date.now() + faults.clockSkewMs;
	const around: Surroundings = { settings, faults, requests, now };
	const { s3Endpoint } = options;
	const storage = new (s3Endpoint ? Inventory : Storage)(join(folder, 'objects'));
	const clinic = new Clinic(settings, storage, now);
	const rateLimit = new RateLimit(settings);
	seed(clinic, settings.shard);
	const frontDesk: Around = { links: [], mails: [] };
	const bucket = s3Endpoint ? createRealS3(s3Endpoint, storage) : createS3(storage, around);

	const tls = {
		SNICallback: (host: string, done: (error: Error | null, context?: never) => void) => {
			authority.contextFor(host).then(
				(context) => done(null, context as never),
				(error: Error) => done(error),
			);
		},
		// A large file may take a while.
		requestTimeout: 0,
		// With Node's default of 5 s, a busy machine closes connections just as a client reuses them.
		keepAliveTimeout: 60_000,
	};
	const ends = {
		api: createServer(tls, serve(createApi(clinic, storage, rateLimit, around), around)),
		s3: createServer(tls, serve(bucket, around)),
	};
	const proxy = createProxy({
		endOf(host): End | undefined {
			if (host === BUCKET_HOST) return 's3';
			return /^api\.[a-z]{2}\d{1,2}\.cliniko\.com$/.test(host) ? 'api' : undefined;
		},
		// The proxy passes its connections on, so the servers need no ports of their own.
		connect: (end, socket) => ends[end].emit('connection', socket),
		answer: (end, request, response) => ends[end].emit('request', request, response),
		answerOwn: createFrontDesk(clinic, frontDesk),
		breaksHandshake: (end) => faults.takeHandshake(end),
		refused(request, status) {
			const record = recordOfRefused(request, status);
			requests.push(record);
			settings.onRequest?.(record);
		},
	});

	const sockets = new Set<Socket>();
	proxy.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve, reject) => {
		proxy.once('error', reject);
		proxy.listen(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
	});
	const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

	return {
		proxyUrl,
		frontDesk,
		caFile: authority.file,
		env: {
			HTTPS_PROXY: proxyUrl,
			https_proxy: proxyUrl,
			// Hosts excluded from the proxy would be reached over the real network.
			NO_PROXY: '',
			no_proxy: '',
			NODE_EXTRA_CA_CERTS: authority.file,
		},
		settings,
		clinic,
		storage,
		requests,
		faults,
		reset() {
			Object.assign(settings, settingsFrom(options));
			faults.clear();
			requests.length = 0;
			rateLimit.clear();
			clinic.clear();
			storage.clear();
			seed(clinic, settings.shard);
		},
		async close() {
			const closed = new Promise((resolve) => proxy.close(resolve));
			for (const socket of sockets) socket.destroy();
			await closed;
			clinic.clear();
			storage.clear();
			if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
		},
	};
}

function recordOfRefused(request: IncomingMessage, status: number | null): RecordedRequest {
	const path = request.url ?? '';
	const host = request.headers.host ?? path;
	return {
		at: Date.now(),
		host: host.toLowerCase().replace(/:\d+$/, ''),
		method: request.method ?? '',
		path,
		status,
		headers: {},
		bytesReceived: 0,
	};
}
