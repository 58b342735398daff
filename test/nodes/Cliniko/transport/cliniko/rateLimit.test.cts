import {
	RateLimitGate,
	untilReset,
} from '../../../../../nodes/Cliniko/transport/cliniko/rateLimit.ts';
import { Clock } from '../../clock.cts';

const now = Date.parse('2026-03-02T09:00:00Z');
const seconds = (time: number) => String(time / 1000);

describe('The wait for Cliniko’s rate limit', () => {
	it.each([
		['until the moment Cliniko names', { 'x-ratelimit-reset': seconds(now + 30_000) }, 31_000],
		[
			'by Cliniko’s clock, where ours is an hour behind',
			{
				'x-ratelimit-reset': seconds(now + 3_600_000 + 20_000),
				date: new Date(now + 3_600_000).toUTCString(),
			},
			21_000,
		],
		[
			'by Cliniko’s clock, where ours is an hour ahead',
			{
				'x-ratelimit-reset': seconds(now - 3_600_000 + 20_000),
				date: new Date(now - 3_600_000).toUTCString(),
			},
			21_000,
		],
		[
			'a second at least, where the moment has passed',
			{ 'x-ratelimit-reset': seconds(now - 60_000) },
			1000,
		],
		['the seconds from now that Cliniko names', { 'x-ratelimit-reset': '30' }, 31_000],
		[
			'the seconds from now, whatever the clocks say',
			{ 'x-ratelimit-reset': '30', date: new Date(now - 3_600_000).toUTCString() },
			31_000,
		],
		['a second at least of them', { 'x-ratelimit-reset': '-30' }, 1000],
		['90 seconds at most of them', { 'x-ratelimit-reset': '3600' }, 90_000],
		['90 seconds at most', { 'x-ratelimit-reset': seconds(now + 86_400_000) }, 90_000],
		['as Retry-After says, where that is all there is', { 'retry-after': '7' }, 8000],
		[
			'until the moment named, whatever Retry-After says',
			{ 'x-ratelimit-reset': seconds(now + 30_000), 'retry-after': '7' },
			31_000,
		],
		['90 seconds at most of Retry-After', { 'retry-after': '86400' }, 90_000],
		['a quarter of a minute where Cliniko does not say', {}, 15_000],
		['a quarter of a minute where it cannot be read', { 'x-ratelimit-reset': 'soon' }, 15_000],
		[
			'a quarter of a minute where the headers are empty',
			{ 'x-ratelimit-reset': '', 'retry-after': '' },
			15_000,
		],
		[
			'as Retry-After says where the moment is empty',
			{ 'x-ratelimit-reset': '', 'retry-after': '7' },
			8000,
		],
		[
			'by our clock where the date cannot be read',
			{ 'x-ratelimit-reset': seconds(now + 30_000), date: 'today' },
			31_000,
		],
		['not the time since 1970 for an infinite one', { 'x-ratelimit-reset': 'Infinity' }, 15_000],
	])('is %s', (_, headers, wait) => {
		expect(untilReset(headers, now)).toBe(wait);
	});

	it('ends for everybody at the same time', async () => {
		const clock = new Clock();
		const gate = new RateLimitGate(clock.pause, Date.now);
		gate.shut({ 'retry-after': '30' });
		gate.shut({ 'retry-after': '2' });

		await gate.pass();

		expect(clock.pauses).toEqual([31_000]);
	});

	it('continues to wait when it was extended in the meantime', async () => {
		const clock = new Clock();
		const gate: RateLimitGate = new RateLimitGate(async (ms) => {
			await clock.pause(ms);
			if (clock.pauses.length === 1) gate.shut({ 'retry-after': '5' });
		}, Date.now);
		gate.shut({ 'retry-after': '1' });

		await gate.pass();

		expect(clock.pauses).toEqual([2000, 6000]);
	});

	describe('grows when Cliniko refuses again', () => {
		/** The wait after each of these 429 replies. */
		const waits = async (refusals: Array<Record<string, string> | 'accepted'>) => {
			const clock = new Clock();
			const gate = new RateLimitGate(clock.pause, Date.now);
			for (const headers of refusals) {
				if (headers === 'accepted') gate.accepted();
				else {
					gate.shut(headers);
					await gate.pass();
				}
			}
			return clock.pauses.map((ms) => ms / 1000);
		};
		const past = { 'x-ratelimit-reset': '1' };

		it.each([
			['a moment that is past', { 'x-ratelimit-reset': '1700000000' }],
			['no seconds', { 'x-ratelimit-reset': '0' }],
			['less than none', { 'x-ratelimit-reset': '-60' }],
		])('after %s', async (_, headers) => {
			expect(await waits(Array(8).fill(headers))).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
		});

		it('without a reset time', async () => {
			expect(await waits(Array(7).fill({}))).toEqual([15, 15, 15, 15, 16, 32, 60]);
		});

		it('and starts over once it has accepted something', async () => {
			expect(await waits([past, past, past, 'accepted', past])).toEqual([2, 2, 4, 2]);
		});

		it('and starts over after a long time without requests', async () => {
			const clock = new Clock();
			const gate = new RateLimitGate(clock.pause, Date.now);
			for (let time = 0; time < 3; time++) {
				gate.shut(past);
				await gate.pass();
			}
			clock.time += 3_600_000;

			expect(gate.shut(past)).toBe(0);
			await gate.pass();
			expect(clock.pauses.at(-1)).toBe(2000);
		});

		it('but once for all that was sent together', async () => {
			const clock = new Clock();
			const gate = new RateLimitGate(clock.pause, Date.now);
			for (let round = 0; round < 3; round++) {
				for (let request = 0; request < 20; request++) gate.shut({ 'x-ratelimit-reset': '0' });
				await gate.pass();
			}

			expect(clock.pauses).toEqual([1000, 2000, 4000]);
		});
	});

	it('is none as long as Cliniko did not refuse anything', async () => {
		const clock = new Clock();

		await new RateLimitGate(clock.pause, Date.now).pass();

		expect(clock.pauses).toEqual([]);
	});
});
