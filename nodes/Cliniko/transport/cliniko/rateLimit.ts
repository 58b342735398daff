/** The longest that one wait for the rate limit may be, in ms. Cliniko counts by the minute. */
const LONGEST_WAIT = 90_000;

/** The wait where Cliniko does not say, in ms. */
const WAIT_UNTOLD = 15_000;

/** Waits `ms`, and rejects if the execution is cancelled meanwhile. */
export type Pause = (ms: number) => Promise<void>;

/**
 * One gate for all requests of a run: Cliniko allows a user 200 requests a minute, and once it has
 * answered 429 to one request, every other one would only be refused as well.
 */
export class RateLimitGate {
	private opensAt = 0;

	constructor(
		private readonly pause: Pause,
		private readonly now: () => number,
	) {}

	/** Resolves when requests may be sent. */
	async pass(): Promise<void> {
		for (let wait = this.opensAt - this.now(); wait > 0; wait = this.opensAt - this.now()) {
			await this.pause(wait);
		}
	}

	/**
	 * Shuts the gate until the limit is reset.
	 *
	 * @param headers of a reply with status 429
	 */
	shut(headers: Record<string, unknown>): void {
		this.opensAt = Math.max(this.opensAt, this.now() + untilReset(headers, this.now()));
	}
}

/**
 * How long to wait after a 429, in ms. `X-RateLimit-Reset` is a moment, in seconds since 1970 by
 * Cliniko's clock (API introduction, "Rate limiting"); the reply's `Date` tells how far that clock is
 * from ours. `Retry-After`, in seconds, is not documented but used if it is all there is.
 *
 * @param headers of the reply, names in lower case
 * @param now our clock, ms since 1970
 */
export function untilReset(headers: Record<string, unknown>, now: number): number {
	const reset = Number(headers['x-ratelimit-reset'] || NaN) * 1000;
	const theirNow = Date.parse(String(headers.date ?? ''));
	const retryAfter = Number(headers['retry-after'] || NaN) * 1000;
	const wait = Number.isFinite(reset)
		? reset - (Number.isFinite(theirNow) ? theirNow : now)
		: retryAfter;
	if (!Number.isFinite(wait)) return WAIT_UNTOLD;
	// `Date` is cut to whole seconds, and a reset that has just passed must not become a busy loop.
	return Math.min(Math.max(wait, 0) + 1000, LONGEST_WAIT);
}
