import { createHash } from 'crypto';
import type { IBinaryData } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { safeFileName } from './fileName';

/**
 * Above this size in bytes a file is streamed. Up to it, it is sent as one Buffer: then S3's own
 * refusal can be read even if S3 answers before it has the whole file.
 */
export const STREAM_ABOVE = 1024 * 1024;

/**
 * How much of a stored file is read at a time, in bytes. Less for a smaller file: a reader sets aside
 * so much for each of its reads.
 */
const CHUNK = 256 * 1024;

const MIME_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** n8n's store of binary data, as the upload needs it. */
export interface BinaryStore {
	metadata: (id: string) => Promise<{ fileSize: number }>;
	stream: (id: string, chunkSize: number) => Promise<AsyncIterable<Uint8Array>>;
}

/** A file that is to be uploaded. */
export interface SourceFile {
	/** The name that it will have on the patient's record. */
	name: string;
	contentType: string;
	/** Exact, in bytes. */
	size: number;
	/**
	 * Tells the file from others in the same execution: what lasts of its id in n8n's store, or a
	 * digest.
	 */
	source: string;
	/**
	 * The bytes, from the start at every call: a Buffer up to 1 MiB, a stream above. A stream that
	 * does not yield exactly `size` bytes throws.
	 */
	open: () => Promise<Buffer | AsyncIterable<Uint8Array>>;
	/** The SHA-256 of the bytes, in hex. */
	digest: () => Promise<string>;
}

/**
 * Finds out what is to be uploaded, without reading a stored file yet.
 *
 * @param field the name of the binary field, for a file that has no name
 * @param data n8n's binary data: with an `id` it is in n8n's store, otherwise base64 in `data`
 * @param rename overrides the file's own name, unless empty
 * @throws ClinikoError if the file is empty or gone
 */
export async function sourceFile(
	field: string,
	data: IBinaryData,
	rename: string,
	store: BinaryStore,
): Promise<SourceFile> {
	const extension = /^\w+$/.test(data.fileExtension ?? '') ? `.${data.fileExtension}` : '';
	const name = safeFileName(
		rename || data.fileName || '',
		safeFileName(`${field}${extension}`, `file${extension}`),
	);
	const { id } = data;
	const content = id ? undefined : Buffer.from(data.data, 'base64');
	const size = content?.length ?? (await storedSize(id!, name, store));
	if (size === 0) {
		throw new ClinikoError(
			`The file "${name}" is empty.`,
			'Check the node that the file comes from. Cliniko cannot show an empty file, so it was not sent.',
		);
	}
	const open = async () => {
		const source = content ? inChunks(content) : read(id!, name, size, store);
		const exact = exactly(size, name, source);
		return size <= STREAM_ABOVE ? await collect(exact) : exact;
	};
	let digest: Promise<string> | undefined;
	const hash = async (): Promise<string> => {
		const bytes = await open();
		const sum = createHash('sha256');
		for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) sum.update(chunk);
		return sum.digest('hex');
	};
	return {
		digest: async () => await (digest ??= hash()),
		name,
		contentType: MIME_TYPE.test(data.mimeType) ? data.mimeType : 'application/octet-stream',
		size,
		// n8n keeps the files of a webhook or a form in a temporary folder, and puts them into the
		// execution's own when that is over: a person's retry finds them under another path.
		source: id?.replace(/^.*\//, '') ?? createHash('sha256').update(content!).digest('hex'),
		open,
	};
}

async function storedSize(id: string, name: string, store: BinaryStore): Promise<number> {
	try {
		const { fileSize } = await store.metadata(id);
		if (Number.isSafeInteger(fileSize)) return fileSize;
	} catch {
		// Told below.
	}
	return notReadable(name);
}

async function* read(
	id: string,
	name: string,
	size: number,
	store: BinaryStore,
): AsyncGenerator<Uint8Array> {
	try {
		yield* await store.stream(id, Math.min(size, CHUNK));
	} catch {
		notReadable(name);
	}
}

function notReadable(name: string): never {
	throw new ClinikoError(
		`The file "${name}" cannot be read from n8n's store.`,
		'n8n may have deleted it already, as it does with the files of old executions, or its store is out of reach. Run the workflow again from the step that the file comes from.',
	);
}

async function* inChunks(content: Buffer): AsyncGenerator<Uint8Array> {
	for (let at = 0; at < content.length; at += CHUNK) yield content.subarray(at, at + CHUNK);
}

/** The length is announced before the first byte, so a file that turns out otherwise is not sent. */
async function* exactly(
	size: number,
	name: string,
	source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
	let sent = 0;
	for await (const chunk of source) {
		sent += chunk.length;
		if (sent > size) changed(name, size);
		yield chunk;
	}
	if (sent < size) changed(name, size);
}

function changed(name: string, size: number): never {
	throw new ClinikoError(
		`The file "${name}" in n8n's store is not the ${size} bytes that n8n says it is, so it was not stored in Cliniko.`,
		'The file is damaged or was changed meanwhile. Run the workflow again from the step that the file comes from.',
	);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of source) chunks.push(chunk);
	return Buffer.concat(chunks);
}
