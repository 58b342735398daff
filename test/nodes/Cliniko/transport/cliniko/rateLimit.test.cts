import {
	RateLimitGate,
	untilReset,
} from '../../../../../nodes/Cliniko/transport/cliniko/rateLimit.ts';
import { Clock } from '../../connection.cts';

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

	it('is over for nobody before it is over for all', async () => {
		const clock = new Clock();
		const gate = new RateLimitGate(clock.pause, clock.now);
		gate.shut({ 'retry-after': '30' });
		gate.shut({ 'retry-after': '2' });

		await gate.pass();

		expect(clock.pauses).toEqual([31_000]);
	});

	it('goes on where it was made longer meanwhile', async () => {
		const clock = new Clock();
		const gate: RateLimitGate = new RateLimitGate(async (ms) => {
			await clock.pause(ms);
			if (clock.pauses.length === 1) gate.shut({ 'retry-after': '5' });
		}, clock.now);
		gate.shut({ 'retry-after': '1' });

		await gate.pass();

		expect(clock.pauses).toEqual([2000, 6000]);
	});

	it('is none as long as Cliniko did not refuse anything', async () => {
		const clock = new Clock();

		await new RateLimitGate(clock.pause, clock.now).pass();

		expect(clock.pauses).toEqual([]);
	});
});
