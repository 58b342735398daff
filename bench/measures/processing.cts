import { writeFiles } from '../files.cts';
import { atMost, type Bench, type Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startChain, startNode } from '../sides/in-n8n.cts';
import { run, type Run, type Side } from '../sides/side.cts';

/** Complete uploads, including the wait for Cliniko's processing. No rate limit. */
export async function processing({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const count = quick ? 10 : 50;
	const settings = { processingMs: 5000 };
	const files = writeFiles(folder, count, 100_000);
	const sides = [await startNode(clinic), await startChain(clinic)] as const;
	try {
		for (const side of sides) {
			await run(clinic, {}, side, { files: files.slice(0, 10), wait: false });
		}
		const [node, chain] = sides;
		const upload = (side: Side) => async () =>
			await run(clinic, settings, side, { files, wait: true });
		const runs = await rounds(quick ? 1 : 3, { node: upload(node), chain: upload(chain) });
		const of = (pick: (one: Run) => number) => ({
			node: figureOfRuns(runs.node, pick),
			chain: figureOfRuns(runs.chain, pick),
		});
		const calls = of((one) => one.calls.all);
		const most = 2 * count + 12;
		return [
			{
				measure: `${count} files, processing of 5 s: Cliniko calls`,
				unit: '',
				sides: calls,
				compared: true,
				aim: `at most ${most}: 2 a file, and 12 for all the waiting`,
				met: atMost(calls.node, most / 1.03),
			},
			{
				measure: 'the same: until all are processed',
				unit: 's',
				sides: of((one) => one.seconds),
				compared: true,
			},
			{
				measure: 'the same: processor time for a file',
				unit: 'ms',
				sides: of((one) => (one.processor * 1000) / count),
				compared: true,
			},
		];
	} finally {
		for (const side of sides) await side.close();
	}
}
