/**
 * Everything that can go wrong on a file's way to a patient's record, and the expected outcome: one
 * row per fault and step. `faults.test.cts` runs the rows in n8n's engine against the sandbox.
 */
import {
	BUCKET_HOST,
	type Fault,
	type FaultAction,
	type Settings,
	type Step,
} from '../../sandbox/sandbox.cts';

/** Files for the rows; their contents differ from row to row. */
export type FileName =
	/** A small file. */
	| 'letter.pdf'
	/** Needs escaping in a URL. */
	| 'Ärztebrief 2.pdf'
	/** Its contents do not match its extension, so Cliniko marks it as invalid. */
	| 'fake.pdf'
	/** 1 MiB, sent as one Buffer. */
	| 'scan.pdf'
	/** 6 MiB, streamed. */
	| 'film.mp4';

/** The expected outcome for a file that does not become an item. */
export interface Failure {
	message: RegExp;
	/** What the message advises. */
	advice: RegExp;
	/** Whether it is on the patient's record anyway; undefined if chance decides which file is. */
	there?: boolean;
	/** Whether the message contains the attachment's id, or says that the file may be there. */
	says?: 'id' | 'perhaps';
}

/** What happens in Cliniko during the run. */
export interface Meanwhile {
	/** The first file is already on the record. */
	there?: true;
	/** The record is deleted as soon as it is created. */
	gone?: true;
	/** How long after the end of its request the record is created, in ms. */
	late?: number;
	/**
	 * Another file with our description is added to the same patient when the first record is
	 * requested, by the key's user unless given. A `fresh` one is never processed.
	 */
	foreign?: { name: string; like?: 'size' | 'bytes'; fresh?: true; by?: 'another user' };
}

/** An upper limit, for steps whose number of requests varies. */
interface UpTo {
	upTo: number;
}

export type Asked = [
	presign: number,
	s3: number | UpTo,
	create: number,
	poll?: number,
	get?: number,
	patients?: number,
];

/** A fault and its expected outcome. */
export interface Row {
	what: string;
	faults?: Fault[];
	/** How many connections fail in the TLS handshake, after skipping some. */
	tls?: { api?: number; s3?: number; skip?: number };
	/** How many hours the clocks of Cliniko and S3 are ahead of ours. */
	skew?: number;
	settings?: Partial<Settings>;
	meanwhile?: Meanwhile;
	/** One per item; a letter by default. */
	files?: FileName[];
	/** Whether the second file is for another patient. */
	twoPatients?: true;
	/** The node's options. */
	options?: Record<string, string | number>;
	/** Whether the node has "On Error: Continue". */
	goOn?: true;
	/**
	 * The files that do not become items, by index; all others are stored. Those that were never
	 * started are `skipped`.
	 */
	then?: Record<number, Failure | 'skipped'>;
	/**
	 * How many requests each step gets, if not one per file: exact numbers for presign, S3 and
	 * create; upper limits for the poll (default: one more than there are files), and for the list
	 * and the contents of the patient's files (default: none); the exact number for the list of the
	 * run's patients (default: one).
	 */
	asked?: Asked;
	/** Approximate duration in seconds, if long: the longest rows start first. */
	takes?: number;
	/** Minimum duration in seconds, if the node has to wait. */
	waits?: number;
}

/** A fault during the test of the credential, and the expected message. */
export interface CredentialRow {
	what: string;
	faults?: Fault[];
	tls?: { api: number };
	/** Whether the test succeeds. */
	ok?: true;
	then: RegExp;
	takes?: number;
}

// When and how often a fault applies.

export const EVER = 999;

export const at = (on: Step) => {
	const strike =
		(act: Fault['act']) =>
		(action: FaultAction, times = 1, skip = 0): Fault => ({ on, act, do: action, times, skip });
	return {
		/** Before the request is carried out. */
		before: strike('before'),
		/** After the request was carried out, before the reply. */
		after: strike('after'),
		/** After this many bytes of the request's body. */
		body: (afterBytes: number, ...rest: Parameters<ReturnType<typeof strike>>): Fault => ({
			...strike('body')(...rest),
			afterBytes,
		}),
	};
};
const user = at('user');
const presign = at('presign');
const s3 = at('s3');
const create = at('create');
const poll = at('poll');
const patients = at('patients');
const get = at('get');
const content = at('other');

// Fault actions.

export const reset: FaultAction = { reset: true };
export const hang: FaultAction = { hang: true };
export const slow: FaultAction = { delayMs: 3000 };

export const answer = (
	status: number,
	body = '',
	headers: Record<string, string> = {},
): FaultAction => ({
	reply: { status, body, headers },
});
export const json = (status: number, value: unknown): FaultAction =>
	answer(status, JSON.stringify(value), { 'Content-Type': 'application/json' });
export const html = (status = 200): FaultAction =>
	answer(status, '<!doctype html><title>Sign in</title><p>Sign in to the guest network', {
		'Content-Type': 'text/html',
	});
export const elsewhere = (status: number): FaultAction =>
	answer(status, '', { Location: 'https://collector.example/v1/' });
export const unprocessable = (errors: Record<string, string>): FaultAction =>
	json(422, { message: 'Validation Failed', errors });

/** 429. `resetIn`: seconds from now, which the lanes convert to a time; text is sent as it is. */
export const limited = (
	resetIn?: number | string,
	headers: Record<string, string> = {},
): FaultAction =>
	answer(429, '{"message":"Rate limit exceeded"}', {
		...headers,
		...(resetIn !== undefined && {
			'X-RateLimit-Reset': typeof resetIn === 'number' ? `in ${resetIn}` : resetIn,
		}),
	});

const xml = (status: number, root: string, content: Record<string, string>): FaultAction => {
	const elements = Object.entries(content).map(([name, value]) => `<${name}>${value}</${name}>`);
	return answer(status, `<?xml version="1.0"?>\n<${root}>${elements.join('')}</${root}>`);
};
const s3Says = (status: number, Code: string, Message: string, rest = {}): FaultAction =>
	xml(status, 'Error', { Code, Message, ...rest });
const expired = s3Says(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');

/** Replaces the body of the real reply; the request was carried out. */
export const changed = (change: (body: string) => string): FaultAction => ({
	rewrite: (reply) => ({ ...reply, body: change(reply.body) }),
});
/** Overrides properties in the JSON of the real reply. */
export const changedTo = (properties: object): FaultAction =>
	changed((body) => JSON.stringify({ ...(JSON.parse(body) as object), ...properties }));
export const half = changed((body) => body.slice(0, body.length / 2));
/** The connection breaks in the middle of the real reply. */
export const cutOff: FaultAction = {
	rewrite: (reply) => ({
		...reply,
		headers: { ...reply.headers, 'Content-Length': String(Buffer.byteLength(reply.body)) },
		body: reply.body.slice(0, reply.body.length / 2),
		closes: true,
	}),
};
/** The record was created, but only the reply's `Location` refers to it. */
const located = (status: number): FaultAction => ({
	rewrite: (reply) => {
		const { id } = JSON.parse(reply.body) as { id: string };
		const address = `https://api.au1.cliniko.com/v1/patient_attachments/${id}`;
		return { ...reply, status, headers: { Location: address }, body: '' };
	},
});
const noRows = changedTo({ patient_attachments: [], total_entries: 0, links: {} });

// How it ends.

/** The file is not on the record, and no message claims that it is. */
const not = (message: RegExp, advice: RegExp): Failure => ({ message, advice, there: false });
const notStored = (message: RegExp, advice: RegExp): NonNullable<Row['then']> => ({
	0: not(message, advice),
});
/** The file is on the record, and the message contains the attachment's id. */
const storedBut = (message: RegExp, advice: RegExp): NonNullable<Row['then']> => ({
	0: { message, advice, there: true, says: 'id' },
});
/** The node cannot know, and the message says so. */
const perhaps = (there: boolean, message: RegExp, advice = /[Ll]ook at the patient’s files/) => ({
	0: { message, advice, there, says: 'perhaps' as const },
});

export const noReply = [
	/did not answer/,
	/can reach https:\/\/api\.au1.*status\.cliniko\.com/,
] as const;
export const notJson = [
	/not the JSON it should be/,
	/Run the workflow again.*proxy or firewall/,
] as const;
export const fault = (status: number) =>
	[new RegExp(`answered with status ${status}`), /status\.cliniko\.com/] as const;
export const redirect = [/redirect, which is not followed/, /shard.*proxy or firewall/] as const;
export const badKey = [/refused the API key/, /test it/] as const;
const mayNot = [/may not do this/, /role/] as const;
const noPatient = [/has no patient with the ID 1234567890123456781/, /Check the ID/] as const;

const noS3 = [/was lost or stalled/, /not on the patient’s record.*reach amazonaws/] as const;
const s3Fault = (status: number) =>
	[
		new RegExp(`did not accept.*status ${status}`),
		/not on the.*Amazon S3 has a fault.*again/,
	] as const;
const s3Refusal = (words: string) =>
	[new RegExp(`did not accept.*status ${words}`), /not on the patient’s record.*again/] as const;
const noKey = [/does not say where it is/, /not on the patient’s record.*again.*proxy/] as const;

const onRecord =
	/(?:on the patient’s record, so do not upload it|record is there, so do not upload the file) again/;
const openSince = /before the connection broke|not known whether it is there/;
const recordNotVisible = /Cliniko’s answer does not say whether.*does not show the record/;

const skip = { ifAlreadyUploaded: 'skip' };
const oneByOne = { concurrency: 1 };
const four: FileName[] = ['letter.pdf', 'letter.pdf', 'letter.pdf', 'letter.pdf'];
const two: FileName[] = ['letter.pdf', 'letter.pdf'];

/** The list of the run's patients, which is requested first. */
const asksPatients = (times: number): Asked => [1, 1, 1, 2, 0, times];
const onlyPatients = (times: number): Asked => [0, 0, 0, 0, 0, times];
const lookUp = ([message, advice]: readonly [RegExp, RegExp]) =>
	notStored(new RegExp(`look up the patients.*${message.source}`), advice);
const patientsRows: Row[] = [
	...(
		[
			['reset', patients.before(reset)],
			['reset before the reply', patients.after(reset)],
			['reset in the reply', patients.after(cutOff)],
			...[500, 502, 503, 504, 408].map((status) => [`${status}`, patients.before(html(status))]),
			['HTML', patients.before(html())],
			['half the JSON', patients.after(half)],
			['an array', patients.before(json(200, []))],
			['null', patients.before(json(200, null))],
			['nothing', patients.before(answer(200))],
		] as Array<[string, Fault]>
	).map(([what, strike]): Row => ({ what, faults: [strike], asked: asksPatients(2) })),
	{ what: 'hang', faults: [patients.before(hang)], asked: asksPatients(2), takes: 33 },
	{ what: 'slow', faults: [patients.before(slow)] },
	{ what: '500 three times', faults: [patients.before(answer(500), 3)], asked: asksPatients(4) },
	...(
		[
			['reset', reset, noReply],
			['503', html(503), fault(503)],
			['HTML', html(), notJson],
		] as const
	).map(
		([what, action, words]): Row => ({
			what: `${what} for ever`,
			faults: [patients.before(action, EVER)],
			then: lookUp(words),
			asked: onlyPatients(5),
		}),
	),
	...(
		[
			[400, fault(400)],
			[401, badKey],
			[403, mayNot],
			[404, [/has nothing there/, /Check the ID/]],
			[409, fault(409)],
			[422, [/did not accept it/, /Change what/]],
		] as const
	).map(
		([status, words]): Row => ({
			what: `${status}`,
			faults: [patients.before(json(status, { message: 'No' }))],
			then: lookUp(words),
			asked: onlyPatients(1),
		}),
	),
	...[301, 302, 307].map(
		(status): Row => ({
			what: `${status} to another host`,
			faults: [patients.before(elsewhere(status))],
			then: lookUp(redirect),
			asked: onlyPatients(1),
		}),
	),
	{
		what: 'no list in it',
		faults: [patients.before(json(200, { people: [] }))],
		then: lookUp([/no list of patients/, /again.*status\.cliniko\.com/]),
		asked: onlyPatients(1),
	},
	{
		what: 'a list without the patient, who is then read alone',
		faults: [patients.after(changedTo({ patients: [], total_entries: 0 }))],
		asked: [1, 1, 1, 2, 1],
	},
	{
		what: 'a list with another patient, who is archived',
		faults: [
			patients.after(
				changedTo({
					patients: [{ id: '1234567890123456787', archived_at: '2024-08-01T12:00:00Z' }],
				}),
			),
		],
		asked: [1, 1, 1, 2, 1],
	},
	{
		what: 'the patient of one of two files is archived, and the run stops',
		faults: [
			patients.after(
				changedTo({
					patients: [{ id: '1234567890123456782', archived_at: '2024-08-01T12:00:00Z' }],
				}),
			),
		],
		files: two,
		twoPatients: true,
		then: {
			0: 'skipped',
			1: not(/Patient 1234567890123456782 is archived.*nothing was sent/, /right patient/),
		},
		// The other one, which the list does not show, is requested by its id.
		asked: [0, 0, 0, 0, 1, 1],
	},
	{
		what: '503 for ever, for all files of a run',
		faults: [patients.before(html(503), EVER)],
		files: four,
		goOn: true,
		then: [0, 1, 2, 3].map(() => lookUp(fault(503))[0]!),
		asked: onlyPatients(5),
	},
	{ what: 'TLS failure', tls: { api: 1 } },
	{
		what: 'TLS failure for ever',
		tls: { api: EVER },
		then: lookUp(noReply),
		asked: onlyPatients(0),
	},
];

const presignRows: Row[] = [
	{ what: 'reset', faults: [presign.before(reset)], asked: [2, 1, 1] },
	{ what: 'reset before the reply', faults: [presign.after(reset)], asked: [2, 1, 1] },
	{ what: 'reset in the reply', faults: [presign.after(cutOff)], asked: [2, 1, 1] },
	{
		what: 'reset for ever',
		faults: [presign.before(reset, EVER)],
		then: notStored(...noReply),
		asked: [5, 0, 0],
	},
	{ what: 'hang', faults: [presign.before(hang)], asked: [2, 1, 1], takes: 33 },
	{ what: 'slow', faults: [presign.before(slow)] },
	...[500, 502, 503, 504, 408].map(
		(status): Row => ({
			what: `${status}`,
			faults: [presign.before(html(status))],
			asked: [2, 1, 1],
		}),
	),
	{ what: '500 three times', faults: [presign.before(answer(500), 3)], asked: [4, 1, 1] },
	{
		what: '503 for ever',
		faults: [presign.before(html(503), EVER)],
		then: notStored(...fault(503)),
		asked: [5, 0, 0],
	},
	...(
		[
			[400, fault(400)],
			[401, badKey],
			[403, mayNot],
			[404, noPatient],
			[409, fault(409)],
		] as const
	).map(
		([status, words]): Row => ({
			what: `${status}`,
			faults: [presign.before(json(status, { message: 'No' }))],
			then: notStored(...words),
			asked: [1, 0, 0],
		}),
	),
	{
		what: '422',
		faults: [presign.before(unprocessable({ patient: 'is archived' }))],
		then: notStored(/Cliniko says: Validation Failed: patient is archived/, /Change what/),
		asked: [1, 0, 0],
	},
	{
		what: '422 that repeats what it should not',
		faults: [
			presign.before(
				unprocessable({
					policy: `is eyJleHBpcmF0aW9uIjoiMjAyNi0wMS0wMVQwMDowMDowMFoifQ== and X-Amz-Signature=${'0af1'.repeat(16)}`,
				}),
			),
		],
		then: notStored(/Cliniko says: Validation Failed: policy is not accepted/, /Change what/),
		asked: [1, 0, 0],
	},
	...[301, 302, 307].map(
		(status): Row => ({
			what: `${status} to another host`,
			faults: [presign.before(elsewhere(status))],
			then: notStored(...redirect),
			asked: [1, 0, 0],
		}),
	),
	{ what: 'HTML', faults: [presign.before(html())], asked: [2, 1, 1] },
	{
		what: 'HTML for ever',
		faults: [presign.before(html(), EVER)],
		then: notStored(...notJson),
		asked: [5, 0, 0],
	},
	{ what: 'half the JSON', faults: [presign.after(half)], asked: [2, 1, 1] },
	{ what: 'an array', faults: [presign.before(json(200, []))], asked: [2, 1, 1] },
	{ what: 'null', faults: [presign.before(json(200, null))], asked: [2, 1, 1] },
	{ what: 'nothing', faults: [presign.before(answer(200))], asked: [2, 1, 1] },
	...(
		[
			['no url', { url: undefined }, /no upload address/],
			['no fields', { fields: undefined }, /no upload address/],
			['a field called file', { fields: { key: 'a', File: 'b' } }, /no upload address/],
			['an http address', { url: `http://${BUCKET_HOST}/` }, /not a secure \(https\) one/],
			['an address that is none', { url: 'store' }, /not a secure \(https\) one/],
		] as const
	).map(
		([what, properties, message]): Row => ({
			what,
			faults: [presign.after(changedTo(properties))],
			then: notStored(message, /not sent.*again/),
			asked: [1, 0, 0],
		}),
	),
	{
		what: 'a policy that takes less than the file has',
		settings: { maxFileBytes: 10 },
		then: notStored(/Cliniko accepts at most 10 bytes/, /smaller.*not sent/),
		asked: [1, 0, 0],
	},
	{ what: 'TLS failure', tls: { api: 1, skip: 1 } },
	{
		what: 'TLS failure for ever',
		tls: { api: EVER, skip: 1 },
		then: notStored(...noReply),
		asked: [0, 0, 0],
	},
];

const s3Rows: Row[] = [
	{ what: 'reset', faults: [s3.before(reset)], asked: [1, 2, 1] },
	{ what: 'reset before the reply', faults: [s3.after(reset)], asked: [1, 2, 1] },
	{ what: 'reset in the reply', faults: [s3.after(cutOff)], asked: [1, 2, 1] },
	...(['scan.pdf', 'film.mp4'] as const).flatMap((name): Row[] => [
		{
			what: `reset early in the body of ${name}`,
			faults: [s3.body(1, reset)],
			files: [name],
			asked: [1, 2, 1],
		},
		{
			what: `reset late in the body of ${name}, three times`,
			faults: [s3.body(name === 'scan.pdf' ? 1_000_000 : 6_000_000, reset, 3)],
			files: [name],
			asked: [1, 4, 1],
		},
	]),
	{
		what: 'reset before the reply, streamed',
		faults: [s3.after(reset)],
		files: ['film.mp4'],
		asked: [1, 2, 1],
	},
	{
		what: 'reset for ever',
		faults: [s3.before(reset, EVER)],
		then: notStored(...noS3),
		asked: [1, 4, 0],
	},
	{
		what: 'reset in the body for ever, streamed',
		faults: [s3.body(1_000_000, reset, EVER)],
		files: ['film.mp4'],
		then: notStored(...noS3),
		asked: [1, 4, 0],
	},
	{ what: 'hang', faults: [s3.before(hang)], asked: [1, 2, 1], takes: 65 },
	{ what: 'hang before the reply', faults: [s3.after(hang)], asked: [1, 2, 1], takes: 65 },
	{ what: 'slow', faults: [s3.before(slow)] },
	{ what: 'slow in the body, streamed', faults: [s3.body(3_000_000, slow)], files: ['film.mp4'] },
	...[500, 502, 504].map(
		(status): Row => ({ what: `${status}`, faults: [s3.before(html(status))], asked: [1, 2, 1] }),
	),
	{
		what: '503 SlowDown',
		faults: [s3.before(s3Says(503, 'SlowDown', 'Please reduce your request rate.'))],
		asked: [1, 2, 1],
	},
	{
		what: '503 SlowDown in the body, streamed',
		faults: [s3.body(1, s3Says(503, 'SlowDown', 'Please reduce your request rate.'))],
		files: ['film.mp4'],
		asked: [1, 2, 1],
	},
	{
		what: '500 three times',
		faults: [s3.before(s3Says(500, 'InternalError', 'Please try again.'), 3)],
		asked: [1, 4, 1],
	},
	{
		what: '500 though it took the file',
		faults: [s3.after(s3Says(500, 'InternalError', 'Please try again.'))],
		asked: [1, 2, 1],
	},
	{
		what: '503 for ever',
		faults: [s3.before(s3Says(503, 'SlowDown', 'Please reduce your request rate.'), EVER)],
		then: notStored(...s3Fault(503)),
		asked: [1, 4, 0],
	},
	{
		what: '400 RequestTimeout',
		faults: [s3.before(s3Says(400, 'RequestTimeout', 'Your socket connection was not read from.'))],
		asked: [1, 2, 1],
	},
	{
		what: '400 RequestTimeout for ever',
		faults: [s3.before(s3Says(400, 'RequestTimeout', 'Idle connections will be closed.'), EVER)],
		then: notStored(...s3Refusal('400, RequestTimeout')),
		asked: [1, 4, 0],
	},
	{
		what: '400 EntityTooLarge',
		faults: [s3.before(s3Says(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum'))],
		then: notStored(/status 400, EntityTooLarge/, /smaller.*not on the patient’s record/),
		asked: [1, 1, 0],
	},
	...[401, 403, 404, 408, 409, 422].map(
		(status): Row => ({
			what: `${status}`,
			faults: [s3.before(s3Says(status, 'AccessDenied', 'Access Denied'))],
			then: notStored(...s3Refusal(`${status}, AccessDenied`)),
			asked: [1, 1, 0],
		}),
	),
	{
		what: '403 that tells what was signed',
		faults: [
			s3.before(
				s3Says(403, 'SignatureDoesNotMatch', `The signature ${'0af1'.repeat(16)} is not ours`, {
					AWSAccessKeyId: 'AKIASANDBOXONLY00000',
					StringToSign: 'eyJleHBpcmF0aW9uIjoi',
					SignatureProvided: '0af1'.repeat(16),
				}),
			),
		],
		then: notStored(...s3Refusal('403, SignatureDoesNotMatch')),
		asked: [1, 1, 0],
	},
	{
		what: '403 for a condition that the form does not meet',
		settings: {
			policyConditions: ({ conditions }) => conditions.push({ 'x-amz-meta-clinic': 'Sunrise' }),
		},
		then: notStored(...s3Refusal('403, AccessDenied')),
		asked: [1, 1, 0],
	},
	{
		what: '403 that closes the connection while the file is streamed',
		settings: {
			earlyRefusal: true,
			policyConditions: ({ conditions }) => conditions.push({ 'x-amz-meta-clinic': 'Sunrise' }),
		},
		files: ['film.mp4'],
		then: notStored(...s3Refusal('403, AccessDenied')),
		asked: [1, { upTo: 4 }, 0],
	},
	{ what: '403 expired', faults: [s3.before(expired)], asked: [2, 2, 1] },
	{
		what: '403 expired, streamed',
		faults: [s3.before(expired)],
		files: ['film.mp4'],
		asked: [2, 2, 1],
	},
	{
		what: '403 expired, and no new presigned post',
		faults: [s3.before(expired), presign.before(answer(401), 1, 1)],
		then: notStored(...badKey),
		asked: [2, 1, 0],
	},
	{
		what: '403 expired for ever',
		faults: [s3.before(expired, EVER)],
		then: notStored(...s3Refusal('403, AccessDenied')),
		asked: [2, 2, 0],
	},
	{
		what: 'a presigned post that expires on its way',
		settings: { presignLifetimeMs: 13_000 },
		faults: [s3.before({ delayMs: 14_000 })],
		asked: [2, 2, 1],
		takes: 17,
	},
	{
		what: 'a presigned post that expires between two tries',
		settings: { presignLifetimeMs: 12_000 },
		faults: [s3.before({ delayMs: 4000, ...answer(500) })],
		asked: [2, 2, 1],
	},
	{
		what: 'presigned posts that have all expired',
		settings: { presignLifetimeMs: 1, clockSpreadMs: 0 },
		then: notStored(...s3Refusal('403, AccessDenied')),
		asked: [4, 2, 0],
	},
	...[301, 302, 307].map(
		(status): Row => ({
			what: `${status} to another host`,
			faults: [s3.before(elsewhere(status))],
			then: notStored(/status 30\d/, /not on the patient’s record.*redirect.*again/),
			asked: [1, 1, 0],
		}),
	),
	{
		what: '307 to another host, streamed',
		faults: [s3.before(elsewhere(307))],
		files: ['film.mp4'],
		then: notStored(/status 307/, /not on the patient’s record.*redirect.*again/),
		asked: [1, 1, 0],
	},
	{
		what: '201 without a key',
		faults: [s3.after(changed((body) => body.replace(/<Key>.*<\/Key>/, '')))],
		asked: [1, 2, 1],
	},
	{
		what: '201 without a key for ever',
		faults: [
			s3.after(
				changed((body) => body.replace(/<Key>.*<\/Key>/, '')),
				EVER,
			),
		],
		then: notStored(...noKey),
		asked: [1, 4, 0],
	},
	{
		what: '201 with the key of another file',
		faults: [s3.after(changed((body) => body.replace('/temp/', '/temp/not-')))],
		asked: [1, 2, 1],
	},
	{
		what: '201 with the key of another file for ever',
		faults: [
			s3.after(
				changed((body) => body.replace('/temp/', '/temp/not-')),
				EVER,
			),
		],
		then: notStored(/about another file or place/, /not on the patient’s record.*again/),
		asked: [1, 4, 0],
	},
	{ what: '201 with half the XML', faults: [s3.after(half)], asked: [1, 2, 1] },
	{ what: '201 with HTML', faults: [s3.before(html(201))], asked: [1, 2, 1] },
	{ what: '201 with nothing', faults: [s3.before(answer(201))], asked: [1, 2, 1] },
	{ what: '204', faults: [s3.before(answer(204))], asked: [1, 2, 1] },
	{
		what: '200 with HTML for ever',
		faults: [s3.before(html(200), EVER)],
		then: notStored(...noKey),
		asked: [1, 4, 0],
	},
	{ what: 'TLS failure', tls: { s3: 1 } },
	{ what: 'TLS failure for ever', tls: { s3: EVER }, then: notStored(...noS3), asked: [1, 0, 0] },
];

/**
 * The list is requested once if the record is already there, and its file is downloaded; five times
 * within a minute if there is none.
 */
const createRows: Row[] = [
	{
		what: 'reset, not created',
		faults: [create.before(reset)],
		asked: [1, 1, 2, 2, 5],
		takes: 63,
	},
	{ what: 'reset, created', faults: [create.after(reset)], asked: [1, 1, 1, 2, 2] },
	{ what: 'reset in the reply, created', faults: [create.after(cutOff)], asked: [1, 1, 1, 2, 2] },
	{
		what: 'reset twice, the second time created',
		faults: [create.before(reset), create.after(reset)],
		asked: [1, 1, 2, 2, 7],
		takes: 68,
	},
	{
		what: 'reset for ever, not created',
		faults: [create.before(reset, EVER)],
		then: notStored(...noReply),
		asked: [1, 1, 2, 0, 10],
		takes: 125,
	},
	{ what: 'hang, not created', faults: [create.before(hang)], asked: [1, 1, 2, 2, 5], takes: 97 },
	{ what: 'hang, created', faults: [create.after(hang)], asked: [1, 1, 1, 2, 2], takes: 35 },
	{
		what: 'hang, created after the time-out',
		faults: [create.before(hang)],
		meanwhile: { late: 5000 },
		asked: [1, 1, 1, 2, 3],
		takes: 38,
	},
	{
		what: '504 at once, created later',
		faults: [create.before(html(504))],
		meanwhile: { late: 8000 },
		asked: [1, 1, 1, 2, 4],
		takes: 17,
	},
	{ what: 'slow', faults: [create.after(slow)] },
	...[408, 500, 502, 503, 504].map(
		(status): Row => ({
			what: `${status}, not created`,
			faults: [create.before(html(status))],
			asked: [1, 1, 2, 2, 5],
			takes: 63,
		}),
	),
	...[408, 500, 502, 503, 504].map(
		(status): Row => ({
			what: `${status}, created`,
			faults: [create.after(html(status))],
			asked: [1, 1, 1, 2, 2],
		}),
	),
	{
		what: '500 for ever, not created',
		faults: [create.before(answer(500), EVER)],
		then: notStored(...fault(500)),
		asked: [1, 1, 2, 0, 10],
		takes: 122,
	},
	{
		what: '500 for ever, created',
		faults: [create.after(answer(500), EVER)],
		asked: [1, 1, 1, 2, 2],
	},
	...(
		[
			['half the JSON', half],
			['HTML', changed(() => '<p>Sign in')],
			['nothing', changed(() => '')],
			['an array', changed((body) => `[${body}]`)],
			['null', changed(() => 'null')],
			['no id', changedTo({ id: undefined })],
			[
				'a number as id, with wrong digits',
				changed((body) => body.replace(/"id":"(\d+)"/, '"id":$1')),
			],
		] as const
	).map(
		([what, action]): Row => ({
			what: `201 with ${what}, created`,
			faults: [create.after(action)],
			asked: [1, 1, 1, 2, 2],
		}),
	),
	...(
		[
			['201 with a Location and no JSON', 201],
			['302 to the record', 302],
		] as const
	).map(
		([what, status]): Row => ({
			what: `${what}, created`,
			faults: [create.after(located(status))],
			asked: [1, 1, 1, 3],
		}),
	),
	{
		what: 'HTML in place of Cliniko, not created',
		faults: [create.before(html(200))],
		then: perhaps(false, recordNotVisible),
		asked: [1, 1, 1, 0, 5],
		takes: 62,
	},
	{
		what: '201 that names another patient',
		faults: [
			create.after(changed((body) => body.replace(/(\/patients\/)\d+/, '$11234567890123456782'))),
		],
		then: storedBut(/patient 1234567890123456782 instead of/, /Look at attachment.*at once/),
	},
	{
		what: '422',
		faults: [create.before(unprocessable({ patient_id: 'is invalid' }))],
		then: notStored(/did not accept it.*patient_id is invalid/, /Change what/),
	},
	{
		what: '422 about the address, which has nothing to encode',
		faults: [create.before(unprocessable({ temp_attachment_url: 'is invalid' }))],
		then: notStored(/did not accept it.*temp_attachment_url is invalid/, /Change what/),
	},
	{
		what: '422 about the plain address, and the reply to the encoded one lost',
		settings: { uploadUrlForm: 'encoded', uploadUrlChecked: 'at creation' },
		faults: [create.after(reset, 1, 1)],
		files: ['Ärztebrief 2.pdf'],
		asked: [1, 1, 2, 2, 2],
	},
	...(
		[
			['422 about something else', unprocessable({ base: 'is invalid' })],
			['400', html(400)],
		] as const
	).map(
		([what, refusal]): Row => ({
			what: `${what}, for the plain address only`,
			settings: { uploadUrlForm: 'encoded' },
			faults: [create.before(refusal)],
			files: ['Ärztebrief 2.pdf'],
			asked: [1, 1, 2],
		}),
	),
	...(
		[
			[400, fault(400)],
			[401, badKey],
			[403, mayNot],
			[404, noPatient],
			[409, fault(409)],
		] as const
	).map(
		([status, words]): Row => ({
			what: `${status}`,
			faults: [create.before(elsewhere(status))],
			then: notStored(...words),
		}),
	),
	...[301, 302, 307].map(
		(status): Row => ({
			what: `${status} to another host`,
			faults: [create.before(elsewhere(status))],
			then: perhaps(false, recordNotVisible),
			asked: [1, 1, 1, 0, 5],
			takes: 62,
		}),
	),
	{
		what: 'reset, created, and the record is in the list only after some seconds',
		faults: [create.after(reset), get.after(noRows, 2)],
		asked: [1, 1, 1, 2, 4],
		takes: 17,
	},
	{
		what: 'reset, created, and the record is never in the list',
		// If the URL were checked later, the second request would create a second record, without a
		// file.
		settings: { uploadUrlChecked: 'at creation' },
		faults: [create.after(reset), get.after(noRows, EVER)],
		then: perhaps(true, recordNotVisible),
		asked: [1, 1, 2, 0, 10],
		takes: 126,
	},
	{
		what: 'reset, created, and the list fails at first',
		faults: [create.after(reset), get.before(html(503), 3)],
		asked: [1, 1, 1, 2, 5],
	},
	{
		what: 'reset, created, and the list hangs',
		faults: [create.after(reset), get.before(hang)],
		asked: [1, 1, 1, 2, 3],
		takes: 36,
	},
	{
		what: 'reset, created, and the list fails for ever',
		faults: [create.after(reset), get.before(html(503), EVER)],
		then: perhaps(true, openSince),
		asked: [1, 1, 1, 0, 5],
	},
	{
		what: 'reset, not created, and the list fails for ever',
		faults: [create.before(reset), get.before(reset, EVER)],
		then: perhaps(false, openSince),
		asked: [1, 1, 1, 0, 5],
	},
	{
		what: 'reset, created, and the list may not be read',
		faults: [create.after(reset), get.before(json(403, { message: 'No' }))],
		then: perhaps(true, openSince),
		asked: [1, 1, 1, 0, 1],
	},
	{
		what: 'reset, created, and the list is no list',
		faults: [create.after(reset), get.before(json(200, {}))],
		then: perhaps(true, openSince),
		asked: [1, 1, 1, 0, 1],
	},
	{
		what: 'reset, created, and its file cannot be downloaded',
		faults: [create.after(reset), content.before(answer(403), EVER)],
		then: { 0: { ...perhaps(true, openSince)[0], says: 'id' } },
		asked: [1, 1, 1, 0, 15],
		takes: 62,
	},
	{
		what: 'reset, created, and the first download of its file breaks',
		faults: [create.after(reset), content.before(reset)],
		asked: [1, 1, 1, 2, 3],
	},
	{
		what: 'reset, created, and processed only after a while',
		settings: { processingMs: 12_000 },
		faults: [create.after(reset)],
		asked: [1, 1, 1, 2, 4],
		takes: 18,
	},
	{
		what: 'reset, created, and never processed',
		settings: { processingMs: 600_000 },
		faults: [create.after(reset)],
		then: { 0: { ...perhaps(true, openSince)[0], says: 'id' } },
		asked: [1, 1, 1, 0, 26],
		takes: 131,
	},
	{
		what: 'reset, created, while somebody else adds a file',
		faults: [create.after(reset)],
		meanwhile: { foreign: { name: 'consent.pdf' } },
		asked: [1, 1, 1, 2, 3],
	},
	{
		what: 'reset, not created, while somebody else adds a file',
		faults: [create.before(reset)],
		meanwhile: { foreign: { name: 'consent.pdf' } },
		asked: [1, 1, 2, 2, 6],
		takes: 63,
	},
	{
		what: '500, not created, while somebody else adds a file of that size',
		faults: [create.before(answer(500))],
		meanwhile: { foreign: { name: 'consent.pdf', like: 'size' } },
		asked: [1, 1, 2, 2, 6],
		takes: 64,
	},
	{
		what: '500, not created, while somebody else adds another file of that name',
		faults: [create.before(answer(500))],
		meanwhile: { foreign: { name: 'letter.pdf' } },
		then: perhaps(false, openSince),
		asked: [1, 1, 1, 0, 6],
		takes: 62,
	},
	{
		what: '500, created, while somebody else adds another file of that name and size',
		faults: [create.after(answer(500))],
		meanwhile: { foreign: { name: 'letter.pdf', like: 'size' } },
		asked: [1, 1, 1, 2, 3],
	},
	{
		what: '500, not created, while somebody else adds that very file',
		faults: [create.before(answer(500))],
		meanwhile: { foreign: { name: 'letter.pdf', like: 'bytes' } },
		asked: [1, 1, 1, 2, 2],
	},
	{
		what: 'reset, created, while somebody else adds a file that is not processed',
		faults: [create.after(reset)],
		meanwhile: { foreign: { name: 'consent.pdf', fresh: true } },
		asked: [1, 1, 1, 2, 2],
	},
	{
		what: '500, not created, while somebody else adds a file that is never processed',
		faults: [create.before(answer(500))],
		meanwhile: { foreign: { name: 'consent.pdf', fresh: true } },
		then: perhaps(false, openSince),
		asked: [1, 1, 1, 0, 26],
		takes: 128,
	},
	...(
		[
			['another file of that name', { name: 'letter.pdf' }],
			['a file that is never processed', { name: 'consent.pdf', fresh: true }],
		] as const
	).map(
		([what, foreign]): Row => ({
			what: `500, not created, while another user adds ${what}`,
			faults: [create.before(answer(500))],
			meanwhile: { foreign: { ...foreign, by: 'another user' } },
			asked: [1, 1, 2, 2, 5],
			takes: 64,
		}),
	),
	{
		what: 'two files alike, one created and its reply lost',
		faults: [create.after(reset)],
		files: two,
		asked: [2, 2, 2, 3, 2],
	},
	{
		what: 'two files alike, one lost and not created',
		faults: [create.before(answer(500))],
		files: two,
		asked: [2, 2, 3, 3, 5],
		takes: 64,
	},
	{
		what: 'two files alike, both created and both replies lost',
		faults: [create.after(reset, 2)],
		files: two,
		asked: [2, 2, 2, 3, 8],
	},
	{
		what: 'two files alike, both lost, one of them created',
		faults: [create.after(reset), create.before(reset)],
		files: two,
		asked: [2, 2, 3, 3, 8],
		takes: 69,
	},
	{
		what: 'two patients, the same name and size, one reply lost',
		faults: [create.after(reset)],
		files: two,
		twoPatients: true,
		asked: [2, 2, 2, 3, 2],
	},
];
const pollRows: Row[] = [
	...(
		[
			['404, then there', json(404, { message: 'Not found' })],
			['reset', reset],
			['500', html(500)],
			['HTML', html()],
			['nothing', answer(200)],
			['an array', json(200, [])],
			['null', json(200, null)],
			['another record', json(200, { id: '77', processing_completed: true })],
			['slow', slow],
		] as const
	).map(([what, action]): Row => ({ what, faults: [poll.before(action)] })),
	{ what: 'half the JSON', faults: [poll.after(half)] },
	{ what: 'reset in the reply', faults: [poll.after(cutOff)] },
	{ what: 'hang', faults: [poll.before(hang)], takes: 33 },
	{
		what: '503 five times, which ends one look',
		faults: [poll.before(html(503), 5)],
		asked: [1, 1, 1, 6],
	},
	{
		what: '503 for ever',
		faults: [poll.before(html(503), EVER)],
		options: { maxWait: 3 },
		then: storedBut(/after 3 seconds it could not be seen.*had a fault/, onRecord),
		asked: [1, 1, 1, 10],
	},
	{
		what: 'reset for ever',
		faults: [poll.before(reset, EVER)],
		options: { maxWait: 3 },
		then: storedBut(/after 3 seconds it could not be seen.*did not answer/, onRecord),
		asked: [1, 1, 1, 10],
	},
	{
		what: '503 for ever, and the record as it stands will do',
		faults: [poll.before(html(503), EVER)],
		options: { maxWait: 3, onTimeout: 'continue' },
		asked: [1, 1, 1, 10],
	},
	...(
		[
			[400, fault(400)],
			[401, badKey],
			[403, mayNot],
			[409, fault(409)],
			[422, [/did not accept it/, /Change what/]],
			[301, redirect],
			[302, redirect],
			[307, redirect],
		] as const
	).map(
		([status, [message, advice]]): Row => ({
			what: `${status}`,
			faults: [poll.before(elsewhere(status))],
			then: storedBut(message, new RegExp(`${onRecord.source}.*${advice.source}`)),
		}),
	),
	{
		what: '404 for ever, since the record was deleted',
		meanwhile: { gone: true },
		then: notStored(
			/Attachment \d+ was created, and Cliniko has not shown it for a minute/,
			/Look at the patient’s files/,
		),
		asked: [1, 1, 1, 12],
		takes: 75,
	},
	{
		what: 'invalid/invalid',
		files: ['fake.pdf'],
		then: storedBut(/could not read the file: attachment/, /archive.*upload the right file/),
	},
	{
		what: 'never processed',
		settings: { processingMs: 600_000 },
		options: { maxWait: 3 },
		then: storedBut(/has not finished processing attachment \d+ after 3 seconds/, onRecord),
		asked: [1, 1, 1, 4],
	},
	{
		what: 'never processed, and the record as it stands will do',
		settings: { processingMs: 600_000 },
		options: { maxWait: 3, onTimeout: 'continue' },
		asked: [1, 1, 1, 4],
	},
	{
		what: 'the list of those that wait is no list',
		faults: [poll.before(json(200, {}))],
		files: two,
	},
	{
		what: 'the list of those that wait leaves them out',
		faults: [poll.after(noRows)],
		files: two,
		asked: [2, 2, 2, 4],
	},
];

/** The list of the patient's files, which is requested before the first presigned post. */
const listRows: Row[] = [
	...(
		[
			['reset', reset],
			['503', html(503)],
			['HTML', html()],
			['nothing', answer(200)],
			['an array', json(200, [])],
			['null', json(200, null)],
			['slow', slow],
		] as const
	).map(
		([what, action]): Row => ({
			what,
			faults: [get.before(action)],
			options: skip,
			asked: [1, 1, 1, 2, 3],
		}),
	),
	{
		what: 'half the JSON, and the file is there already',
		faults: [get.after(half)],
		meanwhile: { there: true },
		options: skip,
		asked: [0, 0, 0, 0, 3],
	},
	{
		what: 'reset in the reply, and the file is there already',
		faults: [get.after(cutOff)],
		meanwhile: { there: true },
		options: skip,
		asked: [0, 0, 0, 0, 3],
	},
	{
		what: 'hang, and the file is there already',
		faults: [get.before(hang)],
		meanwhile: { there: true },
		options: skip,
		asked: [0, 0, 0, 0, 3],
		takes: 33,
	},
	{
		what: '503 for ever',
		faults: [get.before(html(503), EVER)],
		options: skip,
		then: notStored(...fault(503)),
		asked: [0, 0, 0, 0, 5],
	},
	{
		what: 'HTML for ever',
		faults: [get.before(html(), EVER)],
		options: skip,
		then: notStored(...notJson),
		asked: [0, 0, 0, 0, 5],
	},
	{
		what: 'no list in it',
		faults: [get.before(json(200, { attachments: [] }))],
		options: skip,
		then: notStored(/no list of patient attachments/, /again.*status\.cliniko\.com/),
		asked: [0, 0, 0, 0, 1],
	},
	...(
		[
			[400, fault(400)],
			[401, badKey],
			[403, mayNot],
			[404, [/has nothing there/, /Check the ID/]],
			[302, redirect],
		] as const
	).map(
		([status, words]): Row => ({
			what: `${status}`,
			// After a 400, the list is requested again without sorting by id.
			faults: [get.before(elsewhere(status), status === 400 ? 2 : 1)],
			options: skip,
			then: notStored(...words),
			asked: [0, 0, 0, 0, status === 400 ? 2 : 1],
		}),
	),
	{
		what: 'a file that is there, and the reply of the creation of another one lost',
		faults: [create.after(reset)],
		meanwhile: { there: true },
		files: ['letter.pdf', 'Ärztebrief 2.pdf'],
		options: skip,
		asked: [1, 1, 1, 2, 5],
	},
];

const limitRows: Row[] = [
	...(
		[
			['with a reset that is over', limited(-30), 1],
			['with a reset in 2 seconds', limited(2), 2],
			// This is the longest wait in the suite: an hour would exceed its timeout.
			['with a reset in an hour', limited(3600), 90],
			['without a reset', limited(), 15],
			['with Retry-After only', limited(undefined, { 'Retry-After': '2' }), 3],
			['with a reset that is no number', limited('soon'), 15],
		] as const
	).flatMap(([what, action, waits]): Row[] => [
		{
			what: `patients: ${what}`,
			faults: [patients.before(action)],
			asked: asksPatients(2),
			takes: waits,
			waits,
		},
		{
			what: `presign: ${what}`,
			faults: [presign.before(action)],
			asked: [2, 1, 1],
			takes: waits,
			waits,
		},
		{
			what: `create: ${what}`,
			faults: [create.before(action)],
			asked: [1, 1, 2],
			takes: waits,
			waits,
		},
	]),
	// An endless reply is aborted after ten minutes; the tests of ClinikoApi check that without
	// waiting.
	{
		what: 'patients: again and again, with a reset that is over',
		faults: [patients.before(limited(-1), 5)],
		asked: asksPatients(6),
		takes: 16,
		waits: 15,
	},
	{
		what: 'presign: again and again, with a reset in seconds from now',
		faults: [presign.before(limited('2'), 5)],
		asked: [6, 1, 1],
		takes: 19,
		waits: 18,
	},
	{
		what: 'create: again and again, with a reset that is over',
		faults: [create.before(limited(-1), 5)],
		asked: [1, 1, 6],
		takes: 16,
		waits: 15,
	},
	{ what: 'poll', faults: [poll.before(limited(2))], waits: 1 },
	{
		what: 'list of the patient’s files',
		faults: [get.before(limited(2))],
		options: skip,
		asked: [1, 1, 1, 2, 3],
		waits: 1,
	},
	{
		what: 'list of the patient’s files, after a lost reply',
		faults: [create.after(reset), get.before(limited(2))],
		asked: [1, 1, 1, 2, 3],
		waits: 1,
	},
	{
		what: 'create, after one that was lost',
		faults: [create.before(answer(500)), create.before(limited(2))],
		asked: [1, 1, 3, 2, 5],
		waits: 1,
		takes: 64,
	},
	{
		what: 'all four files of a run at once',
		faults: [presign.before(limited(2), 4)],
		files: four,
		asked: [8, 4, 4],
		waits: 1,
	},
];

const clockRows: Row[] = [5, -5].flatMap((skew): Row[] => [
	{ what: `${skew} h`, skew },
	{
		what: `${skew} h, and the rate limit`,
		skew,
		settings: { requestsPerWindow: 2, rateLimitWindowMs: 5000 },
		asked: [1, 1, 2, 3],
		waits: 1,
	},
	{
		what: `${skew} h, and the reply to the creation lost`,
		skew,
		faults: [create.after(reset)],
		asked: [1, 1, 1, 2, 2],
	},
	{
		what: `${skew} h, and the creation lost`,
		skew,
		faults: [create.before(answer(500))],
		asked: [1, 1, 2, 2, 5],
		takes: 65,
	},
	{
		what: `${skew} h, and the file must be sent twice`,
		skew,
		faults: [s3.before(answer(500))],
		asked: [1, 2, 1],
	},
]);

/** A fault for one of four files, the second if they are sent in sequence. */
const severalRows: Row[] = [
	{
		what: 'presign 403',
		faults: [presign.before(json(403, { message: 'No' }), 1, 1)],
		files: four,
		options: oneByOne,
		goOn: true,
		then: { 1: not(...mayNot) },
		asked: [4, 3, 3],
	},
	{
		what: 'presign 500 three times',
		faults: [presign.before(html(500), 3, 1)],
		files: four,
		options: oneByOne,
		goOn: true,
		asked: [7, 4, 4],
	},
	{
		what: 'S3 reset for ever',
		faults: [s3.before(reset, 4, 1)],
		files: four,
		options: oneByOne,
		goOn: true,
		then: { 1: not(...noS3) },
		asked: [4, 7, 3],
	},
	{
		what: 'S3 reset in the body of the large one',
		faults: [s3.body(3_000_000, reset)],
		files: ['film.mp4', 'letter.pdf', 'scan.pdf', 'Ärztebrief 2.pdf'],
		options: oneByOne,
		goOn: true,
		asked: [4, 5, 4],
	},
	{
		what: 'S3 403',
		faults: [s3.before(s3Says(403, 'AccessDenied', 'Access Denied'), 1, 1)],
		files: four,
		options: oneByOne,
		goOn: true,
		then: { 1: not(...s3Refusal('403, AccessDenied')) },
		asked: [4, 4, 3],
	},
	{
		what: 'create 422',
		faults: [create.before(unprocessable({ patient_id: 'is invalid' }), 1, 1)],
		files: four,
		options: oneByOne,
		goOn: true,
		then: { 1: not(/"letter\.pdf".*did not accept it/, /Change what/) },
	},
	{
		what: 'create lost, created',
		faults: [create.after(reset, 1, 1)],
		files: four,
		goOn: true,
		asked: [4, 4, 4, 5, 2],
	},
	{
		what: 'create lost, not created',
		faults: [create.before(reset, 1, 1)],
		files: four,
		goOn: true,
		asked: [4, 4, 5, 5, 5],
		takes: 63,
	},
	{
		what: 'create 500 for ever, created',
		faults: [create.after(answer(500), EVER)],
		files: ['letter.pdf', 'film.mp4', 'scan.pdf', 'Ärztebrief 2.pdf'],
		goOn: true,
		asked: [4, 4, 4, 5, 12],
	},
	{ what: 'polls 503', faults: [poll.before(html(503), 3)], files: four, goOn: true },
	{
		what: 'one cannot be read',
		files: ['letter.pdf', 'fake.pdf', 'scan.pdf', 'Ärztebrief 2.pdf'],
		goOn: true,
		then: {
			1: {
				message: /could not read the file: attachment/,
				advice: /archive.*upload the right file/,
				there: true,
				says: 'id',
			},
		},
	},
	{
		what: 'create 422, and the run stops',
		faults: [create.before(unprocessable({ patient_id: 'is invalid' }), 1, 1)],
		files: four,
		options: oneByOne,
		then: {
			1: not(
				/did not accept it.*1 other file stored in this run: item 0 as attachment \d+\. 2 other files not sent/,
				/Change what/,
			),
			2: 'skipped',
			3: 'skipped',
		},
		asked: [2, 2, 2],
	},
	{
		what: 'presign 401, and the run stops',
		faults: [presign.before(json(401, {}), EVER, 2)],
		files: four,
		options: oneByOne,
		then: {
			2: not(
				/refused the API key.*2 other files stored in this run: item 0.*1 other file not sent/,
				/test it/,
			),
			3: 'skipped',
		},
		asked: [3, 2, 2],
	},
	{
		what: 'everything resets once, and then again',
		faults: [
			patients.before(reset, 2),
			presign.before(reset, 2),
			s3.before(reset, 2),
			create.after(reset, 2),
			poll.before(reset, 2),
			get.before(reset, 2),
		],
		files: ['letter.pdf', 'film.mp4', 'scan.pdf', 'Ärztebrief 2.pdf'],
		asked: [6, 6, 4, 7, 10, 3],
		takes: 15,
	},
];

/** For all but 401 and 403, the messages are n8n's own. */
export const credentialRows: CredentialRow[] = [
	{ what: 'nothing goes wrong', ok: true, then: /Connection successful/ },
	// n8n itself retries once after a 401.
	{
		what: '401',
		faults: [user.before(answer(401), 2)],
		then: /refused this API key.*Make a new one/,
	},
	{
		what: '403',
		faults: [user.before(answer(403))],
		then: /does not let its user in.*Ask the owner/,
	},
	{ what: '404', faults: [user.before(answer(404))], then: /could not be found/ },
	{ what: '429', faults: [user.before(limited(2))], then: /too many requests/ },
	{ what: '500', faults: [user.before(answer(500))], then: /not able to process/ },
	{ what: '503 with HTML', faults: [user.before(html(503))], then: /try again later/ },
	{ what: 'slow', faults: [user.before(slow)], ok: true, then: /Connection successful/ },
	{ what: 'reset', faults: [user.before(reset)], then: /closed unexpectedly.*retry/ },
	{ what: 'reset in the reply', faults: [user.after(cutOff)], then: /aborted/ },
	{ what: '302 to another host', faults: [user.before(elsewhere(302))], then: /status code 302/ },
	{ what: '307 to another host', faults: [user.before(elsewhere(307))], then: /status code 307/ },
	{ what: 'TLS failure', tls: { api: EVER }, then: /closed unexpectedly.*retry/ },
];

const named = (step: string, rows: Row[]): Row[] =>
	rows.map((row) => ({ ...row, what: `${step}: ${row.what}` }));

export const rows: Row[] = [
	...named('patients', patientsRows),
	...named('presign', presignRows),
	...named('S3', s3Rows),
	...named('create', createRows),
	...named('poll', pollRows),
	...named('list of the patient’s files', listRows),
	...named('429', limitRows),
	...named('clock', clockRows),
	...named('four files', severalRows),
];
