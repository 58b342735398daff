import { Turns } from '../../../../nodes/Cliniko/upload/turns.ts';
import { rejection } from '../connection.cts';

describe('Works that take turns', () => {
	/** Works that begin when the turns let them and end when the test says so. */
	const start = () => {
		const turns = new Turns();
		const log: string[] = [];
		const open = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
		const work = (name: string) => async () => {
			log.push(name);
			await new Promise<void>((resolve, reject) => open.set(name, { resolve, reject }));
			return `result of ${name}`;
		};
		const settle = async () => await new Promise(setImmediate);
		return {
			turns,
			/** What has begun, in this order. */
			log,
			together: (name: string, key = 'patient 1') => turns.together(key, work(name)),
			alone: (name: string, key = 'patient 1') => turns.alone(key, work(name)),
			settle,
			done: async (name: string) => {
				open.get(name)!.resolve();
				await settle();
			},
			fail: async (name: string) => {
				open.get(name)!.reject(new Error(`${name} failed`));
				await settle();
			},
		};
	};

	it('run side by side where they may', async () => {
		const { log, together, settle, done } = start();
		const results = Promise.all([together('a'), together('b'), together('c')]);
		await settle();

		expect(log).toEqual(['a', 'b', 'c']);
		await done('b');
		void together('d');
		await settle();
		expect(log).toEqual(['a', 'b', 'c', 'd']);
		await done('a');
		await done('c');
		expect(await results).toEqual(['result of a', 'result of b', 'result of c']);
	});

	it('wait alone for everything that has begun', async () => {
		const { log, together, alone, settle, done } = start();
		void together('a');
		void together('b');
		await settle();

		const result = alone('search');
		await settle();
		expect(log).toEqual(['a', 'b']);
		await done('b');
		expect(log).toEqual(['a', 'b']);
		await done('a');
		expect(log).toEqual(['a', 'b', 'search']);
		await done('search');
		expect(await result).toBe('result of search');
	});

	it('do not begin while another waits to be alone, nor while it is', async () => {
		const { log, together, alone, settle, done } = start();
		void together('a');
		await settle();
		void alone('search');
		void together('b');
		await settle();
		void together('c');
		await settle();

		expect(log).toEqual(['a']);
		await done('a');
		expect(log).toEqual(['a', 'search']);
		void together('d');
		await settle();
		expect(log).toEqual(['a', 'search']);
		await done('search');
		expect(log).toEqual(['a', 'search', 'b', 'c', 'd']);
	});

	it('do not begin where another asked to be alone in the same moment', async () => {
		const { log, together, alone, settle, done } = start();
		// Not begun yet: it has only asked.
		void together('a');
		void alone('search');
		await settle();

		expect(log).toEqual(['search']);
		await done('search');
		expect(log).toEqual(['search', 'a']);
	});

	it('are alone one after the other, in their order', async () => {
		const { log, together, alone, settle, done } = start();
		void together('a');
		await settle();
		void alone('first');
		void alone('second');
		void together('b');
		void alone('third');
		await done('a');

		expect(log).toEqual(['a', 'first']);
		await done('first');
		expect(log).toEqual(['a', 'first', 'second']);
		await done('second');
		expect(log).toEqual(['a', 'first', 'second', 'third']);
		await done('third');
		expect(log).toEqual(['a', 'first', 'second', 'third', 'b']);
	});

	it('wait alone for those that began after an earlier one was alone', async () => {
		const { log, together, alone, settle, done } = start();
		void alone('first');
		await settle();
		await done('first');
		void together('a');
		await settle();
		void alone('second');
		await settle();

		expect(log).toEqual(['first', 'a']);
		await done('a');
		expect(log).toEqual(['first', 'a', 'second']);
	});

	it.each(['together', 'alone'] as const)(
		'do not hold up the others where one fails: %s',
		async (kind) => {
			const tools = start();
			const { log, together, alone, settle, done, fail } = tools;
			const failing = rejection(tools[kind]('a'));
			await settle();
			const search = alone('search');
			const b = together('b');

			await fail('a');

			expect((await failing).message).toBe('a failed');
			expect(log).toEqual(['a', 'search']);
			await done('search');
			expect(log).toEqual(['a', 'search', 'b']);
			await done('b');
			expect(await Promise.all([search, b])).toEqual(['result of search', 'result of b']);
		},
	);

	it('do not hold up the others where one fails before it has begun', async () => {
		const { turns, log, together, settle } = start();
		const failing = rejection(
			turns.alone('patient 1', () => {
				throw new Error('failed at once');
			}),
		);
		void together('a');
		await settle();

		expect((await failing).message).toBe('failed at once');
		expect(log).toEqual(['a']);
	});

	it('leave no rejection that nobody hears', async () => {
		const unheard = jest.fn();
		process.on('unhandledRejection', unheard);
		try {
			const { together, alone, settle, fail } = start();
			const failing = [rejection(together('a')), rejection(alone('b')), rejection(alone('c'))];
			await settle();
			for (const name of ['b', 'c', 'a']) await fail(name);
			await Promise.all(failing);
			await settle();
		} finally {
			process.off('unhandledRejection', unheard);
		}

		expect(unheard).not.toHaveBeenCalled();
	});

	it('do not care for those of other keys', async () => {
		const { log, together, alone, settle } = start();
		void alone('search', 'patient 1');
		void together('held back', 'patient 1');
		void alone('other search', 'patient 2');
		void together('a', 'patient 3');
		await settle();

		expect([...log].sort()).toEqual(['a', 'other search', 'search']);
	});
});
