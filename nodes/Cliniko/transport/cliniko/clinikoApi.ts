import type { IDataObject, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import { ClinikoError, rethrowOwn } from '../../errors';
import type { Pause } from '../pause';
import { retry } from '../retry';
import { parseJson } from './json';
import { refusal, type ErrorContext } from './refusal';
import { MAX_REFUSAL, Priority, RequestQueue } from './requestQueue';
import { apiHost } from './shard';

/** The number of records in a page of a list, and of ids in a filter: Cliniko's maximum. */
export const PAGE_SIZE = 100;

/** How often a request is tried that may safely be sent again, the first time included. */
const TRIES = 5;

/** The first wait between tries, in ms; it doubles each time. */
const FIRST_WAIT = 500;

/** How long a connection may be silent, in ms. */
const TIMEOUT = 30_000;

/** How long a request may take that can be stopped, in ms: it is repeated anyway. */
const POLL_DEADLINE = 10_000;
const MIN_DEADLINE = 1000;

/** How old a body may be when its turn to be sent comes, in ms, if it depends on what was read. */
const FRESH = 2000;

/** How often in a row it is read again for that: where Cliniko is slow, it would never be sent otherwise. */
const MAX_STALE = 2;

/** How many redirects within Cliniko's API are followed to a file. */
const MAX_REDIRECTS = 3;

/** What `ClinikoApi` needs from its surroundings. */
export interface ClinikoConnection {
	/** The shard that the key belongs to. */
	shard: string;
	/** Stands for the host and the key: the same for the same key, and does not give it away. */
	account: string;
	/**
	 * Sends a request with the credential's key and headers. Resolves for every HTTP status, with the
	 * body as text, or as a stream for a status of 200 where `encoding` asks for one; rejects if no
	 * reply came, or not in time.
	 */
	request: (options: IHttpRequestOptions, deadline?: number) => Promise<IN8nHttpFullResponse>;
	/** How long a request may take, in ms; `request` has a default. */
	deadline?: () => number;
	/** Called when a request has got its turn and is sent. */
	onSend?: () => void;
	pause: Pause;
	/** Rejects once the execution has been cancelled. */
	assertNotCancelled: () => void;
	/** Our clock in ms since 1970. */
	now?: () => number;
	/** A number from 0 to 1, for the jitter. */
	random?: () => number;
}

/** A JSON object as Cliniko sends it, and the reply's own time. */
export interface ClinikoReply {
	body: IDataObject;
	/** Cliniko's clock when it answered, in ms since 1970; ours if the reply did not say. */
	date: number;
	/** Whether the reply said. */
	isDated: boolean;
}

/** A page of a list. */
export interface Page {
	rows: IDataObject[];
	hasMore: boolean;
	/** How many records the whole list has; nothing if Cliniko does not say. */
	total?: number;
	/** As in `ClinikoReply`. */
	date: number;
	isDated: boolean;
}

/**
 * What is known of a request that creates something when its outcome is unknown: no reply came, or one
 * that does not say what became of it.
 */
export class UnknownOutcome {
	/**
	 * @param accepted whether Cliniko said that it did it (2xx), or sent the client on (3xx): then it
	 *   must not be asked for again
	 * @param error what happened, in words
	 * @param recordId the id of the new record, where the reply's `Location` names one
	 */
	constructor(
		readonly accepted: boolean,
		readonly error: ClinikoError,
		readonly recordId?: string,
	) {}
}

/** Cliniko's REST API, with its rate limit, and retries where a request may be sent twice. */
export class ClinikoApi {
	/**
	 * Whether lists can be sorted by `id`, which is not documented. Cliniko is the same for all accounts,
	 * so a refusal is remembered for as long as the process lives.
	 */
	private static sortsById = true;

	readonly shard: string;

	/** Stands for the host and the key: a digest, which gives neither away. */
	readonly account: string;

	/** Our clock, in ms since 1970. */
	readonly now: () => number;

	private readonly random: () => number;

	/**
	 * @param queue shared by all instances of this process for the same account
	 * @param priority of all requests of this instance
	 */
	constructor(
		private readonly connection: ClinikoConnection,
		readonly queue = new RequestQueue(connection.now, connection.random),
		private readonly priority: Priority = Priority.normal,
	) {
		this.shard = connection.shard;
		this.account = connection.account;
		this.now = connection.now ?? Date.now;
		this.random = connection.random ?? Math.random;
	}

	/** The same API, with a function that is called when a request is sent, after its wait in the queue. */
	onSend(onSend: () => void): ClinikoApi {
		return new ClinikoApi({ ...this.connection, onSend }, this.queue, this.priority);
	}

	/** The same API whose requests have another priority. */
	withPriority(priority: Priority): ClinikoApi {
		return new ClinikoApi(this.connection, this.queue, priority);
	}

	/**
	 * The same API for work that may be stopped before the execution ends.
	 *
	 * @param assertNotStopped throws a ClinikoError once no further request may be sent
	 * @param timeLeft how long a request may still take, in ms, with the wait for its turn
	 */
	until(assertNotStopped: () => void, timeLeft: () => number = () => Infinity): ClinikoApi {
		const { pause, assertNotCancelled } = this.connection;
		const connection = {
			...this.connection,
			pause: async (ms: number) => {
				await pause(Math.max(Math.min(ms, timeLeft()), 0));
				assertNotStopped();
			},
			assertNotCancelled: () => {
				assertNotCancelled();
				assertNotStopped();
			},
			deadline: () => Math.max(Math.min(timeLeft(), POLL_DEADLINE), MIN_DEADLINE),
		};
		return new ClinikoApi(connection, this.queue, this.priority);
	}

	/**
	 * Reads something. Sent again after a 429, a 5xx, a dropped connection, a time-out, or a reply
	 * that is no JSON.
	 *
	 * @param path below `/v1`, with the query if there is one
	 * @throws ClinikoError with what to do about it
	 */
	async get(path: string, errorContext: ErrorContext): Promise<ClinikoReply> {
		return this.read(await this.send({ method: 'GET', url: this.url(path) }, TRIES), errorContext);
	}

	/**
	 * Creates something. Sent again after a 429 only: then Cliniko refused it before it ran. After
	 * anything else it may have run, and a second one would be a duplicate.
	 *
	 * @param path below `/v1`
	 * @param body is sent as JSON
	 * @returns the reply, or what is known if the request may have run all the same
	 * @throws ClinikoError if Cliniko refused it: then it did not run
	 */
	async post(
		path: string,
		body: IDataObject,
		errorContext: ErrorContext,
	): Promise<ClinikoReply | UnknownOutcome> {
		const reply = await this.send({ method: 'POST', url: this.url(path), ...json(body) }, 1);
		return saysNothing(reply) || isRedirect(reply)
			? this.unknownOutcome(reply, path, errorContext)
			: this.read(reply, errorContext);
	}

	/**
	 * Changes something to what the body says. Sent again as a GET is: the second time changes nothing
	 * more.
	 *
	 * @param path below `/v1`
	 * @param body is sent as JSON
	 * @throws ClinikoError with what to do about it
	 */
	async patch(path: string, body: IDataObject, errorContext: ErrorContext): Promise<ClinikoReply> {
		const options = { method: 'PATCH', url: this.url(path), ...json(body) } as const;
		return this.read(await this.send(options, TRIES), errorContext);
	}

	/**
	 * Changes something to what a body says that depends on how it is now. It is read again before each
	 * try, also after a 429 or a long wait for the turn: what others have changed in the meantime would
	 * be lost otherwise. Tried as often as a GET.
	 *
	 * @param path below `/v1`
	 * @param prepare reads with the given API how it is now, and returns the body; undefined if there is
	 *   nothing to send (any more). It is told whether an earlier try has an unknown outcome
	 * @returns the reply; undefined if there was nothing to send in the end
	 * @throws ClinikoError with what to do about it; what `prepare` throws
	 */
	async change(
		path: string,
		prepare: (api: ClinikoApi, isOpen: boolean) => Promise<IDataObject | undefined>,
		errorContext: ErrorContext,
	): Promise<ClinikoReply | undefined> {
		const { queue, random } = this;
		const { pause } = this.connection;
		// Right after what was read, and after a 429 in the old place.
		const next = this.withPriority(Priority.finish);
		let firstRefusedAt: number | undefined;
		let isOver = false;
		let stale = 0;
		const attempt = async (number: number) => {
			for (let isFirst = number === 1; ; isFirst = false) {
				const body = await prepare(isFirst ? this : next, number > 1);
				isOver = !body;
				if (!body) return undefined;
				const preparedAt = this.now();
				let isStale = false;
				const send = async () => {
					isStale = stale < MAX_STALE && this.now() - preparedAt > FRESH;
					if (isStale) return undefined;
					return await this.attempt({ method: 'PATCH', url: this.url(path), ...json(body) });
				};
				const reply = await queue.send(send, Priority.change, pause, true);
				stale = isStale ? stale + 1 : 0;
				if (isStale) continue;
				if (reply?.statusCode !== 429) return reply;
				firstRefusedAt ??= this.now();
				if (this.now() - firstRefusedAt >= MAX_REFUSAL) return reply;
			}
		};
		const shouldRetry = (reply: IN8nHttpFullResponse | undefined) => !isOver && saysNothing(reply);
		const reply = await retry(attempt, {
			tries: TRIES,
			firstWait: FIRST_WAIT,
			shouldRetry,
			pause,
			random,
		});
		return isOver ? undefined : this.read(reply, errorContext);
	}

	/**
	 * Has something done that is answered by a status alone, such as archiving. Sent again after a 429
	 * only.
	 *
	 * @param path below `/v1`
	 * @returns nothing once it is done, or what is known if it may have been done all the same
	 * @throws ClinikoError if Cliniko refused it
	 */
	async postAction(path: string, errorContext: ErrorContext): Promise<UnknownOutcome | undefined> {
		const reply = await this.send({ method: 'POST', url: this.url(path) }, 1, isFault);
		// A page that a proxy sends is no answer of Cliniko's.
		const isDone = reply && isSuccess(reply) && !/^\s*</.test(String(reply.body ?? ''));
		if (isDone) return undefined;
		if (isFault(reply)) return this.unknownOutcome(reply, path, errorContext);
		throw this.fault(reply, errorContext);
	}

	/**
	 * Asks for a file. Cliniko answers with a redirect to where it is. Such a redirect is followed only
	 * within Cliniko's API, because the key goes along.
	 *
	 * @param path below `/v1`
	 * @returns the https address of the file, or the reply if the file was in it: its body is a stream
	 * @throws ClinikoError with what to do about it
	 */
	async requestFile(
		path: string,
		errorContext: ErrorContext,
	): Promise<string | IN8nHttpFullResponse> {
		const headers = { Accept: '*/*', 'Accept-Encoding': 'identity' };
		let url = this.url(path);
		let status: number | undefined;
		for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
			const options = { method: 'GET', url, headers, encoding: 'stream' } as const;
			const reply = await this.send(options, TRIES, isFault);
			if (reply?.statusCode === 200) return reply;
			const isRedirect = reply && reply.statusCode >= 300 && reply.statusCode < 400;
			if (!isRedirect && !(reply && isSuccess(reply))) throw this.fault(reply, errorContext);
			status = reply.statusCode;
			const address = String(reply.headers.location ?? '');
			if (!isRedirect || !address || !URL.canParse(address, url)) break;
			const { protocol, host, pathname, search, href } = new URL(address, url);
			if (protocol !== 'https:') break;
			if (host !== apiHost(this.shard)) return href;
			url = `https://${host}${pathname}${search}`;
		}
		throw new ClinikoError(
			`Could not ${errorContext.action}: Cliniko did not say at which secure (https) address the file is.`,
			'Run the workflow again. If it keeps happening, open the file in Cliniko, or ask Cliniko support.',
			status,
		);
	}

	/**
	 * Reads a list, page by page, for as long as the caller asks for more.
	 *
	 * @param collection the path below `/v1`, whose last part is also the name of the list in the reply
	 * @param filters of the form `field:=value`, all of which must hold (Cliniko's `q[]`)
	 * @param query further parameters, such as `sort`
	 */
	async *list(
		collection: string,
		filters: string[],
		errorContext: ErrorContext,
		query: Record<string, string> = {},
	): AsyncGenerator<IDataObject[]> {
		for await (const { rows } of this.pages(collection, filters, errorContext, query)) yield rows;
	}

	/**
	 * The same with what each reply says besides its rows. A list that goes on for ever ends where its
	 * pages bring nothing new any more.
	 */
	async *pages(
		collection: string,
		filters: string[],
		errorContext: ErrorContext,
		query: Record<string, string> = {},
	): AsyncGenerator<Page> {
		const seen = new Set<unknown>();
		let withoutNews = 0;
		for (let number = 1; ; number++) {
			const asked = { per_page: String(PAGE_SIZE), ...query, page: String(number) };
			const page = await this.page(collection, filters, errorContext, asked);
			const before = seen.size;
			for (const row of page.rows) seen.add((row as IDataObject | null)?.id);
			withoutNews = seen.size > before ? 0 : withoutNews + 1;
			yield page;
			// Without a stable order a page may well repeat what others had.
			const isBeyondEnd = number * Number(asked.per_page) >= (page.total ?? 0);
			if (page.rows.length === 0 || !page.hasMore) return;
			if (withoutNews > (isBeyondEnd ? 0 : 2)) return;
		}
	}

	/**
	 * Reads one page of a list: see `list`. Where it is sorted, records that are equal come in the order
	 * of their ids, so that each has its place on one page, if Cliniko can sort by ids.
	 */
	async page(
		collection: string,
		filters: string[],
		errorContext: ErrorContext,
		query: Record<string, string>,
	): Promise<Page> {
		const { body, date, isDated } = await this.sorted(collection, filters, errorContext, query);
		const name = collection.replace(/^.*\//, '');
		const rows = body[name];
		if (!Array.isArray(rows)) {
			throw new ClinikoError(
				`Could not ${errorContext.action}: Cliniko's reply has no list of ${name.replace('_', ' ')}.`,
				'Run the workflow again. If it keeps happening, look at status.cliniko.com.',
			);
		}
		// The address of the next page comes from outside, and the key goes along: only its presence
		// is used.
		const hasMore = Boolean((body.links as IDataObject | undefined)?.next);
		const count: unknown = body.total_entries;
		const total = /^\d+$/.test(String(count)) ? Number(count) : undefined;
		return { rows: rows as IDataObject[], hasMore, total, date, isDated };
	}

	private async sorted(
		collection: string,
		filters: string[],
		errorContext: ErrorContext,
		{ sort, ...query }: Record<string, string>,
	): Promise<ClinikoReply> {
		const read = async (order?: string) => {
			const parameters = new URLSearchParams({ ...query, ...(order && { sort: order }) });
			for (const filter of filters) parameters.append('q[]', filter);
			return await this.get(`/${collection}?${parameters.toString()}`, errorContext);
		};
		if (!sort || !ClinikoApi.sortsById) return await read(sort);
		const byId = `${sort},id:${sort.endsWith(':desc') ? 'desc' : 'asc'}`;
		return await read(byId).catch(async (error: ClinikoError) => {
			if (![400, 422].includes(error.httpCode ?? 0)) throw error;
			const reply = await read(sort);
			// It was the order by id that was refused, and no filter.
			ClinikoApi.sortsById = false;
			return reply;
		});
	}

	private url(path: string): string {
		return `https://${apiHost(this.shard)}/v1${path}`;
	}

	/**
	 * @param shouldRetry whether a reply, or that there is none, calls for another attempt
	 * @returns the last reply, or nothing if none came
	 */
	private async send(
		options: IHttpRequestOptions,
		tries: number,
		shouldRetry = saysNothing,
	): Promise<IN8nHttpFullResponse | undefined> {
		const { pause } = this.connection;
		const { random, queue, priority } = this;
		const attempt = async () => await this.attempt(options);
		return await retry(async () => await queue.send(attempt, priority, pause), {
			tries,
			firstWait: FIRST_WAIT,
			shouldRetry,
			pause,
			random,
		});
	}

	/** @returns the reply, or nothing if none came */
	private async attempt(options: IHttpRequestOptions): Promise<IN8nHttpFullResponse | undefined> {
		this.connection.assertNotCancelled();
		this.connection.onSend?.();
		try {
			const { request, deadline } = this.connection;
			const sent = {
				// The body is read here: an HTML page or half a reply must not become an item.
				encoding: 'text',
				...options,
				timeout: TIMEOUT,
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				// The key goes to one host, and to none that a redirect names.
				disableFollowRedirect: true,
			};
			return await request(sent as IHttpRequestOptions, deadline?.());
		} catch (error) {
			this.connection.assertNotCancelled();
			// What the credential refused was not sent.
			rethrowOwn(error);
			return undefined;
		}
	}

	private read(reply: IN8nHttpFullResponse | undefined, errorContext: ErrorContext): ClinikoReply {
		const body = reply && jsonObject(reply);
		if (!reply || !isSuccess(reply) || !body) throw this.fault(reply, errorContext);
		const date = Date.parse(String(reply.headers.date ?? ''));
		const isDated = Number.isFinite(date);
		return { body, date: isDated ? date : this.now(), isDated };
	}

	private unknownOutcome(
		reply: IN8nHttpFullResponse | undefined,
		path: string,
		errorContext: ErrorContext,
	): UnknownOutcome {
		const accepted = reply !== undefined && (isSuccess(reply) || isRedirect(reply));
		return new UnknownOutcome(
			accepted,
			this.fault(reply, errorContext),
			accepted ? idIn(reply, path) : undefined,
		);
	}

	/** What a reply that is of no use, or none, means to a person. */
	private fault(reply: IN8nHttpFullResponse | undefined, errorContext: ErrorContext): ClinikoError {
		if (!reply) {
			return new ClinikoError(
				`Could not ${errorContext.action}: Cliniko did not answer.`,
				`Check that this n8n can reach https://${apiHost(this.shard)}, and status.cliniko.com. If the address is wrong, check the shard in the Cliniko API credential.`,
			);
		}
		if (!isSuccess(reply)) {
			return refusal(reply.statusCode, jsonObject(reply), errorContext, this.shard);
		}
		return new ClinikoError(
			`Could not ${errorContext.action}: Cliniko's reply is not the JSON it should be.`,
			'Run the workflow again. A proxy or firewall between n8n and Cliniko can also answer in its place.',
			reply.statusCode,
		);
	}
}

/** Whether a reply, or that there is none, leaves open what has become of the request. */
function isFault(reply: IN8nHttpFullResponse | undefined): boolean {
	return !reply || reply.statusCode >= 500 || reply.statusCode === 408;
}

/** The same for a request that is answered with JSON. */
function saysNothing(reply: IN8nHttpFullResponse | undefined): boolean {
	return isFault(reply) || (isSuccess(reply!) && !jsonObject(reply!));
}

function json(body: IDataObject): Pick<IHttpRequestOptions, 'body' | 'headers'> {
	return { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

function isSuccess({ statusCode }: IN8nHttpFullResponse): boolean {
	return statusCode >= 200 && statusCode < 300;
}

function isRedirect(reply: IN8nHttpFullResponse | undefined): boolean {
	return reply !== undefined && reply.statusCode >= 300 && reply.statusCode < 400;
}

/** The id of the record that was created below `path`, where the reply's `Location` names it. */
function idIn({ headers }: IN8nHttpFullResponse, path: string): string | undefined {
	return new RegExp(`/v1${path}/(\\d+)/?$`).exec(String(headers.location ?? ''))?.[1];
}

/** The parsed bodies of replies: each is looked at more than once. */
const objects = new WeakMap<IN8nHttpFullResponse, IDataObject | undefined>();

/** The JSON object in a reply; undefined if there is none. */
function jsonObject(reply: IN8nHttpFullResponse): IDataObject | undefined {
	if (!objects.has(reply)) objects.set(reply, parsedObject(String(reply.body)));
	return objects.get(reply);
}

function parsedObject(text: string): IDataObject | undefined {
	try {
		const value = parseJson(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value)
			? (value as IDataObject)
			: undefined;
	} catch {
		return undefined;
	}
}
