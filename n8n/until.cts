import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Polls until there is a result.
 *
 * @param what is expected, for the error: "the workflow is published"
 * @param ask returns undefined to be asked again
 * @throws after this many seconds
 */
export async function until<T>(
	what: string,
	ask: () => Promise<T | undefined> | T | undefined,
	seconds = 60,
): Promise<T> {
	const lastMoment = Date.now() + seconds * 1000;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (Date.now() > lastMoment) throw new Error(`Not within ${seconds} seconds: ${what}`);
		await sleep(200);
	}
}
