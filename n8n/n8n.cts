import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';

import { apiOf, isReady, type N8nApi } from './api.cts';
import { freePort } from './free-port.cts';
import { installN8n } from './install.cts';
import { until } from './until.cts';

export interface N8nOptions {
	/** The main process, with editor and API, or a worker of queue mode. */
	command?: 'start' | 'worker';
	/** The folder of n8n's `.n8n`: encryption key, community nodes, SQLite file. */
	folder: string;
	/** Added to the environment: a proxy, another database, a queue, a log level. */
	env?: Record<string, string>;
	/** Stops it when it is aborted, also while it starts. */
	signal?: AbortSignal;
}

/** A line of n8n's log. */
export interface LogLine {
	level: string;
	message: string;
}

/** An n8n in a process of its own. */
export interface N8n extends N8nApi {
	readonly pid: number;
	/** Resolves when the process has ended, for whatever reason. */
	readonly ended: Promise<unknown>;
	/** Kills it, as a crash would. */
	kill(): Promise<void>;
	/** stdout and stderr so far. */
	log(): string;
	/** Warnings and errors in its log, and output that is not part of the log. */
	complaints(): LogLine[];
	/** Shuts it down; kills it after 10 seconds. */
	close(): Promise<void>;
}

/** n8n settings: no network access, and no warnings about things that do not matter here. */
export const SETTINGS = {
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_SECURE_COOKIE: 'false',
	N8N_LOG_FORMAT: 'json',
	N8N_LOG_LEVEL: 'info',
	NO_COLOR: '1',
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_DISABLED_MODULES: 'mcp-registry,instance-ai',
	N8N_GRACEFUL_SHUTDOWN_TIMEOUT: '5',
	// The internal mode would start processes for the Code node, which most tests do not use.
	N8N_RUNNERS_MODE: 'external',
	N8N_RUNNERS_AUTH_TOKEN: 'unused',
	// n8n warns about each default that is going to change.
	N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
	N8N_RUNNERS_TASK_TIMEOUT: '60',
	N8N_COMPRESSION_NODE_MAX_DECOMPRESSED_SIZE_BYTES: String(256 * 1024 ** 2),
	N8N_COMPRESSION_NODE_MAX_ZIP_ENTRIES: '1000',
};

/**
 * Starts n8n; resolves when it is ready.
 *
 * @throws with its log if it exits early, or is not ready within a minute
 */
export async function startN8n({
	command = 'start',
	folder,
	env,
	signal,
}: N8nOptions): Promise<N8n> {
	const { node, n8n } = await installN8n();
	const [port, brokerPort] = [String(await freePort()), String(await freePort())];
	mkdirSync(folder, { recursive: true });
	signal?.throwIfAborted();
	const child = spawn(node, [n8n, command], {
		cwd: folder,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {
			PATH: process.env.PATH,
			HOME: folder,
			N8N_USER_FOLDER: folder,
			...SETTINGS,
			N8N_PORT: port,
			N8N_RUNNERS_BROKER_PORT: brokerPort,
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: port,
			...env,
		},
	});
	let log = '';
	child.stdout.on('data', (data) => (log += String(data)));
	child.stderr.on('data', (data) => (log += String(data)));
	const ended = once(child, 'exit');
	signal?.addEventListener('abort', () => child.kill());
	const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

	const url = `http://127.0.0.1:${port}`;
	await until('n8n is ready', async () => {
		if (hasEnded()) throw new Error(`n8n did not start:\n${log}`);
		return (await isReady(url)) || undefined;
	}).catch((error: Error) => {
		child.kill('SIGKILL');
		throw error;
	});

	return {
		...apiOf(url),
		pid: child.pid!,
		ended,
		log: () => log,
		complaints: () =>
			log
				.split('\n')
				.filter((line) => line.trim() !== '')
				.map(logLine)
				.filter(({ level }) => level !== 'info' && level !== 'debug'),
		async kill() {
			child.kill('SIGKILL');
			await ended;
		},
		async close() {
			if (hasEnded()) return;
			child.kill('SIGTERM');
			const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
			await ended;
			clearTimeout(patience);
		},
	};
}

function logLine(line: string): LogLine {
	try {
		return JSON.parse(line) as LogLine;
	} catch {
		return { level: 'unknown', message: line };
	}
}
