import type { IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import { ClinikoError, oneLine, rethrowOwn } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { withUploadIdleTimeout } from '../transport/idleTimeout';
import type { Pause } from '../transport/pause';
import { retry } from '../transport/retry';
import { multipartForm, type StreamedBody } from '../transport/s3/multipart';
import { readRefusal, readStoredKey } from '../transport/s3/reply';
import { hasExpired, isKeyOf, requestPresignedPost, type PresignedPost } from './presignedPost';
import type { SourceFile } from './sourceFile';

/** How often a file is sent, the first time included. */
const TRIES = 4;

/** The first backoff, in ms. */
const FIRST_WAIT = 1000;

/** What has to be left of a presigned post's time when the sending begins, in ms. */
const TIME_LEFT = 10_000;

/**
 * How long an attempt delays the rest of the file after its first bytes once a connection has broken,
 * in ms; it doubles each time. It has to outlast the connecting.
 */
const BODY_DELAY = 1500;
const FIRST_BYTES = 1024;

/**
 * Sends a request that carries no key. Resolves for every HTTP status with the body as text; rejects
 * if no reply came, with the source's own error if it was the source that broke.
 */
export type SendToS3 = (
	options: IHttpRequestOptions,
	signal: AbortSignal,
) => Promise<IN8nHttpFullResponse>;

/** What sending a file needs. */
export interface S3Connection {
	/** Asked for another presigned post where the first one runs out. */
	api: ClinikoApi;
	sendToS3: SendToS3;
	pause: Pause;
}

/** Where S3 has a file. */
export interface StoredFile {
	/** The address of the presigned post, ended by one slash. */
	url: string;
	/** Not encoded. */
	key: string;
	/** As in `PresignedPost`. */
	clockAhead?: number;
}

/**
 * Step 2: sends the file to S3. Sent again, from the start of the file, after a dropped connection, a
 * stall, or a fault of S3's: it becomes nobody's file until a record is created with its key.
 *
 * @param post that Cliniko gave for this patient; is renewed where it runs out
 * @throws ClinikoError if S3 does not say that it has the file, at the place that Cliniko gave for it
 */
export async function postToS3(
	connection: S3Connection,
	post: PresignedPost,
	patientId: string,
	file: SourceFile,
): Promise<StoredFile> {
	const { api, pause } = connection;
	const renew = async () => (post = await requestPresignedPost(api, patientId, file));
	let renewed = false;
	let broken = 0;
	const attempt = async (): Promise<IN8nHttpFullResponse | undefined> => {
		if (hasExpired(post, TIME_LEFT)) await renew();
		const delay = broken && BODY_DELAY * 2 ** (broken - 1);
		const reply = await sendForm(connection, post, file, delay);
		if (!reply) broken++;
		// Once only: by a clock that is wrong every post has expired.
		if (!reply || renewed || !saysExpired(reply, post)) return reply;
		renewed = true;
		await renew();
		return await attempt();
	};
	const keyOf = (reply: IN8nHttpFullResponse | undefined): string | undefined => {
		const key = reply && storedKey(reply);
		return key && isKeyOf(post, key) ? key : undefined;
	};
	const reply = await retry(attempt, {
		tries: TRIES,
		firstWait: FIRST_WAIT,
		shouldRetry: (last) => keyOf(last) === undefined && mayPass(last),
		pause,
	});
	const key = keyOf(reply);
	if (key === undefined) throw fault(reply, file);
	return { url: post.url, key, clockAhead: post.clockAhead };
}

/** @returns the reply, or nothing if none came */
async function sendForm(
	{ sendToS3, pause }: S3Connection,
	post: PresignedPost,
	file: SourceFile,
	bodyDelay: number,
): Promise<IN8nHttpFullResponse | undefined> {
	try {
		return await withUploadIdleTimeout(file.size, pause, async (signal, progress) => {
			// The HTTP client does not close what it was sending when the request fails.
			const content = await file.open(signal);
			const form = multipartForm(post.fields, {
				...file,
				content: Buffer.isBuffer(content)
					? content
					: progress(bodyDelay ? delayBody(content, () => pause(bodyDelay)) : content),
			});
			return await sendToS3(
				{
					method: 'POST',
					url: post.url,
					headers: { 'Content-Type': form.contentType, 'Content-Length': form.contentLength },
					body: form.body as Buffer & StreamedBody,
					encoding: 'text',
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					// Following one would hold the whole file in memory, and send it who knows where.
					disableFollowRedirect: true,
				},
				signal,
			);
		});
	} catch (error) {
		// What the file's own stream threw is the user's to know; what the network threw is not.
		rethrowOwn(error);
		return undefined;
	}
}

/**
 * Delays the file after its first bytes. S3 may refuse a form by its fields and close the connection while
 * the file is still being sent, and then its answer is lost in the broken connection. A sender that
 * has met that waits after the first bytes of the file, where it can still hear it.
 */
async function* delayBody(
	content: AsyncIterable<Uint8Array>,
	wait: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
	let begun = false;
	for await (const chunk of content) {
		if (begun) yield chunk;
		else {
			begun = true;
			yield chunk.subarray(0, FIRST_BYTES);
			await wait();
			yield chunk.subarray(FIRST_BYTES);
		}
	}
}

/** Where S3 says that the file is; nothing if it does not say. */
function storedKey({ statusCode, body }: IN8nHttpFullResponse): string | undefined {
	return statusCode === 201 ? readStoredKey(String(body)) : undefined;
}

/** Whether a presigned post has run out while it was used: by S3's word, or by the clock. */
function saysExpired({ statusCode, body }: IN8nHttpFullResponse, post: PresignedPost): boolean {
	const { message } = readRefusal(String(body));
	return statusCode === 403 && (/expired/i.test(message ?? '') || hasExpired(post));
}

/** Whether the same form may succeed later. S3 calls a slow sender a 400. */
function mayPass(reply: IN8nHttpFullResponse | undefined): boolean {
	if (!reply) return true;
	const { statusCode, body } = reply;
	if (statusCode >= 500 || (statusCode >= 200 && statusCode < 300)) return true;
	return statusCode === 400 && readRefusal(String(body)).code === 'RequestTimeout';
}

function fault(reply: IN8nHttpFullResponse | undefined, file: SourceFile): ClinikoError {
	if (!reply) {
		return new ClinikoError(
			`The file "${file.name}" could not be sent: the connection to Cliniko's file store broke off or stood still, several times.`,
			'It is not on the patient’s record. Check that this n8n can reach amazonaws.com, and run the workflow again.',
		);
	}
	const { statusCode: status } = reply;
	if (status >= 200 && status < 300) {
		return new ClinikoError(
			storedKey(reply)
				? `Cliniko's file store took the file "${file.name}" but its reply is about another file or place.`
				: `Cliniko's file store took the file "${file.name}" but its reply does not say where it is.`,
			'It is not on the patient’s record. Run the workflow again. A proxy or firewall between n8n and amazonaws.com can also answer in its place.',
			status,
		);
	}
	const { code, message } = readRefusal(String(reply.body));
	const words = oneLine([code, withoutValues(message)].filter(Boolean).join(': '));
	return new ClinikoError(
		`Cliniko's file store (Amazon S3) did not take the file "${file.name}": status ${status}${words && `, ${words}`}`,
		advice(status, code),
		status,
	);
}

/** S3 quotes the condition that failed, with the form's values, and they are nobody's to read. */
function withoutValues(message = ''): string {
	return message.replace(/\[.*/s, '…');
}

function advice(status: number, code?: string): string {
	if (code === 'EntityTooLarge') return 'Make the file smaller. It is not on the patient’s record.';
	if (status >= 500) {
		return 'It is not on the patient’s record. Amazon S3 has a fault at the moment; run the workflow again later.';
	}
	if (status >= 300 && status < 400) {
		return 'It is not on the patient’s record. The store answered with a redirect, which is not followed; run the workflow again later.';
	}
	return 'It is not on the patient’s record. Run the workflow again; if it stays like this, check that the clock of this n8n is right and that no proxy changes what it sends.';
}
