import { KeyedLock } from '../../../../nodes/Cliniko/once/keyedLock.ts';
import { rejection } from '../connection.cts';

describe('A keyed lock', () => {
	/** Work that starts when it gets the lock and ends when the test says so. */
	const start = () => {
		const lock = new KeyedLock();
		const log: string[] = [];
		const open = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
		const work = (name: string) => async () => {
			log.push(name);
			await new Promise<void>((resolve, reject) => open.set(name, { resolve, reject }));
			return `result of ${name}`;
		};
		const settle = async () => await new Promise(setImmediate);
		return {
			lock,
			/** What has started, in order. */
			log,
			shared: (name: string, key = 'patient 1') => lock.shared(key, work(name)),
			exclusive: (name: string, key = 'patient 1') => lock.exclusive(key, work(name)),
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

	it('lets shared work run side by side', async () => {
		const { log, shared, settle, done } = start();
		const results = Promise.all([shared('a'), shared('b'), shared('c')]);
		await settle();

		expect(log).toEqual(['a', 'b', 'c']);
		await done('b');
		void shared('d');
		await settle();
		expect(log).toEqual(['a', 'b', 'c', 'd']);
		await done('a');
		await done('c');
		expect(await results).toEqual(['result of a', 'result of b', 'result of c']);
	});

	it('makes exclusive work wait for everything that has started', async () => {
		const { log, shared, exclusive, settle, done } = start();
		void shared('a');
		void shared('b');
		await settle();

		const result = exclusive('search');
		await settle();
		expect(log).toEqual(['a', 'b']);
		await done('b');
		expect(log).toEqual(['a', 'b']);
		await done('a');
		expect(log).toEqual(['a', 'b', 'search']);
		await done('search');
		expect(await result).toBe('result of search');
	});

	it('holds shared work back while exclusive work waits or runs', async () => {
		const { log, shared, exclusive, settle, done } = start();
		void shared('a');
		await settle();
		void exclusive('search');
		void shared('b');
		await settle();
		void shared('c');
		await settle();

		expect(log).toEqual(['a']);
		await done('a');
		expect(log).toEqual(['a', 'search']);
		void shared('d');
		await settle();
		expect(log).toEqual(['a', 'search']);
		await done('search');
		expect(log).toEqual(['a', 'search', 'b', 'c', 'd']);
	});

	it('starts exclusive work first that was queued at the same time', async () => {
		const { log, shared, exclusive, settle, done } = start();
		// Only queued, not started.
		void shared('a');
		void exclusive('search');
		await settle();

		expect(log).toEqual(['search']);
		await done('search');
		expect(log).toEqual(['search', 'a']);
	});

	it('runs exclusive work one after the other, in the order of asking', async () => {
		const { log, shared, exclusive, settle, done } = start();
		void shared('a');
		await settle();
		void exclusive('first');
		void exclusive('second');
		void shared('b');
		void exclusive('third');
		await done('a');

		expect(log).toEqual(['a', 'first']);
		await done('first');
		expect(log).toEqual(['a', 'first', 'second']);
		await done('second');
		expect(log).toEqual(['a', 'first', 'second', 'third']);
		await done('third');
		expect(log).toEqual(['a', 'first', 'second', 'third', 'b']);
	});

	it('lets exclusive work wait for shared work that began after earlier exclusive work', async () => {
		const { log, shared, exclusive, settle, done } = start();
		void exclusive('first');
		await settle();
		await done('first');
		void shared('a');
		await settle();
		void exclusive('second');
		await settle();

		expect(log).toEqual(['first', 'a']);
		await done('a');
		expect(log).toEqual(['first', 'a', 'second']);
	});

	it.each(['shared', 'exclusive'] as const)('continues after work that fails: %s', async (kind) => {
		const tools = start();
		const { log, shared, exclusive, settle, done, fail } = tools;
		const failing = rejection(tools[kind]('a'));
		await settle();
		const search = exclusive('search');
		const b = shared('b');

		await fail('a');

		expect((await failing).message).toBe('a failed');
		expect(log).toEqual(['a', 'search']);
		await done('search');
		expect(log).toEqual(['a', 'search', 'b']);
		await done('b');
		expect(await Promise.all([search, b])).toEqual(['result of search', 'result of b']);
	});

	it('continues after work that throws before its first await', async () => {
		const { lock, log, shared, settle } = start();
		const failing = rejection(
			lock.exclusive('patient 1', () => {
				throw new Error('failed at once');
			}),
		);
		void shared('a');
		await settle();

		expect((await failing).message).toBe('failed at once');
		expect(log).toEqual(['a']);
	});

	it('leaves no unhandled rejection', async () => {
		const unheard = jest.fn();
		process.on('unhandledRejection', unheard);
		try {
			const { shared, exclusive, settle, fail } = start();
			const failing = [
				rejection(shared('a')),
				rejection(exclusive('b')),
				rejection(exclusive('c')),
			];
			await settle();
			for (const name of ['b', 'c', 'a']) await fail(name);
			await Promise.all(failing);
			await settle();
		} finally {
			process.off('unhandledRejection', unheard);
		}

		expect(unheard).not.toHaveBeenCalled();
	});

	it('does not hold up work of other keys', async () => {
		const { log, shared, exclusive, settle } = start();
		void exclusive('search', 'patient 1');
		void shared('held back', 'patient 1');
		void exclusive('other search', 'patient 2');
		void shared('a', 'patient 3');
		await settle();

		expect([...log].sort()).toEqual(['a', 'other search', 'search']);
	});

	it('forgets keys that are no longer used', async () => {
		const { lock, shared, exclusive, settle, done, fail } = start();
		const locks = (lock as unknown as { locks: Map<string, unknown> }).locks;
		const works = [
			shared('a', 'patient 1'),
			rejection(exclusive('b', 'patient 2')),
			exclusive('c', 'patient 2'),
		];
		await settle();
		expect([...locks.keys()]).toEqual(['patient 1', 'patient 2']);

		await done('a');
		expect([...locks.keys()]).toEqual(['patient 2']);
		await fail('b');
		expect([...locks.keys()]).toEqual(['patient 2']);
		await done('c');
		await Promise.all(works);
		expect(locks.size).toBe(0);
	});

	describe('when one leaves the queue before its turn', () => {
		/** Exclusive work that gives up waiting when the test says so. */
		const leaving = (lock: KeyedLock, work: () => Promise<void>) => {
			let leave = () => {};
			const left = new Promise<never>((_, reject) => (leave = () => reject(new Error('left'))));
			const result = rejection(
				lock.exclusive('patient 1', work, async (turn) => await Promise.race([turn, left])),
			);
			return { leave: () => leave(), result };
		};

		it('never runs it, and keeps the next one waiting for those before', async () => {
			const { lock, log, shared, exclusive, settle, done } = start();
			void shared('a');
			await settle();
			void exclusive('first');
			const work = jest.fn();
			const { leave, result } = leaving(lock, work);
			void exclusive('next');
			void shared('b');
			await settle();

			leave();
			expect((await result).message).toBe('left');
			await settle();
			expect(log).toEqual(['a']);
			await done('a');
			expect(log).toEqual(['a', 'first']);
			await done('first');
			expect(log).toEqual(['a', 'first', 'next']);
			await done('next');
			expect(log).toEqual(['a', 'first', 'next', 'b']);
			expect(work).not.toHaveBeenCalled();
		});

		it('lets the next one start at once when nobody is ahead', async () => {
			const { lock, log, exclusive, settle } = start();
			const failed = rejection(
				lock.exclusive(
					'patient 1',
					async () => await Promise.resolve(),
					async () => await Promise.reject(new Error('left')),
				),
			);
			void exclusive('next');
			await settle();

			expect((await failed).message).toBe('left');
			expect(log).toEqual(['next']);
		});
	});
});
