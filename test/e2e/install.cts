import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** An n8n that is installed, and the Node that it runs on. */
export interface N8nInstallation {
	/** The Node binary: n8n asks for a newer one than this package does. */
	node: string;
	/** The script that is n8n's command line. */
	n8n: string;
}

/**
 * Installs the n8n that `test/e2e/n8n` locks, once. Takes some minutes and 3 GB of disk.
 *
 * @throws where npm or the compiler did; what they said is on the standard error.
 */
export function installN8n(): N8nInstallation {
	const folder = installOnce(path.join(__dirname, 'n8n'), buildDatabase);
	return {
		node: path.join(folder, nodePackage(), 'bin/node'),
		n8n: path.join(folder, 'node_modules/n8n/bin/n8n'),
	};
}

/**
 * Installs what a manifest and its lockfile say, once: it is kept in the user's cache folder, under
 * the digest of the lockfile. No package's own scripts run.
 *
 * @param manifest the folder that has both
 * @param finish does what is still to be done in the new folder
 * @returns the folder
 */
export function installOnce(
	manifest: string,
	finish: (folder: string) => void = () => undefined,
): string {
	const lock = readLock(manifest);
	const digest = createHash('sha256').update(lock).digest('hex').slice(0, 12);
	const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
	const name = `e2e-${path.basename(manifest)}-${digest}`;
	const folder = path.join(cache, 'n8n-nodes-cliniko', name);
	// It gets its name when it is whole, so a broken-off installation begins anew.
	if (!existsSync(folder)) {
		const partial = `${folder}.partial`;
		process.stderr.write(`Installing ${name} into the cache, once.\n`);
		rmSync(partial, { recursive: true, force: true });
		mkdirSync(partial, { recursive: true });
		copyFileSync(path.join(manifest, 'package.json'), path.join(partial, 'package.json'));
		writeFileSync(path.join(partial, 'package-lock.json'), lock);
		run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], partial);
		finish(partial);
		renameSync(partial, folder);
	}
	return folder;
}

/** The lockfile of a manifest. It is kept gzipped; `npm run lock:e2e` updates it. */
export function readLock(manifest: string): Buffer {
	return gunzipSync(readFileSync(path.join(manifest, 'package-lock.json.gz')));
}

/**
 * Of all that has an install script, n8n needs only its database; its own script would look for a
 * binary elsewhere first. It is made for Node-API, so one Node's build serves every other.
 */
function buildDatabase(folder: string): void {
	run(
		process.execPath,
		[
			path.join(folder, 'node_modules/node-gyp/bin/node-gyp.js'),
			'rebuild',
			`--nodedir=${path.join(folder, nodePackage())}`,
			'--loglevel=error',
			'--silent',
		],
		path.join(folder, 'node_modules/sqlite3'),
	);
}

/** npm's package `node` fetches its binary by a script; this is the package that holds it. */
function nodePackage(): string {
	return `node_modules/node-${process.platform}-${process.arch}`;
}

/**
 * The path of a program, which is installed from its Debian package where it is missing and this
 * user may do that.
 *
 * @throws with the name of the package where it may not.
 */
export function program(name: string, debianPackage: string): string {
	const found = find(name);
	if (found) return found;
	if (process.getuid?.() !== 0 || !find('apt-get'))
		throw new Error(`${name} is missing: install the Debian package ${debianPackage}`);
	console.log(`Installing the Debian package ${debianPackage}.`);
	// In runlevel 1 Debian's packages do not start the servers that they bring.
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
	// Another test file may be at it: apt refuses a second one.
	const aptGet = ['-o', path.join(tmpdir(), 'n8n-nodes-cliniko-apt.lock'), 'apt-get'];
	run('flock', [...aptGet, 'update', '-qq'], '/', env);
	run(
		'flock',
		[...aptGet, 'install', '-qq', '-y', '--no-install-recommends', debianPackage],
		'/',
		env,
	);
	const installed = find(name);
	if (!installed) throw new Error(`The Debian package ${debianPackage} has brought no ${name}`);
	return installed;
}

/** Servers are in folders that a user's PATH may lack. */
function find(name: string): string | undefined {
	return [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
		.map((folder) => path.join(folder, name))
		.find((file) => existsSync(file));
}

/** Says what the command said only where it fails. */
function run(command: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv): void {
	try {
		execFileSync(command, args, { cwd, env, stdio: 'pipe', maxBuffer: 1 << 28 });
	} catch (error) {
		const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
		console.error(`${stdout}${stderr}`);
		throw error;
	}
}
