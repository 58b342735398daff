import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../n8n/free-port.cts';
import { program } from './debian.cts';

/** A Redis server without persistence. */
export interface Redis {
	port: number;
	close(): Promise<void>;
}

/**
 * Starts Redis on 127.0.0.1.
 *
 * @throws if it is missing and cannot be installed, or with its log if it does not start
 */
export async function startRedis(): Promise<Redis> {
	const port = await freePort();
	const server = spawn(
		program('redis-server'),
		['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
		{ stdio: ['ignore', 'pipe', 'pipe'] },
	);
	let log = '';
	server.stdout.on('data', (data) => (log += String(data)));
	server.stderr.on('data', (data) => (log += String(data)));
	const ended = once(server, 'exit');
	for (const lastMoment = Date.now() + 10_000; !(await answers(port)); await sleep(50)) {
		if (server.exitCode !== null || Date.now() > lastMoment) {
			server.kill('SIGKILL');
			throw new Error(`Redis did not start:\n${log}`);
		}
	}
	return {
		port,
		async close() {
			server.kill();
			await ended;
		},
	};
}

async function answers(port: number): Promise<boolean> {
	const socket = connect(port, '127.0.0.1');
	const open = await once(socket, 'connect').then(
		() => true,
		() => false,
	);
	socket.destroy();
	return open;
}
