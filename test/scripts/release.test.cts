import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { PLACEHOLDERS } from '../../scripts/placeholders.cts';
import { release, type Release } from '../../scripts/release.cts';

const CHECKS = ['npm run lint', 'npm test', 'npm run check:package'];
const PUBLISH = 'npm publish --provenance --access public';
const ON_GITHUB = { GITHUB_ACTIONS: 'true', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: '0.2.0' };

/** A project that is ready to be released: a git repository in a folder of its own. */
let root: string;
beforeEach(() => {
	root = mkdtempSync(path.join(tmpdir(), 'release-'));
	git('init', '--quiet');
	write('package.json', '{ "version": "0.2.0" }');
	write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n- A change\n');
	write('scripts/placeholders.cts', JSON.stringify(PLACEHOLDERS));
	commit();
});
afterEach(() => rmSync(root, { recursive: true }));

function git(...args: string[]): string {
	const identity = ['-c', 'user.name=Rowan', '-c', 'user.email=rowan@clinic.example'];
	return execFileSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8' });
}

function commit(): void {
	git('add', '--all');
	git('commit', '--quiet', '--message', 'Change');
}

function write(file: string, content: string): void {
	mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
	writeFileSync(path.join(root, file), content);
}

/** Takes the steps; runs git's commands, and only notes all others. */
function take(
	mode: Release['mode'],
	{ env = {}, fails }: { env?: Release['env']; fails?: string } = {},
): { succeeded: boolean; ran: string[]; output: string } {
	const ran: string[] = [];
	const lines: string[] = [];
	const succeeded = release({
		mode,
		root,
		env,
		run: (command) => {
			const text = command.join(' ');
			ran.push(text);
			if (command[0] === 'git') git(...command.slice(1));
			return text !== fails;
		},
		print: (line) => lines.push(line),
	});
	return { succeeded, ran, output: lines.join('\n') };
}

it('a dry run checks and tests everything, and changes nothing', () => {
	const { succeeded, ran, output } = take('dry-run');
	expect(ran).toEqual([...CHECKS, `${PUBLISH} --dry-run`]);
	expect(succeeded).toBe(true);
	expect(output).toContain('nothing was tagged, pushed or published');
	expect(git('tag')).toBe('');
});

it('without an option, it tags the commit and says what publishes it', () => {
	const { succeeded, ran, output } = take('tag');
	expect(ran).toEqual([...CHECKS, `${PUBLISH} --dry-run`, 'git tag 0.2.0']);
	expect(succeeded).toBe(true);
	expect(output).toContain('git push origin 0.2.0');
	expect(git('tag')).toBe('0.2.0\n');
});

it('on GitHub, it publishes the version that is tagged', () => {
	git('tag', '0.2.0');
	expect(take('dry-run', { env: ON_GITHUB }).succeeded).toBe(true);
	expect(take('publish', { env: ON_GITHUB })).toMatchObject({ succeeded: true, ran: [PUBLISH] });
});

it('nothing is published from anywhere else, where there is no provenance', () => {
	expect(take('publish')).toMatchObject({ succeeded: false, ran: [] });
	const branch = { ...ON_GITHUB, GITHUB_REF_TYPE: 'branch' };
	expect(take('publish', { env: branch })).toMatchObject({ succeeded: false, ran: [] });
	const local = { ...ON_GITHUB, GITHUB_ACTIONS: 'false' };
	expect(take('publish', { env: local })).toMatchObject({ succeeded: false, ran: [] });
});

describe.each<[what: string, change: () => void, finding: string]>([
	[
		'a file is not committed',
		() => {
			write('notes.txt', 'Ask Rowan');
		},
		'?? notes.txt',
	],
	[
		'the changelog does not have the version',
		() => {
			write('CHANGELOG.md', '# Changelog\n\n## 0.2.0\n\n- A change\n');
			commit();
		},
		'Nothing is under a heading such as "## 0.2.0 - 2026-12-31"',
	],
	[
		'the changelog has only a longer version',
		() => {
			write('CHANGELOG.md', '# Changelog\n\n## 0.2.01 - 2026-12-01\n\n- A change\n');
			commit();
		},
		'Nothing is under a heading',
	],
	[
		'the changelog says nothing about the version',
		() => {
			write('CHANGELOG.md', '# Changelog\n\n## 0.2.0 - 2026-12-01\n\n## 0.1.0 - 2026-11-01\n\n- A');
			commit();
		},
		'Nothing is under a heading',
	],
	[
		'changes are left under Unreleased',
		() => {
			write('CHANGELOG.md', '## Unreleased\n\n- More\n\n## 0.2.0 - 2026-12-01\n\n- A change\n');
			commit();
		},
		'Something is under "## Unreleased"',
	],
	['the version is tagged already', () => git('tag', '0.2.0'), 'git tag -d 0.2.0'],
	...PLACEHOLDERS.map(({ what, text }): [string, () => void, string] => [
		`a placeholder is left (${text})`,
		() => {
			write('docs/Röntgen.md', `One line\nSee ${text}.`);
			commit();
		},
		`${what}, ${text}: docs/Röntgen.md:2`,
	]),
])('when %s', (_what, change, finding) => {
	beforeEach(change);

	it('it is refused before anything is run', () => {
		const { succeeded, ran, output } = take('tag');
		expect(output).toContain(finding);
		expect({ succeeded, ran }).toEqual({ succeeded: false, ran: [] });
	});

	it('a dry run goes on, and fails', () => {
		const { succeeded, ran, output } = take('dry-run');
		expect(output).toContain(finding);
		expect({ succeeded, ran }).toEqual({
			succeeded: false,
			ran: [...CHECKS, `${PUBLISH} --dry-run`],
		});
	});
});

it('the workflow is refused when the tag is not the version', () => {
	const env = { ...ON_GITHUB, GITHUB_REF_NAME: '0.1.0' };
	const { succeeded, ran, output } = take('publish', { env });
	expect({ succeeded, ran }).toEqual({ succeeded: false, ran: [] });
	expect(output).toContain('It is 0.1.0');
});

it('nothing is tagged after a test has failed', () => {
	expect(take('tag', { fails: 'npm test' })).toMatchObject({
		succeeded: false,
		ran: ['npm run lint', 'npm test'],
	});
	expect(git('tag')).toBe('');
});

it('the workflow leaves all steps to the script', () => {
	const workflow = readFileSync(
		path.join(__dirname, '../../.github/workflows/publish.yml'),
		'utf8',
	);
	const commands = [...workflow.matchAll(/\bnpm (?:ci|test|publish|run [^\n]+)/g)].map(
		([command]) => command,
	);
	expect(commands).toEqual([
		'npm ci',
		'npm run release -- --dry-run',
		'npm run release -- --publish',
	]);
	// Without it, npm cannot prove where the package comes from.
	expect(workflow).toContain('id-token: write');
});
