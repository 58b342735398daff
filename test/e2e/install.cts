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

export interface N8nInstallation {
	/** The Node binary: n8n needs a newer Node than this package. */
	node: string;
	/** n8n's command line script. */
	n8n: string;
}

/**
 * Installs the n8n that is locked in `test/e2e/n8n`, once. Takes some minutes and 3 GB of disk.
 *
 * @throws if npm or the compiler fails; their output goes to stderr
 */
export function installN8n(): N8nInstallation {
	const folder = installOnce(path.join(__dirname, 'n8n'), buildDatabase);
	return {
		node: path.join(folder, nodePackage(), 'bin/node'),
		n8n: path.join(folder, 'node_modules/n8n/bin/n8n'),
	};
}

/**
 * Installs a package.json with its lockfile once, into the user's cache folder, with the lockfile's
 * digest as the key. Install scripts do not run.
 *
 * @param manifest the folder with both
 * @param finish completes a new installation
 * @returns the folder of the installation
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
	// Renamed only when it is complete, so that an interrupted installation starts again.
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

/** Reads the lockfile of a manifest. It is kept gzipped; `npm run lock:e2e` updates it. */
export function readLock(manifest: string): Buffer {
	return gunzipSync(readFileSync(path.join(manifest, 'package-lock.json.gz')));
}

/**
 * Builds the only native module that n8n needs, its database. The module's own install script would
 * first try to download a binary. It uses Node-API, so one build works for every Node version.
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

/** npm's package `node` downloads its binary in a script; this package contains it. */
function nodePackage(): string {
	return `node_modules/node-${process.platform}-${process.arch}`;
}

/** The Debian packages that the tests need, by a program of each. */
const DEBIAN_PACKAGES = {
	chromium: 'chromium',
	dovecot: 'dovecot-imapd',
	'redis-server': 'redis-server',
	pg_ctlcluster: 'postgresql',
};

/** Installs the Debian packages that are missing, so that no test has to wait for it. */
export function installDebianPackages(): void {
	for (const name of Object.keys(DEBIAN_PACKAGES)) program(name as keyof typeof DEBIAN_PACKAGES);
}

/**
 * The path of a program. If it is missing and this user is root, its Debian package is installed.
 *
 * @throws with the name of the Debian package if it cannot be installed
 */
export function program(name: keyof typeof DEBIAN_PACKAGES): string {
	const debianPackage = DEBIAN_PACKAGES[name];
	const found = find(name);
	if (found) return found;
	if (process.getuid?.() !== 0 || !find('apt-get'))
		throw new Error(`${name} is missing: install the Debian package ${debianPackage}`);
	console.log(`Installing the Debian package ${debianPackage}.`);
	// In runlevel 1, Debian packages do not start their servers.
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
	// apt cannot run twice at a time, and another test file may use it.
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

/** Searches PATH, and folders with servers that PATH may lack. */
function find(name: string): string | undefined {
	return [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
		.map((folder) => path.join(folder, name))
		.find((file) => existsSync(file));
}

/** Shows the command's output only if it fails. */
function run(command: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv): void {
	try {
		execFileSync(command, args, { cwd, env, stdio: 'pipe', maxBuffer: 1 << 28 });
	} catch (error) {
		const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
		console.error(`${stdout}${stderr}`);
		throw error;
	}
}
