import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { XMLParser } from 'fast-xml-parser';
import { ProxyAgent, request } from 'undici';

import {
	BUCKET_HOST,
	SANDBOX_API_KEY,
	startSandbox,
	type Sandbox,
	type SandboxOptions,
} from '../../sandbox/sandbox.cts';

export interface Answer {
	status: number;
	headers: Record<string, string | string[] | undefined>;
	text: string;
	// Tests access replies of any shape.
	// eslint-disable-next-line @typescript-eslint/no-explicit-any
	json: any;
}

export interface Presign {
	url: string;
	fields: Record<string, string>;
}

/** A part of a form: a field, or the file where `filename` is given. */
export interface Part {
	name: string;
	value: string | Buffer;
	filename?: string;
}

/** A simple client of the sandbox, which sends exactly what a test specifies. */
export class Client {
	private agent?: ProxyAgent;

	/** @param sandbox may be started later, but before the first request */
	constructor(private readonly sandbox: Sandbox) {}

	private get ca(): string {
		return readFileSync(this.sandbox.caFile, 'utf8');
	}

	/** Aborts open requests; later ones use new connections. */
	async close(): Promise<void> {
		const { agent } = this;
		this.agent = undefined;
		await agent?.destroy();
	}

	/** Calls the API; `path` starts after /v1. */
	async api(
		path: string,
		{
			method = 'GET',
			body,
			key = SANDBOX_API_KEY,
			shard = 'au1',
			headers = {},
		}: {
			method?: 'GET' | 'POST' | 'PATCH';
			body?: unknown;
			key?: string;
			shard?: string;
			headers?: Record<string, string | undefined>;
		} = {},
	): Promise<Answer> {
		const all: Record<string, string | undefined> = {
			authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
			'user-agent': 'Sandbox test (test@clinic.example)',
			accept: 'application/json',
			...(body !== undefined && { 'content-type': 'application/json' }),
			...headers,
		};
		for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
		return await this.send(`https://api.${shard}.cliniko.com/v1${path}`, {
			method,
			headers: all,
			body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
		});
	}

	async presign(patientId: string): Promise<Presign> {
		return (await this.api(`/patients/${patientId}/attachment_presigned_post`)).json;
	}

	/** Sends a form to the bucket. */
	async post(parts: Part[], headers: Record<string, string> = {}): Promise<Answer> {
		return await this.send(`https://${BUCKET_HOST}/`, {
			method: 'POST',
			headers: { 'content-type': 'multipart/form-data; boundary=b0und', ...headers },
			body: formOf(parts),
		});
	}

	/** Sends a presigned post's fields and a file, as intended. */
	async upload({ fields }: Presign, filename: string, bytes: string | Buffer): Promise<Answer> {
		return await this.post([...partsOf(fields), { name: 'file', filename, value: bytes }]);
	}

	async send(
		url: string,
		options: { method?: 'GET' | 'POST' | 'PATCH'; headers?: object; body?: unknown } = {},
	): Promise<Answer> {
		this.agent ??= new ProxyAgent({ uri: this.sandbox.proxyUrl, requestTls: { ca: this.ca } });
		const answer = await request(url, { ...options, dispatcher: this.agent } as never);
		const text = await answer.body.text();
		return {
			status: answer.statusCode,
			headers: answer.headers,
			text,
			json: String(answer.headers['content-type']).includes('json') ? JSON.parse(text) : undefined,
		};
	}

	/** Sends a CONNECT; returns the proxy's reply and the raw connection. */
	async connect(authority: string): Promise<{ status: number; socket: Socket }> {
		const { hostname, port } = new URL(this.sandbox.proxyUrl);
		return await new Promise((resolve, reject) => {
			httpRequest({ hostname, port, method: 'CONNECT', path: authority, agent: false })
				.once('connect', ({ statusCode = 0 }, socket) => resolve({ status: statusCode, socket }))
				.once('error', reject)
				.end();
		});
	}

	/** A TLS connection to a host behind the proxy, for raw requests. */
	async tls(host: string): Promise<TLSSocket> {
		const { socket } = await this.connect(`${host}:443`);
		const secure = tlsConnect({ socket, servername: host, ca: this.ca });
		await new Promise<void>((resolve, reject) => {
			secure.once('secureConnect', resolve).once('error', reject);
			secure.once('close', () => reject(new Error('closed during the handshake')));
		});
		return secure;
	}
}

/**
 * The sandbox of a test file, and a client for it: started before the tests, reset before each of
 * them and closed at the end. Both objects can be used from the first test on.
 */
export function useSandbox(options?: SandboxOptions): { sandbox: Sandbox; client: Client } {
	const sandbox = {} as Sandbox;
	const client = new Client(sandbox);
	beforeAll(async () => void Object.assign(sandbox, await startSandbox(options)));
	beforeEach(() => sandbox.reset());
	afterAll(async () => {
		await client.close();
		await sandbox.close();
	});
	return { sandbox, client };
}

export function partsOf(fields: Record<string, string>): Part[] {
	return Object.entries(fields).map(([name, value]) => ({ name, value }));
}

/** A multipart/form-data body with the boundary `b0und`. */
export function formOf(parts: Part[]): Buffer {
	const chunks = parts.flatMap(({ name, value, filename }) => [
		`--b0und\r\nContent-Disposition: form-data; name="${name}"`,
		filename === undefined
			? '\r\n\r\n'
			: `; filename="${filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
		value,
		'\r\n',
	]);
	return Buffer.concat([...chunks, '--b0und--\r\n'].map((chunk) => Buffer.from(chunk as string)));
}

/** The elements of an S3 reply. */
export function xmlOf(text: string): Record<string, string> {
	const parsed = new XMLParser({ parseTagValue: false }).parse(text);
	return parsed.Error ?? parsed.PostResponse;
}

/** Waits until a condition holds, for three seconds at most. */
export async function until(holds: () => boolean): Promise<void> {
	const end = Date.now() + 3000;
	while (!holds()) {
		if (Date.now() > end) throw new Error('waited in vain');
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
