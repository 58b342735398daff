import { rmSync } from 'node:fs';

import { writeFiles } from '../files.cts';
import { atLeast, atMost, type Bench, type Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startCurl } from '../sides/curl.cts';
import { startChain, startNode, startStore } from '../sides/in-n8n.cts';
import { startReference } from '../sides/reference.cts';
import { run, type Run, type Side } from '../sides/side.cts';
import { figureOf } from '../statistics.cts';

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
	const stored = async () => {
		const side = await startStore(clinic);
		try {
			await side.upload({ files: [small!], wait: false });
			return await side.upload({ files: [file!], wait: false });
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
		'n8n’s store': stored,
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
	// n8n stores the file before the upload begins, so that time is subtracted.
	const store = figureOf(runs['n8n’s store'].map((one) => one.processor)).median;
	const processor = {
		...of((one) => one.processor - store),
		reference: figureOfRuns(runs.reference, (one) => one.processor),
	};
	return [
		{
			measure: `one file of ${size}: peak memory above idle`,
			unit: 'MB',
			sides: memory,
			compared: true,
			aim: 'at most 32, and a quarter of the chain’s',
			met: atMost(memory.node, 32) && atMost(memory.node, (memory.chain?.median ?? NaN) / 4),
		},
		{
			measure: `one file of ${size}: speed`,
			unit: 'MB/s',
			sides: { ...speed, curl: curl ? curlSpeed : 'not here' },
			compared: true,
			aim: 'at least 0.95 × the reference’s and half of curl’s; ahead of the chain',
			met:
				atLeast(speed.node, 0.95 * (speed.reference?.median ?? NaN)) &&
				atLeast(speed.node, speed.chain?.median) &&
				(!curl || atLeast(speed.node, (curlSpeed?.median ?? NaN) / 2)),
		},
		{
			measure: `one file of ${size}: processor time, without n8n’s store`,
			unit: 's',
			sides: processor,
			compared: true,
			aim: 'at most 1.4 × the reference’s',
			met: atMost(processor.node, 1.4 * (processor.reference?.median ?? NaN)),
		},
	];
}
