import { getEventListeners } from 'node:events';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type {
	IBinaryData,
	IExecuteFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
} from 'n8n-workflow';

import {
	connect,
	filesFromS3,
	pauseFor,
	sendToS3,
} from '../../../../nodes/Cliniko/transport/n8n.ts';
import { doNotFake } from '../clock.cts';
import { rejection, reply } from '../connection.cts';

/** n8n's context of a run, with the requests sent and a way to cancel it. */
const n8n = (given = {}) => {
	const credential = {
		apiKey: 'MS0xLTE2OTk-uk2',
		shard: '',
		contactEmail: 'a@b.example',
		...given,
	};
	const cancel = new AbortController();
	const sent: Array<IHttpRequestOptions & { credential?: string }> = [];
	const context = {
		getCredentials: async () => await Promise.resolve(credential),
		getExecutionCancelSignal: () => cancel.signal,
		helpers: {
			httpRequestWithAuthentication: async function (
				this: unknown,
				name: string,
				options: IHttpRequestOptions,
			) {
				expect(Object.getPrototypeOf(this)).toBe(context);
				const abortSignal = (this as IExecuteFunctions).getExecutionCancelSignal();
				sent.push({ ...options, abortSignal, credential: name });
				return await Promise.resolve(reply(200, { id: '12' }));
			},
			httpRequest: async (options: IHttpRequestOptions) => {
				sent.push(options);
				return await Promise.resolve(reply(201, 'stored'));
			},
		},
	};
	return { context: context as unknown as IExecuteFunctions, sent, cancel };
};

beforeEach(() => jest.useFakeTimers({ doNotFake }));

describe('The connection to Cliniko', () => {
	it('goes to the shard of the credential, which n8n signs for', async () => {
		const { context, sent } = n8n();

		const api = await connect(context);
		await api.get('/user', { action: 'see who that is' });

		expect(api.shard).toBe('uk2');
		expect(sent).toMatchObject([
			{ credential: 'clinikoApi', url: 'https://api.uk2.cliniko.com/v1/user' },
		]);
		expect(JSON.stringify(sent)).not.toContain('MS0xLTE2OTk');
	});

	it('is not made for a shard that is none', async () => {
		const { context } = n8n({ apiKey: 'MS0xLTE2OTk', shard: 'evil.example/' });

		expect((await rejection(connect(context))).message).toContain('not a shard');
	});

	it('is not made without a contact that Cliniko can reach', async () => {
		const { context } = n8n({ contactEmail: ' ' });

		expect((await rejection(connect(context))).message).toContain('Contact Email');
	});

	it('sends nothing more once the execution is cancelled', async () => {
		const { context, sent, cancel } = n8n();
		const api = await connect(context);
		cancel.abort();

		const error = await rejection(api.get('/user', { action: 'see who that is' }));

		expect(error.message).toBe('The execution was canceled.');
		expect(sent).toEqual([]);
	});

	describe('gets no complete reply, though bytes may keep coming', () => {
		/** A request that never ends, even if aborted. */
		const start = async (given: (context: IExecuteFunctions) => void = () => undefined) => {
			const { context, cancel } = n8n();
			given(context);
			const signals: Array<AbortSignal | undefined> = [];
			context.helpers.httpRequestWithAuthentication = async function (this: IExecuteFunctions) {
				signals.push(this.getExecutionCancelSignal());
				return await new Promise(() => {});
			};
			const api = await connect(context);
			const state = { cancel, signals, outcome: undefined as unknown };
			void api.post('/patient_attachments', {}, { action: 'put the file on the record' }).then(
				(outcome) => (state.outcome = outcome),
				(error: unknown) => (state.outcome = error),
			);
			await jest.advanceTimersByTimeAsync(59_000);
			expect(state.outcome).toBeUndefined();
			expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
			return state;
		};

		it.each([
			['in an execution', () => undefined],
			[
				'in the node’s panel',
				(context: Partial<IExecuteFunctions>) => delete context.getExecutionCancelSignal,
			],
		])('and gives up after a minute: it may have run (%s)', async (_, given) => {
			const state = await start(given);

			await jest.advanceTimersByTimeAsync(2000);

			expect(state.outcome).toMatchObject({
				accepted: false,
				error: { message: 'Could not put the file on the record: Cliniko did not answer.' },
			});
			expect(state.signals.map((signal) => signal?.aborted)).toEqual([true]);
		});

		it('and ends within a quarter of a second once the execution is cancelled', async () => {
			const state = await start();

			state.cancel.abort();
			await jest.advanceTimersByTimeAsync(250);

			expect(state.outcome).toMatchObject({ message: 'The execution was canceled.' });
			expect(state.signals.map((signal) => signal?.aborted)).toEqual([true]);
		});
	});

	it('gives a file as a stream, and every other reply as text', async () => {
		const { context } = n8n();
		const stream = Readable.from([]);
		const replies = [
			{ statusCode: 503, body: stream },
			{ statusCode: 200, body: stream },
		];
		context.helpers.httpRequestWithAuthentication = async () =>
			await Promise.resolve({ headers: {}, ...replies.shift() });
		const read: unknown[] = [];
		context.helpers.binaryToString = async (body) => {
			read.push(body);
			return await Promise.resolve('Unavailable');
		};
		const api = await connect(context);

		const file = api.requestFile('/x', { action: 'download' });
		await jest.advanceTimersByTimeAsync(1000);

		expect(await file).toMatchObject({ body: stream });
		expect(read).toEqual([stream]);
	});

	it('serves the node’s panel too, when nothing can be cancelled', async () => {
		const { context, sent } = n8n();
		delete (context as Partial<IExecuteFunctions>).getExecutionCancelSignal;

		const api = await connect(context as unknown as ILoadOptionsFunctions);
		await api.get('/patients', { action: 'look up patients' });

		expect(sent).toHaveLength(1);
	});
});

describe('A wait in a run', () => {
	const wait = (ms: number) => {
		const { context, cancel } = n8n();
		const state = { cancel, over: false, error: undefined as Error | undefined };
		void pauseFor(context)(ms).then(
			() => (state.over = true),
			(error: Error) => (state.error = error),
		);
		return state;
	};

	it.each([0, 100, 1000, 60_100])('of %d ms lasts that long', async (ms) => {
		const state = wait(ms);

		if (ms > 0) {
			await jest.advanceTimersByTimeAsync(ms - 1);
			expect(state.over).toBe(false);
		}
		await jest.advanceTimersByTimeAsync(1);
		expect(state.over).toBe(true);
	});

	it('ends within a quarter of a second once the execution is cancelled', async () => {
		const state = wait(60_000);
		await jest.advanceTimersByTimeAsync(10_000);

		state.cancel.abort();
		await jest.advanceTimersByTimeAsync(250);

		expect(state.error?.message).toBe('The execution was canceled.');
	});

	it('is rejected when the execution is cancelled at its last moment', async () => {
		const state = wait(100);
		await jest.advanceTimersByTimeAsync(50);

		state.cancel.abort();
		await jest.advanceTimersByTimeAsync(50);

		expect(state).toMatchObject({
			over: false,
			error: { message: 'The execution was canceled.' },
		});
	});
});

describe('The connection to S3', () => {
	const options = { method: 'POST', url: 'https://files.example/' } as const;

	it('has no timeout and no key', async () => {
		const { context, sent } = n8n();

		const answer = await sendToS3(context)(options, new AbortController().signal);

		expect(answer).toMatchObject({ statusCode: 201, body: 'stored' });
		expect(sent).toEqual([{ ...options, timeout: 0, abortSignal: expect.any(AbortSignal) }]);
	});

	describe('ends', () => {
		/** A pending request that ends only when its signal aborts. */
		const start = async () => {
			const { context, cancel } = n8n();
			const own = new AbortController();
			const signals: AbortSignal[] = [];
			context.helpers.httpRequest = async ({ abortSignal }) =>
				await new Promise((_, reject) => {
					signals.push(abortSignal as AbortSignal);
					signals[0]?.addEventListener('abort', () => reject(new Error('aborted')));
				});
			const result = sendToS3(context)(options, own.signal);
			await setImmediate();
			expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
			return { result, own, cancel };
		};

		it('when the execution is cancelled', async () => {
			const { result, cancel } = await start();

			cancel.abort();

			expect((await rejection(result)).message).toBe('aborted');
		});

		it('when the sender says so', async () => {
			const { result, own } = await start();

			own.abort();

			expect((await rejection(result)).message).toBe('aborted');
		});
	});

	it('is aborted at once when the sender gave up before it starts', async () => {
		// Opening a file may take longer than the idle timeout.
		const { context, sent } = n8n();
		const given = new AbortController();
		given.abort();

		await sendToS3(context)(options, given.signal).catch(() => undefined);

		expect(sent.every(({ abortSignal }) => (abortSignal as AbortSignal).aborted)).toBe(true);
	});

	it('is not made any more once the execution is cancelled', async () => {
		const { context, sent, cancel } = n8n();
		cancel.abort();

		const error = await rejection(sendToS3(context)(options, new AbortController().signal));

		expect(error.message).toBe('The execution was canceled.');
		expect(sent).toEqual([]);
	});

	it('leaves nothing behind on the signal of the execution', async () => {
		const { context, cancel } = n8n();
		await sendToS3(context)(options, new AbortController().signal);

		expect(getEventListeners(cancel.signal, 'abort')).toEqual([]);
	});

	it('serves a version of n8n that gives no signal for its executions', async () => {
		const { context, sent } = n8n();
		context.getExecutionCancelSignal = () => undefined;

		await sendToS3(context)(options, new AbortController().signal);

		expect(sent).toHaveLength(1);
	});
});

describe('A file from S3', () => {
	/** The URL of the response, from which n8n derives what it is not told. */
	const ADDRESS = 'https://files.example/1/patients/2/scan.v2%20(final)?X-Amz-Signature=0af1';

	/** n8n's store, which reads the whole stream. */
	const store = () => {
		const { context, sent, cancel } = n8n();
		const read: Buffer[] = [];
		context.helpers.prepareBinaryData = async (content, filePath, mimeType) => {
			// Given the response itself, some n8n versions take its path for the file's.
			const { dir, base, ext } = path.parse(filePath ?? ADDRESS.replace(/^https:..[^/]*./, ''));
			await setImmediate();
			for await (const chunk of content as Readable) read.push(chunk as Buffer);
			return {
				data: 'stored',
				mimeType: mimeType!,
				fileName: base,
				...(dir && { directory: dir }),
				fileExtension: ext.slice(1) || 'bin',
			} as IBinaryData;
		};
		return { context, sent, cancel, read };
	};
	const signal = new AbortController().signal;

	it('is requested without the key and without a timeout, and follows no redirect', async () => {
		const { context, sent } = store();
		context.helpers.httpRequest = async (options) => {
			sent.push(options);
			return await Promise.resolve({ statusCode: 404, headers: {}, body: 'the stream' });
		};

		const answer = await filesFromS3(context).fetch(ADDRESS, signal);

		expect(answer).toEqual({ status: 404, headers: {}, content: 'the stream' });
		expect(sent).toEqual([
			{
				method: 'GET',
				url: ADDRESS,
				headers: { 'Accept-Encoding': 'identity' },
				encoding: 'stream',
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				timeout: 0,
				abortSignal: signal,
			},
		]);
	});

	it('arrives whole in n8n’s store, and is counted', async () => {
		const { context, read } = store();
		const chunks = Array.from({ length: 50 }, (_, at) => Buffer.alloc(1000, at));
		const arrived: number[] = [];

		const content = Readable.from(chunks, { objectMode: false });
		await filesFromS3(context).store(content, 'a.pdf', 'application/pdf', signal, (bytes) =>
			arrived.push(bytes),
		);

		expect(Buffer.concat(read)).toEqual(Buffer.concat(chunks));
		expect(arrived.reduce((sum, bytes) => sum + bytes, 0)).toBe(50_000);
	});

	it('is read by a store that waits for the bytes to come to it', async () => {
		// As n8n does with files in memory, in its database or in S3.
		const { context } = store();
		const arrived: number[] = [];
		context.helpers.prepareBinaryData = async (content) => {
			await setImmediate();
			const read: Buffer[] = [];
			await new Promise((resolve, reject) => {
				(content as Readable)
					.on('data', (chunk: Buffer) => read.push(chunk))
					.on('end', resolve)
					.on('error', reject);
			});
			return { data: Buffer.concat(read).toString(), mimeType: '' };
		};
		const content = Readable.from([Buffer.from('one '), Buffer.from('two')], { objectMode: false });
		const storing = filesFromS3(context).store(content, 'a', '', signal, (n) => arrived.push(n));
		const data = await Promise.race([storing, sleep(1000, undefined, { ref: false })]);

		expect(data?.data).toBe('one two');
		expect(arrived).toEqual([4, 3]);
	});

	it('waits for the store before the first byte', async () => {
		const { context } = store();
		const content = new PassThrough();
		content.write('first');
		let taken: string | undefined;
		context.helpers.prepareBinaryData = async () => {
			// The time a store takes to open its file.
			for (let turn = 0; turn < 5; turn++) await setImmediate();
			taken = String(content.read());
			return await Promise.resolve({ data: '', mimeType: '' } as IBinaryData);
		};

		await filesFromS3(context).store(content, 'a.pdf', 'application/pdf', signal, () => {});

		expect(taken).toBe('first');
	});

	it.each([
		['a.pdf', 'pdf'],
		['Ärztebrief 50% #2.tar.gz', 'gz'],
		['.hidden', 'hidden'],
		// n8n would treat it as a path.
		['reports/2026.pdf', 'pdf'],
	])('has the name of the record and its ending: %s', async (name, fileExtension) => {
		const { context } = store();
		const content = Readable.from([Buffer.from('x')]);

		expect(
			await filesFromS3(context).store(content, name, 'application/pdf', signal, () => {}),
		).toMatchObject({ fileName: name, fileExtension, mimeType: 'application/pdf' });
	});

	it.each(['a.pdf', 'scan.v2 (final)', 'no ending'])(
		'has nothing of the address that it came from: %s',
		async (name) => {
			const { context } = store();
			const content = Readable.from([Buffer.from('x')]);
			const data = await filesFromS3(context).store(content, name, 'text/plain', signal, () => {});

			expect(data.fileName).toBe(name);
			expect(data).not.toHaveProperty('directory');
			expect(JSON.stringify(data)).not.toMatch(/Amz|patients/);
		},
	);

	it('ends with an error when it is aborted', async () => {
		const { context } = store();
		const own = new AbortController();
		const content = new PassThrough();
		content.write('first');
		const result = filesFromS3(context).store(content, 'a.pdf', '', own.signal, () => {});
		await setImmediate();

		own.abort();

		expect((await rejection(result)).message).toBe('Broken off');
		expect(content.destroyed).toBe(true);
	});

	it('that is invalid gives the error message', async () => {
		const { context } = store();
		context.helpers.binaryToString = async (body) =>
			await Promise.resolve(`text of ${String(body)}`);

		expect(await filesFromS3(context).text('the stream' as never)).toBe('text of the stream');
	});

	it('is waited for in short naps, as all else is', async () => {
		const { context, cancel } = store();
		cancel.abort();

		expect((await rejection(filesFromS3(context).pause(10))).message).toBe(
			'The execution was canceled.',
		);
	});
});
