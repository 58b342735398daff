import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { startEngine } from '../../engine/engine.cts';
import { installOnce } from '../../n8n/install.cts';

const ROOT = path.join(__dirname, '../..');

/**
 * The engine's tests, except the long ones about the package's own behaviour (fault table,
 * downloads) and those that run n8n's own nodes, which are installed for the project's n8n only.
 */
const SUITES = {
	filesystem: ['upload', 'bad-input', 'tries', 'cancel', 'source', 'attachments', 'trigger'],
	// Only these depend on where binary data is kept.
	default: ['upload', 'source'],
};
const FEWEST = { filesystem: 180, default: 20 };

/** What a host does not support, as part of the names of the tests for it. */
const COMBINED = 'finds the files of a workflow whose binary mode is combined';
const ON_DISK = 'a file in n8n’s store';
/** 1.85 runs all tries even after a successful one, and outputs the first one's items. */
const ERROR_ITEMS = 'goes on with error items as well';

/** In addition to 2.41, which `npm test` uses. */
const hosts: Array<[n8n: string, mode: 'filesystem' | 'default', leftOut: string[]]> = [
	// The first version whose n8n-workflow exports NodeConnectionTypes.
	['1.85', 'default', [COMBINED, ERROR_ITEMS, ON_DISK]],
	['1.85', 'filesystem', [COMBINED, ERROR_ITEMS]],
	['1.123', 'default', [COMBINED, ON_DISK]],
	['1.123', 'filesystem', [COMBINED]],
	['2.0', 'default', [ON_DISK]],
	['2.0', 'filesystem', []],
];

it.each(hosts)(
	'passes the engine’s tests on n8n %s with files in mode %s',
	async (n8n, mode, leftOut) => {
		const folder = await installOnce(path.join(__dirname, 'hosts', n8n));
		process.env.ENGINE_N8N = folder;
		process.env.ENGINE_BINARY_MODE = mode;
		const engine = await startEngine();
		expect(engine.log()).toContain(`This engine is ${folder}`);
		await engine.close();

		const patterns = SUITES[mode].map((suite) => `test/engine/${suite}\\.test`);
		const run = spawnSync(
			process.execPath,
			[
				path.join(ROOT, 'node_modules/jest/bin/jest.js'),
				// Another test file runs at the same time.
				'--maxWorkers=2',
				...['--json', '--testNamePattern', `^(?!.*(${leftOut.join('|') || '^$'}))`],
				...patterns,
			],
			{
				cwd: ROOT,
				encoding: 'utf8',
				maxBuffer: 1 << 28,
				env: process.env,
			},
		);
		const result = JSON.parse(run.stdout) as {
			numPassedTests: number;
			testResults: Array<{
				assertionResults: Array<{ status: string; fullName: string; failureMessages: string[] }>;
				message: string;
			}>;
		};
		const failed = result.testResults.flatMap(({ assertionResults }) =>
			assertionResults
				.filter(({ status }) => status === 'failed')
				.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join()}`),
		);
		process.stdout.write(
			`n8n ${n8n}, ${mode}: ${result.numPassedTests} passed, ${failed.length} failed\n`,
		);
		expect(failed).toEqual([]);
		expect(run.status).toBe(0);
		expect(result.numPassedTests).toBeGreaterThanOrEqual(FEWEST[mode]);
	},
	600_000,
);
