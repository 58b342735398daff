import type { IN8nHttpFullResponse } from 'n8n-workflow';

import type { Pause } from '../pause';
import { RateLimit } from './rateLimit';

/**
 * Which requests go first: a change, which must not get older than what was read for it; those for a file
 * that is in S3 already, because it belongs to nobody until
 * its record is created, and for a patient whose creation is in doubt, because others wait for it; then
 * everything else; and last the polls.
 */
export const Priority = { change: 0, finish: 1, normal: 2, poll: 3 } as const;

export type Priority = (typeof Priority)[keyof typeof Priority];

/** How long a poll can be overtaken, in ms. */
const MAX_POLL_DELAY = 15_000;

/** How long Cliniko may answer everything, or one request, with 429 before requests fail, in ms. */
export const MAX_REFUSAL = 10 * 60_000;

/** A request counts as in flight for at most this long, in ms: one that hangs must not block others. */
const MAX_OCCUPANCY = 5000;

/** A request that was refused so often, each time as the first after a reset, lets others go first. */
const MAX_FIRST_REFUSALS = 3;

/** How often a waiting request checks whether it can be sent, in ms. */
const CHECK_INTERVAL = 1000;

/** A request that waits for its turn. */
interface Waiting {
	/** The order of arrival. */
	number: number;
	priority: Priority;
	/** ms since 1970. */
	since: number;
	/** How often it has been refused though it was the first after a reset. */
	refusals: number;
	/** Ends the wait: it is sent now, or, given a refusal, not at all. */
	end: (refusal?: IN8nHttpFullResponse) => void;
}

/**
 * The queue of all requests of this process for one Cliniko user, who is allowed 200 requests a minute:
 * first in, first out for each priority, with a maximum number of requests in flight. A request that is
 * refused with 429 is sent again in its old place, unless that happens again and again.
 *
 * There is no timer and no leader: every waiting request checks now and then whether the next one can
 * be sent, so that it does not matter which execution ends or is cancelled.
 */
export class RequestQueue {
	private readonly limit: RateLimit;

	private readonly waiting: Waiting[] = [];

	/** When each request in flight was sent, in ms since 1970. */
	private readonly inFlight = new Map<number, number>();

	private count = 0;

	/** When a request was last sent or queued, in ms since 1970. */
	usedAt = 0;

	/**
	 * @param now our clock, in ms since 1970
	 * @param random a number from 0 to 1, for the jitter
	 */
	constructor(
		private readonly now: () => number = Date.now,
		random: () => number = Math.random,
	) {
		this.limit = new RateLimit(random);
	}

	/** Whether nothing is waiting or in flight. */
	get isIdle(): boolean {
		return this.waiting.length === 0 && this.inFlight.size === 0;
	}

	/**
	 * Sends a request when its turn comes, again after each 429.
	 *
	 * Once Cliniko has refused every request of this user for ten minutes, all that wait fail with the
	 * next refusal of a request that was sent after they came, so that they do not fail one by one.
	 *
	 * @param send resolves with the reply, or with undefined if there was none
	 * @param pause of the execution that sends it
	 * @param isOnce whether the caller sends it again after a 429: it may have to be another one then
	 * @returns the reply. Unless `isOnce`, its status is 429 only if Cliniko has refused every request of
	 *   this user, or this one since it was first sent, for ten minutes; it may then be the reply to
	 *   another request
	 * @throws what `send` throws; what `pause` throws once the execution is cancelled
	 */
	async send(
		send: () => Promise<IN8nHttpFullResponse | undefined>,
		priority: Priority,
		pause: Pause,
		isOnce = false,
	): Promise<IN8nHttpFullResponse | undefined> {
		const number = this.count++;
		const since = this.now();
		let refusals = 0;
		let firstSentAt: number | undefined;
		for (;;) {
			this.usedAt = this.now();
			const refusal = await this.turn({ number, priority, since, refusals }, pause);
			if (refusal) return refusal;
			try {
				const sentAt = this.now();
				firstSentAt ??= sentAt;
				const { isProbing } = this.limit;
				const reply = await send();
				if (!reply) return undefined;
				const { statusCode, headers } = reply;
				if (statusCode !== 429) {
					this.limit.noteAccepted(headers, sentAt, this.now());
					return reply;
				}
				if (isProbing) refusals++;
				const now = this.now();
				if (this.limit.noteRefused(headers, sentAt, now) >= MAX_REFUSAL) {
					this.refuseAll(reply, sentAt);
					return reply;
				}
				if (isOnce || now - firstSentAt >= MAX_REFUSAL) return reply;
			} finally {
				this.inFlight.delete(number);
				this.sendNext();
			}
		}
	}

	/**
	 * Resolves when the request may be sent; it then counts as in flight.
	 *
	 * @returns the refusal if it is not to be sent
	 */
	private async turn(
		request: Omit<Waiting, 'end'>,
		pause: Pause,
	): Promise<IN8nHttpFullResponse | undefined> {
		let isOver = false;
		let refusal: IN8nHttpFullResponse | undefined;
		let resolve = (): void => undefined;
		const over = new Promise<void>((resolveOver) => (resolve = resolveOver));
		const end: Waiting['end'] = (given) => {
			isOver = true;
			refusal = given;
			resolve();
		};
		const waiting: Waiting = { ...request, end };
		const place = this.waiting.findIndex((other) => precedes(waiting, other));
		this.waiting.splice(place < 0 ? this.waiting.length : place, 0, waiting);
		this.sendNext();
		let isCancelled = true;
		try {
			while (!isOver) {
				await Promise.race([over, pause(this.limit.opensIn(this.now()) || CHECK_INTERVAL)]);
				this.sendNext();
			}
			isCancelled = false;
			return refusal;
		} finally {
			if (isCancelled) this.leave(waiting);
		}
	}

	/** Takes a cancelled request out. It may have got its turn at the same moment. */
	private leave(waiting: Waiting): void {
		this.inFlight.delete(waiting.number);
		const at = this.waiting.indexOf(waiting);
		if (at >= 0) this.waiting.splice(at, 1);
		this.sendNext();
	}

	/** Ends all requests that came before the refused one was sent. One that came later may be accepted. */
	private refuseAll(refusal: IN8nHttpFullResponse, sentAt: number): void {
		for (const waiting of this.waiting.filter(({ since }) => since <= sentAt)) {
			this.waiting.splice(this.waiting.indexOf(waiting), 1);
			waiting.end(refusal);
		}
	}

	/** Lets as many requests go as the limit allows. */
	private sendNext(): void {
		const now = this.now();
		for (;;) {
			const active = [...this.inFlight.values()].filter((sentAt) => now - sentAt < MAX_OCCUPANCY);
			const next = this.next(now);
			if (!next || active.length >= this.limit.maxInFlight(now)) return;
			this.waiting.splice(this.waiting.indexOf(next), 1);
			this.inFlight.set(next.number, now);
			next.end();
		}
	}

	private next(now: number): Waiting | undefined {
		// What is refused again and again, and not because of the limit, must not hold up all others.
		const usual = this.waiting.filter(({ refusals }) => refusals < MAX_FIRST_REFUSALS);
		const late = usual.find(
			({ priority, since }) => priority === Priority.poll && now - since >= MAX_POLL_DELAY,
		);
		return late ?? usual[0] ?? this.waiting[0];
	}
}

function precedes(a: Waiting, b: Waiting): boolean {
	return a.priority === b.priority ? a.number < b.number : a.priority < b.priority;
}
