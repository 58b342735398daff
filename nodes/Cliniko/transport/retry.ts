import type { Pause } from './pause';

/** How to retry. */
export interface RetryOptions<T> {
	/** The maximum number of attempts, including the first. */
	tries: number;
	/** The backoff after the first attempt, in ms; it doubles with each further attempt. */
	firstWait: number;
	/** Whether a result requires another attempt. */
	shouldRetry: (result: T) => boolean;
	pause: Pause;
	/** A number from 0 to 1, for the jitter. */
	random?: () => number;
}

/**
 * Retries with exponential backoff and jitter. Each wait is between 0.5 and 1.5 times the backoff, so
 * that executions that fail together do not retry together.
 *
 * @param attempt called with its number, from 1
 * @returns the result of the last attempt
 * @throws what an attempt throws, at once; what `pause` throws once the execution is cancelled
 */
export async function retry<T>(
	attempt: (number: number) => Promise<T>,
	{ tries, firstWait, shouldRetry, pause, random = Math.random }: RetryOptions<T>,
): Promise<T> {
	for (let number = 1; ; number++) {
		const result = await attempt(number);
		if (number === tries || !shouldRetry(result)) return result;
		await pause(firstWait * 2 ** (number - 1) * (0.5 + random()));
	}
}
