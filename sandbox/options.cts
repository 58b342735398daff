import type { Comparison } from './api/filters.cts';
import type { RecordedRequest } from './recorded-request.cts';
import type { PolicyCondition } from './s3/policy.cts';

/** The contents of a presigned post before it is signed; a test may modify both in place. */
export interface PresignDraft {
	conditions: PolicyCondition[];
	fields: Record<string, string>;
}

export interface SandboxOptions {
	/** The proxy's port; 0, the default, takes any free one. */
	port?: number;
	/**
	 * The address at which the proxy listens, default 127.0.0.1. 0.0.0.0 is only for a container,
	 * whose ports are published to 127.0.0.1 of the machine outside.
	 */
	address?: '127.0.0.1' | '0.0.0.0';
	/** Folder for the CA file and the S3 objects. Default: a new temp folder, deleted on close. */
	folder?: string;
	/** The shard of the seeded clinic, default 'au1'. */
	shard?: string;
	/** Milliseconds from a record's creation to `processing_completed`, default 1500. */
	processingMs?: number;
	/** Requests that a user may send per window, default 200. */
	requestsPerWindow?: number;
	/** Length of the rate limit window in milliseconds, default 60 000. */
	rateLimitWindowMs?: number;
	/** Upper end of the policy's content-length-range, default 1 GiB. */
	maxFileBytes?: number;
	/** Lower end of the policy's content-length-range, default 0. */
	minFileBytes?: number;
	/** How long a presigned post is valid, in milliseconds, default an hour. */
	presignLifetimeMs?: number;
	/** Milliseconds added to every reply of the API and of S3, default 0. */
	latencyMs?: number;
	/** Which form of `upload_url` record creation takes; 'raw', the default, is the guide's. */
	uploadUrlForm?: 'raw' | 'encoded' | 'either';
	/**
	 * Whether the `url` of a presigned post ends in '/', default true. Both have been seen in real
	 * accounts.
	 */
	trailingSlash?: boolean;
	/**
	 * Which differences matter to the API's text filters; not documented. 'insensitive', the default,
	 * ignores case and accents, like the usual collation of a database; 'accent-sensitive' ignores
	 * case only, like PostgreSQL's ILIKE; 'sensitive' ignores neither.
	 */
	comparison?: Comparison;
	/**
	 * The order of rows with equal values in the columns that a list is sorted by (`created_at` by
	 * default). 'stable', the default: by id. 'unstable' (unkind): different for each request, with
	 * times compared in whole seconds, as they are shown. SQL guarantees no more than that, and
	 * Cliniko does not document it.
	 */
	listOrder?: 'stable' | 'unstable';
	/**
	 * Whether lists can be sorted by `id`, default true: the reference allows sorting by "search
	 * fields", of which `id` is one. False (unkind) answers 400.
	 */
	sortsById?: boolean;
	/**
	 * What lists do if they are to be sorted by another column than `created_at` or `id`: sort by it
	 * ('honoured', the default), not at all ('ignored', unkind), by `created_at` in the same direction ('by
	 * creation', unkind), or answer 400 ('refused').
	 */
	otherSorts?: 'honoured' | 'ignored' | 'refused' | 'by creation';
	/**
	 * Milliseconds from a record's creation until lists show it, default 0; its own URL works at
	 * once. Unkind: a second or more, as with lists that are read from a replica of the database.
	 */
	listLagMs?: number;
	/**
	 * What a record shows of its description: all of it ('kept', the default), or 'cleaned' (unkind):
	 * without carriage returns, repeated, leading and trailing white space, and characters beyond
	 * U+FFFF such as emoji.
	 */
	descriptions?: 'kept' | 'cleaned';
	/**
	 * What a record shows of a message in a patient's communications: the text that was sent ('kept',
	 * the default), that text as 'html' (unkind), or without what looks like a tag ('stripped'). Not
	 * documented.
	 */
	messages?: 'kept' | 'html' | 'stripped';
	/**
	 * What processing does to file names: nothing ('kept', the default), or 'cleaned' (unkind): each
	 * character except `A-Z a-z 0-9 . _ -` is replaced with `_`.
	 */
	fileNames?: 'kept' | 'cleaned';
	/**
	 * When the object of an `upload_url` is looked up. 'at creation', the default: a wrong URL is
	 * refused. 'at processing' (unkind): creation accepts any https URL, and a record with a wrong
	 * one is never processed.
	 */
	uploadUrlChecked?: 'at creation' | 'at processing';
	/**
	 * How a plain `upload_url` is turned into a key: unchanged ('literal', the default),
	 * percent-'decoded', or 'parsed' as a URL (unkind), which drops everything from `#` or `?` on.
	 */
	uploadUrlReading?: 'literal' | 'decoded' | 'parsed';
	/**
	 * How creation refuses an `upload_url`: a 422 on the field 'temp_attachment_url' (the default, as
	 * reported by integrators) or on 'base', or a plain 400 or 500.
	 */
	uploadUrlRefusal?: 'temp_attachment_url' | 'base' | 400 | 500;
	/**
	 * How far a new record's `created_at` is behind the server's clock, in milliseconds, default 0.
	 * Unkind: some seconds, as if the time was taken when the request was queued.
	 */
	createdAtBehindMs?: number;
	/**
	 * Difference between the servers' clocks in milliseconds, default 0. The clock of the server that
	 * handles a request is off by up to half of this in either direction. Unkind: some seconds.
	 */
	clockSpreadMs?: number;
	/**
	 * How the API represents a missing date or text: null, as documented (the default), or '' as an
	 * 'empty string' (unkind).
	 */
	emptyValues?: 'null' | 'empty string';
	/**
	 * What a PATCH does with an array, such as a patient's phone numbers: the array takes the place of
	 * the one before ('replaced', the default) or is added to it ('appended', unkind). Not documented.
	 */
	patchedArrays?: 'replaced' | 'appended';
	/**
	 * What an empty text in the body of a request counts as: 'null' (the default), or an invalid value
	 * ('refused', unkind). Not documented.
	 */
	emptyTexts?: 'null' | 'refused';
	/**
	 * Whether GET /patients includes merged patients if archived ones are requested, default true.
	 * False (unkind): only their own URLs return them.
	 */
	listsShowMerged?: boolean;
	/**
	 * Whether lists have cancelled and deleted appointments though no filter names the time at which
	 * they became so, default false, as reported by integrators. True is unkind. Not documented.
	 */
	listsShowCancelled?: boolean;
	/**
	 * Whether a practitioner who is not active any more has an address that shows them, default true;
	 * the list does not have them. False (unkind) answers 404. Not documented.
	 */
	inactiveShown?: boolean;
	/**
	 * How the API writes ids: as 'strings', as documented (the default), or as JSON 'numbers' with
	 * all digits, as it used to.
	 */
	ids?: 'strings' | 'numbers';
	/**
	 * What `/patient_attachments/{id}/content` returns: a 303 to S3 (the default 'redirect', as
	 * reported by integrators); a 302 to a path of the API, which redirects to S3; or the bytes
	 * themselves ('inline').
	 */
	contentReply?: 'redirect' | 'relative redirect' | 'inline';
	/**
	 * Whether a processed record's `size` is that of the file, default 'exact'; 'other' is 13 bytes
	 * more. The documentation does not define it.
	 */
	sizeReported?: 'exact' | 'other';
	/**
	 * The content of `X-RateLimit-Reset`: the time of the reset in seconds since the epoch, as
	 * documented ('absolute', the default); a time five seconds in the 'past'; or 'seconds from now'.
	 */
	rateLimitReset?: 'absolute' | 'past' | 'seconds from now';
	/**
	 * Whether S3 refuses an upload as soon as possible and closes the connection. By default it reads
	 * the whole body first.
	 */
	earlyRefusal?: boolean;
	/**
	 * `http://127.0.0.1:<port>` of a real S3 server that replaces the sandbox's own bucket: requests
	 * to `BUCKET_HOST` are forwarded to it. It must respond to `BUCKET_HOST` and have the bucket
	 * `BUCKET`, owned by a user with `ACCESS_KEY_ID` and `SECRET_ACCESS_KEY`. `maxFileBytes` and
	 * similar settings still determine the policies, but the server enforces them.
	 */
	s3Endpoint?: string;
	/** Modifies the conditions and fields of each presigned post before it is signed. */
	policyConditions?: (draft: PresignDraft) => void;
	/** Called at the end of each request, whether or not it was answered. */
	onRequest?: (request: RecordedRequest) => void;
}

/** The options that may change at run time; each request reads them again. */
export type Settings = Required<
	Omit<
		SandboxOptions,
		'port' | 'address' | 'folder' | 's3Endpoint' | 'policyConditions' | 'onRequest'
	>
> &
	Pick<SandboxOptions, 'policyConditions' | 'onRequest'>;

/** Cliniko as documented, with the kind value of everything else. */
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
	otherSorts: 'honoured',
	listLagMs: 0,
	descriptions: 'kept',
	messages: 'kept',
	fileNames: 'kept',
	uploadUrlChecked: 'at creation',
	uploadUrlReading: 'literal',
	uploadUrlRefusal: 'temp_attachment_url',
	createdAtBehindMs: 0,
	clockSpreadMs: 0,
	emptyValues: 'null',
	patchedArrays: 'replaced',
	emptyTexts: 'null',
	listsShowMerged: true,
	listsShowCancelled: false,
	inactiveShown: true,
	ids: 'strings',
	contentReply: 'redirect',
	sizeReported: 'exact',
	rateLimitReset: 'absolute',
};

/**
 * The unkind value of every setting, unless the documentation or reports contradict it. Not
 * included: numeric ids, other rate limit resets and no sorting by id (documented otherwise), other
 * replies for the content and other refusals of a URL (integrators report the default), cleaned
 * file names (integrators get them back unchanged), and wrong sizes. Empty strings are included
 * although null is documented: they must not make an archived patient look like an active one.
 */
export const UNKIND: SandboxOptions = {
	trailingSlash: false,
	comparison: 'sensitive',
	earlyRefusal: true,
	listOrder: 'unstable',
	otherSorts: 'ignored',
	listLagMs: 1000,
	descriptions: 'cleaned',
	messages: 'html',
	uploadUrlChecked: 'at processing',
	uploadUrlReading: 'parsed',
	createdAtBehindMs: 3000,
	clockSpreadMs: 2000,
	emptyValues: 'empty string',
	patchedArrays: 'appended',
	emptyTexts: 'refused',
	listsShowMerged: false,
	listsShowCancelled: true,
	inactiveShown: false,
};

/** The possible values of each setting that has a fixed set. */
export const CHOICES = {
	uploadUrlForm: ['raw', 'encoded', 'either'],
	trailingSlash: [true, false],
	comparison: ['insensitive', 'case-sensitive', 'accent-sensitive', 'sensitive'],
	earlyRefusal: [false, true],
	listOrder: ['stable', 'unstable'],
	sortsById: [true, false],
	otherSorts: ['honoured', 'ignored', 'refused', 'by creation'],
	descriptions: ['kept', 'cleaned'],
	messages: ['kept', 'html', 'stripped'],
	fileNames: ['kept', 'cleaned'],
	uploadUrlChecked: ['at creation', 'at processing'],
	uploadUrlReading: ['literal', 'decoded', 'parsed'],
	uploadUrlRefusal: ['temp_attachment_url', 'base', 400, 500],
	emptyValues: ['null', 'empty string'],
	patchedArrays: ['replaced', 'appended'],
	emptyTexts: ['null', 'refused'],
	listsShowMerged: [true, false],
	listsShowCancelled: [false, true],
	inactiveShown: [true, false],
	ids: ['strings', 'numbers'],
	contentReply: ['redirect', 'relative redirect', 'inline'],
	sizeReported: ['exact', 'other'],
	rateLimitReset: ['absolute', 'past', 'seconds from now'],
} as const satisfies { [Name in keyof Settings]?: ReadonlyArray<Settings[Name]> };

/**
 * Parses options from a command line or an environment variable.
 *
 * @param text comma-separated; later parts override earlier ones: `kind`, `unkind`, or
 * `setting=value` as in `listOrder=unstable,listLagMs=500`
 * @throws if a setting does not exist or does not allow the value
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
 * The settings for these options, with defaults for those that are missing.
 *
 * @throws if the shard cannot be part of a host name
 */
export function settingsFrom(options: SandboxOptions): Settings {
	const { port: _, address: __, folder: ___, s3Endpoint: ____, ...rest } = options;
	const given = Object.entries(rest).filter(([, value]) => value !== undefined);
	const settings: Settings = {
		...KIND,
		// So that a reset removes what a test has set.
		policyConditions: undefined,
		onRequest: undefined,
		...Object.fromEntries(given),
	};
	if (!/^[a-z]{2}\d{1,2}$/.test(settings.shard)) {
		throw new Error(`"${settings.shard}" is not a Cliniko shard`);
	}
	return settings;
}
