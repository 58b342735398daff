import { retry } from '../../../../nodes/Cliniko/transport/retry.ts';
import { rejection } from '../connection.cts';

const run = async (results: string[], { tries = 4, random = (): number => 0.5 } = {}) => {
	const waits: number[] = [];
	const numbers: number[] = [];
	const result = await retry(
		async (number) => {
			numbers.push(number);
			return await Promise.resolve(results[number - 1]);
		},
		{
			tries,
			firstWait: 1000,
			shouldRetry: (one) => one !== 'good',
			pause: async (ms) => {
				waits.push(ms);
				await Promise.resolve();
			},
			random,
		},
	);
	return { result, waits, numbers };
};

describe('A retry', () => {
	it('is not made after a result that needs none', async () => {
		expect(await run(['good'])).toEqual({ result: 'good', waits: [], numbers: [1] });
	});

	it('waits twice as long each time', async () => {
		const { result, waits, numbers } = await run(['bad', 'bad', 'bad', 'good']);

		expect(result).toBe('good');
		expect(waits).toEqual([1000, 2000, 4000]);
		expect(numbers).toEqual([1, 2, 3, 4]);
	});

	it('gives the last result after the maximum number of attempts', async () => {
		const { result, waits } = await run(['bad 1', 'bad 2', 'good'], { tries: 2 });

		expect(result).toBe('bad 2');
		expect(waits).toEqual([1000]);
	});

	it.each([
		[0, [500, 1000]],
		[1, [1500, 3000]],
	])('has jitter: a random number of %d gives waits of %j ms', async (random, waits) => {
		expect((await run(['bad', 'bad', 'good'], { random: () => random })).waits).toEqual(waits);
	});

	it('is not made after an error', async () => {
		const attempt = jest.fn().mockRejectedValue(new Error('refused'));
		const options = { tries: 3, firstWait: 1, shouldRetry: () => true, pause: async () => {} };

		expect((await rejection(retry(attempt, options))).message).toBe('refused');
		expect(attempt).toHaveBeenCalledTimes(1);
	});
});
