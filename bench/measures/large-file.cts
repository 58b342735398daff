import { rmSync } from 'node:fs';

import { writeFiles } from '../files.cts';
import { atLeast, atMost, type Bench, type Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startCurl } from '../sides/curl.cts';
import { startChain, startNode } from '../sides/in-n8n.cts';
import { startReference } from '../sides/reference.cts';
import { run, type Run, type Side } from '../sides/side.cts';

const MIB = 1024 * 1024;

/** One large file, without waiting for its processing. */
export async function largeFile({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const [file] = writeFiles(folder, 1, (quick ? 64 : 1024) * MIB);
	const [small] = writeFiles(folder, 1, 8 * MIB);
	// A new process for each run: memory left over from an earlier run would hide part of the growth.
	const fresh = (start: () => Promise<Side>) => async (): Promise<Run> => {
		const side = await start();
		try {
			await run(clinic, {}, side, { files: [small!], wait: false });
			return await run(clinic, {}, side, { files: [file!], wait: false });
		} finally {
			await side.close();
		}
	};
	const curl = startCurl(clinic);
	const runs = await rounds(quick ? 1 : 3, {
		node: fresh(async () => await startNode(clinic)),
		chain: fresh(async () => await startChain(clinic)),
		reference: fresh(async () => await startReference(clinic)),
		curl: curl && fresh(async () => curl),
	});
	await clinic.call('prepare', {});
	for (const { path } of [file!, small!]) rmSync(path);

	const size = quick ? '64 MiB' : '1 GiB';
	// curl's processes exit too early to be observed, so only their time is known.
	const of = (pick: (one: Run) => number) => ({
		node: figureOfRuns(runs.node, pick),
		chain: figureOfRuns(runs.chain, pick),
		reference: figureOfRuns(runs.reference, pick),
	});
	const perSecond = (one: Run) => file!.size / 1e6 / one.seconds;
	const curlSpeed = curl && figureOfRuns(runs.curl, perSecond);
	const memory = of((one) => one.memory);
	const speed = of(perSecond);
	return [
		{
			measure: `one file of ${size}: peak memory above idle`,
			unit: 'MB',
			sides: memory,
			compared: true,
			aim: 'at most 64, and a quarter of the chain’s',
			met: atMost(memory.node, 64) && atMost(memory.node, (memory.chain?.median ?? NaN) / 4),
		},
		{
			measure: `one file of ${size}: speed`,
			unit: 'MB/s',
			sides: { ...speed, curl: curl ? curlSpeed : 'not here' },
			compared: true,
			aim: 'at least the reference’s and half of curl’s; ahead of the chain',
			met:
				atLeast(speed.node, speed.reference?.median) &&
				atLeast(speed.node, speed.chain?.median) &&
				(!curl || atLeast(speed.node, (curlSpeed?.median ?? NaN) / 2)),
		},
		{
			measure: `one file of ${size}: processor time, n8n’s store included`,
			unit: 's',
			sides: of((one) => one.processor),
			compared: true,
		},
	];
}
