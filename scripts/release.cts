/**
 * Releases the version in package.json: see CONTRIBUTING.md.
 *
 *   npm run release -- --dry-run     checks and tests everything, and changes nothing
 *   npm run release                  the same, then tags the commit
 *   npm run release -- --publish     publishes to npm: in .github/workflows/publish.yml only
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { PLACEHOLDERS } from './placeholders.cts';

export interface Release {
	mode: 'dry-run' | 'tag' | 'publish';
	/** The folder of the project, a git working tree. */
	root: string;
	/** GitHub's workflow sets GITHUB_ACTIONS, and for a tag GITHUB_REF_TYPE and GITHUB_REF_NAME. */
	env: NodeJS.ProcessEnv;
	/** Runs a command in the folder and shows its output; returns whether it succeeded. */
	run: (command: string[]) => boolean;
	print: (line: string) => void;
}

/** All files but the list of the placeholders. */
const ALL_FILES = ':!scripts/placeholders.cts';

const PUBLISH = ['npm', 'publish', '--provenance', '--access', 'public'];

/**
 * Takes the steps of a release and prints them. A dry run takes all of them, whatever they find; the
 * other modes stop before anything is run if a check finds something, and at the first command that
 * fails.
 *
 * @returns whether there was nothing to find fault with
 */
export function release({ mode, root, env, run, print }: Release): boolean {
	const isOnGitHub = env.GITHUB_ACTIONS === 'true';
	const isTag = env.GITHUB_REF_TYPE === 'tag';
	if (mode === 'publish' && !(isOnGitHub && isTag)) {
		print('Only the workflow publish.yml on GitHub can publish with provenance: push a tag.');
		return false;
	}
	const manifest = readFileSync(path.join(root, 'package.json'), 'utf8');
	const { version } = JSON.parse(manifest) as { version: string };
	const checks: Array<[what: string, findings: string[]]> = [
		['No placeholders are left', placeholders(root)],
		['Everything is committed', uncommitted(root)],
		[`The changelog has version ${version}`, changelog(root, version)],
		isTag
			? [`The tag is ${version}`, wrongTag(env.GITHUB_REF_NAME, version)]
			: [`There is no tag ${version} yet`, existingTag(root, version)],
	];
	let failed = 0;
	for (const [what, findings] of checks) {
		print(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${what}`);
		for (const finding of findings) print(`       ${finding}`);
		if (findings.length > 0) failed++;
	}
	const stops = mode !== 'dry-run';
	if (failed === 0 || !stops) {
		for (const command of commands(mode, version)) {
			print(`\n$ ${command.join(' ')}`);
			const succeeded = run(command);
			print(`${succeeded ? 'ok  ' : 'FAIL'} ${command.join(' ')}`);
			if (succeeded) continue;
			failed++;
			if (stops) break;
		}
	}
	print('');
	if (failed > 0) print(`release ${version}: refused, see FAIL above (${failed})`);
	else for (const line of whatIsNext(mode, version, isOnGitHub)) print(line);
	return failed === 0;
}

function commands(mode: Release['mode'], version: string): string[][] {
	if (mode === 'publish') return [PUBLISH];
	return [
		['npm', 'run', 'lint'],
		['npm', 'test'],
		['npm', 'run', 'check:package'],
		[...PUBLISH, '--dry-run'],
		...(mode === 'tag' ? [['git', 'tag', version]] : []),
	];
}

function whatIsNext(mode: Release['mode'], version: string, isOnGitHub: boolean): string[] {
	if (mode === 'publish') return [`${version} is on npm.`];
	if (isOnGitHub) return [`${version} is ready to be published.`];
	const onGitHub = [
		`  git push origin ${version}`,
		'GitHub then runs .github/workflows/publish.yml, which takes the steps above once more, and:',
		`  ${PUBLISH.join(' ')}`,
	];
	return mode === 'tag'
		? [`${version} is tagged, and not published. To publish it:`, ...onGitHub]
		: [
				`${version} is ready: nothing was tagged, pushed or published. To release it:`,
				`  npm run release`,
				...onGitHub,
			];
}

function git(root: string, ...args: string[]): string[] {
	const plainNames = ['-c', 'core.quotePath=off'];
	const { status, stdout, stderr } = spawnSync('git', [...plainNames, ...args], {
		cwd: root,
		encoding: 'utf8',
	});
	// git grep ends with 1 if it finds nothing.
	if (status !== 0 && !(status === 1 && args[0] === 'grep')) throw new Error(stderr);
	return stdout.split('\n').filter((line) => line !== '');
}

/** What is still to be filled in, and where. */
function placeholders(root: string): string[] {
	return PLACEHOLDERS.flatMap(({ what, text }) =>
		git(root, 'grep', '--line-number', '--fixed-strings', '-e', text, '--', ALL_FILES)
			.map((match) => match.split(':', 2).join(':'))
			.map((place) => `${what}, ${text}: ${place}`),
	);
}

function uncommitted(root: string): string[] {
	return git(root, 'status', '--porcelain');
}

/** What is missing for all changes to be in the section of the version. */
function changelog(root: string, version: string): string[] {
	const sections = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m).slice(1);
	const contentUnder = (heading: RegExp) =>
		sections
			.find((section) => heading.test(section))
			?.replace(/^.*/, '')
			.trim();
	const number = version.replaceAll('.', '\\.');
	const findings = [];
	if (!contentUnder(new RegExp(`^${number} - \\d{4}-\\d\\d-\\d\\d\\n`)))
		findings.push(`Nothing is under a heading such as "## ${version} - 2026-12-31"`);
	if (contentUnder(/^Unreleased\n/)) findings.push('Something is under "## Unreleased"');
	return findings;
}

function wrongTag(tag: string | undefined, version: string): string[] {
	return tag === version ? [] : [`It is ${tag}`];
}

function existingTag(root: string, version: string): string[] {
	return git(root, 'tag', '--list', version).map((tag) => `There is one: git tag -d ${tag}`);
}

function main(): void {
	const { values } = parseArgs({
		options: { 'dry-run': { type: 'boolean' }, publish: { type: 'boolean' } },
	});
	const root = path.join(__dirname, '..');
	const succeeded = release({
		// npm takes the option for its own where the -- before it is forgotten.
		mode:
			values['dry-run'] || process.env.npm_config_dry_run
				? 'dry-run'
				: values.publish
					? 'publish'
					: 'tag',
		root,
		env: process.env,
		run: ([program = '', ...args]) =>
			spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status === 0,
		print: (line) => console.log(line),
	});
	if (!succeeded) process.exitCode = 1;
}

if (require.main === module) main();
