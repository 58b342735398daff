import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';

import { freePort } from '../../n8n/free-port.cts';

/** The bucket to start a radosgw with, and its owner. */
export interface BucketTerms {
	bucket: string;
	region: string;
	accessKeyId: string;
	secretAccessKey: string;
}

/** Ceph's S3 server, with one empty bucket. */
export interface Radosgw {
	/** `http://127.0.0.1:<port>`; it also serves the host `<bucket>.s3.<region>.amazonaws.com`. */
	endpoint: string;
	/** Gets an object with a signature that is independent of the sandbox's code. */
	get(key: string): Promise<Response>;
	/** The keys in the bucket. */
	keys(): Promise<string[]>;
	close(): Promise<void>;
}

/** Why radosgw cannot run on this machine; undefined if it can. */
export const noRadosgw =
	process.platform === 'linux' && process.arch === 'x64' && existsSync('/etc/debian_version')
		? undefined
		: 'radosgw comes from Debian for amd64, which this is not';

/**
 * Starts a radosgw on 127.0.0.1 with its data in a temp folder. The first time, it is downloaded
 * from Debian into the cache folder (about 10 s, 270 MB).
 *
 * @throws if it cannot be downloaded, or with its output if it does not start
 */
export async function startRadosgw(terms: BucketTerms): Promise<Radosgw> {
	const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	const root = join(cache, 'n8n-nodes-cliniko', 'radosgw-trixie');
	execFileSync('bash', [join(__dirname, 'radosgw.sh'), root], { stdio: 'inherit' });

	const port = await freePort();
	const data = mkdtempSync(join(tmpdir(), 'radosgw-'));
	const config = join(data, 'ceph.conf');
	writeFileSync(config, configuration(data, port, terms));
	// Uses its own loader, so that it finds the libraries it was built with.
	const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
	const command = (name: string, ...rest: string[]): [string, string[]] => [
		join(libraries, 'ld-linux-x86-64.so.2'),
		[
			...['--library-path', `${libraries}:${libraries}/ceph`, join(root, 'usr/bin', name)],
			...['--conf', config, '--no-mon-config', '--name', 'client.rgw', ...rest],
		],
	];
	const keys = [`--access-key=${terms.accessKeyId}`, `--secret=${terms.secretAccessKey}`];
	const user = ['user', 'create', '--uid=clinic', '--display-name=Clinic', ...keys];
	execFileSync(...command('radosgw-admin', ...user), { stdio: 'pipe' });

	const server = spawn(...command('radosgw', '--foreground'), {
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let log = '';
	for (const out of [server.stdout, server.stderr]) out.on('data', (text) => (log += text));
	const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
	const close = async () => {
		server.kill('SIGKILL');
		await ended;
		rmSync(data, { recursive: true, force: true });
	};

	const endpoint = `http://127.0.0.1:${port}`;
	const ask = async (method: string, key: string, query?: Record<string, string>) =>
		await signed(terms, method, endpoint, `/${terms.bucket}/${key}`, query);
	try {
		await untilUp(endpoint, () => server.exitCode === null);
		const made = await ask('PUT', '');
		if (!made.ok) throw new Error(`It has made no bucket: ${made.status} ${await made.text()}`);
	} catch (error) {
		await close();
		throw new Error(`radosgw did not start: ${(error as Error).message}\n${log}`);
	}
	return {
		endpoint,
		get: async (key) => await ask('GET', key),
		async keys() {
			const listed = await (
				await ask('GET', '', { 'encoding-type': 'url', 'list-type': '2' })
			).text();
			return [...listed.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) =>
				decodeURIComponent(key.replaceAll('+', ' ')),
			);
		},
		close,
	};
}

/** A single process that keeps its objects in SQLite, without a cluster. */
function configuration(data: string, port: number, { region }: BucketTerms): string {
	return `[global]
mon host = 127.0.0.1:1
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${data}
admin socket =
log file = ${data}/radosgw.log
rgw data = ${data}
rgw backend store = dbstore
rgw config store = dbstore
dbstore db dir = ${data}
dbstore config uri = file:${data}/config.db
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw enable apis = s3
rgw dns name = s3.${region}.amazonaws.com
`;
}

async function untilUp(endpoint: string, isRunning: () => boolean): Promise<void> {
	for (const deadline = Date.now() + 30_000; ; await wait(50)) {
		if (await fetch(endpoint).catch(() => undefined)) return;
		if (!isRunning()) throw new Error('It has ended');
		if (Date.now() > deadline) throw new Error('It does not answer');
	}
}

/** Sends a request that AWS's own signer has signed in its headers, with the bucket in the path. */
async function signed(
	{ region, ...credentials }: BucketTerms,
	method: string,
	endpoint: string,
	path: string,
	query: Record<string, string> = {},
): Promise<Response> {
	const { protocol, hostname, host } = new URL(endpoint);
	const signer = new SignatureV4({
		service: 's3',
		region,
		credentials,
		sha256: Hash.bind(null, 'sha256'),
		uriEscapePath: false,
	});
	const encoded = encodeURI(path).replace(
		/[!'()*;,?:@&=+$#]/g,
		(char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
	);
	const request = { method, protocol, hostname, path: encoded, query, headers: { host } };
	const { headers } = await signer.sign(request);
	return await fetch(`${endpoint}${encoded}?${new URLSearchParams(query)}`, { method, headers });
}
