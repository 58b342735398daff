/** Waits for `ms`, and rejects if the execution is cancelled meanwhile. */
export type Pause = (ms: number) => Promise<void>;

/** The length of each pause, in ms; `pause` rejects earlier if the execution is cancelled. */
const INTERVAL = 1000;

/**
 * Awaits the work of another execution.
 *
 * @throws what `pause` throws once this execution is cancelled
 */
export async function unlessCancelled<T>(pause: Pause, work: Promise<T>): Promise<T> {
	let over = false;
	const end = () => void (over = true);
	work.then(end, end);
	const cancelled = async (): Promise<never> => {
		while (!over) await pause(INTERVAL);
		return await new Promise<never>(() => {});
	};
	return await Promise.race([work, cancelled()]);
}
