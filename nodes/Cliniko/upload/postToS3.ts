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

/** The maximum number of attempts to send a file. */
const TRIES = 4;

/** The first backoff, in ms. */
const FIRST_WAIT = 1000;

/** How long a presigned post must still be valid when sending begins, in ms. */
const TIME_LEFT = 10_000;

/**
 * After a broken connection, how long the next attempt waits between the first bytes and the rest of
 * the file, in ms. It doubles with each broken connection, and must be longer than connecting takes.
 */
const BODY_DELAY = 1500;
const FIRST_BYTES = 1024;

/**
 * Sends a request without the API key. Resolves for every HTTP status, with the body as text; rejects
 * if there was no reply. If reading the file failed, it rejects with that error.
 */
export type SendToS3 = (
	options: IHttpRequestOptions,
	signal: AbortSignal,
) => Promise<IN8nHttpFullResponse>;

/** What sending a file needs. */
export interface S3Connection {
	/** Gives another presigned post when the first one expires. */
	api: ClinikoApi;
	sendToS3: SendToS3;
	pause: Pause;
}

/** A file in S3. */
export interface StoredFile {
	/** The URL of the presigned post, with exactly one slash at its end. */
	url: string;
	/** Not encoded. */
	key: string;
	/** How far Cliniko's clock is ahead of ours, in ms; 0 if unknown. */
	clockAhead: number;
	/** Set if `clockAhead` is unknown. */
	isUndated?: true;
}

/**
 * Step 2: sends the file to S3. Retried from the start of the file after a dropped connection, an idle
 * timeout or a server error. That is safe, because a file in S3 belongs to nobody until a record is
 * created with its key.
 *
 * @param post the presigned post for this patient; renewed when it expires
 * @throws ClinikoError if S3 does not confirm that it has the file under the key that Cliniko gave
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
		// Only once: with a wrong clock, every post would seem to have expired.
		if (!reply || renewed || !saysExpired(reply, post)) return reply;
		renewed = true;
		await renew();
		return await attempt();
	};
	const keyOf = (reply: IN8nHttpFullResponse | undefined): string | undefined => {
		const key = reply && storedKey(reply);
		return key && isKeyOf(post, key) ? key : undefined;
	};
	const { reply, key } = await retry(
		async () => {
			const last = await attempt();
			return { reply: last, key: keyOf(last) };
		},
		{
			tries: TRIES,
			firstWait: FIRST_WAIT,
			shouldRetry: (last) => last.key === undefined && isTransient(last.reply),
			pause,
		},
	);
	if (key === undefined) throw fault(reply, file);
	const { url, clockAhead, isUndated } = post;
	return { url, key, clockAhead, ...(isUndated && { isUndated }) };
}

/** @returns the reply; undefined if there was none */
async function sendForm(
	{ sendToS3, pause }: S3Connection,
	post: PresignedPost,
	file: SourceFile,
	bodyDelay: number,
): Promise<IN8nHttpFullResponse | undefined> {
	try {
		return await withUploadIdleTimeout(file.size, pause, async (signal, progress) => {
			// The HTTP client does not close the file when the request fails, so `signal` does.
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
					// To follow one, the client would buffer the whole file and send it to an unknown host.
					disableFollowRedirect: true,
				},
				signal,
			);
		});
	} catch (error) {
		// An error from reading the file is final; a network error is retried.
		rethrowOwn(error);
		return undefined;
	}
}

/**
 * Pauses after the first bytes of the file. S3 may refuse a form because of its fields and close the
 * connection while the file is still being sent, so that its reply is lost. With the pause, the reply
 * arrives before the connection breaks.
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

/** The key in S3's reply; undefined if there is none. */
function storedKey({ statusCode, body }: IN8nHttpFullResponse): string | undefined {
	return statusCode === 201 ? readStoredKey(String(body)) : undefined;
}

/** Whether S3 refused the form because the presigned post has expired. */
function saysExpired({ statusCode, body }: IN8nHttpFullResponse, post: PresignedPost): boolean {
	if (statusCode !== 403) return false;
	return /expired/i.test(readRefusal(String(body)).message ?? '') || hasExpired(post);
}

/** Whether a retry may succeed. S3 answers a slow sender with status 400. */
function isTransient(reply: IN8nHttpFullResponse | undefined): boolean {
	if (!reply) return true;
	const { statusCode, body } = reply;
	if (statusCode >= 500 || (statusCode >= 200 && statusCode < 300)) return true;
	return statusCode === 400 && readRefusal(String(body)).code === 'RequestTimeout';
}

function fault(reply: IN8nHttpFullResponse | undefined, file: SourceFile): ClinikoError {
	if (!reply) {
		return new ClinikoError(
			`The file "${file.name}" could not be sent: the connection to Cliniko's file store was lost or stalled several times.`,
			'It is not on the patient’s record. Check that this n8n can reach amazonaws.com, and run the workflow again.',
		);
	}
	const { statusCode: status } = reply;
	if (status >= 200 && status < 300) {
		return new ClinikoError(
			storedKey(reply)
				? `Cliniko's file store accepted the file "${file.name}" but its reply is about another file or place.`
				: `Cliniko's file store accepted the file "${file.name}" but its reply does not say where it is.`,
			'It is not on the patient’s record. Run the workflow again. A proxy or firewall between n8n and amazonaws.com can also answer in its place.',
			status,
		);
	}
	const { code, message } = readRefusal(String(reply.body));
	const words = oneLine([code, withoutValues(message)].filter(Boolean).join(': '));
	return new ClinikoError(
		`Cliniko's file store (Amazon S3) did not accept the file "${file.name}": status ${status}${words && `, ${words}`}`,
		advice(status, code),
		status,
	);
}

/** Cuts out the condition that S3 quotes, because it contains values of the form. */
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
	return 'It is not on the patient’s record. Run the workflow again; if it keeps happening, check that the clock of this n8n is right and that no proxy changes what it sends.';
}
