/**
 * Checks the package before it is published: npm run check:package.
 *
 * Packs and unpacks the tarball, lints it with the rules of n8n's scanner (source and dist, inline
 * disables ignored), installs it as n8n installs a community node, and loads it in n8n's engine.
 * Prints what is wrong and exits with code 1.
 */
import { execFileSync } from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { startEngine } from '../engine/engine.cts';

const ROOT = path.join(__dirname, '..');

/** Maximum unpacked size of the package in bytes, of which fast-xml-parser takes 145,000 and htmlparser2 80,000. */
const LARGEST = 700_000;

interface Manifest {
	name: string;
	n8n: { nodes: string[]; credentials: string[] };
	[field: string]: unknown;
}

type Analyze = (
	folder: string,
	patterns: string[],
) => Promise<{ passed: boolean; message?: string; details?: string }>;

async function main(): Promise<void> {
	const folder = mkdtempSync(path.join(tmpdir(), 'check-package-'));
	try {
		const unpacked = unpack(folder);
		const manifest = JSON.parse(
			readFileSync(path.join(unpacked, 'package.json'), 'utf8'),
		) as Manifest;
		const files = filesBelow(unpacked);
		const checks: Array<[string, () => string[] | Promise<string[]>]> = [
			['The package has no run-time dependencies', () => dependencies(manifest)],
			['The package holds what n8n loads, and nothing else', () => strangers(files, manifest)],
			[`The package is under ${LARGEST} bytes unpacked`, () => size(unpacked, files)],
			['n8n’s scanner passes the source', async () => await scan(ROOT, 'source')],
			['n8n’s scanner passes the package', async () => await scan(unpacked, 'dist')],
			['n8n installs and loads the package', async () => await load(unpacked, manifest)],
		];
		let failed = 0;
		for (const [what, check] of checks) {
			const findings = await check();
			console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${what}`);
			for (const finding of findings) console.log(`       ${finding}`);
			if (findings.length > 0) failed++;
		}
		console.log(`package: ${checks.length - failed} passed, ${failed} failed`);
		if (failed > 0) process.exitCode = 1;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function npm(...args: string[]): (cwd: string) => string {
	return (cwd) =>
		execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** @returns the folder of the unpacked tarball, where n8n would have it */
function unpack(folder: string): string {
	const [tarball] = JSON.parse(
		npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder)(ROOT),
	) as Array<{ filename: string }>;
	const target = path.join(folder, 'nodes', 'node_modules', 'n8n-nodes-cliniko');
	mkdirSync(target, { recursive: true });
	execFileSync('tar', [
		'-xzf',
		path.join(folder, tarball!.filename),
		'-C',
		target,
		'--strip-components=1',
	]);
	return target;
}

function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
		.sort();
}

function dependencies(manifest: Manifest): string[] {
	return ['dependencies', 'optionalDependencies', 'bundleDependencies', 'bundledDependencies']
		.filter((field) => Object.keys((manifest[field] as object | undefined) ?? {}).length > 0)
		.map((field) => `package.json has ${field}`);
}

/** Files that should not be in the package, and entries that are missing. */
function strangers(files: string[], { n8n }: Manifest): string[] {
	const entries = [...n8n.nodes, ...n8n.credentials];
	const belongs = (file: string): boolean =>
		['package.json', 'README.md', 'LICENSE'].includes(file) ||
		['dist/cliniko.js', 'dist/cliniko.js.LICENSES.txt', ...entries].includes(file) ||
		n8n.nodes.some((entry) => file === entry.replace(/\.js$/, '.json')) ||
		/^dist\/nodes\/\w+\/([\w.]+\.svg|__schema__\/[\w./]+\.json)$/.test(file);
	return [
		...files.filter((file) => !belongs(file)).map((file) => `${file} does not belong`),
		...entries.filter((entry) => !files.includes(entry)).map((entry) => `${entry} is missing`),
	];
}

function size(folder: string, files: string[]): string[] {
	const bytes = files.reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
	console.log(`     (${bytes} bytes in ${files.length} files)`);
	return bytes < LARGEST ? [] : [`it has ${bytes}`];
}

async function scan(folder: string, leg: 'source' | 'dist'): Promise<string[]> {
	const scanner = path.join(ROOT, 'node_modules/@n8n/scan-community-package/scanner/scanner.mjs');
	const { analyzePackage, SOURCE_FILE_PATTERNS } = (await import(pathToFileURL(scanner).href)) as {
		analyzePackage: Analyze;
		SOURCE_FILE_PATTERNS: string[];
	};
	// The file patterns that the scanner itself uses.
	const patterns = leg === 'source' ? SOURCE_FILE_PATTERNS : ['**/*.js', 'package.json'];
	const { passed, message, details } = await analyzePackage(folder, patterns);
	if (passed && !message) return [];
	return [message ?? 'it did not pass', ...(details?.split('\n') ?? [])];
}

/**
 * As n8n does it: remove what is not needed at run time, install without scripts, load the folder.
 */
async function load(unpacked: string, manifest: Manifest): Promise<string[]> {
	const {
		devDependencies: _dev,
		peerDependencies: _peer,
		optionalDependencies: _optional,
		...kept
	} = manifest;
	writeFileSync(path.join(unpacked, 'package.json'), JSON.stringify(kept));
	npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock')(unpacked);
	const findings: string[] = [];
	if (existsSync(path.join(unpacked, 'node_modules')))
		findings.push('its installation brought other packages');
	// n8n uses this to let packages resolve its own modules.
	const engine = await startEngine({
		packageFolder: unpacked,
		env: { NODE_PATH: path.join(ROOT, 'node_modules') },
	});
	try {
		const { nodes, credentials } = await engine.call('loaded', {});
		const shown = [...Object.entries(nodes), ...Object.entries(credentials)];
		const expected = manifest.n8n.nodes.length + manifest.n8n.credentials.length;
		if (shown.length < expected)
			findings.push(`n8n loaded ${shown.length} of ${expected} nodes and credentials`);
		for (const [name, { icon }] of shown) {
			const icons = Object.values((icon as Record<string, string> | undefined) ?? {});
			if (icons.length !== 2) findings.push(`${name} has no light and dark icon`);
			for (const url of icons) {
				const file = url.replace(`icons/${manifest.name}/`, '');
				if (!existsSync(path.join(unpacked, file)))
					findings.push(`${name}: there is no icon ${file}`);
			}
		}
		for (const [name, { codex }] of Object.entries(nodes)) {
			if (!codex) findings.push(`${name} has no codex file`);
		}
		const complaints = engine.log().trim();
		if (complaints) findings.push(`n8n logged: ${complaints}`);
	} finally {
		await engine.close();
	}
	return findings;
}

main().catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
