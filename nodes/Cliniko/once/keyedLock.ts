interface Lock {
	/** The work in progress that holds the lock in shared mode. */
	shared: Set<Promise<unknown>>;
	/** Settles when the last exclusive holder in the queue has released the lock. */
	exclusive: Promise<unknown>;
	/** The number of holders and waiters. */
	users: number;
}

/** A read-write lock for each key. Exclusive holders get it in the order in which they asked. */
export class KeyedLock {
	private readonly locks = new Map<string, Lock>();

	/** Runs `work` concurrently with other shared work of the key, but never during exclusive work. */
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
	 * Runs `work` once all earlier work of the key is over. No other work of the key runs meanwhile.
	 *
	 * @param wait awaits its argument; may throw to leave the queue, for example when the execution is
	 *   cancelled
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
			// Still after `turn` if this one leaves the queue early.
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
