/** Why a task did not run: the limiter was stopped before its turn came. */
export class NotStarted extends Error {
	constructor() {
		super('Stopped before its turn');
	}
}

/** Runs tasks a few at a time, in the order in which they came. */
export class Limiter {
	private running = 0;

	private stopped = false;

	private readonly queue: Array<() => void> = [];

	/**
	 * @param concurrency how many tasks run at the same time, at least 1
	 * @param stopsAtError whether no further task is started once one has failed
	 */
	constructor(
		private readonly concurrency: number,
		private readonly stopsAtError = false,
	) {}

	/**
	 * Runs a task when its turn comes.
	 *
	 * @throws NotStarted if the limiter was stopped before that; what the task throws
	 */
	async run<T>(task: () => Promise<T>): Promise<T> {
		if (this.running < this.concurrency) this.running++;
		// Whoever ends passes its place on, so that nobody else can take it.
		else await new Promise<void>((resolve) => this.queue.push(resolve));
		let succeeded = false;
		try {
			if (this.stopped) throw new NotStarted();
			const result = await task();
			succeeded = true;
			return result;
		} finally {
			// Before the place is passed on: whoever gets it must not start any more.
			if (!succeeded && this.stopsAtError) this.stop();
			const next = this.queue.shift();
			if (next) next();
			else this.running--;
		}
	}

	/** Starts no further task; those that run are brought to their end. */
	stop(): void {
		this.stopped = true;
	}
}
