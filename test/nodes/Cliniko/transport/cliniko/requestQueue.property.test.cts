import fc from 'fast-check';

import {
	Priority,
	RequestQueue,
} from '../../../../../nodes/Cliniko/transport/cliniko/requestQueue.ts';
import { Clock } from '../../clock.cts';
import { reply } from '../../connection.cts';

const priorities = Object.values(Priority);

/** A request: when it comes, how long it takes, and when its execution is cancelled, in ms. */
const request = fc.record({
	at: fc.integer({ min: 0, max: 5000 }),
	takes: fc.integer({ min: 0, max: 3000 }),
	priority: fc.constantFrom(...priorities),
	cancelledAt: fc.option(fc.integer({ min: 0, max: 20_000 }), { freq: 4 }),
});

/** Cliniko's limit: so many requests in a window, of so many ms. */
const limit = fc.record({
	requests: fc.integer({ min: 1, max: 30 }),
	window: fc.integer({ min: 500, max: 10_000 }),
});

it('sends every request once it may, in order, with no more in flight than allowed, and leaves nothing', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(request, { maxLength: 60 }), limit, async (requests, terms) => {
			const clock = new Clock();
			const queue = new RequestQueue(Date.now, () => 0);
			const began = clock.time;
			let windowEnds = 0;
			let used = 0;
			let inFlight = 0;
			let most = 0;
			const answered: number[] = [];
			const outcomes = requests.map(async ({ at, takes, priority, cancelledAt }, number) => {
				const isCancelled = () => cancelledAt !== null && clock.time - began >= cancelledAt;
				const pause = async (ms: number) => {
					const left = cancelledAt === null ? Infinity : began + cancelledAt - clock.time;
					await clock.pause(Math.max(Math.min(ms, left), 0));
					if (isCancelled()) throw new Error('canceled');
				};
				await clock.pause(at);
				const send = async () => {
					if (clock.time >= windowEnds) {
						windowEnds = clock.time + terms.window;
						used = 0;
					}
					const isAccepted = ++used <= terms.requests;
					most = Math.max(most, ++inFlight);
					await clock.pause(isAccepted ? takes : 1);
					inFlight--;
					if (isAccepted) answered.push(number);
					const left = String(Math.max(windowEnds - clock.time, 0) / 1000);
					return isAccepted ? reply(200) : reply(429, {}, { 'retry-after': left });
				};
				return await queue.send(send, priority, pause).then(
					(last) => (last?.statusCode === 200 ? 'accepted' : 'refused'),
					(error: Error) => error.message,
				);
			});
			const ends = await Promise.all(outcomes);

			// None starves, and only those are not sent whose execution was cancelled.
			for (const [number, end] of ends.entries()) {
				if (requests[number]!.cancelledAt === null) expect(end).toBe('accepted');
				else expect(['accepted', 'canceled']).toContain(end);
			}
			expect(new Set(answered).size).toBe(answered.length);
			expect(most).toBeLessThanOrEqual(10);
			expect(inFlight).toBe(0);
			expect(queue.isIdle).toBe(true);
		}),
		{ numRuns: 300 },
	);
}, 120_000);

it('answers requests of one priority in the order in which they came', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.constantFrom(...priorities), { minLength: 1, maxLength: 40 }),
			limit,
			async (list, terms) => {
				const clock = new Clock();
				const queue = new RequestQueue(Date.now, () => 0);
				let windowEnds = 0;
				let used = 0;
				const accepted: number[] = [];
				await Promise.all(
					list.map(async (priority, number) => {
						const send = async () => {
							if (clock.time >= windowEnds) {
								windowEnds = clock.time + terms.window;
								used = 0;
							}
							const isAccepted = ++used <= terms.requests;
							if (isAccepted) accepted.push(number);
							await clock.pause(5);
							const left = String(Math.max(windowEnds - clock.time, 0) / 1000);
							return isAccepted ? reply(200) : reply(429, {}, { 'retry-after': left });
						};
						await queue.send(send, priority, clock.pause);
					}),
				);

				for (const priority of priorities) {
					const order = accepted.filter((number) => list[number] === priority);
					expect(order).toEqual([...order].sort((a, b) => a - b));
				}
			},
		),
		{ numRuns: 200 },
	);
}, 120_000);
