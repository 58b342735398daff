import { randomBytes } from 'node:crypto';

import { Refusal, type Reply } from '../reply.cts';
import { BUCKET, BUCKET_HOST } from './bucket.cts';
import type { StoredObject } from './storage.cts';

/** An S3 error: `<Error>` with a code, a message and further elements. */
export function error(
	status: number,
	code: string,
	message: string,
	details: Record<string, string | number> = {},
): Refusal {
	const elements = Object.entries({ Code: code, Message: message, ...details, ...requestIds() });
	return new Refusal(
		xml(status, `<Error>${elements.map(([name, value]) => element(name, value)).join('')}</Error>`),
	);
}

/**
 * The reply to a successful upload, according to `success_action_status`: 201 with XML, 200 or 204
 * (the default) without.
 */
export function stored(object: StoredObject, statusField: string | undefined): Reply {
	const location = locationOf(object.key);
	const headers = { Location: location, ETag: `"${object.md5}"` };
	if (statusField !== '201') {
		return { status: statusField === '200' ? 200 : 204, headers, body: '' };
	}
	const body =
		element('Location', location) +
		element('Bucket', BUCKET) +
		element('Key', object.key) +
		// S3 does not escape these quotes.
		`<ETag>"${object.md5}"</ETag>`;
	return xml(201, `<PostResponse>${body}</PostResponse>`, headers);
}

/** The object's URL in S3's form encoding: '/' is %2F and a space is '+'. */
export function locationOf(key: string): string {
	return `https://${BUCKET_HOST}/${encodeURIComponent(key).replaceAll('%20', '+')}`;
}

function xml(status: number, content: string, headers: Record<string, string> = {}): Reply {
	return {
		status,
		headers: { 'Content-Type': 'application/xml', ...headers },
		body: `<?xml version="1.0" encoding="UTF-8"?>\n${content}`,
	};
}

function element(name: string, value: string | number): string {
	const escaped = String(value)
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;');
	return `<${name}>${escaped}</${name}>`;
}

function requestIds() {
	return {
		RequestId: randomBytes(8).toString('hex').toUpperCase(),
		HostId: randomBytes(42).toString('base64'),
	};
}
