/** Cliniko's documented limit: requests per user and minute (API introduction, "Rate limiting"). */
const DOCUMENTED_LIMIT = 200;
const WINDOW = 60_000;

/**
 * The maximum number of requests in flight, since a 429 refuses all of them: at the start of a window,
 * after how many accepted requests it grows by one, and at most.
 */
const FIRST_IN_FLIGHT = 4;
const GROWS_AFTER = 15;
const MAX_IN_FLIGHT = 10;

/** The maximum wait after a 429, in ms. */
const MAX_WAIT = 90_000;

/** The wait after a 429 that does not name a time, in ms. */
const DEFAULT_WAIT = 15_000;

/**
 * The minimum wait after a 429, in ms, and its maximum. It doubles with each further 429, so that a
 * wrong or past reset time does not cause a busy loop.
 */
const FIRST_BACKOFF = 1000;
const MAX_BACKOFF = 60_000;

/** The jitter after a reset, in ms: several n8n processes may wait for the same reset. */
const JITTER = 250;

/** When readings of Cliniko's clock differ by more than this, in ms, a clock has been set. */
const CLOCK_SET = 30_000;

/** The year 2001. A smaller `X-RateLimit-Reset` cannot be a time, so it is a number of seconds. */
const FIRST_TIMESTAMP = 1_000_000_000;

/**
 * What is known of the rate limit of one Cliniko user: how many requests may be in flight.
 *
 * Cliniko only tells that the limit is reached by refusing a request. To keep refusals few, a window
 * begins with one request, the number in flight grows slowly, and near the number that Cliniko accepted
 * before the last 429 (200 at first, as documented) requests go one at a time. If more are accepted, the
 * number in flight grows again.
 */
export class RateLimit {
	/** When the limit is reset, in ms since 1970. */
	private opensAt = 0;

	/** Since when Cliniko has refused everything, in ms since 1970; undefined if it accepts requests. */
	private refusedSince: number | undefined;

	/** How often Cliniko has refused since then; requests that were in flight together count once. */
	private refusals = 0;

	/** Whether no request has been accepted since the last reset. */
	isProbing = false;

	/** When the current window began, in ms since 1970, and how many requests were accepted in it. */
	private windowStart = 0;
	private accepted = 0;

	/** How many requests Cliniko will probably accept in a window. */
	private expected = DOCUMENTED_LIMIT;

	/** How far Cliniko's clock is ahead of ours, in ms, at least. */
	private clockAhead: number | undefined;

	/** @param random a number from 0 to 1, for the jitter */
	constructor(private readonly random: () => number) {}

	/** How many requests may be in flight at a time; 0 until the limit is reset. */
	maxInFlight(now: number): number {
		if (this.opensIn(now) > 0) return 0;
		if (this.isProbing) return 1;
		if (now - this.windowStart > WINDOW) {
			this.windowStart = now;
			this.accepted = 0;
			this.expected = Math.max(this.expected, DOCUMENTED_LIMIT);
		}
		const grown = FIRST_IN_FLIGHT + Math.floor(this.accepted / GROWS_AFTER);
		const left = this.expected - this.accepted;
		// If more are accepted than expected, others may have used a part of the limit the last time.
		const careful = left > 0 ? left : 1 + Math.floor(-left / 2);
		return Math.min(grown, careful, MAX_IN_FLIGHT);
	}

	/** How long until the limit is reset, in ms; 0 if it is not reached. */
	opensIn(now: number): number {
		// Our clock has been set back.
		if (this.opensAt - now > MAX_WAIT + JITTER) this.opensAt = now;
		return Math.max(this.opensAt - now, 0);
	}

	/**
	 * Notes a reply with any status but 429.
	 *
	 * @param headers of the reply, names in lower case
	 * @param sentAt when the request was sent, in ms since 1970
	 */
	noteAccepted(headers: Record<string, unknown>, sentAt: number, now: number): void {
		this.noteDate(headers, now);
		this.refusedSince = undefined;
		// It may have been sent, and counted by Cliniko, before the last 429.
		if (sentAt < this.opensAt) this.expected++;
		else {
			this.accepted++;
			this.refusals = 0;
			this.isProbing = false;
		}
	}

	/**
	 * Notes a reply with status 429.
	 *
	 * @param headers of the reply, names in lower case
	 * @param sentAt when the request was sent, in ms since 1970
	 * @returns for how long Cliniko has refused everything, in ms
	 */
	noteRefused(headers: Record<string, unknown>, sentAt: number, now: number): number {
		this.noteDate(headers, now);
		// After a long time without requests, nothing is known about that time.
		if (now - this.opensAt > MAX_WAIT) {
			this.refusedSince = undefined;
			this.refusals = 0;
		}
		// Requests that were in flight together count once.
		if (sentAt >= this.opensAt) {
			this.refusals++;
			if (this.accepted > 0) this.expected = this.accepted;
			this.accepted = 0;
		}
		const theirNow = now + (this.clockAhead ?? 0);
		const backoff = Math.min((FIRST_BACKOFF * 2 ** this.refusals) / 4, MAX_BACKOFF);
		const wait = Math.max(untilReset(headers, theirNow), backoff) + this.random() * JITTER;
		this.opensAt = Math.max(this.opensAt, now + wait);
		this.windowStart = this.opensAt;
		this.isProbing = true;
		this.refusedSince ??= now;
		return now - this.refusedSince;
	}

	/**
	 * A `Date` is cut to whole seconds and is from before the reply arrived, so Cliniko's clock is ahead
	 * of ours by at least the largest difference so far, unless one of the clocks has been set.
	 */
	private noteDate(headers: Record<string, unknown>, now: number): void {
		const ahead = Date.parse(String(headers.date ?? '')) - now;
		if (!Number.isFinite(ahead)) return;
		const known = this.clockAhead ?? ahead;
		this.clockAhead = known - ahead > CLOCK_SET ? ahead : Math.max(known, ahead);
	}
}

/**
 * How long to wait after a 429, in ms. `X-RateLimit-Reset` is a time in seconds since 1970 (API
 * introduction, "Rate limiting"). Many other APIs give seconds from now under this name, so that is
 * understood too. `Retry-After`, in seconds, is not documented, but used if there is nothing else.
 *
 * @param headers of the reply, names in lower case
 * @param now in ms since 1970, by Cliniko's clock
 */
export function untilReset(headers: Record<string, unknown>, now: number): number {
	const reset = Number(headers['x-ratelimit-reset'] || NaN);
	const retryAfter = Number(headers['retry-after'] || NaN) * 1000;
	const untilGivenReset = reset < FIRST_TIMESTAMP ? reset * 1000 : reset * 1000 - now;
	const wait = Number.isFinite(reset) ? untilGivenReset : retryAfter;
	if (!Number.isFinite(wait)) return DEFAULT_WAIT;
	return Math.min(Math.max(wait, 0), MAX_WAIT);
}
