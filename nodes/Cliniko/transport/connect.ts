import {
	sleep,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IN8nHttpFullResponse,
} from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { ClinikoApi, type ClinikoConnection } from './cliniko/clinikoApi';
import type { Pause } from './cliniko/rateLimit';
import { shardOf } from './cliniko/shard';

/** A cancelled execution notices it within this time, in ms, wherever it waits. */
const LONGEST_NAP = 250;

/**
 * Cliniko's API with the credential that the user chose on the node. n8n sends the requests, so its
 * proxy, TLS and SSRF settings hold, and the key stays with it.
 *
 * @throws ClinikoError if the credential's shard is none
 */
export async function connect(
	context: IExecuteFunctions | ILoadOptionsFunctions,
): Promise<ClinikoApi> {
	const shard = shardOf(await context.getCredentials('clinikoApi'));
	const request: ClinikoConnection['request'] = async (options) =>
		(await context.helpers.httpRequestWithAuthentication.call(
			context,
			'clinikoApi',
			options,
		)) as IN8nHttpFullResponse;
	return new ClinikoApi({
		shard,
		request,
		pause: pauseFor(context),
		assertNotCancelled: () => assertNotCancelled(context),
	});
}

/** Waits in short naps, so that a cancelled execution ends soon. */
export function pauseFor(context: IExecuteFunctions | ILoadOptionsFunctions): Pause {
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
		const controller = new AbortController();
		const abort = () => controller.abort();
		const cancelled = context.getExecutionCancelSignal();
		for (const one of [signal, cancelled]) one?.addEventListener('abort', abort);
		// A file that took too long to open has been given up already.
		if (signal.aborted) abort();
		try {
			return (await context.helpers.httpRequest({
				...options,
				// The library's time-out counts the whole upload; a slow line is no fault.
				timeout: 0,
				abortSignal: controller.signal,
			})) as IN8nHttpFullResponse;
		} finally {
			for (const one of [signal, cancelled]) one?.removeEventListener('abort', abort);
		}
	};
}

function assertNotCancelled(context: IExecuteFunctions | ILoadOptionsFunctions): void {
	if ('getExecutionCancelSignal' in context && context.getExecutionCancelSignal()?.aborted) {
		// n8n tells a cancelled execution from a failed one by this word.
		throw new ClinikoError('The execution was canceled.', 'Nothing more was sent to Cliniko.');
	}
}
