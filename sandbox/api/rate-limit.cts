import type { Settings } from '../options.cts';
import { refuse } from '../reply.cts';

/** How long ago the reset was if `rateLimitReset` is 'past'. */
const PAST_MS = 5000;

export type RateLimitTerms = Readonly<
	Pick<Settings, 'requestsPerWindow' | 'rateLimitWindowMs' | 'rateLimitReset'>
>;

/** Cliniko's rate limit, per user and not per API key. A window starts with its first request. */
export class RateLimit {
	private readonly windows = new Map<string, { endsAt: number; count: number }>();

	constructor(private readonly terms: RateLimitTerms) {}

	/**
	 * Counts one request of a user.
	 *
	 * @param now milliseconds since the epoch, by the servers' clock
	 * @throws a 429 with `X-RateLimit-Reset` in whole seconds since the epoch, rounded up, so that
	 * the limit is reset by then; the setting `rateLimitReset` changes its meaning.
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

	/** The value of the header for the end of a window, in milliseconds. */
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
