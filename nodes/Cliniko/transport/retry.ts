import type { Pause } from './pause';

/** How something is retried. */
export interface RetryOptions<T> {
	/** How many attempts are made at most, the first one included. */
	tries: number;
	/** The backoff after the first attempt, in ms; it doubles with each further one. */
	firstWait: number;
	/** Whether a result calls for another attempt. */
	shouldRetry: (result: T) => boolean;
	pause: Pause;
	/** A number from 0 to 1, for the jitter. */
	random?: () => number;
}

/**
 * Makes attempts until one has a result that needs no other, with exponential backoff and jitter
 * between them: each wait is between half and one and a half of the backoff, so that executions that
 * fail together do not come back together.
 *
 * @param attempt is told its number, from 1
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
