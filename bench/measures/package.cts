import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { startEngine } from '../../engine/engine.cts';
import { type Bench, type Row } from '../measure.cts';
import { rounds } from '../rounds.cts';
import { figureOf } from '../statistics.cts';

const ROOT = path.join(__dirname, '../..');

/** In a process of its own: loads what n8n has loaded by then, and times the package's modules. */
const TIME_TO_REQUIRE = `
	require('n8n-workflow');
	const began = performance.now();
	for (const module of process.argv.slice(1)) require(module);
	console.log(performance.now() - began);
`;

/** What the package costs before it has done anything. */
export async function packageCost({ quick, folder }: Bench): Promise<Row[]> {
	const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
		name: string;
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

	const empty = path.join(folder, 'empty');
	mkdirSync(empty);
	const nothing = { ...manifest, n8n: { nodes: [], credentials: [] } };
	writeFileSync(path.join(empty, 'package.json'), JSON.stringify(nothing));
	const start = (packageFolder: string) => async () => {
		const began = performance.now();
		const engine = await startEngine({ packageFolder });
		const took = performance.now() - began;
		await engine.close();
		return took;
	};
	await start(ROOT)();
	const starts = await rounds(quick ? 2 : 7, { with: start(ROOT), without: start(empty) });

	const [packed] = JSON.parse(
		execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
			cwd: ROOT,
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'ignore'],
		}),
	) as Array<{ unpackedSize: number }>;
	const size = figureOf([packed!.unpackedSize / 1000]);
	const time = figureOf(required.require);
	const withIt = figureOf(starts.with);
	const without = figureOf(starts.without);
	const difference = withIt.median - without.median;
	return [
		{
			measure: 'the package, unpacked',
			unit: 'KB',
			sides: { node: size },
			aim: 'under 400',
			met: size.median < 400,
		},
		{
			measure: 'time to load its modules',
			unit: 'ms',
			sides: { node: time },
			aim: 'under 25',
			met: time.median < 25,
		},
		{
			measure: 'start of n8n’s engine, with the package and without it',
			unit: 'ms',
			sides: { node: `${shown(withIt)}, ${shown(without)}` },
			aim: 'a difference below the spread',
			met: difference <= Math.max(withIt.spread, without.spread),
		},
	];
}

function shown({ median, spread }: { median: number; spread: number }): string {
	return `${median.toFixed(0)} ± ${spread.toFixed(0)}`;
}
