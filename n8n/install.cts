import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface N8nInstallation {
	/** The Node binary: n8n needs a newer Node than this package. */
	node: string;
	/** n8n's command line script. */
	n8n: string;
	/** Identifies what is installed. */
	name: string;
}

/**
 * Carries out a step that may take minutes, and tells somebody.
 *
 * @param what is done: "Installing n8n"
 * @param usually how many seconds it takes on an ordinary machine
 */
export type Report = <T>(what: string, usually: number, step: () => Promise<T>) => Promise<T>;

export interface InstallOptions {
	/** By default, each step is a line on stderr. */
	report?: Report;
	/** Aborts the installation, and leaves nothing of it behind. */
	signal?: AbortSignal;
}

/**
 * Installs the n8n that is locked in this folder, once. Takes some minutes and 3 GB of disk.
 *
 * @throws if npm or the compiler fails, with their output
 */
export async function installN8n(options: InstallOptions = {}): Promise<N8nInstallation> {
	const { report = toStderr, signal } = options;
	const folder = await installOnce(
		__dirname,
		options,
		async (made) =>
			await report('Building n8n’s database', 60, async () => await buildDatabase(made, signal)),
	);
	return {
		node: path.join(folder, nodePackage(), 'bin/node'),
		n8n: path.join(folder, 'node_modules/n8n/bin/n8n'),
		name: path.basename(folder),
	};
}

/** Where what takes long to make is kept: in the user's cache folder. */
export function cacheFolder(): string {
	const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
	return path.join(cache, 'n8n-nodes-cliniko');
}

/**
 * Installs a package.json with its lockfile once, into the user's cache folder, with the lockfile's
 * digest as the key. Install scripts do not run.
 *
 * @param manifest the folder with both
 * @param finish completes a new installation
 * @returns the folder of the installation
 */
export async function installOnce(
	manifest: string,
	{ report = toStderr, signal }: InstallOptions = {},
	finish?: (folder: string) => Promise<void>,
): Promise<string> {
	const lock = readLock(manifest);
	const digest = createHash('sha256').update(lock).digest('hex').slice(0, 12);
	const folder = path.join(cacheFolder(), `e2e-${path.basename(manifest)}-${digest}`);
	if (existsSync(folder)) return folder;
	// Renamed only when it is complete, so that an interrupted installation starts again.
	const partial = `${folder}.partial`;
	rmSync(partial, { recursive: true, force: true });
	mkdirSync(partial, { recursive: true });
	try {
		copyFileSync(path.join(manifest, 'package.json'), path.join(partial, 'package.json'));
		writeFileSync(path.join(partial, 'package-lock.json'), lock);
		await report(
			'Installing n8n into the cache',
			150,
			async () =>
				await run(
					'npm',
					['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
					partial,
					signal,
				),
		);
		await finish?.(partial);
		renameSync(partial, folder);
	} catch (error) {
		rmSync(partial, { recursive: true, force: true });
		throw error;
	}
	return folder;
}

/** Reads the lockfile of a manifest. It is kept gzipped; `npm run lock:e2e` updates it. */
export function readLock(manifest: string): Buffer {
	return gunzipSync(readFileSync(path.join(manifest, 'package-lock.json.gz')));
}

/**
 * Builds the only native module that n8n needs, its database. The module's own install script would
 * first try to download a binary. It uses Node-API, so one build works for every Node version.
 */
async function buildDatabase(folder: string, signal?: AbortSignal): Promise<void> {
	await run(
		process.execPath,
		[
			path.join(folder, 'node_modules/node-gyp/bin/node-gyp.js'),
			'rebuild',
			`--nodedir=${path.join(folder, nodePackage())}`,
			'--loglevel=error',
			'--silent',
		],
		path.join(folder, 'node_modules/sqlite3'),
		signal,
	);
}

/** npm's package `node` downloads its binary in a script; this package contains it. */
function nodePackage(): string {
	return `node_modules/node-${process.platform}-${process.arch}`;
}

const toStderr: Report = async (what, usually, step) => {
	process.stderr.write(`${what}: once, usually ${usually} s.\n`);
	return await step();
};

/** @throws with the command's output if it fails, and if it is aborted */
async function run(
	command: string,
	args: string[],
	cwd: string,
	signal?: AbortSignal,
): Promise<void> {
	signal?.throwIfAborted();
	// In a process group of its own where it may be aborted, since compilers start others.
	const child = spawn(command, args, {
		cwd,
		detached: signal !== undefined,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let output = '';
	child.stdout.on('data', (data) => (output += String(data)));
	child.stderr.on('data', (data) => (output += String(data)));
	// At SIGTERM, npm would first take half a minute to undo what is deleted as a whole here.
	const abort = () => process.kill(-child.pid!, 'SIGKILL');
	signal?.addEventListener('abort', abort);
	try {
		const [code] = (await once(child, 'close')) as [number | null];
		signal?.throwIfAborted();
		if (code !== 0) throw new Error(`${command} has failed:\n${output}`);
	} finally {
		signal?.removeEventListener('abort', abort);
	}
}
