import { setImmediate as idle } from 'node:timers/promises';

/** What stays real under jest's fake timers: streams and sockets need it. */
export const doNotFake = [
	'hrtime',
	'nextTick',
	'performance',
	'queueMicrotask',
	'setImmediate',
	'clearImmediate',
] satisfies FakeTimersConfig['doNotFake'];

/**
 * Jest's fake timers, advanced automatically: once everything is idle, the next timer fires. A new clock
 * starts at 9:00 again and drops the timers of the previous one.
 */
export class Clock {
	private static current?: Clock;

	/** The length of every pause so far, in ms. */
	readonly pauses: number[] = [];

	private isRunning = false;

	constructor() {
		Clock.current = this;
		jest.useFakeTimers({ now: Date.parse('2026-03-02T09:00:00Z'), doNotFake });
	}

	/** Back to real time. */
	static stop(): void {
		Clock.current = undefined;
		jest.useRealTimers();
	}

	/** ms since 1970. */
	get time(): number {
		return Date.now();
	}

	/** Pending timers keep the time they have left. */
	set time(time: number) {
		jest.setSystemTime(time);
	}

	readonly pause = async (ms: number): Promise<void> => {
		this.pauses.push(ms);
		const end = new Promise<void>((resolve) => setTimeout(resolve, ms));
		void this.run();
		await end;
	};

	private async run(): Promise<void> {
		if (this.isRunning) return;
		this.isRunning = true;
		for (await idle(); Clock.current === this && jest.getTimerCount() > 0; await idle()) {
			jest.advanceTimersToNextTimer();
		}
		this.isRunning = false;
	}
}

// In every test file that uses this one.
afterEach(() => Clock.stop());
