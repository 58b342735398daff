import type { Reply } from './reply.cts';

/**
 * The steps of an upload as the sandbox tells them apart:
 * - `user`: GET /user
 * - `presign`: GET /patients/{id}/attachment_presigned_post
 * - `s3`: POST to the bucket
 * - `create`: POST /patient_attachments
 * - `poll`: GET of one attachment record, or of a list filtered by id
 * - `patients`: GET /patients, the list
 * - `createPatient`: POST /patients
 * - `updatePatient`: PATCH of a patient
 * - `referralSource`: PATCH of a patient's referral source
 * - `settings`: GET /settings
 * - `cases`: GET of a case, or of the list of cases
 * - `caseFiles`: GET of the list of a case's attachments
 * - `createCase`: POST /patient_cases
 * - `updateCase`: PATCH of a case
 * - `alerts`: GET of a medical alert, or of the list of them
 * - `createAlert`: POST /medical_alerts
 * - `communications`: GET of a communication, or of the list of them
 * - `createCommunication`: POST /communications
 * - `get`: every other GET of the API
 * - `other`: all the rest
 */
export type Step =
	| 'user'
	| 'presign'
	| 's3'
	| 'create'
	| 'poll'
	| 'patients'
	| 'createPatient'
	| 'updatePatient'
	| 'referralSource'
	| 'settings'
	| 'cases'
	| 'caseFiles'
	| 'createCase'
	| 'updateCase'
	| 'alerts'
	| 'createAlert'
	| 'names'
	| 'communications'
	| 'createCommunication'
	| 'get'
	| 'other';

export interface FaultAction {
	/** Wait this long first; without another action, the request then continues as usual. */
	delayMs?: number;
	/** Send this instead of the real reply. */
	reply?: { status: number; headers?: Record<string, string>; body?: string };
	/** Reset the connection. */
	reset?: true;
	/** Never answer; the connection stays open until the client or `close()` ends it. */
	hang?: true;
	/** Change the real reply. Only with `act: 'after'`. */
	rewrite?: (reply: Reply) => Reply;
}

export interface Fault {
	on: Step | 'any';
	/** How many requests it applies to, default 1. */
	times?: number;
	/** How many matching requests to skip first, default 0. */
	skip?: number;
	/**
	 * When it applies: `before` the request is carried out; `after` that, before the reply; while the
	 * request's `body` is being received; or while the body of the `reply` is being sent.
	 */
	act: 'before' | 'after' | 'body' | 'reply';
	/** For `act: 'body'` and `'reply'`: after how many bytes it applies, default 1. */
	afterBytes?: number;
	do: FaultAction;
}

/**
 * The faults that a test has added. At most one applies to a request: the first one added that
 * matches its step and has neither requests left to skip nor used up its `times`.
 */
export class Faults {
	/**
	 * How far the servers' clock is ahead of this machine's, in milliseconds. It affects every time
	 * that Cliniko and S3 send or check: `Date`, `X-RateLimit-Reset`, policies, records.
	 */
	clockSkewMs = 0;

	private scripted: Array<Required<Fault>> = [];
	private readonly idle = new Set<Fault>();
	private readonly brokenHandshakes = { api: { skip: 0, times: 0 }, s3: { skip: 0, times: 0 } };

	add(fault: Fault): void {
		if (fault.do.rewrite && fault.act !== 'after') {
			throw new Error("Only a reply can be rewritten: `rewrite` needs act: 'after'");
		}
		if (fault.do.reply && fault.act === 'reply') {
			throw new Error("A reply on its way cannot become another: no `reply` with act: 'reply'");
		}
		const scripted = { times: 1, skip: 0, afterBytes: 1, ...fault };
		this.scripted.push(scripted);
		this.idle.add(scripted);
	}

	/**
	 * Faults that have not applied to any request yet. A test that leaves some has not tested them.
	 */
	get unused(): Fault[] {
		return [...this.idle];
	}

	/** Makes `times` connections to that server fail in the TLS handshake, after skipping `skip`. */
	tls(end: 'api' | 's3', times = 1, skip = 0): void {
		this.brokenHandshakes[end].times += times;
		this.brokenHandshakes[end].skip += skip;
	}

	/** Removes all faults and the clock skew. */
	clear(): void {
		this.scripted = [];
		this.idle.clear();
		for (const end of ['api', 's3'] as const) this.brokenHandshakes[end] = { skip: 0, times: 0 };
		this.clockSkewMs = 0;
	}

	/** The fault that applies to this request, if any. Uses it up. */
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

	/** Whether this connection fails in its handshake. Uses the fault up. */
	takeHandshake(end: 'api' | 's3'): boolean {
		const broken = this.brokenHandshakes[end];
		if (broken.times === 0) return false;
		if (broken.skip > 0) {
			broken.skip--;
			return false;
		}
		broken.times--;
		return true;
	}
}
