import type { Pause } from './pause';

/** How often progress is checked, in ms. */
const CHECK_INTERVAL = 1000;

/** The idle timeout, in ms. */
const IDLE_TIMEOUT = 60_000;

/**
 * When the last byte has been handed over, the operating system and a proxy may still buffer this many
 * bytes, and a slow line sends this many bytes per ms (16 KB/s).
 */
const BUFFERED = 4 * 1024 * 1024;
const SLOWEST_LINE = 16;

/** Passes a stream through and watches its progress. */
export type Progress = (content: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * Runs an upload with an idle timeout: a fixed time limit would abort a large file on a slow line.
 *
 * @param size the size of the file in bytes
 * @param transfer sends the file through `progress`, and ends when `signal` aborts
 * @throws what `transfer` throws, or an Error after the idle timeout
 */
export async function withUploadIdleTimeout<T>(
	size: number,
	pause: Pause,
	transfer: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Promise<T> {
	const longest = IDLE_TIMEOUT + Math.min(size, BUFFERED) / SLOWEST_LINE;
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
 * Runs a transfer with an idle timeout.
 *
 * @param moved a counter that grows as the transfer makes progress
 * @param transfer ends when `signal` aborts
 * @param longest the idle timeout, in ms
 * @throws what `transfer` throws, or an Error after the idle timeout
 */
export async function withIdleTimeout<T>(
	pause: Pause,
	moved: () => number,
	transfer: (signal: AbortSignal) => Promise<T>,
	longest = IDLE_TIMEOUT,
): Promise<T> {
	const controller = new AbortController();
	try {
		return await watched(pause, moved, transfer(controller.signal), longest);
	} finally {
		controller.abort();
	}
}

/**
 * Runs a request with a deadline. An idle timeout would wait without end for a reply that arrives a few
 * bytes at a time.
 *
 * @param deadline in ms from now
 * @param request ends when `signal` aborts. If it resolves with a stream, the stream is not limited
 * @throws what `request` throws, or an Error after the deadline
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

/** Awaits work, but rejects after the idle timeout, or if `pause` rejects. */
async function watched<T>(
	pause: Pause,
	moved: () => number,
	work: Promise<T>,
	longest: number,
): Promise<T> {
	let over = false;
	const watch = async (): Promise<never> => {
		for (let still = 0, seen = 0; still < longest; still += CHECK_INTERVAL) {
			await pause(CHECK_INTERVAL);
			// The race is decided.
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
