import { createHash } from 'node:crypto';
import { request as send, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { XMLParser } from 'fast-xml-parser';

import type { Site } from '../exchange.cts';
import { BUCKET_HOST } from './bucket.cts';
import { HEAD_BYTES } from './form.cts';
import { presignGet } from './signature.cts';
import { Storage, type StoredObject } from './storage.cts';

/** Headers that apply to a single connection (RFC 9110, 7.6.1) and are not forwarded. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'];

const xml = new XMLParser({ parseTagValue: false, trimValues: false, htmlEntities: true });

/** The objects of a real bucket, as far as the sandbox has seen them stored. */
export class Inventory extends Storage {
	/** Leaves the object under its first key: a radosgw without a Ceph cluster cannot copy. */
	override move(object: StoredObject): StoredObject {
		return object;
	}
}

/**
 * Uses a real S3 server instead of the sandbox's own. Requests and replies are forwarded unchanged,
 * including the Host, which is signed. Objects that the server reports as stored are read back and
 * recorded.
 *
 * @param endpoint the server's URL: see `s3Endpoint` in the sandbox's options
 */
export function createRealS3(endpoint: string, inventory: Storage): Site {
	return {
		stepOf: (request) => (request.method === 'POST' ? 's3' : 'other'),
		async handle({ request, signal }) {
			const answer = await handOn(endpoint, request, signal);
			const reply = { status: answer.statusCode ?? 0, headers: endToEnd(answer), body: '' };
			if (request.method !== 'POST') return { ...reply, stream: answer };
			const body = await text(answer);
			if (reply.status === 201) {
				const { PostResponse } = xml.parse(body) as { PostResponse: { Key: string } };
				inventory.put(await readBack(endpoint, PostResponse.Key));
			}
			// Does not wait for the rest of a form that was refused early.
			return { ...reply, body, closes: !request.complete };
		},
	};
}

/** Forwards a request as a stream; resolves when the reply begins. */
async function handOn(
	endpoint: string,
	request: IncomingMessage,
	signal: AbortSignal,
): Promise<IncomingMessage> {
	const { method, url: path } = request;
	return await new Promise((resolve, reject) => {
		// Otherwise radosgw resets the connection when it refuses a form early, and its reply is lost.
		const headers = { ...endToEnd(request), connection: 'keep-alive' };
		const sending = send(endpoint, { method, path, headers, signal, agent: false });
		sending.once('response', (answer) => {
			request.unpipe(sending);
			answer.once('end', () => sending.destroy());
			resolve(answer);
		});
		sending.on('error', reject);
		request.once('close', () => {
			if (!request.complete) sending.destroy();
		});
		request.pipe(sending);
	});
}

/** Reads an object back from the bucket and hashes it. */
async function readBack(endpoint: string, key: string): Promise<StoredObject> {
	const { pathname, search, host } = new URL(presignGet(BUCKET_HOST, key, Date.now(), 60_000));
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		send(endpoint, { path: pathname + search, headers: { host }, agent: false })
			.once('response', resolve)
			.once('error', reject)
			.end();
	});
	if (answer.statusCode !== 200) {
		throw new Error(`The S3 server does not give back what it has stored: ${await text(answer)}`);
	}
	const sha256 = createHash('sha256');
	const md5 = createHash('md5');
	let size = 0;
	let head = Buffer.alloc(0);
	for await (const chunk of answer as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES);
		sha256.update(chunk);
		md5.update(chunk);
	}
	return {
		key,
		size,
		head,
		sha256: sha256.digest('hex'),
		md5: md5.digest('hex'),
		contentType: answer.headers['content-type'] ?? '',
		// The bytes are not on this disk, and the form was not parsed.
		path: '',
		fields: {},
	};
}

function endToEnd({ headers }: IncomingMessage): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers)
			.filter(([name]) => !HOP_BY_HOP.includes(name))
			.map(([name, value]) => [name, String(value)]),
	);
}
