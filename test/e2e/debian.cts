import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

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
