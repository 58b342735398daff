import { createHash } from 'crypto';
import {
	sleep,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IN8nHttpFullResponse,
	type IPollFunctions,
} from 'n8n-workflow';

import { Cancelled } from '../errors';
import { queueFor } from './cliniko/accountQueues';
import { ClinikoApi, type ClinikoConnection } from './cliniko/clinikoApi';
import { contactOf } from './cliniko/contact';
import { apiHost, apiKeyOf, shardOf } from './cliniko/shard';
import type { FileStore } from './fileStore';
import { withDeadline } from './idleTimeout';
import type { Pause } from './pause';

/** How often a wait checks whether the execution was cancelled, in ms. */
const CANCEL_CHECK_INTERVAL = 250;

/** The deadline of a request to Cliniko, from sending it to the end of the reply, in ms. */
const DEADLINE = 60_000;

/** The contexts in which n8n runs our code. */
type N8nContext = IExecuteFunctions | ILoadOptionsFunctions | IPollFunctions;

/**
 * Cliniko's API with the node's credential. n8n sends the requests, so that its proxy, TLS and SSRF
 * settings apply, and adds the key.
 *
 * @throws ClinikoError if the credential has no valid shard or no contact address
 */
export async function connect(context: N8nContext): Promise<ClinikoApi> {
	const credential = await context.getCredentials('clinikoApi');
	const shard = shardOf(credential);
	// The credential checks it too, but some versions of n8n (1.123, 2.0) lose its error message.
	contactOf(credential);
	const pause = pauseFor(context);
	const request: ClinikoConnection['request'] = async (options, deadline = DEADLINE) =>
		await withDeadline(pause, deadline, async (signal) => {
			const reply = (await context.helpers.httpRequestWithAuthentication.call(
				withSignal(context, signal),
				'clinikoApi',
				options,
			)) as IN8nHttpFullResponse;
			if (options.encoding !== 'stream' || reply.statusCode === 200) return reply;
			const { helpers } = context as IExecuteFunctions;
			return { ...reply, body: await helpers.binaryToString(reply.body as unknown as N8nStream) };
		});
	const account = digest(`${apiHost(shard)} ${apiKeyOf(credential)}`);
	const connection: ClinikoConnection = {
		shard,
		account,
		request,
		pause,
		assertNotCancelled: () => assertNotCancelled(context),
	};
	return new ClinikoApi(connection, queueFor(account));
}

function digest(text: string): string {
	return createHash('sha256').update(text).digest('hex');
}

/**
 * The same context with another abort signal. For a request with a credential, n8n uses the signal of
 * the context and not that of the request's options.
 */
function withSignal<C extends N8nContext>(context: C, signal: AbortSignal): C {
	return Object.create(context, { getExecutionCancelSignal: { value: () => signal } }) as C;
}

/** The index of this run of the node in the execution: above 0 in a loop. */
export function runIndexOf(context: IExecuteFunctions): number {
	return Number(context.evaluateExpression('{{ $runIndex }}', 0));
}

/** A pause that ends soon after the execution is cancelled. It does not depend on the clock's time. */
export function pauseFor(context: N8nContext): Pause {
	return async (ms) => {
		for (let left = ms; left > 0; left -= CANCEL_CHECK_INTERVAL) {
			assertNotCancelled(context);
			await sleep(Math.min(left, CANCEL_CHECK_INTERVAL));
		}
		assertNotCancelled(context);
	};
}

/** Sends a request to S3 through n8n, without the API key. */
export function sendToS3(
	context: IExecuteFunctions,
): (options: IHttpRequestOptions, signal: AbortSignal) => Promise<IN8nHttpFullResponse> {
	return async (options, signal) => {
		assertNotCancelled(context);
		const cancelled = context.getExecutionCancelSignal();
		return (await context.helpers.httpRequest({
			...options,
			// The library's time-out would limit the whole upload, however slow the line.
			timeout: 0,
			abortSignal: cancelled ? AbortSignal.any([signal, cancelled]) : signal,
		})) as IN8nHttpFullResponse;
	};
}

/** The type of Node's streams in n8n's helpers: a node may not import it. */
type N8nStream = Parameters<IExecuteFunctions['helpers']['binaryToString']>[0];

/** The members of a stream that are used here. */
interface ByteStream extends AsyncIterable<Uint8Array> {
	on: ((event: 'data', listener: (chunk: Uint8Array) => void) => unknown) &
		((event: 'newListener', listener: (event: unknown) => void) => unknown);
	pause: () => unknown;
	resume: () => unknown;
	destroy: (error: Error) => unknown;
}

/** Reads files from S3 through n8n, without the API key. */
export function contentFromS3(context: IExecuteFunctions) {
	return {
		fetch: async (url: string, signal: AbortSignal) => {
			const { statusCode, headers, body } = (await context.helpers.httpRequest({
				method: 'GET',
				url,
				// With compression, the length of the content would not be that of the file.
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

/** Downloads files from S3 into n8n's store. */
export function filesFromS3(context: IExecuteFunctions): FileStore<ByteStream> {
	return {
		...contentFromS3(context),
		text: async (content) => await context.helpers.binaryToString(content as N8nStream),
		store: async (content, name, type, signal, arrived) => {
			signal.addEventListener('abort', () => content.destroy(new Error('Broken off')));
			content.on('data', (chunk) => arrived(chunk.length));
			// Adding a listener has started the stream, but the store is not listening yet.
			content.pause();
			// A store that listens for data does not resume a paused stream itself.
			content.on('newListener', (event) => {
				if (event === 'data') void Promise.resolve().then(() => content.resume());
			});
			// Without a name, n8n would use the address, which contains a signature.
			const data = await context.helpers.prepareBinaryData(content as N8nStream, name, type);
			// Set again, because `prepareBinaryData` reads the name as a path.
			data.fileName = name;
			const extension = /\.(\w+)$/.exec(name)?.[1];
			if (extension) data.fileExtension = extension;
			return data;
		},
	};
}

function assertNotCancelled(context: N8nContext): void {
	if ('getExecutionCancelSignal' in context && context.getExecutionCancelSignal()?.aborted) {
		// n8n recognises a cancelled execution by the word "canceled".
		throw new Cancelled('The execution was canceled.', 'Nothing more was sent to Cliniko.');
	}
}
