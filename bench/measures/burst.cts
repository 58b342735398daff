import type { ClinicSettings } from '../clinic.cts';
import { writeFiles, type BenchFile } from '../files.cts';
import type { Bench, Row } from '../measure.cts';
import { rounds } from '../rounds.cts';
import { startChain, startNode } from '../sides/in-n8n.cts';
import { runBurst, type Side } from '../sides/side.cts';
import { figureOf } from '../statistics.cts';

/** Executions that start at the same time, with one file each. */
interface Burst {
	count: number;
	/** How long Cliniko processes a file, in seconds. */
	processing: number;
	/** The rate limit: calls in a window, and its length in seconds. */
	limit?: { calls: number; window: number };
}

type BurstRun = Awaited<ReturnType<typeof runBurst>>;

/** A form or an e-mail starts an execution for each file: many executions on one Cliniko user. */
export async function burst({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const unlimited: Burst = { count: quick ? 10 : 40, processing: 3 };
	const limited: Burst = {
		count: quick ? 20 : 100,
		processing: 2,
		limit: quick ? { calls: 20, window: 3 } : { calls: 50, window: 5 },
	};
	const many: Burst = {
		count: quick ? 30 : 200,
		processing: 2,
		limit: quick ? { calls: 20, window: 3 } : { calls: 40, window: 4 },
	};
	const files = writeFiles(folder, many.count, 10_000);
	// A process of its own for each run: it would know the rate limit of the run before.
	const fresh =
		(start: () => Promise<Side>, terms: Burst, some: BenchFile[]) =>
		async (): Promise<BurstRun> => {
			const side = await start();
			try {
				return await runBurst(clinic, settingsOf(terms), side, { files: some, wait: true });
			} finally {
				await side.close();
			}
		};
	const node = async () => await startNode(clinic);
	const chain = async () => await startChain(clinic);
	const of = ({ count }: Burst) => files.slice(0, count);
	const runs = await rounds(quick ? 1 : 3, {
		'node, no limit': fresh(node, unlimited, of(unlimited)),
		'chain, no limit': fresh(chain, unlimited, of(unlimited)),
		'node, limit': fresh(node, limited, of(limited)),
		'chain, limit': fresh(chain, limited, of(limited)),
		'node, many': fresh(node, many, of(many)),
		'chain, many': fresh(chain, many, of(many)),
	});
	return [
		...rowsOf(unlimited, runs['node, no limit'], runs['chain, no limit']),
		...rowsOf(limited, runs['node, limit'], runs['chain, limit']),
		...rowsOf(many, runs['node, many'], runs['chain, many']),
	];
}

function settingsOf({ processing, limit }: Burst): ClinicSettings {
	return {
		processingMs: processing * 1000,
		...(limit && { requestsPerWindow: limit.calls, rateLimitWindowMs: limit.window * 1000 }),
	};
}

function rowsOf(terms: Burst, node: BurstRun[], chain: BurstRun[]): Row[] {
	const { count, processing, limit } = terms;
	const what = limit
		? `${count} executions at once, ${limit.calls} calls in ${limit.window} s`
		: `${count} executions at once, no limit, ${processing} s of processing`;
	const most = (runs: BurstRun[], pick: (one: BurstRun) => number) => Math.max(...runs.map(pick));
	const calls = (one: BurstRun) => one.calls.all / count;
	const share = (one: BurstRun) => (100 * one.refused) / one.calls.all;
	const lost = (runs: BurstRun[]) =>
		`${most(runs, (one) => one.lost)} of ${count} (${most(runs, (one) => one.failed)} executions failed)`;
	const rows: Row[] = [
		{
			measure: `${what}: files lost`,
			unit: '',
			sides: { node: lost(node), chain: lost(chain) },
			aim: '0, and no execution failed',
			met: node.every((one) => one.lost === 0 && one.failed === 0),
		},
		{
			measure: `${what}: calls a file`,
			unit: '',
			sides: { node: figureOf(node.map(calls)), chain: figureOf(chain.map(calls)) },
			aim: 'at most 3.5',
			met: node.every((one) => calls(one) <= 3.5),
		},
	];
	if (!limit) return rows;
	// The calls of the last window take no time, and then the last file is processed.
	const least = (one: BurstRun) =>
		Math.floor((one.calls.all - one.refused - 1) / limit.calls) * limit.window + processing;
	const time = (one: BurstRun) => one.seconds / least(one);
	return [
		...rows,
		{
			measure: `${what}: share of refused calls`,
			unit: '%',
			sides: { node: figureOf(node.map(share)), chain: figureOf(chain.map(share)) },
			aim: 'at most 5',
			met: node.every((one) => share(one) <= 5),
		},
		{
			measure: `${what}: time, × what so many calls need`,
			unit: '',
			sides: { node: figureOf(node.map(time)) },
			aim: 'at most 1.3',
			met: node.every((one) => time(one) <= 1.3),
		},
	];
}
