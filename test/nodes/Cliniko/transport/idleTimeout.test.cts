import {
	withDeadline,
	withIdleTimeout,
	withUploadIdleTimeout,
	type Progress,
} from '../../../../nodes/Cliniko/transport/idleTimeout.ts';
import { Clock } from '../clock.cts';
import { rejection } from '../connection.cts';

const MIB = 1024 * 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('A transfer', () => {
	/** Chunks, each after a delay. */
	async function* slow(clock: Clock, ...waits: number[]): AsyncGenerator<Uint8Array> {
		for (const wait of waits) {
			await clock.pause(wait);
			yield Buffer.from('x');
		}
	}

	const read = async (stream: AsyncIterable<Uint8Array>) => {
		let length = 0;
		for await (const chunk of stream) length += chunk.length;
		return length;
	};

	/** Runs a transfer, and returns how it ended and after how long. */
	const run = async <T,>(
		size: number,
		transfer: (clock: Clock, signal: AbortSignal, progress: Progress) => Promise<T>,
	) => {
		const clock = new Clock();
		const begin = clock.time;
		const signals: AbortSignal[] = [];
		const abortedAt: number[] = [];
		const work = withUploadIdleTimeout(size, clock.pause, async (signal, progress) => {
			signals.push(signal);
			signal.addEventListener('abort', () => abortedAt.push(clock.time - begin));
			return await transfer(clock, signal, progress);
		});
		const [result] = await Promise.allSettled([work]);
		return { result, took: clock.time - begin, abortedAt, clock };
	};

	const never = async (): Promise<never> => await new Promise<never>(() => {});

	it.each([
		['an hour', 3600, SECOND],
		['a day, with pauses that are just not too long', 24 * 60, MINUTE - SECOND],
	])('that makes progress is not aborted, though it takes %s', async (_, count, wait) => {
		const { result, took, abortedAt } = await run(
			100,
			async (clock, __, progress) =>
				await read(progress(slow(clock, ...Array<number>(count).fill(wait)))),
		);

		expect(result).toEqual({ status: 'fulfilled', value: count });
		expect(took).toBe(count * wait);
		expect(abortedAt).toEqual([took]);
	});

	it('passes its content on as it is', async () => {
		async function* content(): AsyncGenerator<Uint8Array> {
			yield await Promise.resolve(Buffer.from('one '));
			yield Buffer.from('two');
		}
		const { result } = await run(7, async (_, __, progress) => {
			const chunks: Uint8Array[] = [];
			for await (const chunk of progress(content())) chunks.push(chunk);
			return Buffer.concat(chunks).toString();
		});

		expect(result).toEqual({ status: 'fulfilled', value: 'one two' });
	});

	it.each([
		['of no bytes', 0, 60],
		['of 1 MiB', MIB, 60 + 65.536],
		['of 4 MiB', 4 * MIB, 60 + 262.144],
		['of 4 GiB: no more than that can be on its way', 4096 * MIB, 60 + 262.144],
	])(
		'that stalls is aborted, after a time that depends on how much may be buffered: %s',
		async (_, size, seconds) => {
			const { result, took, abortedAt } = await run(size, never);

			expect(result).toMatchObject({
				status: 'rejected',
				reason: { message: 'The transfer stands still' },
			});
			expect(took).toBe(Math.ceil(seconds) * SECOND);
			expect(abortedAt).toEqual([took]);
		},
	);

	it('that stalls midway is aborted, counted from its last progress', async () => {
		const { result, took } = await run(0, async (clock, _, progress) => {
			return await read(progress(slow(clock, 30 * SECOND, 45 * SECOND, 10 * MINUTE)));
		});

		expect(result.status).toBe('rejected');
		// Progress is checked once a second.
		expect(Math.abs(took - (75 * SECOND + MINUTE))).toBeLessThanOrEqual(SECOND);
	});

	it('makes no progress while nobody reads its chunks', async () => {
		const { result, took } = await run(0, async (clock, _, progress) => {
			for await (const __ of progress(slow(clock, 0, 0))) await never();
		});

		expect(result.status).toBe('rejected');
		expect(took).toBe(MINUTE);
	});

	it('may wait for the reply after its last byte as long as a slow line needs', async () => {
		const reply = async (wait: number) =>
			await run(4 * MIB, async (clock, _, progress) => {
				await read(progress(slow(clock, 0)));
				await clock.pause(wait);
				return 'stored';
			});

		expect((await reply(320 * SECOND)).result).toEqual({ status: 'fulfilled', value: 'stored' });
		expect((await reply(330 * SECOND)).result.status).toBe('rejected');
	});

	it('that fails ends with its own error, and at once', async () => {
		const { result, took, abortedAt } = await run(0, async (clock) => {
			await clock.pause(1500);
			throw new Error('ECONNRESET');
		});

		expect(result).toMatchObject({ status: 'rejected', reason: { message: 'ECONNRESET' } });
		expect(took).toBe(1500);
		expect(abortedAt).toEqual([1500]);
	});

	it('is no longer watched once it has ended', async () => {
		const { clock } = await run(0, async () => await Promise.resolve('stored'));

		await clock.pause(10 * MINUTE);

		expect(clock.pauses).toEqual([1000, 10 * MINUTE]);
	});

	it('ends when the watch itself is aborted: the execution was cancelled', async () => {
		const cancelled = async () => await Promise.reject(new Error('The execution was cancelled.'));
		let signal: AbortSignal | undefined;

		const error = await rejection(
			withUploadIdleTimeout(0, cancelled, async (given) => {
				signal = given;
				return await never();
			}),
		);

		expect(error.message).toBe('The execution was cancelled.');
		expect(signal?.aborted).toBe(true);
	});

	it('leaves no unhandled rejection, whichever ends first', async () => {
		const unhandled = jest.fn();
		process.on('unhandledRejection', unhandled);
		try {
			await run(0, async (clock, signal) => {
				await new Promise((_, reject) => {
					signal.addEventListener('abort', () => reject(new Error('aborted')));
				});
				await clock.pause(0);
			});
			await run(0, async () => await Promise.reject(new Error('ECONNRESET')));
			await new Promise(setImmediate);
			await new Promise(setImmediate);
		} finally {
			process.off('unhandledRejection', unhandled);
		}

		expect(unhandled).not.toHaveBeenCalled();
	});
});

describe('A transfer that reports its own progress', () => {
	/** Makes progress after each of these delays, then waits for `last`. */
	const run = async (waits: number[], last: number, longest?: number) => {
		const clock = new Clock();
		const begin = clock.time;
		let moved = 0;
		let abortedAt: number | undefined;
		const work = withIdleTimeout(
			clock.pause,
			() => moved,
			async (signal) => {
				signal.addEventListener('abort', () => (abortedAt = clock.time - begin));
				for (const wait of waits) {
					await clock.pause(wait);
					moved += 65_536;
				}
				await clock.pause(last);
				return 'whole';
			},
			longest,
		);
		const [result] = await Promise.allSettled([work]);
		return { result, took: clock.time - begin, abortedAt };
	};

	it('may last as long as it makes progress', async () => {
		const { result, took } = await run(Array<number>(100).fill(59 * SECOND), 0);

		expect(result).toEqual({ status: 'fulfilled', value: 'whole' });
		expect(took).toBe(5900 * SECOND);
	});

	it('is aborted after a minute of silence, whatever came before', async () => {
		const { result, took, abortedAt } = await run([30 * SECOND], 10 * MINUTE);

		expect(result).toMatchObject({
			status: 'rejected',
			reason: { message: 'The transfer stands still' },
		});
		expect(Math.abs(took - 90 * SECOND)).toBeLessThanOrEqual(SECOND);
		expect(abortedAt).toBe(took);
	});

	it('is aborted after a minute when nothing ever comes', async () => {
		expect((await run([], 10 * MINUTE)).took).toBe(MINUTE);
	});

	it('may have a different timeout', async () => {
		expect((await run([], 10 * MINUTE, 5 * SECOND)).took).toBe(5 * SECOND);
	});

	it('has its signal aborted at its end too, so that nothing stays open', async () => {
		expect(await run([], 1500)).toMatchObject({ took: 1500, abortedAt: 1500 });
	});
});

describe('A request with a deadline', () => {
	const run = async (request: (clock: Clock, signal: AbortSignal) => Promise<string>) => {
		const clock = new Clock();
		const begin = clock.time;
		let abortedAt: number | undefined;
		const work = withDeadline(clock.pause, MINUTE, async (signal) => {
			signal.addEventListener('abort', () => (abortedAt = clock.time - begin));
			return await request(clock, signal);
		});
		const [result] = await Promise.allSettled([work]);
		return { result, took: clock.time - begin, abortedAt };
	};

	it('may last until then, and a stream that it resolves with may go on', async () => {
		const { result, abortedAt } = await run(async (clock) => {
			await clock.pause(MINUTE - 1);
			return 'the reply';
		});

		expect(result).toEqual({ status: 'fulfilled', value: 'the reply' });
		expect(abortedAt).toBeUndefined();
	});

	it('is aborted then, even if it would never end', async () => {
		const { result, took, abortedAt } = await run(async () => await new Promise<never>(() => {}));

		expect(result.status).toBe('rejected');
		expect(took).toBe(MINUTE);
		expect(abortedAt).toBe(MINUTE);
	});

	it('that fails ends with its own error, and at once', async () => {
		const { result, took } = await run(async (clock) => {
			await clock.pause(1500);
			throw new Error('ECONNRESET');
		});

		expect(result).toMatchObject({ status: 'rejected', reason: { message: 'ECONNRESET' } });
		expect(took).toBe(1500);
	});
});
