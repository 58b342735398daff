import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks several times a second until there is an answer.
 *
 * @param what is to be: "the workflow is published"
 * @param seconds for how long to ask
 * @throws after that
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
