import type { Pause } from '../pause';

/** The longest that one wait for the rate limit may be, in ms. Cliniko counts by the minute. */
const LONGEST_WAIT = 90_000;

/** The wait where Cliniko does not say, in ms. */
const WAIT_UNTOLD = 15_000;

/**
 * The shortest wait after a refusal, in ms, and how far it grows. It doubles each time that Cliniko
 * refuses again, so that a reset which is wrong or past does not become a busy loop.
 */
const FIRST_BACKOFF = 1000;
const LONGEST_BACKOFF = 60_000;

/** Below this, `X-RateLimit-Reset` cannot be a moment: it is seconds from now. This is in 2001. */
const FIRST_MOMENT = 1_000_000_000;

/**
 * One gate for all requests of a run: Cliniko allows a user 200 requests a minute, and once it has
 * answered 429 to one request, every other one would only be refused as well.
 */
export class RateLimitGate {
	private opensAt = 0;

	/** Since when Cliniko has refused everything; nothing if it accepts requests. */
	private refusedSince: number | undefined;

	/** How often Cliniko has refused since then; what was sent together counts once. */
	private refusals = 0;

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
	 * @returns for how long Cliniko has refused everything, in ms
	 */
	shut(headers: Record<string, unknown>): number {
		const now = this.now();
		// Long after the last one, a refusal says nothing about the time between.
		if (now - this.opensAt > LONGEST_WAIT) this.accepted();
		if (now >= this.opensAt) this.refusals++;
		const backoff = Math.min(FIRST_BACKOFF * 2 ** (this.refusals - 1), LONGEST_BACKOFF);
		const wait = Math.max(untilReset(headers, now), backoff);
		this.opensAt = Math.max(this.opensAt, now + wait);
		this.refusedSince ??= now;
		return now - this.refusedSince;
	}

	/** Notes that Cliniko has answered a request with anything but 429. */
	accepted(): void {
		this.refusedSince = undefined;
		this.refusals = 0;
	}
}

/**
 * How long to wait after a 429, in ms. `X-RateLimit-Reset` is a moment, in seconds since 1970 by
 * Cliniko's clock (API introduction, "Rate limiting"); the reply's `Date` tells how far that clock is
 * from ours. Many other APIs give seconds from now under this name, so that is understood as well.
 * `Retry-After`, in seconds, is not documented but used if it is all there is.
 *
 * @param headers of the reply, names in lower case
 * @param now our clock, ms since 1970
 */
export function untilReset(headers: Record<string, unknown>, now: number): number {
	const reset = Number(headers['x-ratelimit-reset'] || NaN);
	const theirNow = Date.parse(String(headers.date ?? ''));
	const retryAfter = Number(headers['retry-after'] || NaN) * 1000;
	const untilMoment = reset * 1000 - (Number.isFinite(theirNow) ? theirNow : now);
	const untilToldReset = reset < FIRST_MOMENT ? reset * 1000 : untilMoment;
	const wait = Number.isFinite(reset) ? untilToldReset : retryAfter;
	if (!Number.isFinite(wait)) return WAIT_UNTOLD;
	// `Date` is cut to whole seconds.
	return Math.min(Math.max(wait, 0) + 1000, LONGEST_WAIT);
}
