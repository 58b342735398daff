/** What has to be ended or deleted, in the order in which it was begun. */
export type CleanUps = Array<() => unknown>;

/**
 * Runs until it ends or somebody ends it, and then cleans up.
 *
 * @param run returns when its signal is aborted, and adds whatever it starts to the clean-ups
 */
export function untilStopped(
	run: (signal: AbortSignal, cleanUps: CleanUps) => Promise<void>,
): void {
	main(run).catch((error: Error) => {
		console.error(error.message);
		process.exitCode = 1;
	});
}

async function main(run: Parameters<typeof untilStopped>[0]): Promise<void> {
	const stop = new AbortController();
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(signal, () => stop.abort());
	}
	const cleanUps: CleanUps = [];
	try {
		await run(stop.signal, cleanUps);
	} catch (error) {
		if (!stop.signal.aborted) throw error;
	} finally {
		if (stop.signal.aborted) console.log('\nEnding n8n and the sandbox.');
		for (const cleanUp of cleanUps.reverse()) await cleanUp();
	}
}
