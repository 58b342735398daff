import { refuse } from '../reply.cts';

export interface RateLimitTerms {
	readonly requestsPerWindow: number;
	readonly rateLimitWindowMs: number;
}

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
	 * time the limit has reset
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
				'X-RateLimit-Reset': String(Math.ceil(window.endsAt / 1000)),
			});
		}
	}

	clear(): void {
		this.windows.clear();
	}
}
