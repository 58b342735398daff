import type { IN8nHttpFullResponse } from 'n8n-workflow';

import {
	Priority,
	RequestQueue,
} from '../../../../../nodes/Cliniko/transport/cliniko/requestQueue.ts';
import { Clock } from '../../clock.cts';
import { rejection, reply } from '../../connection.cts';

const { finish, normal, poll } = Priority;

/** A queue whose requests the test answers. */
function start() {
	const clock = new Clock();
	const queue = new RequestQueue(Date.now, () => 0);
	const sent: string[] = [];
	const answers = new Map<string, (answer: IN8nHttpFullResponse | undefined) => void>();
	const send = async (name: string, priority: Priority = normal, pause = clock.pause) =>
		await queue.send(
			async () => {
				sent.push(name);
				return await new Promise((resolve) => answers.set(name, resolve));
			},
			priority,
			pause,
		);
	const answer = async (name: string, status = 200, headers = {}) => {
		await settled();
		answers.get(name)!(reply(status, {}, headers));
		await settled();
	};
	return { clock, queue, sent, send, answer };
}

/** A pause that never ends: nothing in these tests depends on time. */
const never = async () => await new Promise<void>(() => {});

const settled = async () => {
	for (let round = 0; round < 20; round++) await Promise.resolve();
};

describe('The queue of requests', () => {
	it('sends four at once at first, and the next one in its turn', async () => {
		const { sent, send, answer } = start();
		for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) void send(name, normal, never);
		await settled();
		expect(sent).toEqual(['a', 'b', 'c', 'd']);

		await answer('c');
		expect(sent).toEqual(['a', 'b', 'c', 'd', 'e']);
	});

	it('sends requests for files in S3 first, and polls last', async () => {
		const { sent, send, answer } = start();
		for (const name of ['a', 'b', 'c', 'd']) void send(name, normal, never);
		void send('poll', poll, never);
		void send('begin', normal, never);
		void send('create', finish, never);
		void send('create 2', finish, never);
		for (const name of ['a', 'b', 'c', 'd']) await answer(name);

		expect(sent.slice(4)).toEqual(['create', 'create 2', 'begin', 'poll']);
	});

	it.each([
		[14_999, 'begin 0'],
		[15_000, 'poll'],
	])('lets others overtake a poll for 15 seconds: after %s ms', async (waited, next) => {
		const { clock, sent, send, answer } = start();
		for (const name of ['a', 'b', 'c', 'd']) void send(name, normal, never);
		void send('poll', poll, never);
		for (let number = 0; number < 20; number++) void send(`begin ${number}`, normal, never);
		clock.time += waited;
		await answer('a');

		expect(sent[4]).toBe(next);
	});

	it('sends a refused request again in its old place', async () => {
		const { clock, sent, send, answer } = start();
		const done = ['a', 'b', 'c', 'd', 'e'].map(async (name) => await send(name));
		await answer('b', 429, { 'retry-after': '7' });
		await answer('a', 429, { 'retry-after': '7' });
		for (const name of ['c', 'd']) await answer(name);
		const began = clock.time;
		for (const name of ['a', 'b', 'e']) {
			while (sent.filter((one) => one === name).length < (name === 'e' ? 1 : 2)) {
				await clock.pause(100);
			}
			await answer(name);
		}
		await Promise.all(done);

		expect(sent).toEqual(['a', 'b', 'c', 'd', 'a', 'b', 'e']);
		expect(clock.time - began).toBeLessThan(8000);
	});

	it('gives a refusal back at once if asked to, and others wait all the same', async () => {
		const { queue, sent, send, clock } = start();
		const refused = async () => await Promise.resolve(reply(429, {}, { 'Retry-After': '30' }));
		const answer = await queue.send(refused, normal, clock.pause, true);
		expect(answer?.statusCode).toBe(429);

		void send('next', normal, never);
		await settled();
		expect(sent).toEqual([]);
	});

	it('gives up once everything has been refused for ten minutes', async () => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const began = clock.time;
		const refuse = async () => reply(429, {}, { 'retry-after': '60' });

		expect((await queue.send(refuse, normal, clock.pause))?.statusCode).toBe(429);
		expect(clock.time - began).toBe(10 * 60_000);
	});

	it('gives up for all that wait at once', async () => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const began = clock.time;
		let sent = 0;
		const ends = await Promise.all(
			Array.from({ length: 30 }, async () => {
				const refuse = async () => {
					sent++;
					return reply(429, {}, { 'retry-after': '60' });
				};
				const last = await queue.send(refuse, normal, clock.pause);
				return [last?.statusCode, clock.time - began];
			}),
		);

		expect(ends).toEqual(Array(30).fill([429, 10 * 60_000]));
		// Four at once at first, then one a minute.
		expect(sent).toBe(14);
		expect(queue.isIdle).toBe(true);
	});

	it.each([429, 200])('still sends what comes after it has given up: %d', async (status) => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const refuse = async () => reply(429, {}, { 'retry-after': '60' });
		await queue.send(refuse, normal, clock.pause);
		const sent: string[] = [];
		const ends = await Promise.all(
			['a', 'b'].map(async (name) => {
				const send = async () => {
					sent.push(name);
					return reply(status, {}, { 'retry-after': '60' });
				};
				return (await queue.send(send, normal, clock.pause))?.statusCode;
			}),
		);

		// The first one tells of both whether Cliniko accepts requests again.
		expect(ends).toEqual([status, status]);
		expect(sent).toEqual(status === 429 ? ['a'] : ['a', 'b']);
	});

	it('sends what comes while the last refusal is awaited', async () => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const began = clock.time;
		let late: Promise<IN8nHttpFullResponse | undefined> | undefined;
		const refuse = async () => {
			await clock.pause(100);
			if (clock.time - began > 10 * 60_000) {
				await clock.pause(100);
				late = queue.send(async () => reply(200), normal, clock.pause);
				await clock.pause(100);
			}
			return reply(429, {}, { 'retry-after': '60' });
		};

		expect((await queue.send(refuse, normal, clock.pause))?.statusCode).toBe(429);
		expect((await late)?.statusCode).toBe(200);
	});

	it.each([
		['gives up a request that is itself refused for ten minutes', Infinity, 429],
		['does not give up a request before, though it is refused again and again', 9 * 60_000, 200],
	])('%s while others are accepted', async (_, refusedFor, status) => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const began = clock.time;
		let isOver = false;
		const others = (async () => {
			while (!isOver) {
				await queue.send(async () => reply(200), finish, clock.pause);
				await clock.pause(100_000);
			}
		})();
		const refused = await queue.send(
			async () =>
				clock.time - began >= refusedFor ? reply(200) : reply(429, {}, { 'retry-after': '60' }),
			normal,
			clock.pause,
		);
		isOver = true;
		await others;

		expect(refused?.statusCode).toBe(status);
		expect(clock.time - began).toBeLessThan(12 * 60_000);
	});

	it('lets others go before a request that is refused again and again', async () => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const began = clock.time;
		const poison = queue.send(
			async () => (clock.time - began < 300_000 ? reply(429) : reply(200)),
			finish,
			clock.pause,
		);
		await clock.pause(1000);
		const other = await queue.send(async () => reply(200), normal, clock.pause);

		expect(other?.statusCode).toBe(200);
		expect(clock.time - began).toBeLessThan(90_000);
		expect((await poison)?.statusCode).toBe(200);
	});

	it('lets others go before a late poll that alone is refused again and again', async () => {
		const clock = new Clock();
		const queue = new RequestQueue(Date.now, () => 0);
		const began = clock.time;
		const poison = queue.send(
			async () => (clock.time - began < 300_000 ? reply(429) : reply(200)),
			poll,
			clock.pause,
		);
		await clock.pause(1000);
		const others = Array.from(
			{ length: 9 },
			async () => await queue.send(async () => reply(200), normal, clock.pause),
		);

		expect((await Promise.all(others)).map((one) => one?.statusCode)).toEqual(Array(9).fill(200));
		expect(clock.time - began).toBeLessThan(90_000);
		expect((await poison)?.statusCode).toBe(200);
	});

	it('lets a cancelled request leave, and holds up nobody for it', async () => {
		const { sent, send, answer, queue } = start();
		for (const name of ['a', 'b', 'c', 'd']) void send(name, normal, never);
		const cancelled = rejection(
			send('cancelled', normal, async () => await Promise.reject(new Error('canceled'))),
		);
		void send('e', normal, never);

		expect((await cancelled).message).toBe('canceled');
		await answer('a');
		expect(sent).toEqual(['a', 'b', 'c', 'd', 'e']);
		for (const name of ['b', 'c', 'd', 'e']) await answer(name);
		expect(queue.isIdle).toBe(true);
	});

	it('does not count a request as in flight that hangs', async () => {
		const { clock, sent, send } = start();
		for (const name of ['a', 'b', 'c', 'd']) void send(name, normal, never);
		void send('e');
		await clock.pause(6000);

		expect(sent).toEqual(['a', 'b', 'c', 'd', 'e']);
	});

	it('passes an error of the request on, and goes on with the next', async () => {
		const { queue } = start();
		const failing = queue.send(
			async () => await Promise.reject(new Error('no such host')),
			normal,
			never,
		);

		expect((await rejection(failing)).message).toBe('no such host');
		expect(await queue.send(async () => undefined, normal, never)).toBeUndefined();
		expect(queue.isIdle).toBe(true);
	});
});
