import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer as createProxy, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';

import { openCertificateAuthority } from '../sandbox/certificates.cts';

const ROOT = path.join(__dirname, '..');

/** An npm registry with this package only. */
export interface Registry {
	/** Environment variables with which a process sends all its requests to this registry. */
	readonly env: Record<string, string>;
	close(): Promise<void>;
}

/**
 * Packs this package, which must be built.
 *
 * @returns the tarball's path in `folder`
 */
export function packPackage(folder: string): string {
	const [packed] = JSON.parse(
		execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
			cwd: ROOT,
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'pipe'],
		}),
	) as Array<{ filename: string }>;
	return path.join(folder, packed!.filename);
}

/**
 * Packs this package, which must be built, and serves it as npm's registry would. n8n only installs
 * from npm's own URL, so the registry is a proxy that answers for any host.
 *
 * @param folder for the tarball and the registry's certificate
 */
export async function startRegistry(folder: string): Promise<Registry> {
	mkdirSync(folder, { recursive: true });
	const file = packPackage(folder);
	const tarball = readFileSync(file);
	const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
		name: string;
		version: string;
	};
	const { name, version } = manifest;

	const answer: RequestListener = (request, response) => {
		request.resume();
		const dist = {
			tarball: `https://${request.headers.host}/${name}/-/${path.basename(file)}`,
			integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
		};
		const release = { ...manifest, dist };
		const known: Record<string, unknown> = {
			[`/${name}`]: { name, 'dist-tags': { latest: version }, versions: { [version]: release } },
			[`/${name}/latest`]: release,
			[`/${name}/${version}`]: release,
		};
		const body = request.url!.endsWith(`/-/${path.basename(file)}`)
			? tarball
			: known[request.url!] && JSON.stringify(known[request.url!]);
		response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
		response.end(body ?? '{}');
	};

	const authority = await openCertificateAuthority(folder);
	const site = createServer(
		{
			SNICallback: (host, done) => {
				authority.contextFor(host).then((context) => done(null, context), done);
			},
		},
		answer,
	);
	const sockets = new Set<Socket>();
	const proxy = createProxy((_request, response) => void response.writeHead(403).end());
	proxy.on('connect', (_request, socket: Socket, head: Buffer) => {
		sockets.add(socket);
		socket.on('error', () => socket.destroy());
		socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
		if (head.length > 0) socket.unshift(head);
		site.emit('connection', socket);
	});
	proxy.listen(0, '127.0.0.1');
	await once(proxy, 'listening');
	return {
		env: {
			HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
			NO_PROXY: 'localhost,127.0.0.1',
			NODE_EXTRA_CA_CERTS: authority.file,
			// npm's own setting overrides Node's, and may be set on this machine.
			NPM_CONFIG_CAFILE: authority.file,
		},
		async close() {
			for (const socket of sockets) socket.destroy();
			proxy.close();
			await once(proxy, 'close');
		},
	};
}
