import type { Settings } from '../options.cts';
import { refuse } from '../reply.cts';

/** How far back a reset lies that is given as a time in the past. */
const PAST_MS = 5000;

export type RateLimitTerms = Readonly<
	Pick<Settings, 'requestsPerWindow' | 'rateLimitWindowMs' | 'rateLimitReset'>
>;

/** Cliniko's limit: so many requests a minute for each user, whichever of their keys is used. The
 * window begins with the first request in it. */
export class RateLimit {
	private readonly windows = new Map<string, { endsAt: number; count: number }>();

	constructor(private readonly terms: RateLimitTerms) {}

	/**
	 * Counts one request of a user.
	 *
	 * @param now milliseconds since the epoch, by the servers' clock
	 * @throws a 429 with `X-RateLimit-Reset`, in whole seconds since the epoch, rounded up: at that
	 * time the limit has reset. The setting `rateLimitReset` gives it another meaning.
	 */
	count(userId: string, now: number): void {
		let window = this.windows.get(userId);
		if (!window || now >= window.endsAt) {
			window = { endsAt: now + this.terms.rateLimitWindowMs, count: 0 };
			this.windows.set(userId, window);
		}
		window.count++;
		if (window.count > this.terms.requestsPerWindow) {
			throw refuse(429, 'Rate limit exceeded', {
				'X-RateLimit-Reset': String(Math.ceil(this.resetOf(window.endsAt, now) / 1000)),
			});
		}
	}

	/** What the header tells for a window's end, in milliseconds. */
	private resetOf(endsAt: number, now: number): number {
		switch (this.terms.rateLimitReset) {
			case 'past':
				return now - PAST_MS;
			case 'seconds from now':
				return endsAt - now;
			default:
				return endsAt;
		}
	}

	clear(): void {
		this.windows.clear();
	}
}
