import { writeFiles } from '../files.cts';
import { atMost, type Bench, type Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startChain, startNode, startStore } from '../sides/in-n8n.cts';
import { startReference } from '../sides/reference.cts';
import { run, type Run, type Side } from '../sides/side.cts';
import { figureOf } from '../statistics.cts';

const LATENCY = 0.04;

/** What an upload cannot do without: the presigned post, the file to S3, the record. */
const REQUESTS = 3;

/** Many small files in one run; nobody waits for their processing. No rate limit. */
export async function smallFiles({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const count = quick ? 20 : 200;
	const files = writeFiles(folder, count, 100_000);
	const settings = { latencyMs: LATENCY * 1000 };
	const sides = [
		await startNode(clinic),
		await startChain(clinic),
		await startReference(clinic),
		await startStore(clinic),
	] as const;
	const [node, chain, reference, store] = sides;
	try {
		await store.upload({ files, wait: false });
		for (const side of [node, chain, reference]) {
			await run(clinic, settings, side, { files: files.slice(0, 20), wait: false });
		}
		const upload = (side: Side, concurrency: number) => async () =>
			await run(clinic, settings, side, { files, wait: false, concurrency });
		const runs = await rounds(quick ? 1 : 4, {
			'node, 4': upload(node, 4),
			chain: upload(chain, 0),
			'reference, 4': upload(reference, 4),
			'n8n’s store': async () => await store.upload({ files, wait: false }),
			'node, 10': upload(node, 10),
			'reference, 10': upload(reference, 10),
		});
		const of = (concurrency: 4 | 10, pick: (one: Run) => number) => ({
			node: figureOfRuns(runs[`node, ${concurrency}`], pick),
			chain: figureOfRuns(runs.chain, pick),
			reference: figureOfRuns(runs[`reference, ${concurrency}`], pick),
		});
		const row = (concurrency: 4 | 10): Row => {
			const times = of(concurrency, (one) => one.seconds);
			const ideal = (count / concurrency) * REQUESTS * LATENCY;
			return {
				measure: `${count} files of 100 KB, ${LATENCY * 1000} ms latency, ${concurrency} at once`,
				unit: 's',
				sides: times,
				better: 'less',
				aim: `ahead of the chain; at most 1.3 × the ideal of ${ideal.toFixed(1)}`,
				met: atMost(times.node, times.chain?.median) && atMost(times.node, 1.3 * ideal),
				chart: `Time for ${count} files, ${concurrency} at once`,
			};
		};
		// Before an upload n8n has put the file into its store; that is no part of it.
		const stored = figureOf(runs['n8n’s store'].map((one) => one.processor)).median;
		const perFile = (seconds: number) => (seconds * 1000) / count;
		const processor = {
			...of(4, (one) => perFile(one.processor - stored)),
			reference: figureOfRuns(runs['reference, 4'], (one) => perFile(one.processor)),
		};
		return [
			row(4),
			row(10),
			{
				measure: 'the same: processor time for a file',
				unit: 'ms',
				sides: processor,
				better: 'less',
				aim: 'at most half of the chain’s',
				met: atMost(processor.node, (processor.chain?.median ?? NaN) / 2),
				chart: 'Processor time for a small file',
			},
		];
	} finally {
		for (const side of sides) await side.close();
	}
}
