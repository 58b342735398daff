import { createHash } from 'crypto';
import {
	sleep,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IPollFunctions,
	type IN8nHttpFullResponse,
} from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { ClinikoApi, type ClinikoConnection } from './cliniko/clinikoApi';
import { contactOf } from './cliniko/contact';
import { apiHost, apiKeyOf, shardOf } from './cliniko/shard';
import type { FileStore } from './fileStore';
import { withDeadline } from './idleTimeout';
import type { Pause } from './pause';

/** A cancelled execution notices it within this time, in ms, wherever it waits. */
const LONGEST_NAP = 250;

/** The longest that a request to Cliniko may take, from sending it to the end of the reply, in ms. */
const DEADLINE = 60_000;

/** Whatever n8n runs our code in. */
type N8nContext = IExecuteFunctions | ILoadOptionsFunctions | IPollFunctions;

/**
 * Cliniko's API with the credential that the user chose on the node. n8n sends the requests, so its
 * proxy, TLS and SSRF settings hold, and the key stays with it.
 *
 * @throws ClinikoError if the credential's shard is none, or it names no contact
 */
export async function connect(context: N8nContext): Promise<ClinikoApi> {
	const credential = await context.getCredentials('clinikoApi');
	const shard = shardOf(credential);
	// The credential asks for it too, but some n8n (1.123, 2.0) lose what a credential says.
	contactOf(credential);
	const pause = pauseFor(context);
	const request: ClinikoConnection['request'] = async (options) =>
		await withDeadline(pause, DEADLINE, async (signal) => {
			const reply = (await context.helpers.httpRequestWithAuthentication.call(
				withSignal(context, signal),
				'clinikoApi',
				options,
			)) as IN8nHttpFullResponse;
			if (options.encoding !== 'stream' || reply.statusCode === 200) return reply;
			const { helpers } = context as IExecuteFunctions;
			return { ...reply, body: await helpers.binaryToString(reply.body as unknown as N8nStream) };
		});
	return new ClinikoApi({
		shard,
		account: digest(`${apiHost(shard)} ${apiKeyOf(credential)}`),
		request,
		pause,
		assertNotCancelled: () => assertNotCancelled(context),
	});
}

function digest(text: string): string {
	return createHash('sha256').update(text).digest('hex');
}

/**
 * The same context with another signal. In an execution, n8n takes the signal for a request with a
 * credential from its context instead of from the request's options.
 */
function withSignal<C extends N8nContext>(context: C, signal: AbortSignal): C {
	return Object.create(context, { getExecutionCancelSignal: { value: () => signal } }) as C;
}

/** Waits in short naps, so that a cancelled execution ends soon. */
export function pauseFor(context: N8nContext): Pause {
	return async (ms) => {
		const end = Date.now() + ms;
		for (let left = ms; left > 0; left = end - Date.now()) {
			assertNotCancelled(context);
			await sleep(Math.min(left, LONGEST_NAP));
		}
		assertNotCancelled(context);
	};
}

/** Sends a request to S3: through n8n as well, and without the key. */
export function sendToS3(
	context: IExecuteFunctions,
): (options: IHttpRequestOptions, signal: AbortSignal) => Promise<IN8nHttpFullResponse> {
	return async (options, signal) => {
		assertNotCancelled(context);
		const cancelled = context.getExecutionCancelSignal();
		return (await context.helpers.httpRequest({
			...options,
			// The library's time-out counts the whole upload; a slow line is no fault.
			timeout: 0,
			abortSignal: cancelled ? AbortSignal.any([signal, cancelled]) : signal,
		})) as IN8nHttpFullResponse;
	};
}

/** A stream of Node's as n8n's helpers take it: a node may not import its types. */
type N8nStream = Parameters<IExecuteFunctions['helpers']['binaryToString']>[0];

/** The same, as far as it is used here. */
interface ByteStream extends AsyncIterable<Uint8Array> {
	on: ((event: 'data', listener: (chunk: Uint8Array) => void) => unknown) &
		((event: 'newListener', listener: (event: unknown) => void) => unknown);
	pause: () => unknown;
	resume: () => unknown;
	destroy: (error: Error) => unknown;
}

/** Reads files from S3: through n8n as well, and without the key. */
export function contentFromS3(context: IExecuteFunctions) {
	return {
		fetch: async (url: string, signal: AbortSignal) => {
			const { statusCode, headers, body } = (await context.helpers.httpRequest({
				method: 'GET',
				url,
				// Compressed, it would be of another length than the reply says.
				headers: { 'Accept-Encoding': 'identity' },
				encoding: 'stream',
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				timeout: 0,
				abortSignal: signal,
			})) as IN8nHttpFullResponse;
			return { status: statusCode, headers, content: body as unknown as ByteStream };
		},
		pause: pauseFor(context),
	};
}

/** The same into n8n's store. */
export function filesFromS3(context: IExecuteFunctions): FileStore<ByteStream> {
	return {
		...contentFromS3(context),
		text: async (content) => await context.helpers.binaryToString(content as N8nStream),
		store: async (content, name, type, signal, arrived) => {
			signal.addEventListener('abort', () => content.destroy(new Error('Broken off')));
			content.on('data', (chunk) => arrived(chunk.length));
			// To listen sets a stream flowing, before the store is there to take what comes.
			content.pause();
			// A store that listens as well would wait for ever for a stream that was paused.
			content.on('newListener', (event) => {
				if (event === 'data') void Promise.resolve().then(() => content.resume());
			});
			// Without a name n8n makes one of the address, which is signed.
			const data = await context.helpers.prepareBinaryData(content as N8nStream, name, type);
			// Set once more, since `prepareBinaryData` takes the name for a path.
			data.fileName = name;
			const extension = /\.(\w+)$/.exec(name)?.[1];
			if (extension) data.fileExtension = extension;
			return data;
		},
	};
}

function assertNotCancelled(context: N8nContext): void {
	if ('getExecutionCancelSignal' in context && context.getExecutionCancelSignal()?.aborted) {
		// n8n tells a cancelled execution from a failed one by this word.
		throw new ClinikoError('The execution was canceled.', 'Nothing more was sent to Cliniko.');
	}
}
