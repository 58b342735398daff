/** Why a task did not run: the limiter was stopped before its turn came. */
export class NotStarted extends Error {
	constructor() {
		super('Stopped before its turn');
	}
}

/** Runs tasks a few at a time, in the order in which they came. A heavy task takes several places. */
export class Limiter {
	private stopped = false;

	private readonly queue: Array<{ weight: number; start: () => void }> = [];

	/**
	 * @param free the number of places
	 * @param stopsAtError whether no further task is started once one has failed
	 */
	constructor(
		private free: number,
		private readonly stopsAtError = false,
	) {}

	/**
	 * Runs a task when its turn comes.
	 *
	 * @param weight how many places the task takes, at most as many as there are
	 * @throws NotStarted if the limiter was stopped before that; what the task throws
	 */
	async run<T>(task: () => Promise<T>, weight = 1): Promise<T> {
		if (this.queue.length === 0 && weight <= this.free) this.free -= weight;
		else await new Promise<void>((start) => this.queue.push({ weight, start }));
		let succeeded = false;
		try {
			if (this.stopped) throw new NotStarted();
			const result = await task();
			succeeded = true;
			return result;
		} finally {
			// Before the next task starts, which must not start any more.
			if (!succeeded && this.stopsAtError) this.stop();
			this.free += weight;
			this.startNext();
		}
	}

	/** A heavy task that does not fit yet holds up the tasks behind it, so that it cannot starve. */
	private startNext(): void {
		for (let next = this.queue[0]; next && next.weight <= this.free; next = this.queue[0]) {
			this.queue.shift();
			this.free -= next.weight;
			next.start();
		}
	}

	/** Starts no further task; those that run are brought to their end. */
	stop(): void {
		this.stopped = true;
	}
}
