import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../n8n/free-port.cts';
import { program } from './debian.cts';

/** A PostgreSQL server with a database for n8n. */
export interface Postgres {
	/** Environment variables for n8n. */
	readonly env: Record<string, string>;
	/** Runs a query and returns its rows, each column as text. */
	query(sql: string): string[][];
	close(): Promise<void>;
}

/** Where Debian installs the servers, by version; they are not in PATH. */
const VERSIONS = '/usr/lib/postgresql';

/**
 * Starts PostgreSQL on 127.0.0.1 with its data in a temp folder.
 *
 * @throws if it is missing and cannot be installed, or with its log if it does not start
 */
export async function startPostgres(): Promise<Postgres> {
	const bin = binaries();
	const folder = mkdtempSync(path.join(tmpdir(), 'postgres-'));
	const data = path.join(folder, 'data');
	// PostgreSQL refuses to run as root.
	const owner = process.getuid?.() === 0 ? account('postgres') : undefined;
	if (owner) execFileSync('chown', [`${owner.uid}:${owner.gid}`, folder]);
	chmodSync(folder, 0o700);
	execFileSync(
		path.join(bin, 'initdb'),
		['--pgdata', data, '--username', 'n8n', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync'],
		{ ...owner, cwd: '/', stdio: 'pipe', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } },
	);

	const port = String(await freePort());
	const server = spawn(
		path.join(bin, 'postgres'),
		// Keeps its socket next to its data, and does not sync to disk.
		['-D', data, '-p', port, '-k', folder, '-h', '127.0.0.1', '-F', '-c', 'max_connections=200'],
		{ ...owner, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] },
	);
	let log = '';
	server.stdout.on('data', (text) => (log += String(text)));
	server.stderr.on('data', (text) => (log += String(text)));
	const ended = once(server, 'exit');
	const psql = (database: string, sql: string): string =>
		execFileSync(
			path.join(bin, 'psql'),
			[
				...['--host', '127.0.0.1', '--port', port, '--username', 'n8n', '--dbname', database],
				...['--no-psqlrc', '--tuples-only', '--no-align', '--field-separator', '\t'],
				...['--command', sql],
			],
			{
				encoding: 'utf8',
				stdio: ['ignore', 'pipe', 'pipe'],
				env: { PATH: process.env.PATH, PGCLIENTENCODING: 'UTF8' },
			},
		);
	const close = async () => {
		// A fast shutdown, which disconnects all clients.
		server.kill('SIGINT');
		await ended;
		rmSync(folder, { recursive: true, force: true });
	};
	for (const lastMoment = Date.now() + 20_000; ; await sleep(100)) {
		try {
			psql('postgres', 'CREATE DATABASE n8n');
			break;
		} catch (error) {
			if (server.exitCode === null && Date.now() < lastMoment) continue;
			if (server.exitCode === null) await close();
			throw new Error(`PostgreSQL did not start: ${(error as Error).message}\n${log}`);
		}
	}
	return {
		env: {
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: '127.0.0.1',
			DB_POSTGRESDB_PORT: port,
			DB_POSTGRESDB_DATABASE: 'n8n',
			DB_POSTGRESDB_USER: 'n8n',
			DB_POSTGRESDB_PASSWORD: 'n8n',
		},
		query: (sql) =>
			psql('n8n', sql)
				.split('\n')
				.filter((line) => line !== '')
				.map((line) => line.split('\t')),
		close,
	};
}

/** The folder of the newest installed server. */
function binaries(): string {
	if (!existsSync(VERSIONS)) program('pg_ctlcluster');
	const newest = readdirSync(VERSIONS)
		.sort((a, b) => Number(a) - Number(b))
		.map((version) => path.join(VERSIONS, version, 'bin'))
		.filter((folder) => existsSync(path.join(folder, 'postgres')))
		.at(-1);
	if (!newest) throw new Error('PostgreSQL is missing: install the Debian package postgresql');
	return newest;
}

function account(name: string): { uid: number; gid: number } {
	const id = (what: string) => Number(execFileSync('id', [what, name], { encoding: 'utf8' }));
	return { uid: id('-u'), gid: id('-g') };
}
