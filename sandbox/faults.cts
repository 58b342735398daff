import type { Reply } from './reply.cts';

/**
 * The steps of an upload as the sandbox tells them apart:
 * - `user`: GET /user
 * - `presign`: GET /patients/{id}/attachment_presigned_post
 * - `s3`: POST to the bucket
 * - `create`: POST /patient_attachments
 * - `poll`: GET of one attachment record, or of a list filtered by id
 * - `get`: every other GET of the API
 * - `other`: all the rest
 */
export type Step = 'user' | 'presign' | 's3' | 'create' | 'poll' | 'get' | 'other';

export interface FaultAction {
	/** Wait this long first; with nothing else given, the request then goes on as usual. */
	delayMs?: number;
	/** Answer this instead of the real reply. */
	reply?: { status: number; headers?: Record<string, string>; body?: string };
	/** Break the connection off. */
	reset?: true;
	/** Never answer; the connection stays open until the client or `close()` ends it. */
	hang?: true;
	/** Change the real reply. Only with `act: 'after'`. */
	rewrite?: (reply: Reply) => Reply;
}

export interface Fault {
	on: Step | 'any';
	/** How many requests it strikes, default 1. */
	times?: number;
	/** How many matching requests pass before the first that it strikes, default 0. */
	skip?: number;
	/** `before` the request is carried out; `after` it was, but before the reply; or while its
	 * `body` is being received. */
	act: 'before' | 'after' | 'body';
	/** For `act: 'body'`: how many bytes arrive before it strikes, default 1. */
	afterBytes?: number;
	do: FaultAction;
}

/** Faults that a test has scripted. A request is struck by one at most: the first that was added,
 * matches its step, and has passed its `skip` and not used up its `times`. */
export class Faults {
	/** How far the servers' clock runs ahead of this machine's, in milliseconds. It moves every
	 * time that Cliniko and S3 tell or judge: `Date`, `X-RateLimit-Reset`, policies, records. */
	clockSkewMs = 0;

	private scripted: Array<Required<Fault>> = [];
	private readonly idle = new Set<Fault>();
	private readonly brokenHandshakes = { api: 0, s3: 0 };

	/** Scripts one fault. */
	add(fault: Fault): void {
		if (fault.do.rewrite && fault.act !== 'after') {
			throw new Error("Only a reply can be rewritten: `rewrite` needs act: 'after'");
		}
		const scripted = { times: 1, skip: 0, afterBytes: 1, ...fault };
		this.scripted.push(scripted);
		this.idle.add(scripted);
	}

	/** The faults that have struck nothing yet: a test that leaves any has not tested what it says. */
	get unused(): Fault[] {
		return [...this.idle];
	}

	/** Makes the next `times` connections to that end break off during the TLS handshake. */
	tls(end: 'api' | 's3', times = 1): void {
		this.brokenHandshakes[end] += times;
	}

	/** Drops everything that was scripted, the clock's skew too. */
	clear(): void {
		this.scripted = [];
		this.idle.clear();
		this.brokenHandshakes.api = 0;
		this.brokenHandshakes.s3 = 0;
		this.clockSkewMs = 0;
	}

	/** The fault that strikes this request, if any; it counts as used. */
	take(step: Step): Required<Fault> | undefined {
		const ready: Array<Required<Fault>> = [];
		for (const fault of this.scripted) {
			if (fault.on !== 'any' && fault.on !== step) continue;
			if (fault.skip > 0) fault.skip--;
			else if (fault.times > 0) ready.push(fault);
		}
		const [struck] = ready;
		if (struck) {
			struck.times--;
			this.idle.delete(struck);
		}
		return struck;
	}

	/** Whether this connection is to break off in its handshake; it counts as used. */
	takeHandshake(end: 'api' | 's3'): boolean {
		if (this.brokenHandshakes[end] === 0) return false;
		this.brokenHandshakes[end]--;
		return true;
	}
}
