interface Lock {
	/** The work that holds the lock together with others. */
	shared: Set<Promise<unknown>>;
	/** Settles once the last of those who asked for the lock exclusively has released it. */
	exclusive: Promise<unknown>;
	/** How many hold the lock or wait for it. */
	users: number;
}

/** A read-write lock for each key, first come, first served among those who want it exclusively. */
export class KeyedLock {
	private readonly locks = new Map<string, Lock>();

	/** Runs `work` at the same time as other shared work of the key, but never beside exclusive work. */
	async shared<T>(key: string, work: () => Promise<T>): Promise<T> {
		return await this.use(key, async (lock) => {
			for (let exclusive; exclusive !== lock.exclusive; ) {
				exclusive = lock.exclusive;
				await exclusive;
			}
			const running = work();
			lock.shared.add(running);
			try {
				return await running;
			} finally {
				lock.shared.delete(running);
			}
		});
	}

	/**
	 * Runs `work` once everything of the key that began earlier is over; nothing else of the key runs
	 * beside it.
	 *
	 * @param wait waits for its argument; may throw to leave the queue, for instance when the execution
	 *   is cancelled
	 */
	async exclusive<T>(
		key: string,
		work: () => Promise<T>,
		wait: (turn: Promise<unknown>) => Promise<unknown> = async (turn) => await turn,
	): Promise<T> {
		return await this.use(key, async (lock) => {
			const turn = Promise.allSettled([lock.exclusive, ...lock.shared]);
			let release = () => {};
			const released = new Promise<void>((resolve) => (release = resolve));
			// Whoever leaves the queue early must not let the next one in before its time.
			lock.exclusive = turn.then(async () => await released);
			try {
				await wait(turn);
				return await work();
			} finally {
				release();
			}
		});
	}

	private async use<T>(key: string, hold: (lock: Lock) => Promise<T>): Promise<T> {
		let lock = this.locks.get(key);
		if (!lock) {
			lock = { shared: new Set(), exclusive: Promise.resolve(), users: 0 };
			this.locks.set(key, lock);
		}
		lock.users++;
		try {
			return await hold(lock);
		} finally {
			if (--lock.users === 0) this.locks.delete(key);
		}
	}
}
