/**
 * The reference uploader: Cliniko's guide "Uploading patient attachments", step by step, with
 * undici and form-data. It shares no code with the node. The tests compare the node's requests and
 * results with this file, and the benchmark races them.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';
import { XMLParser } from 'fast-xml-parser';
import FormData from 'form-data';
import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';

/** One file for one patient, and the account it goes to. */
export interface ReferenceUpload {
	/** With or without the shard suffix (`…-au2`); without one the shard is `au1`. */
	apiKey: string;
	/** Cliniko asks for a name and a contact email in every `User-Agent`. */
	contactEmail: string;
	/** Ids are 64-bit numbers, so they stay strings throughout. */
	patientId: string;
	/** A path is streamed from disk; a buffer is sent from memory. */
	file: { path: string } | { content: Buffer };
	/** S3 puts this in place of `${filename}` in the key; Cliniko names the attachment after it. */
	fileName: string;
	/** The `Content-Type` of the `file` part. */
	contentType: string;
	/** Left out of the record when undefined. */
	description?: string;
	/** `false` returns the record as created; otherwise it is polled until processed. */
	waitForProcessing?: boolean;
}

export interface ReferenceOptions {
	/** Carries every request, for example a ProxyAgent. Default: undici's global dispatcher. */
	dispatcher?: Dispatcher;
	/** Pause before each poll, in milliseconds. Default 1000. */
	pollMs?: number;
	/** Longest wait for processing, in milliseconds. Default 120,000. */
	maxWaitMs?: number;
}

type JsonObject = Record<string, unknown>;

/**
 * Uploads one file to one patient: presigned post, S3, record, and polls until it is processed.
 * Every request is sent once: nothing is retried.
 * Rules: Cliniko's guides "Uploading patient attachments", "Sharding" and "URLs"; AWS "Browser-based
 * uploads using POST (Signature Version 4)" for the form.
 *
 * @param upload the file, its patient and the account
 * @param options dispatcher and polling times
 * @returns the patient attachment record as Cliniko last sent it
 * @throws Error naming the step, with the HTTP status when it was not the documented one; also for
 * a reply without the expected fields, a file S3 stored under no key, and a wait that ran out.
 * Network and file errors are passed on as they are.
 */
export async function uploadPatientAttachment(
	upload: ReferenceUpload,
	options: ReferenceOptions = {},
): Promise<Record<string, unknown>> {
	const { dispatcher, pollMs = 1000, maxWaitMs = 120_000 } = options;
	const api = `https://api.${shardOf(upload.apiKey)}.cliniko.com/v1`;
	const headers = {
		authorization: `Basic ${Buffer.from(`${upload.apiKey.trim()}:`).toString('base64')}`,
		accept: 'application/json',
		'user-agent': `n8n-nodes-cliniko reference uploader (${upload.contactEmail})`,
	};
	const get = async (step: string, path: string) =>
		jsonOf(step, 200, await request(`${api}${path}`, { dispatcher, headers }));

	const patient = encodeURIComponent(upload.patientId);
	const presigned = await get('presigned post', `/patients/${patient}/attachment_presigned_post`);
	const { url, fields } = presigned;
	if (typeof url !== 'string' || typeof fields !== 'object' || fields === null) {
		throw new Error('presigned post: the reply has no url and fields');
	}

	const key = await postToS3(url, fields as JsonObject, upload, dispatcher);

	const created = await request(`${api}/patient_attachments`, {
		dispatcher,
		method: 'POST',
		headers: { ...headers, 'content-type': 'application/json' },
		body: JSON.stringify({
			patient_id: upload.patientId,
			upload_url: `${url.replace(/\/*$/, '/')}${key}`,
			description: upload.description,
		}),
	});
	let record = await jsonOf('create record', 201, created);

	if (upload.waitForProcessing === false) return record;
	const id = String(record.id);
	const deadline = Date.now() + maxWaitMs;
	while (record.processing_completed !== true) {
		if (Date.now() + pollMs > deadline) {
			throw new Error(`poll: attachment ${id} was not processed within ${maxWaitMs} ms`);
		}
		await sleep(pollMs);
		record = await get('poll', `/patient_attachments/${encodeURIComponent(id)}`);
	}
	return record;
}

/**
 * The dispatcher an environment asks for.
 *
 * @param env `HTTPS_PROXY`: URL of a proxy, spoken to in plain http for an `http:` URL;
 * `NODE_EXTRA_CA_CERTS`: PEM file of CAs trusted besides Node's own. Both optional.
 * @returns a ProxyAgent that tunnels to the target, or a plain Agent; the caller closes it
 * @throws Error when the CA file cannot be read or the proxy's URL is invalid
 */
export function dispatcherFor(env: Record<string, string | undefined>): Dispatcher {
	const caFile = env.NODE_EXTRA_CA_CERTS;
	const tls = caFile ? { ca: [...rootCertificates, readFileSync(caFile, 'utf8')] } : {};
	if (!env.HTTPS_PROXY) return new Agent({ connect: tls });
	return new ProxyAgent({ uri: env.HTTPS_PROXY, requestTls: tls, proxyTls: tls });
}

/** The shard is the key's last `-xxN`, else `au1`. The pattern is the one Cliniko asks to check. */
function shardOf(apiKey: string): string {
	const suffix = /-([a-z]{2}\d{1,2})$/i.exec(apiKey.trim());
	return suffix?.[1]?.toLowerCase() ?? 'au1';
}

/** Sends the form: every field as given, then `file`, with an exact length. Returns S3's Key. */
async function postToS3(
	url: string,
	fields: JsonObject,
	upload: ReferenceUpload,
	dispatcher: Dispatcher | undefined,
): Promise<string> {
	const form = new FormData();
	for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
	const { file, fileName: filename, contentType } = upload;
	const knownLength = 'path' in file ? (await stat(file.path)).size : file.content.length;
	const content = 'path' in file ? createReadStream(file.path) : file.content;
	form.append('file', content, { filename, contentType, knownLength });
	const length = await promisify(form.getLength).call(form);

	// form-data is an old-style stream; undici takes a Readable.
	const body = form.pipe(new PassThrough());
	form.on('error', (error) => body.destroy(error));
	const headers = form.getHeaders({ 'content-length': String(length) });
	let xml: string;
	try {
		const reply = await request(url, { dispatcher, method: 'POST', headers, body });
		xml = await textOf('S3 upload', 201, reply);
	} finally {
		if (!Buffer.isBuffer(content)) content.destroy();
	}
	// A Key is text, never a number; htmlEntities also decodes numeric references such as &#39;.
	const parser = new XMLParser({ parseTagValue: false, trimValues: false, htmlEntities: true });
	const parsed = parser.parse(xml) as { PostResponse?: { Key?: unknown } };
	const key = parsed.PostResponse?.Key;
	if (typeof key !== 'string' || key === '') throw new Error('S3 upload: the reply has no Key');
	return key;
}

async function jsonOf(step: string, status: number, reply: Dispatcher.ResponseData) {
	return JSON.parse(await textOf(step, status, reply)) as JsonObject;
}

async function textOf(step: string, status: number, reply: Dispatcher.ResponseData) {
	const text = await reply.body.text();
	if (reply.statusCode === status) return text;
	throw new Error(`${step}: HTTP ${reply.statusCode}, not ${status}: ${text.slice(0, 300)}`);
}
