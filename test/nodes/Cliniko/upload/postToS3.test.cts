import type { IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { ClinikoApi } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import type { Pause } from '../../../../nodes/Cliniko/transport/pause.ts';
import type { StreamedBody } from '../../../../nodes/Cliniko/transport/s3/multipart.ts';
import {
	postToS3,
	type S3Connection,
	type StoredFile,
} from '../../../../nodes/Cliniko/upload/postToS3.ts';
import {
	requestPresignedPost,
	type PresignedPost,
} from '../../../../nodes/Cliniko/upload/presignedPost.ts';
import { STREAM_ABOVE, type SourceFile } from '../../../../nodes/Cliniko/upload/sourceFile.ts';
import { Clock } from '../clock.cts';
import { fileOf, rejection, reply } from '../connection.cts';

const post: PresignedPost = {
	url: 'https://files.s3.amazonaws.com/',
	fields: { key: 'temp/x/Brian & Co.pdf', policy: 'c2VjcmV0', 'x-amz-signature': 'abcdef' },
	key: 'temp/x/Brian & Co.pdf',
	clockAhead: 0,
};

const content = Buffer.from('%PDF-1.4');

const file = (more: Partial<SourceFile> = {}): SourceFile =>
	fileOf({
		name: 'Brian & Co.pdf',
		size: content.length,
		open: async () => await Promise.resolve(content),
		...more,
	});

/** A streamed file in two chunks. */
const large = (more: Partial<SourceFile> = {}): SourceFile =>
	file({
		size: STREAM_ABOVE + 1,
		open: async () =>
			await Promise.resolve(
				(async function* () {
					yield await Promise.resolve(Buffer.alloc(STREAM_ABOVE, 'x'));
					yield Buffer.from('y');
				})(),
			),
		...more,
	});

const STORED =
	'<PostResponse><Location>https://files.s3.amazonaws.com/temp%2Fx%2FBrian+%26+Co.pdf</Location><Key>temp/x/Brian &amp; Co.pdf</Key></PostResponse>';

const stored = reply(201, STORED);

const s3Error = (status: number, code: string, message = 'That is\n why.') =>
	reply(
		status,
		`<Error><Code>${code}</Code><Message>${message}</Message><HostId>of no use</HostId></Error>`,
	);

const timedOut = s3Error(400, 'RequestTimeout', 'Your socket connection was not read from.');

const BROKEN = new Error('ECONNRESET');

type S3Answer = IN8nHttpFullResponse | Error;

/** A request as S3 receives it. */
interface Sent {
	options: IHttpRequestOptions;
	signal: AbortSignal;
	/** ms since the start. */
	at: number;
}

/** Cliniko's reply with a presigned post. */
const replyWith = ({ url, fields, key, prefix, expires, clockAhead }: PresignedPost) => {
	const policy = expires && { expiration: new Date(expires).toISOString() };
	return {
		body: {
			url,
			fields: {
				...fields,
				key: prefix === undefined ? key : `${prefix}\${filename}`,
				...(policy && { policy: Buffer.from(JSON.stringify(policy)).toString('base64') }),
			},
		},
		date: Date.now() + clockAhead,
		isDated: true,
	};
};

/**
 * Sends a file to an S3 with these replies; the last one repeats.
 */
const send = async (
	answers: S3Answer | S3Answer[] | ((sent: Sent, count: number) => S3Answer | Promise<S3Answer>),
	source: SourceFile = file(),
	{
		posts = () => post,
		clock = new Clock(),
		pause = clock.pause,
	}: {
		posts?: (count: number) => PresignedPost;
		clock?: Clock;
		pause?: Pause;
	} = {},
) => {
	jest.spyOn(Math, 'random').mockReturnValue(0.5);
	const begin = clock.time;
	const sent: Sent[] = [];
	/** What happened, in order. */
	const log: string[] = [];
	const list = [answers].flat();
	const answer =
		typeof answers === 'function'
			? answers
			: (_: Sent, count: number) => list[Math.min(count, list.length) - 1] as S3Answer;
	const open = jest.fn(source.open);
	let presigned = 0;
	const api = {
		get: async () => {
			log.push('presign');
			return await Promise.resolve(replyWith(posts(++presigned)));
		},
	} as unknown as ClinikoApi;
	const connection: S3Connection = {
		api,
		sendToS3: async (options, signal) => {
			const one = { options, signal, at: clock.time - begin };
			log.push('send');
			sent.push(one);
			const given = await answer(one, sent.length);
			if (given instanceof Error) throw given;
			return given;
		},
		pause,
	};
	const steps = async (): Promise<StoredFile> => {
		const first = await requestPresignedPost(api, '1', source);
		return await postToS3(connection, first, '1', { ...source, open });
	};
	const result = steps();
	await result.catch(() => undefined);
	return { result, sent, log, open, clock };
};

const refusalOf = async (answers: S3Answer | S3Answer[], source?: SourceFile) =>
	await rejection((await send(answers, source)).result);

/** The chunks of a body, and when each was sent. */
const piecesOf = async ({ options }: Sent) => {
	const pieces: Array<{ length: number; at: number }> = [];
	for await (const { length } of (options.body as unknown as StreamedBody).stream()) {
		pieces.push({ length, at: Date.now() });
	}
	return pieces;
};

describe('A file that is sent to S3', () => {
	afterEach(() => jest.restoreAllMocks());

	it('is known there by the key that S3 answers with, not encoded', async () => {
		const { result } = await send(stored);

		expect(await result).toEqual({ url: post.url, key: 'temp/x/Brian & Co.pdf', clockAhead: 0 });
	});

	it('goes out with its length, its fields and nothing of the Cliniko key', async () => {
		const { sent, log } = await send(stored);

		const options = sent[0]?.options;
		expect(log).toEqual(['presign', 'send']);
		expect(sent).toHaveLength(1);
		expect(options).toMatchObject({
			method: 'POST',
			url: post.url,
			headers: {
				'Content-Type': expect.stringMatching(/^multipart\/form-data; boundary=/),
				'Content-Length': (options?.body as Buffer).length,
			},
			encoding: 'text',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		});
		expect(Object.keys(options?.headers ?? {})).toEqual(['Content-Type', 'Content-Length']);
		expect(options).not.toHaveProperty('auth');
		expect(String(options?.body)).toContain('name="x-amz-signature"\r\n\r\nabcdef\r\n');
		expect(String(options?.body)).toContain('filename="Brian & Co.pdf"');
		expect(String(options?.body)).toContain('%PDF-1.4');
	});

	it('goes out as a stream of exact length when it is large', async () => {
		const { sent } = await send(stored, large());

		const options = sent[0]?.options;
		const pieces = await piecesOf(sent[0]!);
		const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
		expect(pieces.map((piece) => piece.length).slice(1, -1)).toEqual([STREAM_ABOVE, 1]);
		expect(options?.headers?.['Content-Length']).toBe(length);
		expect(options?.body).toMatchObject({ size: length });
	});

	it.each([
		['too large', 400, 'EntityTooLarge', 'Make the file smaller.'],
		['late', 403, 'AccessDenied', 'check that the clock of this n8n is right'],
		['signed wrongly', 403, 'SignatureDoesNotMatch', 'no proxy changes what it sends'],
		['sent while S3 has a fault', 503, 'SlowDown', 'Amazon S3 has a fault at the moment'],
		['sent to another region', 307, 'TemporaryRedirect', 'a redirect, which is not followed'],
	])('is refused when it is %s, with S3’s message and advice', async (_, status, code, advice) => {
		const error = await refusalOf(s3Error(status, code));

		expect(error.message).toBe(
			`Cliniko's file store (Amazon S3) did not accept the file "Brian & Co.pdf": status ${status}, ${code}: That is why.`,
		);
		expect(error.description).toContain(advice);
		expect(error.description).toContain('not on the patient’s record');
		expect(error.httpCode).toBe(status);
	});

	it('is refused without the HTML that a proxy answers with', async () => {
		const error = await refusalOf(reply(502, '<html><h1>Bad gateway</h1></html>'));

		expect(error.message).toBe(
			'Cliniko\'s file store (Amazon S3) did not accept the file "Brian & Co.pdf": status 502',
		);
	});

	it.each([
		['without a document', 204, ''],
		['with a web page', 200, '<html><body>Please log in</body></html>'],
		['with a document but another status', 200, STORED],
		['with half a document', 201, '<PostResponse><Key>temp/x/Brian &amp; Co.pdf</Key>'],
		['with a refusal', 200, '<Error><Code>InternalError</Code></Error>'],
	])('is not considered stored when S3 answers %s', async (_, status, body) => {
		const error = await refusalOf(reply(status, body));

		expect(error.message).toContain('does not say where it is');
		expect(error.description).toContain('It is not on the patient’s record.');
		expect(error.httpCode).toBe(status);
	});

	describe('is not considered stored when S3 answers with another file’s key', () => {
		const keyed = (key: string) => reply(201, `<PostResponse><Key>${key}</Key></PostResponse>`);

		it.each([
			['in another folder', 'temp/y/Brian &amp; Co.pdf', {}],
			['in the same folder', 'temp/x/Brian.pdf', {}],
			['in a folder of it, where S3 puts the name in', 'temp/x/y/Brian.pdf', { prefix: 'temp/x/' }],
		])('%s', async (_, key, more) => {
			const { result, sent } = await send(keyed(key), file(), {
				posts: () => ({ ...post, ...more }),
			});

			const error = await rejection(result);
			expect(error.message).toBe(
				'Cliniko\'s file store accepted the file "Brian & Co.pdf" but its reply is about another file or place.',
			);
			expect(error.description).toContain('It is not on the patient’s record.');
			expect(sent).toHaveLength(4);
		});

		it('once, and is so the next time, with its own', async () => {
			const { result } = await send([keyed('temp/y/Brian &amp; Co.pdf'), stored]);

			expect((await result).key).toBe('temp/x/Brian & Co.pdf');
		});

		it('but is when only the name differs, and S3 put that in', async () => {
			const { result } = await send(keyed('temp/x/Brian_Co.pdf'), file(), {
				posts: () => ({ ...post, prefix: 'temp/x/' }),
			});

			expect((await result).key).toBe('temp/x/Brian_Co.pdf');
		});

		it('of an earlier presigned post', async () => {
			const { result } = await send(
				[s3Error(403, 'AccessDenied', 'Policy expired.'), stored],
				file(),
				{ posts: (count) => ({ ...post, key: `temp/${count}/Brian & Co.pdf` }) },
			);

			expect((await rejection(result)).message).toContain('about another file or place');
		});
	});

	describe('whose connection breaks', () => {
		it('is reported with nothing of the request', async () => {
			const cause = Object.assign(new Error('ECONNRESET'), { config: { data: post.fields } });

			const error = await refusalOf(cause);

			expect(error.message).toContain("the connection to Cliniko's file store was lost");
			expect(error.cause).toBeUndefined();
			expect(Object.keys(error)).not.toContain('config');
			expect(JSON.stringify(Object.values(error))).not.toContain('abcdef');
		});

		const fault = new ClinikoError('The file is gone from n8n.', 'Run the earlier step again.');

		it.each([
			['as it is', fault],
			['inside of the HTTP library’s own', new Error('Request failed', { cause: fault })],
			['further inside', new Error('a', { cause: new Error('b', { cause: fault }) })],
		])(
			'because its own source does is reported with that, and not sent again: %s',
			async (_, thrown) => {
				const { result, sent } = await send(thrown);

				expect(await rejection(result)).toBe(fault);
				expect(sent).toHaveLength(1);
			},
		);
	});

	it('is not sent when it cannot be opened', async () => {
		const fault = new ClinikoError('The file is gone from n8n.', 'Run the earlier step again.');

		const { result, sent, open } = await send(
			stored,
			file({ open: async () => await Promise.reject(fault) }),
		);

		expect(await rejection(result)).toBe(fault);
		expect(sent).toEqual([]);
		expect(open).toHaveBeenCalledTimes(1);
	});

	it('is not sent when there is no presigned post for it', async () => {
		const refused = new ClinikoError('Cliniko has no patient with the ID 1.', 'Check it.', 404);

		const { result, sent } = await send(stored, file(), {
			posts: () => {
				throw refused;
			},
		});

		expect(await rejection(result)).toBe(refused);
		expect(sent).toEqual([]);
	});

	it('is not sent again once the execution is cancelled', async () => {
		const cancelled = new ClinikoError('The execution was cancelled.', 'Nothing more was sent.');
		const clock = new Clock();
		let over = false;

		const { result, sent } = await send(
			() => {
				over = true;
				return BROKEN;
			},
			file(),
			{
				clock,
				pause: async (ms) => await (over ? Promise.reject(cancelled) : clock.pause(ms)),
			},
		);

		expect(await rejection(result)).toBe(cancelled);
		expect(sent).toHaveLength(1);
	});

	describe('is sent again', () => {
		const passing: Array<[string, S3Answer]> = [
			['no reply came', BROKEN],
			['S3 has a fault', s3Error(500, 'InternalError')],
			['S3 wants it slower', s3Error(503, 'SlowDown')],
			['a proxy has a fault', reply(502, '<html><h1>Bad gateway</h1></html>')],
			['a proxy answers in its place', reply(200, '<html>Please log in</html>')],
			['S3’s reply breaks off', reply(201, '<PostResponse><Key>temp/x/Bri')],
			['S3 found it too slow', timedOut],
		];

		it.each(passing)(
			'from its start, as often as the attempt before it, when %s',
			async (_, answer) => {
				for (const source of [file(), large()]) {
					const lengths: number[] = [];
					const { result, sent, open, log } = await send(async ({ options }, count) => {
						const { body } = options;
						let length = 0;
						if (Buffer.isBuffer(body)) ({ length } = body);
						else {
							for await (const piece of (body as unknown as StreamedBody).stream()) {
								length += piece.length;
								// Aborts midway.
								if (count === 1 && length > STREAM_ABOVE) break;
							}
						}
						lengths.push(length);
						return count === 1 ? answer : stored;
					}, source);

					expect((await result).key).toBe('temp/x/Brian & Co.pdf');
					expect(open).toHaveBeenCalledTimes(2);
					expect(log).toEqual(['presign', 'send', 'send']);
					expect(lengths[1]).toBe(sent[1]?.options.headers?.['Content-Length']);
				}
			},
		);

		it.each(passing)(
			'at most three times, with exponential backoff, when %s',
			async (_, answer) => {
				const { result, sent, open } = await send(answer);

				const error = await rejection(result);
				expect(error).toBeInstanceOf(ClinikoError);
				expect(error.description).toContain('It is not on the patient’s record.');
				expect(sent.map(({ at }) => at)).toEqual([0, 1000, 3000, 7000]);
				expect(open).toHaveBeenCalledTimes(4);
			},
		);

		it('with a boundary of its own each time', async () => {
			const { sent } = await send(BROKEN);

			const types = sent.map(({ options }) => options.headers?.['Content-Type']);
			expect(new Set(types).size).toBe(4);
		});

		it.each([
			[0, 500],
			[1, 1500],
		])('after a jittered backoff (random %d)', async (random, wait) => {
			const clock = new Clock();
			const pause = jest.spyOn(clock, 'pause');
			const result = send([BROKEN, stored], file(), { clock });
			jest.spyOn(Math, 'random').mockReturnValue(random);

			await (
				await result
			).result;

			expect(pause).toHaveBeenCalledWith(wait);
		});

		it.each([
			['too large', s3Error(400, 'EntityTooLarge')],
			['against the policy', s3Error(403, 'AccessDenied', 'Invalid according to Policy')],
			['signed wrongly', s3Error(403, 'SignatureDoesNotMatch')],
			['in the wrong place', s3Error(404, 'NoSuchBucket')],
			['too slow in the eyes of a proxy', reply(408, 'RequestTimeout')],
			['sent to another region', s3Error(307, 'TemporaryRedirect')],
			['one of those that S3 gives this code with another status', s3Error(403, 'RequestTimeout')],
		])('never when it is %s', async (_, answer) => {
			const { result, sent, open, log } = await send([answer, stored]);

			expect((await rejection(result)).httpCode).toBe(answer.statusCode);
			expect(sent).toHaveLength(1);
			expect(open).toHaveBeenCalledTimes(1);
			expect(log).toEqual(['presign', 'send']);
		});

		it('never when it is stored', async () => {
			expect((await send([BROKEN, stored, BROKEN])).sent).toHaveLength(2);
		});
	});

	describe('whose transfer stalls', () => {
		it('is aborted and sent again', async () => {
			const { result, sent } = await send(async ({ signal }, count) =>
				count === 1
					? await new Promise<S3Answer>((_, reject) => {
							signal.addEventListener('abort', () => reject(new Error('aborted')));
						})
					: stored,
			);

			expect((await result).key).toBe('temp/x/Brian & Co.pdf');
			expect(sent.map(({ signal }) => signal.aborted)).toEqual([true, true]);
			// A minute of silence, a second to notice it, and the backoff.
			expect(sent[1]?.at).toBe(62_000);
		});

		it('is reported after several times', async () => {
			const { result, sent } = await send(async () => await new Promise<S3Answer>(() => {}));

			expect((await rejection(result)).message).toBe(
				'The file "Brian & Co.pdf" could not be sent: the connection to Cliniko\'s file store was lost or stalled several times.',
			);
			expect(sent).toHaveLength(4);
		});
	});

	describe('with a presigned post that lasts for a time only', () => {
		const lasting = (ms: number, clock: Clock, more: Partial<PresignedPost> = {}) => ({
			...post,
			expires: clock.time + ms,
			...more,
		});

		it('is sent with it as long as it lasts', async () => {
			const clock = new Clock();
			const { log } = await send([BROKEN, BROKEN, stored], file(), {
				clock,
				posts: () => lasting(60_000, clock),
			});

			expect(log).toEqual(['presign', 'send', 'send', 'send']);
		});

		it('is sent with a new one when too little of its time is left', async () => {
			const clock = new Clock();
			const { result, log, sent } = await send(stored, file(), {
				clock,
				posts: (count) =>
					lasting(count === 1 ? 9999 : 60_000, clock, {
						url: `https://files-${count}.s3.amazonaws.com/`,
						fields: { ...post.fields, 'x-count': `presigned post ${count}` },
						clockAhead: count,
					}),
			});

			expect(log).toEqual(['presign', 'presign', 'send']);
			expect(sent[0]?.options.url).toBe('https://files-2.s3.amazonaws.com/');
			expect(String(sent[0]?.options.body)).toContain('presigned post 2');
			expect(await result).toMatchObject({
				url: 'https://files-2.s3.amazonaws.com/',
				clockAhead: 2,
			});
		});

		it('is sent with a new one when it has run out between two attempts', async () => {
			const clock = new Clock();
			const { result, log } = await send([BROKEN, BROKEN, stored], file(), {
				clock,
				posts: () => lasting(11_500, clock),
			});

			await result;
			// After backoffs of 1 and 2 seconds too little time is left.
			expect(log).toEqual(['presign', 'send', 'send', 'presign', 'send']);
		});

		it('goes by Cliniko’s clock', async () => {
			const clock = new Clock();
			const { log } = await send(stored, file(), {
				clock,
				posts: () => lasting(3_600_000 + 60_000, clock, { clockAhead: 3_600_000 }),
			});

			expect(log).toEqual(['presign', 'send']);
		});

		it('is sent all the same when the clocks are such that every one has run out', async () => {
			const clock = new Clock();
			const { result, log } = await send(stored, file(), {
				clock,
				posts: () => lasting(-60_000, clock),
			});

			expect((await result).key).toBe('temp/x/Brian & Co.pdf');
			expect(log).toEqual(['presign', 'presign', 'send']);
		});

		const expired = s3Error(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');

		it('is sent at once with a new one when S3 says that it has run out', async () => {
			const { result, log, sent } = await send([expired, stored], file(), {
				posts: (count) => ({ ...post, url: `https://files-${count}.s3.amazonaws.com/` }),
			});

			expect(log).toEqual(['presign', 'send', 'presign', 'send']);
			expect(sent.map(({ at }) => at)).toEqual([0, 0]);
			expect((await result).url).toBe('https://files-2.s3.amazonaws.com/');
		});

		it('is sent with a new one when S3 refuses it and it has run out in the meantime', async () => {
			const clock = new Clock();
			const { result, log } = await send(
				async (_, count) => {
					await clock.pause(55_000);
					return count === 1 ? s3Error(403, 'AccessDenied', 'No.') : stored;
				},
				file(),
				{ clock, posts: (count) => lasting(count === 1 ? 50_000 : 60_000, clock) },
			);

			expect((await result).key).toBe('temp/x/Brian & Co.pdf');
			expect(log).toEqual(['presign', 'send', 'presign', 'send']);
		});

		it('is renewed only once, and then S3’s message is shown', async () => {
			const { result, log } = await send(expired);

			const error = await rejection(result);
			expect(error.message).toBe(
				'Cliniko\'s file store (Amazon S3) did not accept the file "Brian & Co.pdf": status 403, AccessDenied: Invalid according to Policy: Policy expired.',
			);
			expect(error.description).toContain('check that the clock of this n8n is right');
			expect(log).toEqual(['presign', 'send', 'presign', 'send']);
		});

		it('has as many attempts as any other after it was renewed', async () => {
			const { sent } = await send([BROKEN, expired, BROKEN]);

			expect(sent).toHaveLength(5);
		});
	});

	describe('after an attempt that was interrupted', () => {
		/** Reads each body, and returns when its chunks arrived, in ms from the start of the attempt. */
		const run = async (first: S3Answer, source: SourceFile, answers = [first, stored]) => {
			const clock = new Clock();
			const times: number[][] = [];
			await send(
				async (sent, count) => {
					const { body } = sent.options;
					const begin = clock.time;
					if (Buffer.isBuffer(body)) times.push([]);
					else {
						const pieces = await piecesOf(sent);
						times.push(pieces.map(({ at }) => at - begin));
					}
					return answers[count - 1]!;
				},
				source,
				{ clock },
			);
			return times;
		};

		it('sends the fields and the first bytes at once and the rest after a moment, so that S3 can reject it early', async () => {
			expect(await run(BROKEN, large())).toEqual([
				[0, 0, 0, 0],
				[0, 0, 1500, 1500, 1500],
			]);
		});

		it('does so in every later attempt', async () => {
			expect(await run(BROKEN, large(), [BROKEN, reply(503), stored])).toEqual([
				[0, 0, 0, 0],
				[0, 0, 1500, 1500, 1500],
				[0, 0, 1500, 1500, 1500],
			]);
		});

		it('does not when S3 did answer', async () => {
			expect(await run(reply(503), large())).toEqual([
				[0, 0, 0, 0],
				[0, 0, 0, 0],
			]);
		});

		it('does not with a small file, which goes out in one piece', async () => {
			expect(await run(BROKEN, file())).toEqual([[], []]);
		});

		it('can hear it', async () => {
			const { result, sent } = await send(async ({ options, signal }, count) => {
				if (count === 1) return BROKEN;
				// S3 rejects the fields without reading the file.
				const stream = (options.body as unknown as StreamedBody).stream();
				await stream.next();
				expect(signal.aborted).toBe(false);
				return s3Error(400, 'EntityTooLarge');
			}, large());

			expect((await rejection(result)).message).toContain('EntityTooLarge');
			expect(sent).toHaveLength(2);
		});
	});

	describe('is refused with a message without the form’s values', () => {
		it.each([
			[
				'Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]',
				'Invalid according to Policy: Policy Condition failed: …',
			],
			[
				'Policy Condition failed: ["starts-with", "$key", "1/patients/456/"] and ["eq", "$x", "[y]"]',
				'Policy Condition failed: …',
			],
			['Policy Condition failed: ["eq", "$key", "a\nsecret', 'Policy Condition failed: …'],
			['The key AKIAIOSFODNN7EXAMPLEAKIAIOSFODNN7 is not known', 'The key … is not known'],
			['Your proposed upload exceeds the maximum size', undefined],
		])('%j', async (message, shown = message) => {
			const escaped = message.replaceAll('"', '&quot;');

			const error = await refusalOf(s3Error(403, 'AccessDenied', escaped));

			expect(error.message).toBe(
				`Cliniko's file store (Amazon S3) did not accept the file "Brian & Co.pdf": status 403, AccessDenied: ${shown}`,
			);
		});
	});
});
