import type { Pause } from './pause';

/** How often the progress is looked at, in ms. */
const LOOK = 1000;

/** How long nothing may move, in ms. */
const SILENCE = 60_000;

/**
 * What may still be on its way when the last byte has been handed over: the system and a proxy hold
 * up to this many bytes, and a slow clinic line carries this many in a millisecond (16 KB a second).
 */
const BUFFERED = 4 * 1024 * 1024;
const SLOWEST_LINE = 16;

/** Passes a stream on and counts what moves. */
export type Progress = (content: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * Sends content for as long as it moves, however long that is: a time-out by the clock would break off
 * a large file on a slow line.
 *
 * @param size of the file in bytes
 * @param transfer sends its content through `progress`, and ends when `signal` says so
 * @throws what `transfer` throws, or an Error if nothing moved for too long
 */
export async function withUploadIdleTimeout<T>(
	size: number,
	pause: Pause,
	transfer: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Promise<T> {
	const longest = SILENCE + Math.min(size, BUFFERED) / SLOWEST_LINE;
	let moved = 0;
	async function* progress(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
		for await (const chunk of content) {
			yield chunk;
			moved++;
		}
	}
	const send = async (signal: AbortSignal) => await transfer(signal, progress);
	return await withIdleTimeout(pause, () => moved, send, longest);
}

/**
 * Runs a transfer for as long as something moves.
 *
 * @param moved grows with all that moves
 * @param transfer ends when `signal` says so
 * @param longest how long nothing may move, in ms
 * @throws what `transfer` throws, or an Error if nothing moved for too long
 */
export async function withIdleTimeout<T>(
	pause: Pause,
	moved: () => number,
	transfer: (signal: AbortSignal) => Promise<T>,
	longest = SILENCE,
): Promise<T> {
	const controller = new AbortController();
	try {
		return await watched(pause, moved, transfer(controller.signal), longest);
	} finally {
		controller.abort();
	}
}

/**
 * Runs a request that has to be over by a deadline, whatever moves meanwhile: an idle timeout waits
 * without end for a reply that comes a few bytes at a time.
 *
 * @param deadline in ms from now
 * @param request ends when `signal` says so. If it resolves with a stream, this goes on
 * @throws what `request` throws, or an Error if it is not over in time
 */
export async function withDeadline<T>(
	pause: Pause,
	deadline: number,
	request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const controller = new AbortController();
	let answered = false;
	try {
		const reply = await watched(pause, () => 0, request(controller.signal), deadline);
		answered = true;
		return reply;
	} finally {
		if (!answered) controller.abort();
	}
}

/** Waits for work, but rejects if nothing has moved for too long, or if `pause` rejects. */
async function watched<T>(
	pause: Pause,
	moved: () => number,
	work: Promise<T>,
	longest: number,
): Promise<T> {
	let over = false;
	const watch = async (): Promise<never> => {
		for (let still = 0, seen = 0; still < longest; still += LOOK) {
			await pause(LOOK);
			// Nobody waits for this any more.
			if (over) return await new Promise<never>(() => {});
			if (moved() !== seen) still = 0;
			seen = moved();
		}
		throw new Error('The transfer stands still');
	};
	try {
		return await Promise.race([work, watch()]);
	} finally {
		over = true;
	}
}
