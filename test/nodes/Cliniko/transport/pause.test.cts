import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { unlessCancelled } from '../../../../nodes/Cliniko/transport/pause.ts';
import { Clock } from '../clock.cts';
import { rejection } from '../connection.cts';

describe('Waiting for other executions', () => {
	const start = () => {
		const clock = new Clock();
		let cancelled = false;
		const pause = async (ms: number) => {
			await clock.pause(ms);
			if (cancelled) throw new ClinikoError('The execution was canceled.', 'Stop.');
		};
		let resolve = (_result: string) => {};
		let reject = (_error: Error) => {};
		const work = new Promise<string>((...both) => ([resolve, reject] = both));
		return {
			clock,
			waiting: unlessCancelled(pause, work),
			at: (ms: number, what: () => void) => void clock.pause(ms).then(what),
			done: () => resolve('result'),
			fail: () => reject(new Error('failed')),
			cancel: () => void (cancelled = true),
			began: clock.time,
		};
	};

	it('ends with their result', async () => {
		const { clock, waiting, at, done, began } = start();
		at(12_345, done);

		expect(await waiting).toBe('result');
		expect(clock.time - began).toBe(12_345);
	});

	it('ends with their error', async () => {
		const { waiting, at, fail } = start();
		at(100, fail);

		expect((await rejection(waiting)).message).toBe('failed');
	});

	it('ends within a second when the execution is cancelled', async () => {
		const { clock, waiting, at, cancel, began } = start();
		at(12_345, cancel);

		expect((await rejection(waiting)).message).toBe('The execution was canceled.');
		expect(clock.time - began).toBeLessThanOrEqual(13_345);
	});

	it.each(['done', 'fail'] as const)(
		'stops, and leaves no unhandled rejection, once they have ended: %s',
		async (end) => {
			const unhandled = jest.fn();
			process.on('unhandledRejection', unhandled);
			try {
				const { clock, waiting, at, ...ends } = start();
				at(100, ends[end]);
				await waiting.catch(() => undefined);
				await clock.pause(5000);
				const { length } = clock.pauses;
				await clock.pause(60_000);
				expect(clock.pauses).toHaveLength(length + 1);

				const second = start();
				second.at(100, second[end]);
				await second.waiting.catch(() => undefined);
				second.cancel();
				await second.clock.pause(5000);
			} finally {
				process.off('unhandledRejection', unhandled);
			}
			expect(unhandled).not.toHaveBeenCalled();
		},
	);

	it('leaves no unhandled rejection when they fail after it was cancelled', async () => {
		const unhandled = jest.fn();
		process.on('unhandledRejection', unhandled);
		try {
			const { waiting, cancel, fail } = start();
			cancel();
			await rejection(waiting);
			fail();
			await new Promise(setImmediate);
		} finally {
			process.off('unhandledRejection', unhandled);
		}
		expect(unhandled).not.toHaveBeenCalled();
	});
});
