/**
 * A clock for work that goes side by side: it only moves when nothing else can go on, and then to
 * the next moment that somebody waits for.
 */
export class Timeline {
	/** ms since 1970. */
	time = Date.parse('2026-03-02T09:00:00Z');

	/** All waits so far, in ms. */
	readonly pauses: number[] = [];

	private waits: Array<{ at: number; resolve: () => void }> = [];

	readonly now = (): number => this.time;

	readonly pause = async (ms: number): Promise<void> => {
		this.pauses.push(ms);
		await new Promise<void>((resolve) => this.waits.push({ at: this.time + ms, resolve }));
	};

	/** Lets code that asks `Date.now` see this clock too. */
	rule(): this {
		jest.spyOn(Date, 'now').mockImplementation(this.now);
		return this;
	}

	/** Lets everything happen that can without a wait. */
	async settle(): Promise<void> {
		await new Promise(setImmediate);
	}

	/** Lets the time pass until `work` is over; throws if it waits for something that never comes. */
	async run<T>(work: Promise<T>): Promise<T> {
		let over = false;
		const end = () => (over = true);
		work.then(end, end);
		for (await this.settle(); !over; await this.settle()) {
			const at = Math.min(...this.waits.map((wait) => wait.at));
			const next = this.waits.findIndex((wait) => wait.at === at);
			if (next < 0) throw new Error('Nothing is waited for, and the work is not over');
			this.time = Math.max(this.time, at);
			this.waits.splice(next, 1)[0]!.resolve();
		}
		return await work;
	}
}
