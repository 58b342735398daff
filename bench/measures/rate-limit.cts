import { writeFiles } from '../files.cts';
import { atMost, type Bench, type Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startChain, startNode } from '../sides/in-n8n.cts';
import { run, type Run, type Side } from '../sides/side.cts';

/** Cliniko's limit of 200 calls a minute per user, with a shorter window. */
export async function rateLimit({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const count = quick ? 30 : 300;
	const limit = quick ? 20 : 200;
	const windowSeconds = quick ? 3 : 30;
	const files = writeFiles(folder, count, 10_000);
	const few = files.slice(0, quick ? 15 : 60);
	const fewLimit = quick ? 10 : 40;
	const sides = [await startNode(clinic), await startChain(clinic)] as const;
	try {
		for (const side of sides) {
			await run(clinic, {}, side, { files: files.slice(0, 10), wait: false });
		}
		const [node, chain] = sides;
		const upload = (side: Side, some: typeof files, requestsPerWindow: number, seconds: number) => {
			const settings = { requestsPerWindow, rateLimitWindowMs: seconds * 1000 };
			return async () => await run(clinic, settings, side, { files: some, wait: true });
		};
		const runs = await rounds(quick ? 1 : 2, {
			node: upload(node, files, limit, windowSeconds),
			'node, few': upload(node, few, fewLimit, 5),
			'chain, few': upload(chain, few, fewLimit, 5),
		});
		const lost = (some: Run[]) =>
			`${Math.max(...some.map((one) => one.lost))} of ${some === runs.node ? count : few.length}`;
		const time = figureOfRuns(runs.node, (one) => one.seconds);
		// Two calls per file and one poll for all of them; the calls of the last window take no time.
		const least = Math.floor((2 * count + 1 - 1) / limit) * windowSeconds;
		return [
			{
				measure: `${few.length} files at ${fewLimit} calls in 5 s: files lost`,
				unit: '',
				sides: { node: lost(runs['node, few']), chain: lost(runs['chain, few']) },
				aim: '0',
				met: runs['node, few'].every((one) => one.lost === 0),
			},
			{
				measure: `${count} files at ${limit} calls in ${windowSeconds} s: files lost`,
				unit: '',
				sides: { node: lost(runs.node) },
				aim: '0',
				met: runs.node.every((one) => one.lost === 0),
			},
			{
				measure: 'the same: until all are processed',
				unit: 's',
				sides: { node: time },
				aim: `at most 1.15 × the least that the limit allows, ${least}`,
				met: atMost(time, (1.15 * least) / 1.03),
			},
		];
	} finally {
		for (const side of sides) await side.close();
	}
}
