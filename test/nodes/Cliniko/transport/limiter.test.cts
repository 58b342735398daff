import { Limiter, NotStarted } from '../../../../nodes/Cliniko/transport/limiter.ts';
import { rejection } from '../connection.cts';

const tick = async () => await new Promise(setImmediate);

/** Tasks that finish when the test says so. */
const tasksOf = (limiter: Limiter) => {
	const started: string[] = [];
	const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
	const run = (name: string, weight?: number) =>
		limiter.run(async () => {
			started.push(name);
			await new Promise<void>((resolve, reject) => ends.set(name, { resolve, reject }));
			return name;
		}, weight);
	return { started, ends, run };
};

describe('A limiter', () => {
	it('starts as many tasks as may run at once, and the others in their order', async () => {
		const { started, ends, run } = tasksOf(new Limiter(2));
		const all = Promise.all(['a', 'b', 'c', 'd'].map((name) => run(name)));
		await tick();
		expect(started).toEqual(['a', 'b']);

		ends.get('b')!.resolve();
		await tick();
		expect(started).toEqual(['a', 'b', 'c']);

		for (const name of ['a', 'c']) ends.get(name)!.resolve();
		await tick();
		ends.get('d')!.resolve();
		expect(await all).toEqual(['a', 'b', 'c', 'd']);
	});

	it('frees a slot that nobody else takes over', async () => {
		const { started, ends, run } = tasksOf(new Limiter(1));
		void run('a');
		void run('b');
		await tick();
		ends.get('a')!.resolve();
		void run('c');
		await tick();

		expect(started).toEqual(['a', 'b']);
	});

	it('counts a heavy task as several, and lets none behind it go first', async () => {
		const { started, ends, run } = tasksOf(new Limiter(4));
		for (const name of ['a', 'b']) void run(name, 1);
		void run('heavy', 3);
		void run('c', 1);
		await tick();
		expect(started).toEqual(['a', 'b']);

		ends.get('a')!.resolve();
		await tick();
		expect(started).toEqual(['a', 'b', 'heavy']);

		ends.get('heavy')!.resolve();
		await tick();
		expect(started).toEqual(['a', 'b', 'heavy', 'c']);
	});

	it('continues after a task that failed', async () => {
		const { started, ends, run } = tasksOf(new Limiter(1));
		const failed = rejection(run('a'));
		void run('b');
		await tick();
		ends.get('a')!.reject(new Error('a failed'));

		expect((await failed).message).toBe('a failed');
		await tick();
		expect(started).toEqual(['a', 'b']);
	});

	it.each([
		['once it is stopped', new Limiter(1), (limiter: Limiter) => limiter.stop()],
		['once a task has failed, if it stops at an error', new Limiter(1, true), () => {}],
	])('starts no further task %s', async (_, limiter, stop) => {
		const { started, ends, run } = tasksOf(limiter);
		const failed = rejection(run('a'));
		const waiting = [run('b'), run('c')].map(rejection);
		await tick();
		stop(limiter);
		ends.get('a')!.reject(new Error('a failed'));

		expect((await failed).message).toBe('a failed');
		for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(NotStarted);
		expect(await rejection(run('d'))).toBeInstanceOf(NotStarted);
		expect(started).toEqual(['a']);
	});
});
