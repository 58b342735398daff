import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type Bench, type Row } from '../measure.cts';
import { rounds } from '../rounds.cts';
import { figureOf } from '../statistics.cts';

const ROOT = path.join(__dirname, '../..');

/**
 * Runs in a new process: loads the modules that n8n has already loaded, then times the package's
 * own.
 */
const TIME_TO_REQUIRE = `
	require('n8n-workflow');
	const began = performance.now();
	for (const module of process.argv.slice(1)) require(module);
	console.log(performance.now() - began);
`;

/** The cost of the package before it does anything: its size and load time. */
export async function packageCost({ quick }: Bench): Promise<Row[]> {
	const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
		n8n: { nodes: string[]; credentials: string[] };
	};
	const modules = [...manifest.n8n.nodes, ...manifest.n8n.credentials].map((entry) =>
		path.join(ROOT, entry),
	);
	const require = async () =>
		Number(
			execFileSync(process.execPath, ['-e', TIME_TO_REQUIRE, ...modules], {
				cwd: ROOT,
				encoding: 'utf8',
			}),
		);
	await require();
	const required = await rounds(quick ? 3 : 11, { require });

	const [packed] = JSON.parse(
		execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
			cwd: ROOT,
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'ignore'],
		}),
	) as Array<{ unpackedSize: number }>;
	const size = figureOf([packed!.unpackedSize / 1000]);
	const time = figureOf(required.require);
	return [
		{
			measure: 'the package, unpacked',
			unit: 'KB',
			sides: { node: size },
			aim: 'under 600',
			met: size.median < 600,
		},
		{
			measure: 'time to load its modules',
			unit: 'ms',
			sides: { node: time },
			aim: 'under 25',
			met: time.median < 25,
		},
	];
}
