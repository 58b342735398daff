import type { Comparison } from './api/filters.cts';
import type { RecordedRequest } from './recorded-request.cts';
import type { PolicyCondition } from './s3/policy.cts';

/** What a presigned post is about to be signed with; a test may change either part in place. */
export interface PresignDraft {
	conditions: PolicyCondition[];
	fields: Record<string, string>;
}

export interface SandboxOptions {
	/** The proxy's port on 127.0.0.1; 0, the default, takes any free one. */
	port?: number;
	/** Holds the CA file and the S3 objects. Default: a fresh temp folder, removed on close. */
	folder?: string;
	/** The shard that the seeded clinic lives on, default 'au1'. */
	shard?: string;
	/** Milliseconds from a record's creation to `processing_completed`, default 1500. */
	processingMs?: number;
	/** Requests that one user may send in a window, default 200. */
	requestsPerWindow?: number;
	/** The window's length in milliseconds, default 60 000. */
	rateLimitWindowMs?: number;
	/** Upper end of the policy's content-length-range, default 1 GiB. */
	maxFileBytes?: number;
	/** Lower end of the policy's content-length-range, default 0. */
	minFileBytes?: number;
	/** Milliseconds for which a presigned post can be used, default an hour. */
	presignLifetimeMs?: number;
	/** Milliseconds added to every reply of the API and of S3, default 0. */
	latencyMs?: number;
	/** Which form of `upload_url` record creation takes; 'raw', the default, is the guide's. */
	uploadUrlForm?: 'raw' | 'encoded' | 'either';
	/** Whether the presign's `url` ends in '/', default true. Real accounts have been seen with
	 * and without. */
	trailingSlash?: boolean;
	/** Whether the API's text filters mind case and accents. Cliniko does not say. 'insensitive', the
	 * default, is what the usual collation of a database does; 'sensitive' minds both. */
	comparison?: Comparison;
	/** S3 answers a refused upload as soon as it knows, and closes the connection on the rest of
	 * the body; the default reads the body to its end first. */
	earlyRefusal?: boolean;
	/**
	 * `http://127.0.0.1:<port>` of a real S3 server, which then takes the place of the sandbox's own
	 * bucket: what comes to `BUCKET_HOST` is handed on to it as it is. It has to have the bucket
	 * `BUCKET`, of an owner with `ACCESS_KEY_ID` and `SECRET_ACCESS_KEY`, and to answer to
	 * `BUCKET_HOST`. `maxFileBytes` and the like still shape the policies, and the server judges.
	 */
	s3Endpoint?: string;
	/** Changes the conditions and fields of each presigned post before it is signed. */
	policyConditions?: (draft: PresignDraft) => void;
	/** Called once for each request when it is over, answered or not. */
	onRequest?: (request: RecordedRequest) => void;
}

/** The options that may change while the sandbox runs; each request reads them afresh. */
export type Settings = Required<
	Omit<SandboxOptions, 'port' | 'folder' | 's3Endpoint' | 'policyConditions' | 'onRequest'>
> &
	Pick<SandboxOptions, 'policyConditions' | 'onRequest'>;

/**
 * The settings for the given options, every gap filled with its default.
 *
 * @throws where the shard could not be part of a host name.
 */
export function settingsFrom(options: SandboxOptions): Settings {
	const shard = options.shard ?? 'au1';
	if (!/^[a-z]{2}\d{1,2}$/.test(shard)) throw new Error(`"${shard}" is not a Cliniko shard`);
	return {
		shard,
		processingMs: options.processingMs ?? 1500,
		requestsPerWindow: options.requestsPerWindow ?? 200,
		rateLimitWindowMs: options.rateLimitWindowMs ?? 60_000,
		maxFileBytes: options.maxFileBytes ?? 1024 ** 3,
		minFileBytes: options.minFileBytes ?? 0,
		presignLifetimeMs: options.presignLifetimeMs ?? 3_600_000,
		latencyMs: options.latencyMs ?? 0,
		uploadUrlForm: options.uploadUrlForm ?? 'raw',
		trailingSlash: options.trailingSlash ?? true,
		comparison: options.comparison ?? 'insensitive',
		earlyRefusal: options.earlyRefusal ?? false,
		policyConditions: options.policyConditions,
		onRequest: options.onRequest,
	};
}
