import { writeFiles } from '../files.cts';
import type { Bench, Row } from '../measure.cts';
import { figureOfRuns, rounds } from '../rounds.cts';
import { startNode } from '../sides/in-n8n.cts';
import { run, type Run } from '../sides/side.cts';
import type { Figure } from '../statistics.cts';

/** How much more a file may cost in the longest run than in the shortest. */
const FLAT = 1.15;

/** Runs of increasing length: whether the cost per file stays constant. */
export async function growth({ clinic, quick, folder }: Bench): Promise<Row[]> {
	const counts = quick ? [5, 10, 20] : [50, 100, 200, 400];
	const files = writeFiles(folder, counts.at(-1)!, 100_000);
	// Each in a new process, since a process rarely returns memory to the system.
	const upload = (count: number, times: number) => async (): Promise<Run> => {
		const node = await startNode(clinic);
		const settings = { latencyMs: 10 };
		const job = { files: files.slice(0, count), wait: false };
		try {
			await run(clinic, {}, node, { files: files.slice(0, 20), wait: false });
			for (let time = 1; time < times; time++) await run(clinic, settings, node, job);
			return await run(clinic, settings, node, job);
		} finally {
			await node.close();
		}
	};
	const most = counts.at(-1)!;
	const [again, ...runs] = Object.values(
		await rounds(quick ? 1 : 3, {
			[`${most} again`]: upload(most, 2),
			...Object.fromEntries(counts.map((count) => [`${count} files`, upload(count, 1)])),
		}),
	);
	const of = (pick: (one: Run, count: number) => number) =>
		counts.map((count, at) => figureOfRuns(runs[at]!, (one) => pick(one, count)));
	const times = of((one, count) => (one.seconds * 1000) / count);
	const memory = of((one) => one.memory);
	const secondTime = figureOfRuns(again!, (one) => one.memory);
	const isFlat = (figures: Array<Figure | undefined>) =>
		(figures.at(-1)?.median ?? NaN) <= FLAT * (figures[0]?.median ?? NaN);
	return [
		{
			measure: `${counts.join(', ')} files of 100 KB: time for a file`,
			unit: 'ms',
			sides: { node: list(times) },
			aim: `flat: the last within ${FLAT} of the first`,
			met: isFlat(times),
		},
		{
			measure: 'the same: peak memory above idle for a file',
			unit: 'MB',
			sides: { node: list(of((one, count) => one.memory / count)) },
			aim: `flat: the last within ${FLAT} of the first`,
			met: isFlat(of((one, count) => one.memory / count)),
		},
		{
			measure: `${most} files once more in the same process: further memory`,
			unit: 'MB',
			sides: { node: secondTime },
			aim: `less than half of what the first ${most} took`,
			met: (secondTime?.median ?? NaN) < (memory.at(-1)?.median ?? NaN) / 2,
		},
	];
}

function list(figures: Array<Figure | undefined>): string {
	return figures
		.map((figure) => figure?.median.toFixed(figure.median < 10 ? 2 : 1) ?? 'lost')
		.join(', ');
}
