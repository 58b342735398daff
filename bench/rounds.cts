import type { Run } from './sides/side.cts';
import { figureOf, type Figure } from './statistics.cts';

/**
 * Runs the competitors in turn (A B C, A B C), so that background load affects all of them alike.
 *
 * @param competitors each returns its measurement; an undefined one is skipped
 * @returns the measurements of each, by round
 */
export async function rounds<C extends Record<string, (() => Promise<unknown>) | undefined>>(
	count: number,
	competitors: C,
): Promise<{ [K in keyof C]-?: Array<Awaited<ReturnType<NonNullable<C[K]>>>> }> {
	const results = Object.keys(competitors).map((name) => [name, [] as unknown[]] as const);
	for (let round = 1; round <= count; round++) {
		for (const [name, measured] of results) {
			const result = await competitors[name]?.();
			if (result === undefined) continue;
			measured.push(result);
			console.log(`  ${round}/${count} ${name.padEnd(14)} ${shown(result)}`);
		}
	}
	return Object.fromEntries(results) as never;
}

/**
 * One figure from several runs. Runs that lost a file do not count.
 *
 * @returns undefined if no run counts, or if there is no such figure
 */
export function figureOfRuns(runs: Run[], pick: (run: Run) => number): Figure | undefined {
	const values = runs.filter(isComplete).map(pick);
	return values.length > 0 && values.every(Number.isFinite) ? figureOf(values) : undefined;
}

/** Whether every file reached its record. */
export function isComplete({ lost, error }: Run): boolean {
	return lost === 0 && error === undefined;
}

function shown(result: unknown): string {
	if (typeof result === 'number') return result.toFixed(1);
	const { seconds, processor, memory, calls, refused, lost, error } = result as Partial<Run>;
	return [
		`${seconds?.toFixed(2)} s`,
		processor && `processor ${processor.toFixed(2)} s`,
		memory && `memory +${memory.toFixed(0)} MB`,
		calls && `${calls.all} calls`,
		refused && `${refused} refused`,
		lost && `${lost} LOST`,
		error,
	]
		.filter(Boolean)
		.join(', ');
}
