import { writeFiles } from '../files.cts';
import { atMost, type Bench, type Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startChain, startNode, startRequests, startStore } from '../sides/in-n8n.cts';
import { startReference } from '../sides/reference.cts';
import { run, type Run, type Side } from '../sides/side.cts';
import { figureOf } from '../statistics.cts';

const LATENCY = 0.04;

/** The requests that every upload needs: presigned post, upload to S3, record. */
const REQUESTS = 3;

/** Many small files in one run, without waiting for their processing. No rate limit. */
export async function smallFiles({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const count = quick ? 20 : 200;
	const files = writeFiles(folder, count, 100_000);
	const settings = { latencyMs: LATENCY * 1000 };
	const sides = [
		await startNode(clinic),
		await startChain(clinic),
		await startRequests(clinic),
		await startReference(clinic),
		await startStore(clinic),
	] as const;
	const [node, chain, requests, reference, store] = sides;
	try {
		await store.upload({ files, wait: false });
		for (const side of [node, chain, requests, reference]) {
			await run(clinic, settings, side, { files: files.slice(0, 20), wait: false });
		}
		const upload = (side: Side, concurrency: number) => async () =>
			await run(clinic, settings, side, { files, wait: false, concurrency });
		const fewer = files.slice(0, quick ? 10 : 80);
		const few = (side: Side) => async () =>
			await run(clinic, settings, side, { files: fewer, wait: false });
		const runs = await rounds(quick ? 1 : 4, {
			'node, 4': upload(node, 4),
			'requests, 4': upload(requests, 4),
			'reference, 4': upload(reference, 4),
			chain: upload(chain, 0),
			'n8n’s store': async () => await store.upload({ files, wait: false }),
			'node, default': upload(node, 0),
			'node, few': few(node),
			'chain, few': few(chain),
			'requests, 20': upload(requests, 20),
			'reference, 20': upload(reference, 20),
		});
		const of = (concurrency: 4 | 20, pick: (one: Run) => number) => ({
			node: figureOfRuns(concurrency === 4 ? runs['node, 4'] : runs['node, default'], pick),
			chain: figureOfRuns(runs.chain, pick),
			requests: figureOfRuns(runs[`requests, ${concurrency}`], pick),
			reference: figureOfRuns(runs[`reference, ${concurrency}`], pick),
		});
		const ideal = (concurrency: number) => (count / concurrency) * REQUESTS * LATENCY;
		const row = (concurrency: 4 | 20): Row => {
			const times = of(concurrency, (one) => one.seconds);
			// At low concurrency, latency alone takes longer than the chain, which sends all files at
			// once.
			const judged =
				concurrency === 4
					? {
							aim: `at most 1.3 × the ideal of ${ideal(4).toFixed(1)}`,
							met: atMost(times.node, 1.3 * ideal(4)),
						}
					: { aim: 'ahead of the chain', met: atMost(times.node, times.chain?.median) };
			return {
				measure: `${count} files of 100 KB, ${LATENCY * 1000} ms latency, ${concurrency === 4 ? '4 at once' : 'by default (20 at once)'}`,
				unit: 's',
				sides: times,
				compared: true,
				...judged,
			};
		};
		// n8n stores the file before the upload begins, so that time is subtracted.
		const stored = figureOf(runs['n8n’s store'].map((one) => one.processor)).median;
		const perFile = (seconds: number) => (seconds * 1000) / count;
		const processor = {
			...of(20, (one) => perFile(one.processor - stored)),
			reference: figureOfRuns(runs['reference, 20'], (one) => perFile(one.processor)),
		};
		const fewTimes = {
			node: figureOfRuns(runs['node, few'], (one) => one.seconds),
			chain: figureOfRuns(runs['chain, few'], (one) => one.seconds),
		};
		return [
			row(4),
			row(20),
			{
				measure: `${fewer.length} files of 100 KB, ${LATENCY * 1000} ms latency, by default`,
				unit: 's',
				sides: fewTimes,
				compared: true,
				aim: 'ahead of the chain',
				met: atMost(fewTimes.node, fewTimes.chain?.median),
			},
			{
				measure: 'the same: processor time for a file',
				unit: 'ms',
				sides: processor,
				compared: true,
				aim: 'at most half of the chain’s',
				met: atMost(processor.node, (processor.chain?.median ?? NaN) / 2),
			},
		];
	} finally {
		for (const side of sides) await side.close();
	}
}
