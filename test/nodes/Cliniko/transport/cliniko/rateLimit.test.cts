import { RateLimit, untilReset } from '../../../../../nodes/Cliniko/transport/cliniko/rateLimit.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const seconds = (time: number) => String(time / 1000);
const dated = (time: number) => ({ date: new Date(time).toUTCString() });

describe('The wait after a 429', () => {
	it.each([
		['until the time that Cliniko gives', { 'x-ratelimit-reset': seconds(now + 30_000) }, 30_000],
		['nothing if that time has passed', { 'x-ratelimit-reset': seconds(now - 60_000) }, 0],
		['the seconds that Cliniko gives', { 'x-ratelimit-reset': '30' }, 30_000],
		['nothing for negative seconds', { 'x-ratelimit-reset': '-30' }, 0],
		['at most 90 seconds', { 'x-ratelimit-reset': '3600' }, 90_000],
		['at most 90 seconds of a time', { 'x-ratelimit-reset': seconds(now + 86_400_000) }, 90_000],
		['as Retry-After says, if there is nothing else', { 'retry-after': '7' }, 7000],
		[
			'until the given time, whatever Retry-After says',
			{ 'x-ratelimit-reset': seconds(now + 30_000), 'retry-after': '7' },
			30_000,
		],
		['at most 90 seconds of Retry-After', { 'retry-after': '86400' }, 90_000],
		['15 seconds if Cliniko does not say', {}, 15_000],
		['15 seconds if the header cannot be read', { 'x-ratelimit-reset': 'soon' }, 15_000],
		['15 seconds if the headers are empty', { 'x-ratelimit-reset': '', 'retry-after': '' }, 15_000],
		[
			'as Retry-After says if the time is empty',
			{ 'x-ratelimit-reset': '', 'retry-after': '7' },
			7000,
		],
		['not infinite', { 'x-ratelimit-reset': 'Infinity' }, 15_000],
	])('is %s', (_, headers, wait) => {
		expect(untilReset(headers, now)).toBe(wait);
	});
});

describe('The rate limit', () => {
	const limit = (random = 0) => new RateLimit(() => random);

	/** Lets so many requests be accepted at a time. */
	const accept = (known: RateLimit, count: number, at = now) => {
		for (let number = 0; number < count; number++) known.noteAccepted({}, at, at);
	};

	it('is not reached at first', () => {
		expect(limit().opensIn(now)).toBe(0);
		expect(limit().maxInFlight(now)).toBeGreaterThan(1);
	});

	it('lets more requests be in flight as they are accepted, up to 10', () => {
		const known = limit();
		const allowed = Array.from({ length: 12 }, () => {
			const most = known.maxInFlight(now);
			accept(known, 15);
			return most;
		});

		expect(allowed).toEqual([4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10, 10]);
	});

	it('lets requests go one at a time near the documented 200 a minute', () => {
		const known = limit();
		known.maxInFlight(now);
		accept(known, 195);
		expect(known.maxInFlight(now)).toBe(5);
		accept(known, 5);
		expect(known.maxInFlight(now)).toBe(1);
		expect(known.maxInFlight(now + 60_001)).toBe(4);
	});

	it('lets more go again when more are accepted than expected', () => {
		const known = limit();
		known.maxInFlight(now);
		accept(known, 200);
		const allowed = [1, 2, 3, 4, 5, 6].map(() => {
			accept(known, 1);
			return known.maxInFlight(now);
		});

		expect(allowed).toEqual([1, 2, 2, 3, 3, 4]);
	});

	it('lets nothing go until it is reset, and then one request until that is accepted', () => {
		const known = limit();
		known.noteRefused({ 'retry-after': '20' }, now, now);

		expect(known.opensIn(now)).toBe(20_000);
		expect(known.maxInFlight(now + 19_999)).toBe(0);
		expect(known.maxInFlight(now + 20_000)).toBe(1);
		known.noteAccepted({}, now + 20_000, now + 20_010);
		expect(known.maxInFlight(now + 20_010)).toBe(4);
	});

	it('learns how many requests are accepted in a window', () => {
		const known = limit();
		known.maxInFlight(now);
		accept(known, 45);
		known.noteRefused({ 'retry-after': '5' }, now, now);
		// Sent before the refusal, answered after it.
		accept(known, 5);
		accept(known, 1, now + 5000);
		accept(known, 44, now + 5001);
		expect(known.maxInFlight(now + 5001)).toBe(5);
		accept(known, 5, now + 5001);
		expect(known.maxInFlight(now + 5001)).toBe(1);
	});

	it('is not taken for reset by a reply to a request from before', () => {
		const known = limit();
		known.noteRefused({ 'retry-after': '5' }, now, now);
		known.noteAccepted({}, now - 1, now + 1);

		expect(known.maxInFlight(now + 4000)).toBe(0);
		expect(known.maxInFlight(now + 5000)).toBe(1);
	});

	it('is waited for until the latest reset of all refusals', () => {
		const known = limit();
		known.noteRefused({ 'retry-after': '30' }, now, now);
		known.noteRefused({ 'retry-after': '2' }, now, now);

		expect(known.opensIn(now)).toBe(30_000);
	});

	it.each([
		['an hour ahead', 3_600_000],
		['an hour behind', -3_600_000],
	])('is waited for by Cliniko’s clock, which is %s', (_, skew) => {
		const reset = { 'x-ratelimit-reset': seconds(now + skew + 20_000), ...dated(now + skew) };

		const known = limit();
		known.noteRefused(reset, now, now);
		expect(known.opensIn(now)).toBe(20_000);
	});

	it('is waited for by the closest reading of Cliniko’s clock, whose dates have whole seconds', () => {
		const known = limit();
		// Cliniko's clock is 700 ms ahead.
		known.noteAccepted(dated(now + 1000), now + 310, now + 310);
		known.noteRefused({ 'x-ratelimit-reset': seconds(now + 5000), ...dated(now) }, now, now);

		expect(known.opensIn(now)).toBe(5000 - 690);
	});

	it('is waited for by Cliniko’s clock as it is after a clock has been set', () => {
		const known = limit();
		known.noteAccepted(dated(now + 3_600_000), now, now);
		known.noteRefused({ 'x-ratelimit-reset': seconds(now + 5000), ...dated(now) }, now, now);

		expect(known.opensIn(now)).toBe(5000);
	});

	it('is not waited for longer than that when our clock is set back', () => {
		const known = limit();
		known.noteRefused({ 'retry-after': '20' }, now, now);

		expect(known.opensIn(now - 3_600_000)).toBe(0);
	});

	it('is waited for with a jitter', () => {
		const known = limit(0.8);
		known.noteRefused({ 'retry-after': '5' }, now, now);

		expect(known.opensIn(now)).toBe(5200);
	});

	describe('backs off', () => {
		/** The waits after each of these replies, in seconds. */
		const waits = (replies: Array<Record<string, string> | 'accepted'>) => {
			const known = limit();
			let time = now;
			return replies.flatMap((headers) => {
				if (headers === 'accepted') {
					known.noteAccepted({}, time, time);
					return [];
				}
				known.noteRefused(headers, time, time);
				const wait = known.opensIn(time);
				time += wait;
				return [wait / 1000];
			});
		};
		const past = { 'x-ratelimit-reset': '1700000000' };

		it.each([
			['a time in the past', past],
			['no seconds', { 'x-ratelimit-reset': '0' }],
			['negative seconds', { 'x-ratelimit-reset': '-60' }],
		])('after %s', (_, headers) => {
			expect(waits(Array(9).fill(headers))).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
		});

		it('after nothing that gives the time', () => {
			expect(waits(Array(8).fill({}))).toEqual([15, 15, 15, 15, 15, 16, 32, 60]);
		});

		it('and begins again once a request was accepted', () => {
			expect(waits([past, past, past, 'accepted', past])).toEqual([0.5, 1, 2, 0.5]);
		});

		it('once for all requests that were in flight together', () => {
			const known = limit();
			let time = now;
			const lengths = [1, 2, 3].map(() => {
				for (let request = 0; request < 20; request++) known.noteRefused(past, time, time);
				const wait = known.opensIn(time);
				time += wait;
				return wait;
			});

			expect(lengths).toEqual([500, 1000, 2000]);
		});

		it('and begins again after a long time without requests', () => {
			const known = limit();
			for (let count = 0; count < 4; count++) known.noteRefused(past, now + count * 9000, now);
			const later = now + 3_600_000;

			expect(known.noteRefused(past, later, later)).toBe(0);
			expect(known.opensIn(later)).toBe(500);
		});
	});

	it('tells for how long everything has been refused', () => {
		const known = limit();
		const refuse = (time: number) => known.noteRefused({ 'retry-after': '60' }, time, time);

		expect(refuse(now)).toBe(0);
		expect(refuse(now + 60_000)).toBe(60_000);
		expect(refuse(now + 120_000)).toBe(120_000);
		// Progress, though it was sent before the last refusal.
		known.noteAccepted({}, now, now + 121_000);
		expect(refuse(now + 180_000)).toBe(0);
	});
});
