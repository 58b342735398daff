import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { unlessCancelled } from '../../../../nodes/Cliniko/transport/pause.ts';
import { rejection } from '../connection.cts';
import { Timeline } from '../timeline.cts';

describe('Waiting for other executions', () => {
	const start = () => {
		const timeline = new Timeline();
		let cancelled = false;
		const pause = async (ms: number) => {
			await timeline.pause(ms);
			if (cancelled) throw new ClinikoError('The execution was canceled.', 'Stop.');
		};
		let resolve = (_result: string) => {};
		let reject = (_error: Error) => {};
		const work = new Promise<string>((...both) => ([resolve, reject] = both));
		return {
			timeline,
			waiting: unlessCancelled(pause, work),
			at: (ms: number, what: () => void) => void timeline.pause(ms).then(what),
			done: () => resolve('result'),
			fail: () => reject(new Error('failed')),
			cancel: () => void (cancelled = true),
			began: timeline.time,
		};
	};

	it('ends with their result', async () => {
		const { timeline, waiting, at, done, began } = start();
		at(12_345, done);

		expect(await timeline.run(waiting)).toBe('result');
		expect(timeline.time - began).toBe(12_345);
	});

	it('ends with their error', async () => {
		const { timeline, waiting, at, fail } = start();
		at(100, fail);

		expect((await rejection(timeline.run(waiting))).message).toBe('failed');
	});

	it('ends within a second where the execution is cancelled', async () => {
		const { timeline, waiting, at, cancel, began } = start();
		at(12_345, cancel);

		expect((await rejection(timeline.run(waiting))).message).toBe('The execution was canceled.');
		expect(timeline.time - began).toBeLessThanOrEqual(13_345);
	});

	it.each(['done', 'fail'] as const)(
		'waits no more, and leaves no unhandled rejection, once they are over: %s',
		async (end) => {
			const unheard = jest.fn();
			process.on('unhandledRejection', unheard);
			try {
				const { timeline, waiting, at, ...ends } = start();
				at(100, ends[end]);
				await timeline.run(waiting).catch(() => undefined);
				await timeline.run(timeline.pause(5000));
				const { length } = timeline.pauses;
				await timeline.run(timeline.pause(60_000));
				expect(timeline.pauses).toHaveLength(length + 1);

				const second = start();
				second.at(100, second[end]);
				await second.timeline.run(second.waiting).catch(() => undefined);
				second.cancel();
				await second.timeline.run(second.timeline.pause(5000));
			} finally {
				process.off('unhandledRejection', unheard);
			}
			expect(unheard).not.toHaveBeenCalled();
		},
	);

	it('leaves no unhandled rejection where they fail after it was cancelled', async () => {
		const unheard = jest.fn();
		process.on('unhandledRejection', unheard);
		try {
			const { timeline, waiting, cancel, fail } = start();
			cancel();
			await rejection(timeline.run(waiting));
			fail();
			await timeline.settle();
		} finally {
			process.off('unhandledRejection', unheard);
		}
		expect(unheard).not.toHaveBeenCalled();
	});
});
