import {
	withUploadIdleTimeout,
	withIdleTimeout,
	withDeadline,
	type Progress,
} from '../../../../nodes/Cliniko/transport/idleTimeout.ts';
import { rejection } from '../connection.cts';
import { Timeline } from '../timeline.cts';

const MIB = 1024 * 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('A transfer', () => {
	/** Chunks of which each comes after a wait of its own. */
	async function* slow(timeline: Timeline, ...waits: number[]): AsyncGenerator<Uint8Array> {
		for (const wait of waits) {
			await timeline.pause(wait);
			yield Buffer.from('x');
		}
	}

	const read = async (stream: AsyncIterable<Uint8Array>) => {
		let length = 0;
		for await (const chunk of stream) length += chunk.length;
		return length;
	};

	/** Runs a transfer by a fake clock, and tells how it ended and after how long. */
	const run = async <T,>(
		size: number,
		transfer: (timeline: Timeline, signal: AbortSignal, progress: Progress) => Promise<T>,
	) => {
		const timeline = new Timeline();
		const begin = timeline.time;
		const signals: AbortSignal[] = [];
		const abortedAt: number[] = [];
		const work = withUploadIdleTimeout(size, timeline.pause, async (signal, progress) => {
			signals.push(signal);
			signal.addEventListener('abort', () => abortedAt.push(timeline.time - begin));
			return await transfer(timeline, signal, progress);
		});
		const [result] = await timeline.run(Promise.allSettled([work]));
		return { result, took: timeline.time - begin, abortedAt, timeline };
	};

	const never = async (): Promise<never> => await new Promise<never>(() => {});

	it.each([
		['an hour', 3600, SECOND],
		['a day, with pauses that are just not too long', 24 * 60, MINUTE - SECOND],
	])('that moves is not broken off, though it takes %s', async (_, count, wait) => {
		const { result, took, abortedAt } = await run(
			100,
			async (timeline, __, progress) =>
				await read(progress(slow(timeline, ...Array<number>(count).fill(wait)))),
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
		'that stands still is broken off, after a time that depends on what may be on its way: %s',
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

	it('that stands still in its middle is broken off, counted from its last move', async () => {
		const { result, took } = await run(0, async (timeline, _, progress) => {
			return await read(progress(slow(timeline, 30 * SECOND, 45 * SECOND, 10 * MINUTE)));
		});

		expect(result.status).toBe('rejected');
		// It is looked at once a second.
		expect(Math.abs(took - (75 * SECOND + MINUTE))).toBeLessThanOrEqual(SECOND);
	});

	it('does not move where nobody takes what it gives', async () => {
		const { result, took } = await run(0, async (timeline, _, progress) => {
			for await (const __ of progress(slow(timeline, 0, 0))) await never();
		});

		expect(result.status).toBe('rejected');
		expect(took).toBe(MINUTE);
	});

	it('may take its time for the reply after its last byte, as long as a slow line needs', async () => {
		const reply = async (wait: number) =>
			await run(4 * MIB, async (timeline, _, progress) => {
				await read(progress(slow(timeline, 0)));
				await timeline.pause(wait);
				return 'stored';
			});

		expect((await reply(320 * SECOND)).result).toEqual({ status: 'fulfilled', value: 'stored' });
		expect((await reply(330 * SECOND)).result.status).toBe('rejected');
	});

	it('that fails ends with its own error, and at once', async () => {
		const { result, took, abortedAt } = await run(0, async (timeline) => {
			await timeline.pause(1500);
			throw new Error('ECONNRESET');
		});

		expect(result).toMatchObject({ status: 'rejected', reason: { message: 'ECONNRESET' } });
		expect(took).toBe(1500);
		expect(abortedAt).toEqual([1500]);
	});

	it('is not watched any more once it is over', async () => {
		const { timeline } = await run(0, async () => await Promise.resolve('stored'));

		await timeline.run(timeline.pause(10 * MINUTE));

		expect(timeline.pauses).toEqual([1000, 10 * MINUTE]);
	});

	it('ends where the watch itself is broken off: the execution was cancelled', async () => {
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

	it('leaves no rejection that nobody hears, whichever ends first', async () => {
		const unheard = jest.fn();
		process.on('unhandledRejection', unheard);
		try {
			const { timeline } = await run(0, async (line, signal) => {
				await new Promise((_, reject) => {
					signal.addEventListener('abort', () => reject(new Error('aborted')));
				});
				await line.pause(0);
			});
			await run(0, async () => await Promise.reject(new Error('ECONNRESET')));
			await timeline.settle();
			await timeline.settle();
		} finally {
			process.off('unhandledRejection', unheard);
		}

		expect(unheard).not.toHaveBeenCalled();
	});
});

describe('A transfer that counts for itself', () => {
	/** Moves after each of these waits, and then waits for the last one. */
	const run = async (waits: number[], last: number, longest?: number) => {
		const timeline = new Timeline();
		const begin = timeline.time;
		let moved = 0;
		let abortedAt: number | undefined;
		const work = withIdleTimeout(
			timeline.pause,
			() => moved,
			async (signal) => {
				signal.addEventListener('abort', () => (abortedAt = timeline.time - begin));
				for (const wait of waits) {
					await timeline.pause(wait);
					moved += 65_536;
				}
				await timeline.pause(last);
				return 'whole';
			},
			longest,
		);
		const [result] = await timeline.run(Promise.allSettled([work]));
		return { result, took: timeline.time - begin, abortedAt };
	};

	it('may last for as long as it moves', async () => {
		const { result, took } = await run(Array<number>(100).fill(59 * SECOND), 0);

		expect(result).toEqual({ status: 'fulfilled', value: 'whole' });
		expect(took).toBe(5900 * SECOND);
	});

	it('is broken off after a minute of silence, whatever came before', async () => {
		const { result, took, abortedAt } = await run([30 * SECOND], 10 * MINUTE);

		expect(result).toMatchObject({
			status: 'rejected',
			reason: { message: 'The transfer stands still' },
		});
		expect(Math.abs(took - 90 * SECOND)).toBeLessThanOrEqual(SECOND);
		expect(abortedAt).toBe(took);
	});

	it('is broken off after a minute where nothing ever comes', async () => {
		expect((await run([], 10 * MINUTE)).took).toBe(MINUTE);
	});

	it('may be given another time', async () => {
		expect((await run([], 10 * MINUTE, 5 * SECOND)).took).toBe(5 * SECOND);
	});

	it('has its signal aborted at its end too, so that nothing is left open', async () => {
		expect(await run([], 1500)).toMatchObject({ took: 1500, abortedAt: 1500 });
	});
});

describe('A request with a deadline', () => {
	const run = async (request: (timeline: Timeline, signal: AbortSignal) => Promise<string>) => {
		const timeline = new Timeline();
		const begin = timeline.time;
		let abortedAt: number | undefined;
		const work = withDeadline(timeline.pause, MINUTE, async (signal) => {
			signal.addEventListener('abort', () => (abortedAt = timeline.time - begin));
			return await request(timeline, signal);
		});
		const [result] = await timeline.run(Promise.allSettled([work]));
		return { result, took: timeline.time - begin, abortedAt };
	};

	it('may last until then, and what it resolves with may go on', async () => {
		const { result, abortedAt } = await run(async (timeline) => {
			await timeline.pause(MINUTE - 1);
			return 'the reply';
		});

		expect(result).toEqual({ status: 'fulfilled', value: 'the reply' });
		expect(abortedAt).toBeUndefined();
	});

	it('is broken off then, though it ends in no other way', async () => {
		const { result, took, abortedAt } = await run(async () => await new Promise<never>(() => {}));

		expect(result.status).toBe('rejected');
		expect(took).toBe(MINUTE);
		expect(abortedAt).toBe(MINUTE);
	});

	it('that fails ends with its own error, and at once', async () => {
		const { result, took } = await run(async (timeline) => {
			await timeline.pause(1500);
			throw new Error('ECONNRESET');
		});

		expect(result).toMatchObject({ status: 'rejected', reason: { message: 'ECONNRESET' } });
		expect(took).toBe(1500);
	});
});
