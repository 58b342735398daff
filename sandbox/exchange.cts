import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';

import type { Fault, FaultAction, Faults, Step } from './faults.cts';
import type { Settings } from './options.cts';
import type { RecordedRequest } from './recorded-request.cts';
import { Refusal, type Reply } from './reply.cts';

/**
 * How long to wait before closing a connection with an unread body, so that the reply arrives
 * before the reset.
 */
const LINGER_MS = 100;

/** A request in progress. */
export interface Exchange {
	readonly request: IncomingMessage;
	readonly host: string;
	readonly url: URL;
	readonly record: RecordedRequest;
	/** Aborted when a fault has answered instead of the handler. */
	readonly signal: AbortSignal;
	/** The clock of the server that handles this request, in milliseconds since the epoch. */
	now(): number;
}

/** The connection broke, or a fault answered, before the whole request had arrived. */
export class BrokenOff extends Error {}

/** One of the two servers: its handler, and the step of an upload that a request belongs to. */
export interface Site {
	stepOf(request: IncomingMessage, url: URL): Step;
	handle(exchange: Exchange): Promise<Reply>;
}

export interface Surroundings {
	readonly settings: Settings;
	readonly faults: Faults;
	readonly requests: RecordedRequest[];
	/** The clock that all servers share, in milliseconds since the epoch. */
	now(): number;
}

/** Handles the requests of a site: records them, applies faults, sends replies. */
export function serve(site: Site, around: Surroundings): RequestListener {
	return (request, response) => {
		const host = (request.headers.host ?? '').toLowerCase().replace(/:443$/, '');
		const url = new URL(request.url ?? '/', `https://${host}`);
		const record = recordOf(request, host);
		around.requests.push(record);
		response.once('close', () => around.settings.onRequest?.(record));
		// Only counts the bytes; the stream stays paused until a handler reads it.
		request.on('data', (chunk: Buffer) => (record.bytesReceived += chunk.length));
		request.pause();

		const aborter = new AbortController();
		const offset = (Math.random() - 0.5) * around.settings.clockSpreadMs;
		const now = () => around.now() + offset;
		const exchange: Exchange = { request, host, url, record, signal: aborter.signal, now };
		const fault = around.faults.take(site.stepOf(request, url));
		carryOut(site, exchange, new Sender(response, exchange, around.settings), fault, aborter).catch(
			(error: unknown) => {
				if (!(error instanceof BrokenOff) && !response.destroyed) response.destroy(error as Error);
			},
		);
	};
}

async function carryOut(
	site: Site,
	exchange: Exchange,
	sender: Sender,
	fault: Required<Fault> | undefined,
	aborter: AbortController,
): Promise<void> {
	if (fault?.act === 'before') {
		if (!fault.do.reset) await drain(exchange.request, fault.do);
		if (await sender.strike(fault.do)) return;
	}
	if (fault?.act === 'body') strikeInBody(exchange, sender, fault, aborter);
	let reply = await settle(site.handle(exchange));
	if (aborter.signal.aborted) return;
	if (fault?.act === 'after') {
		if (await sender.strike(fault.do)) return;
		reply = fault.do.rewrite?.(reply) ?? reply;
	}
	await sender.send(reply, fault?.act === 'reply' ? fault : undefined);
}

/** Reads and discards the rest of a request's body. Rejects with BrokenOff if it does not end. */
export async function drained(request: IncomingMessage): Promise<void> {
	if (request.readableEnded) return;
	await finished(request.resume(), { writable: false }).catch(brokenOff);
}

/**
 * Reads the body of a request that a fault handles before its handler does, as a buffering gateway
 * would. If the fault is only a delay, the handler reads it.
 */
async function drain(request: IncomingMessage, action: FaultAction): Promise<void> {
	if (action.hang) request.resume();
	if (action.reply) await drained(request);
}

function strikeInBody(
	{ request, record }: Exchange,
	sender: Sender,
	fault: Required<Fault>,
	aborter: AbortController,
): void {
	const watch = () => {
		if (record.bytesReceived < fault.afterBytes) return;
		request.off('data', watch);
		request.pause();
		if (fault.do.reply ?? fault.do.hang) aborter.abort();
		void sender.strike({ ...fault.do, closes: true }).then((struck) => {
			if (!struck) request.resume();
		});
	};
	request.on('data', watch);
	// Adding a listener must not start the stream before there is a handler.
	request.pause();
}

async function settle(handling: Promise<Reply>): Promise<Reply> {
	try {
		return await handling;
	} catch (error) {
		if (error instanceof Refusal) return error.reply;
		throw error;
	}
}

/** Sends one reply, or applies a fault instead. */
class Sender {
	constructor(
		private readonly response: ServerResponse,
		private readonly exchange: Exchange,
		private readonly settings: Settings,
	) {}

	/** Applies a fault. Returns true if the request needs no further reply. */
	async strike(action: FaultAction & { closes?: boolean }): Promise<boolean> {
		if (action.delayMs) await wait(action.delayMs, undefined, { ref: false });
		if (action.reset) this.response.destroy();
		else if (action.reply) {
			const { status, headers = {}, body = '' } = action.reply;
			await this.send({ status, headers, body, closes: action.closes });
		}
		return Boolean(action.reset ?? action.hang ?? action.reply);
	}

	/** @param fault applied while the body is being sent */
	async send(reply: Reply, fault?: Required<Fault>): Promise<void> {
		const { response, exchange, settings } = this;
		if (settings.latencyMs > 0) await wait(settings.latencyMs, undefined, { ref: false });
		if (response.destroyed) return;
		exchange.record.status = reply.status;
		response.sendDate = false;
		response.setHeader('Date', new Date(exchange.now()).toUTCString());
		if (reply.closes) response.setHeader('Connection', 'close');
		response.writeHead(reply.status, reply.headers);
		const stream = reply.file ? createReadStream(reply.file) : reply.stream;
		const body = stream ?? [Buffer.from(reply.body)];
		if (fault) await pipeline(this.struck(body, fault), response).catch(brokenOff);
		else if (stream) await pipeline(stream, response).catch(brokenOff);
		else response.end(reply.body);
		if (!reply.closes) {
			// Discards what no handler has read, so that the connection can be reused.
			response.req.resume();
		} else {
			response.once('finish', () => {
				setTimeout(() => response.destroy(), LINGER_MS).unref();
			});
		}
	}

	/**
	 * The body of a reply: up to the byte at which a fault applies, and the rest if it is only a
	 * delay.
	 */
	private async *struck(
		body: AsyncIterable<Buffer> | Iterable<Buffer>,
		{ afterBytes, do: action }: Required<Fault>,
	): AsyncGenerator<Buffer> {
		let left = afterBytes;
		for await (const chunk of body) {
			yield chunk.subarray(0, left);
			const rest = chunk.subarray(left);
			left -= chunk.length - rest.length;
			if (rest.length === 0) continue;
			// So that the bytes sent so far arrive first.
			await wait(LINGER_MS, undefined, { ref: false });
			if (await this.strike(action)) {
				if (!this.response.destroyed) await once(this.response, 'close');
				return;
			}
			yield rest;
			left = Infinity;
		}
	}
}

function recordOf(request: IncomingMessage, host: string): RecordedRequest {
	const headers: Record<string, string> = {};
	for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
	return {
		at: Date.now(),
		host,
		method: request.method ?? '',
		path: request.url ?? '',
		status: null,
		headers,
		bytesReceived: 0,
	};
}

function brokenOff(): never {
	throw new BrokenOff('The client left before the reply');
}
