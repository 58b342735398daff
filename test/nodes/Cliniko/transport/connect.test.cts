import type { IExecuteFunctions, IHttpRequestOptions, ILoadOptionsFunctions } from 'n8n-workflow';
import { connect, pauseFor, sendToS3 } from '../../../../nodes/Cliniko/transport/connect.ts';
import { rejection, reply } from '../connection.cts';

/** n8n's side of a run: what was sent, and a way to cancel it. */
const n8n = (credential = { apiKey: 'MS0xLTE2OTk-uk2', shard: '' }) => {
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
				expect(this).toBe(context);
				sent.push({ ...options, credential: name });
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

describe('The connection to Cliniko', () => {
	it('goes to the shard of the credential, which n8n signs for', async () => {
		const { context, sent } = n8n();

		const api = await connect(context);
		await api.get('/user', { what: 'see who that is' });

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

	it('sends nothing more once the execution is cancelled', async () => {
		const { context, sent, cancel } = n8n();
		const api = await connect(context);
		cancel.abort();

		const error = await rejection(api.get('/user', { what: 'see who that is' }));

		expect(error.message).toBe('The execution was canceled.');
		expect(sent).toEqual([]);
	});

	it('serves the node’s panel too, where nothing can be cancelled', async () => {
		const { context, sent } = n8n();
		delete (context as Partial<IExecuteFunctions>).getExecutionCancelSignal;

		const api = await connect(context as unknown as ILoadOptionsFunctions);
		await api.get('/patients', { what: 'look up patients' });

		expect(sent).toHaveLength(1);
	});
});

describe('A wait in a run', () => {
	beforeEach(() => jest.useFakeTimers());

	afterEach(() => jest.useRealTimers());

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

	it('does not end well where the execution was cancelled in its last moment', async () => {
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

	it('takes its time and has no key', async () => {
		const { context, sent } = n8n();

		const answer = await sendToS3(context)(options, new AbortController().signal);

		expect(answer).toMatchObject({ statusCode: 201, body: 'stored' });
		expect(sent).toEqual([{ ...options, timeout: 0, abortSignal: expect.any(AbortSignal) }]);
	});

	describe('ends', () => {
		/** A request under way, which ends only when its signal says so. */
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
			await new Promise(setImmediate);
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

	it('is ended at once where the sender has given it up before it begins', async () => {
		// A file may take longer to open than a transfer may stand still.
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
		const added = jest.spyOn(cancel.signal, 'addEventListener');
		const removed = jest.spyOn(cancel.signal, 'removeEventListener');

		await sendToS3(context)(options, new AbortController().signal);

		expect(added).toHaveBeenCalledTimes(1);
		expect(removed.mock.calls).toEqual(added.mock.calls);
	});

	it('serves a version of n8n that gives no signal for its executions', async () => {
		const { context, sent } = n8n();
		context.getExecutionCancelSignal = () => undefined;

		await sendToS3(context)(options, new AbortController().signal);

		expect(sent).toHaveLength(1);
	});
});
