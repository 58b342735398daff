/** The work under way for one key. */
interface Turn {
	together: Set<Promise<unknown>>;
	/** The last of the works that had to be alone; settled if there is none. */
	alone: Promise<unknown>;
}

/** Lets some works run side by side and others alone, by key. */
export class Turns {
	private readonly turns = new Map<string, Turn>();

	/** Runs `work` beside others of the same key, but not beside one that has to be alone. */
	async together<T>(key: string, work: () => Promise<T>): Promise<T> {
		const turn = this.turn(key);
		for (let alone; alone !== turn.alone; ) {
			alone = turn.alone;
			await alone;
		}
		const running = work();
		turn.together.add(running);
		try {
			return await running;
		} finally {
			turn.together.delete(running);
		}
	}

	/** Runs `work` once everything of the same key that has begun is over, and lets nothing begin. */
	async alone<T>(key: string, work: () => Promise<T>): Promise<T> {
		const turn = this.turn(key);
		const running = Promise.allSettled([turn.alone, ...turn.together]).then(work);
		turn.alone = Promise.allSettled([running]);
		return await running;
	}

	private turn(key: string): Turn {
		let turn = this.turns.get(key);
		if (!turn) {
			turn = { together: new Set(), alone: Promise.resolve() };
			this.turns.set(key, turn);
		}
		return turn;
	}
}
