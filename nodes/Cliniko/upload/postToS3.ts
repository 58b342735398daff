import type { IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import { ClinikoError, oneLine } from '../errors';
import { multipartForm, type StreamedBody } from '../transport/s3/multipart';
import { readRefusal, readStoredKey } from '../transport/s3/reply';
import type { PresignedPost } from './presignedPost';
import type { SourceFile } from './sourceFile';

/**
 * Sends a request that carries no key. Resolves for every HTTP status with the body as text; rejects
 * if no reply came, with the source's own error if it was the source that broke.
 */
export type SendToS3 = (options: IHttpRequestOptions) => Promise<IN8nHttpFullResponse>;

/**
 * Step 2: sends the file to S3.
 *
 * @returns the key under which S3 has stored it, not encoded in any way
 * @throws ClinikoError if S3 does not say that it has the file
 */
export async function postToS3(
	send: SendToS3,
	post: PresignedPost,
	file: SourceFile,
): Promise<string> {
	const form = multipartForm(post.fields, { ...file, content: await file.open() });
	const reply = await attempt(send, {
		method: 'POST',
		url: post.url,
		headers: { 'Content-Type': form.contentType, 'Content-Length': form.contentLength },
		body: form.body as Buffer & StreamedBody,
		encoding: 'text',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		// Following one would hold the whole file in memory, and send it who knows where.
		disableFollowRedirect: true,
	});
	if (!reply) {
		throw new ClinikoError(
			`The file "${file.name}" could not be sent: the connection to Cliniko's file store broke off.`,
			'It is not on the patient’s record. Check that this n8n can reach amazonaws.com, and run the workflow again.',
		);
	}
	const text = String(reply.body);
	if (reply.statusCode < 200 || reply.statusCode > 299) throw refused(reply.statusCode, text, file);
	const key = readStoredKey(text);
	if (!key) {
		throw new ClinikoError(
			`Cliniko's file store took the file "${file.name}" but its reply does not say where it is.`,
			'It is not on the patient’s record. Run the workflow again. A proxy or firewall between n8n and amazonaws.com can also answer in its place.',
			reply.statusCode,
		);
	}
	return key;
}

/** @returns the reply, or nothing if none came */
async function attempt(
	send: SendToS3,
	options: IHttpRequestOptions,
): Promise<IN8nHttpFullResponse | undefined> {
	try {
		return await send(options);
	} catch (error) {
		return sourceFault(error);
	}
}

/** What the file's own stream threw is the user's to know; what the network threw is not. */
function sourceFault(error: unknown): undefined {
	for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
		if (cause instanceof ClinikoError) throw cause;
	}
	return undefined;
}

function refused(status: number, xml: string, file: SourceFile): ClinikoError {
	const { code, message } = readRefusal(xml);
	const words = [code, message].filter(Boolean).join(': ');
	return new ClinikoError(
		`Cliniko's file store (Amazon S3) did not take the file "${file.name}": status ${status}${words ? `, ${oneLine(words)}` : ''}`,
		advice(status, code),
		status,
	);
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
