import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Calls } from './protocol.cts';

export type * from './protocol.cts';

export interface EngineOptions {
	/** Added to the environment: a proxy, a CA. */
	env?: Record<string, string>;
	/** Where n8n keeps binary data: on disk, or in memory inside the items. */
	binaryMode?: 'filesystem' | 'default';
	/** The built package; this repository by default. */
	packageFolder?: string;
	/** A module that exports further node types, used as `engine.<name>` in a workflow. */
	nodes?: string;
	/** Arguments for Node itself, such as a heap limit. */
	nodeArguments?: string[];
}

/** n8n's own engine in a process of its own, without its editor, server and database. */
export interface Engine {
	readonly pid: number;
	call<K extends keyof Calls>(kind: K, request: Calls[K]['request']): Promise<Calls[K]['reply']>;
	/** stdout and stderr of the process so far. */
	log(): string;
	close(): Promise<void>;
}

/**
 * Starts n8n-core with the package loaded; resolves when it is ready to run workflows.
 *
 * Two environment variables change the defaults, so that everything that uses the engine can run on
 * every supported n8n: `ENGINE_N8N`, a folder in which another n8n-core is installed, and
 * `ENGINE_BINARY_MODE` for `binaryMode`.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
	const folder = mkdtempSync(path.join(tmpdir(), 'n8n-engine-'));
	const child = fork(path.join(__dirname, 'host.cts'), {
		execArgv: [
			...['--require', 'tsx/cjs'],
			...(process.env.ENGINE_N8N ? ['--require', path.join(__dirname, 'n8n-version.cts')] : []),
			...(options.nodeArguments ?? []),
		],
		stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
		serialization: 'advanced',
		env: {
			PATH: process.env.PATH,
			HOME: folder,
			TMPDIR: tmpdir(),
			N8N_USER_FOLDER: folder,
			N8N_ENCRYPTION_KEY: 'engine',
			N8N_DEFAULT_BINARY_DATA_MODE:
				options.binaryMode ?? process.env.ENGINE_BINARY_MODE ?? 'filesystem',
			N8N_DIAGNOSTICS_ENABLED: 'false',
			...(process.env.ENGINE_N8N && { ENGINE_N8N: process.env.ENGINE_N8N }),
			ENGINE_PACKAGE: options.packageFolder ?? path.join(__dirname, '..'),
			...(options.nodes && { ENGINE_NODES: options.nodes }),
			...options.env,
		},
	});
	let log = '';
	child.stdout!.on('data', (data) => (log += String(data)));
	child.stderr!.on('data', (data) => (log += String(data)));
	const pending = new Map<
		number,
		{ resolve: (reply: never) => void; reject: (e: Error) => void }
	>();
	let calls = 0;

	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	void ended.then(() => {
		for (const { reject } of pending.values()) reject(new Error(`The engine has ended:\n${log}`));
		rmSync(folder, { recursive: true, force: true });
	});
	await new Promise<void>((resolve, reject) => {
		child.once('message', () => resolve());
		void ended.then(() => reject(new Error(`The engine did not start:\n${log}`)));
	});
	child.on('message', ({ id, reply, error }: { id: number; reply: never; error?: string }) => {
		const call = pending.get(id);
		pending.delete(id);
		if (error === undefined) call?.resolve(reply);
		else call?.reject(new Error(error));
	});
	return {
		pid: child.pid!,
		call: async (kind, request) =>
			await new Promise((resolve, reject) => {
				const id = ++calls;
				pending.set(id, { resolve, reject });
				child.send({ id, kind, request });
			}),
		log: () => log,
		close: async () => {
			if (child.connected) child.disconnect();
			await ended;
		},
	};
}
