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
	 * default, is what the usual collation of a database does; 'accent-sensitive', which minds accents
	 * alone, is what PostgreSQL's ILIKE does; 'sensitive' minds both. */
	comparison?: Comparison;
	/**
	 * How the rows of a list follow each other where the columns that it is sorted by, `created_at`
	 * unless asked otherwise, are equal. 'stable', the default: by their ids. 'unstable' (unkind): in
	 * another order at each request, times being compared in whole seconds, as they are shown. A
	 * database promises no more, and Cliniko says nothing.
	 */
	listOrder?: 'stable' | 'unstable';
	/** Whether lists can be sorted by `id`, default true: the reference has "search fields" there, which
	 * `id` is. False (unkind) answers 400. */
	sortsById?: boolean;
	/** Milliseconds from a record's creation until lists show it, default 0; its own address shows it
	 * at once. Unkind: a second or more, as with lists that are read from a copy of the database. */
	listLagMs?: number;
	/** What a record shows of its description: all of it as it was sent ('kept', the default), or
	 * 'cleaned' (unkind) of carriage returns, repeated white space, white space at its ends, and of
	 * characters beyond U+FFFF such as emoji. */
	descriptions?: 'kept' | 'cleaned';
	/** What processing makes of a file's name: nothing else ('kept', the default), or 'cleaned'
	 * (unkind) of all but `A-Z a-z 0-9 . _ -`, with `_` in place of each. */
	fileNames?: 'kept' | 'cleaned';
	/** When the object that `upload_url` names is looked up. 'at creation', the default: a wrong address
	 * is refused. 'at processing' (unkind): creation takes any https address, and the record of a wrong
	 * one is never processed. */
	uploadUrlChecked?: 'at creation' | 'at processing';
	/** How the plain form of `upload_url` is made into a key: taken as it is ('literal', the default),
	 * percent-'decoded', or 'parsed' as a URL (unkind), which loses what follows `#` or `?`. */
	uploadUrlReading?: 'literal' | 'decoded' | 'parsed';
	/** How creation refuses an `upload_url`: a 422 on the field 'temp_attachment_url' (the default, and
	 * what integrators have seen) or on 'base', or a plain 400 or 500. */
	uploadUrlRefusal?: 'temp_attachment_url' | 'base' | 400 | 500;
	/** Milliseconds by which a new record's `created_at` lies behind the server's clock, default 0.
	 * Unkind: some seconds, as where the time is taken when the request is queued. */
	createdAtBehindMs?: number;
	/** Milliseconds by which the clocks of the servers differ, default 0. Each request meets a server
	 * whose clock is off by up to half of it, either way. Unkind: some seconds. */
	clockSpreadMs?: number;
	/** How the API writes a date or text that is not there: null, as documented (the default), or '' as
	 * an 'empty string' (unkind). */
	emptyValues?: 'null' | 'empty string';
	/** Whether GET /patients shows merged patients where it is asked for archived ones, default true.
	 * False is unkind: only their own addresses do. */
	listsShowMerged?: boolean;
	/** How the API writes ids: as 'strings', as documented (the default), or as JSON 'numbers' with all
	 * their digits, as it once did. */
	ids?: 'strings' | 'numbers';
	/** What `/patient_attachments/{id}/content` answers: a 303 to S3, as integrators have seen (the
	 * default 'redirect'); a 302 to a path of the API itself, which then redirects to S3; or the bytes
	 * themselves ('inline'). */
	contentReply?: 'redirect' | 'relative redirect' | 'inline';
	/** Whether a processed record's `size` is the file's, default 'exact'; 'other' is 13 bytes more. The
	 * documents do not say what it counts. */
	sizeReported?: 'exact' | 'other';
	/** What `X-RateLimit-Reset` holds: the time of the reset in seconds since the epoch, as documented
	 * ('absolute', the default); such a time five seconds in the 'past'; or 'seconds from now'. */
	rateLimitReset?: 'absolute' | 'past' | 'seconds from now';
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

/** Cliniko as its documents describe it, and the kind value of what they leave open. */
const KIND: Settings = {
	shard: 'au1',
	processingMs: 1500,
	requestsPerWindow: 200,
	rateLimitWindowMs: 60_000,
	maxFileBytes: 1024 ** 3,
	minFileBytes: 0,
	presignLifetimeMs: 3_600_000,
	latencyMs: 0,
	uploadUrlForm: 'raw',
	trailingSlash: true,
	comparison: 'insensitive',
	earlyRefusal: false,
	listOrder: 'stable',
	sortsById: true,
	listLagMs: 0,
	descriptions: 'kept',
	fileNames: 'kept',
	uploadUrlChecked: 'at creation',
	uploadUrlReading: 'literal',
	uploadUrlRefusal: 'temp_attachment_url',
	createdAtBehindMs: 0,
	clockSpreadMs: 0,
	emptyValues: 'null',
	listsShowMerged: true,
	ids: 'strings',
	contentReply: 'redirect',
	sizeReported: 'exact',
	rateLimitReset: 'absolute',
};

/**
 * The unkind value of each setting that has one and that no document or report speaks against. Left
 * out: ids as numbers, another rate limit reset and no sorting by id (the documents have them
 * otherwise), other replies for the content and other refusals of an address (integrators have seen
 * the usual ones), names that are cleaned (they have seen theirs come back), and a size that is not the
 * file's. Empty strings are in although the documents have null: a closed patient must not pass for
 * an open one because of them.
 */
export const UNKIND: SandboxOptions = {
	trailingSlash: false,
	comparison: 'sensitive',
	earlyRefusal: true,
	listOrder: 'unstable',
	listLagMs: 1000,
	descriptions: 'cleaned',
	uploadUrlChecked: 'at processing',
	uploadUrlReading: 'parsed',
	createdAtBehindMs: 3000,
	clockSpreadMs: 2000,
	emptyValues: 'empty string',
	listsShowMerged: false,
};

/** The values of each setting that has only a few. */
export const CHOICES = {
	uploadUrlForm: ['raw', 'encoded', 'either'],
	trailingSlash: [true, false],
	comparison: ['insensitive', 'case-sensitive', 'accent-sensitive', 'sensitive'],
	earlyRefusal: [false, true],
	listOrder: ['stable', 'unstable'],
	sortsById: [true, false],
	descriptions: ['kept', 'cleaned'],
	fileNames: ['kept', 'cleaned'],
	uploadUrlChecked: ['at creation', 'at processing'],
	uploadUrlReading: ['literal', 'decoded', 'parsed'],
	uploadUrlRefusal: ['temp_attachment_url', 'base', 400, 500],
	emptyValues: ['null', 'empty string'],
	listsShowMerged: [true, false],
	ids: ['strings', 'numbers'],
	contentReply: ['redirect', 'relative redirect', 'inline'],
	sizeReported: ['exact', 'other'],
	rateLimitReset: ['absolute', 'past', 'seconds from now'],
} as const satisfies { [Name in keyof Settings]?: ReadonlyArray<Settings[Name]> };

/**
 * Options written as text, for a command line or an environment variable.
 *
 * @param text parts with commas between them, a later one over an earlier one: `kind`, `unkind`, or
 * `setting=value` as in `listOrder=unstable,listLagMs=500`
 * @throws where a setting does not exist or cannot have the value
 */
export function optionsFrom(text: string): SandboxOptions {
	let options: SandboxOptions = {};
	for (const part of text.split(',').map((one) => one.trim())) {
		if (part === 'kind') options = {};
		else if (part === 'unkind') options = { ...UNKIND };
		else options = { ...options, ...optionFrom(part) };
	}
	return options;
}

function optionFrom(part: string): SandboxOptions {
	const [, name = '', text = ''] = /^(\w+)=(.*)$/.exec(part) ?? [];
	const choices: readonly unknown[] =
		Object.entries(CHOICES).find(([one]) => one === name)?.[1] ?? [];
	const isNumber = typeof KIND[name as keyof Settings] === 'number' && /^\d+$/.test(text);
	const value = isNumber ? Number(text) : choices.find((choice) => String(choice) === text);
	if (value === undefined) throw new Error(`The sandbox has no setting "${part}"`);
	return { [name]: value };
}

/**
 * The settings for the given options, every gap filled with its default.
 *
 * @throws where the shard could not be part of a host name.
 */
export function settingsFrom(options: SandboxOptions): Settings {
	const { port: _, folder: __, s3Endpoint: ___, ...rest } = options;
	const given = Object.entries(rest).filter(([, value]) => value !== undefined);
	const settings: Settings = {
		...KIND,
		// A reset takes away what a test has set.
		policyConditions: undefined,
		onRequest: undefined,
		...Object.fromEntries(given),
	};
	if (!/^[a-z]{2}\d{1,2}$/.test(settings.shard)) {
		throw new Error(`"${settings.shard}" is not a Cliniko shard`);
	}
	return settings;
}
