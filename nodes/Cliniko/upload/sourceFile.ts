import { createHash } from 'crypto';
import type { IBinaryData } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { safeFileName } from '../records/fileName';

/**
 * Files above this size, in bytes, are streamed. Smaller ones are sent as one Buffer, so that S3's
 * refusal can be read even if it arrives before the whole file has been sent.
 */
export const STREAM_ABOVE = 1024 * 1024;

/**
 * How much of a stored file is read at a time, in bytes. Less for a smaller file: the stream allocates
 * a buffer of this size for each read.
 */
const CHUNK = 256 * 1024;

const MIME_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** What n8n writes into `data` if the file is in its store: the modes of its binary data service. */
const STORAGE_MODES = ['default', 'filesystem', 'filesystem-v2', 's3', 'azure', 'database'];

const CODE_NODE_ADVICE =
	'A Code node before this one has changed the file. Let it pass the whole file on: return { json: {}, binary: $input.item.binary }. If it makes a new file, use await this.helpers.prepareBinaryData(buffer, fileName, mimeType).';

/** n8n's store of binary data, as the upload needs it. */
export interface BinaryStore {
	metadata: (id: string) => Promise<{ fileSize: number }>;
	/** Opens a Node.js Readable, which keeps its file open until it ends or is destroyed. */
	stream: (
		id: string,
		chunkSize: number,
	) => Promise<AsyncIterable<Uint8Array> & { destroy?: () => unknown }>;
}

/** A file to upload. */
export interface SourceFile {
	/** Its name on the patient's record. */
	name: string;
	contentType: string;
	/** Exact, in bytes. */
	size: number;
	/**
	 * Identifies the file within the execution: the part of its id in n8n's store that never changes, or
	 * a digest.
	 */
	source: string;
	/**
	 * The SHA-256 of the bytes, in hex. The first call reads a stored file.
	 *
	 * @throws ClinikoError if the file cannot be read or does not have exactly `size` bytes
	 */
	digest: () => Promise<string>;
	/**
	 * The bytes, from the start at every call: a Buffer up to 1 MiB, a stream above that. A stream that
	 * does not yield exactly `size` bytes throws.
	 *
	 * @param signal closes the stream when it aborts, for callers that may stop reading without calling
	 *   the iterator's `return`, such as an HTTP client
	 */
	open: (signal?: AbortSignal) => Promise<Buffer | AsyncIterable<Uint8Array>>;
}

/**
 * Describes a file of an item. A stored file is not read yet.
 *
 * @param field the name of the binary field, used if the file has no name
 * @param data n8n's binary data: with an `id`, the file is in n8n's store, otherwise it is base64
 * @param rename replaces the file's own name, unless empty
 * @throws ClinikoError if the file is empty or gone, or if `data` is not a file
 */
export async function sourceFile(
	field: string,
	data: IBinaryData,
	rename: string,
	store: BinaryStore,
): Promise<SourceFile> {
	// A Code node can put anything into an item.
	if (typeof data !== 'object' || data === null || Array.isArray(data)) {
		throw new ClinikoError(`The binary field "${field}" does not hold a file.`, CODE_NODE_ADVICE);
	}
	const extension = /^\w+$/.test(data.fileExtension ?? '') ? `.${data.fileExtension}` : '';
	const ownName = typeof data.fileName === 'string' ? data.fileName : '';
	const name = safeFileName(
		rename || ownName,
		safeFileName(`${field}${extension}`, `file${extension}`),
	);
	const { id } = data;
	if (id && typeof id !== 'string') notReadable(name);
	// n8n would read the file of the id, and ignore the new content beside it.
	if (id && !isStorageNote(data.data, id)) {
		throw new ClinikoError(
			`The content of the file "${name}" was changed, but its id still stands for the old one.`,
			CODE_NODE_ADVICE,
		);
	}
	const size = id ? await storedSize(id, name, store) : decodedSize(data.data, name);
	if (size === 0) {
		throw new ClinikoError(
			`The file "${name}" is empty.`,
			'Check the node that the file comes from. Cliniko cannot show an empty file, so it was not sent.',
		);
	}
	const read = (signal?: AbortSignal) =>
		exactly(size, name, id ? stored(id, name, size, store, signal) : decoded(data.data));
	let reading: Promise<string> | undefined;
	const digest = async () =>
		await (reading ??= sha256(read()).catch((error: unknown) => {
			// The store may be available again at the next call.
			reading = undefined;
			throw error;
		}));
	return {
		name,
		contentType: MIME_TYPE.test(data.mimeType) ? data.mimeType : 'application/octet-stream',
		size,
		// n8n keeps the files of a webhook or form in a temporary folder and moves them to the
		// execution's own when it ends, so a manual retry finds them under another path.
		source: id ? id.replace(/^.*\//, '') : await digest(),
		digest,
		open: async (signal) => (size <= STREAM_ABOVE ? await collect(read(signal)) : read(signal)),
	};
}

/** The name and the digest of a file; undefined if it can no longer be read. */
export async function contentOf({
	name,
	digest,
}: SourceFile): Promise<{ name: string; sha256: string } | undefined> {
	return await digest().then(
		(sha256) => ({ name, sha256 }),
		() => undefined,
	);
}

async function storedSize(id: string, name: string, store: BinaryStore): Promise<number> {
	try {
		const { fileSize } = await store.metadata(id);
		if (Number.isSafeInteger(fileSize)) return fileSize;
	} catch {
		// Reported below.
	}
	return notReadable(name);
}

async function* stored(
	id: string,
	name: string,
	size: number,
	store: BinaryStore,
	signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
	let close = (): void => undefined;
	try {
		const stream = await store.stream(id, Math.min(size, CHUNK));
		close = () => void stream.destroy?.();
		signal?.addEventListener('abort', close);
		if (signal?.aborted) close();
		yield* stream;
	} catch {
		notReadable(name);
	} finally {
		signal?.removeEventListener('abort', close);
		close();
	}
}

function notReadable(name: string): never {
	throw new ClinikoError(
		`The file "${name}" cannot be read from n8n's store.`,
		'n8n may have deleted it already, as it does with the files of old executions, or its store is out of reach. Run the workflow again from the step that the file comes from.',
	);
}

/**
 * The number of bytes in a base64 text, without decoding it. Buffer.from accepts any text and skips
 * invalid characters, so the text is validated here.
 */
function decodedSize(base64: string, name: string): number {
	if (STORAGE_MODES.includes(base64)) {
		throw new ClinikoError(
			`The item does not hold the file "${name}", only a note of where n8n keeps it.`,
			CODE_NODE_ADVICE,
		);
	}
	if (typeof base64 !== 'string' || !isBase64(base64)) {
		throw new ClinikoError(
			`The content of the file "${name}" is not valid base64.`,
			`${CODE_NODE_ADVICE} A data: URL, spaces and line ends are not accepted.`,
		);
	}
	return (base64.length / 4) * 3 - paddingOf(base64);
}

/** Whether `data` is what n8n writes for a stored file: nothing, or the name of the storage mode. */
function isStorageNote(data: unknown, id: string): boolean {
	if (data === undefined || data === null || data === '') return true;
	return typeof data === 'string' && [...STORAGE_MODES, id.split(':', 1)[0]].includes(data);
}

/** Strict base64 with padding (RFC 4648, section 4), which is what n8n writes. */
function isBase64(text: string): boolean {
	const content = text.slice(0, text.length - paddingOf(text));
	if (text.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(content)) return false;
	// The unused bits of the last character must be zero.
	const last = text.slice(-4);
	return Buffer.from(last, 'base64').toString('base64') === last;
}

function paddingOf(base64: string): number {
	return base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
}

/** Decodes in chunks, so that memory never holds a second copy of the file. */
async function* decoded(base64: string): AsyncGenerator<Uint8Array> {
	// Four characters are three bytes, and CHUNK is a multiple of four.
	for (let at = 0; at < base64.length; at += CHUNK) {
		yield Buffer.from(base64.slice(at, at + CHUNK), 'base64');
	}
}

async function sha256(source: AsyncIterable<Uint8Array>): Promise<string> {
	const hash = createHash('sha256');
	for await (const chunk of source) hash.update(chunk);
	return hash.digest('hex');
}

/** Throws if the source does not have exactly `size` bytes, which the request has announced. */
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
		`The file "${name}" in n8n's store does not have the ${size} bytes that n8n reports, so it was not stored in Cliniko.`,
		'The file is damaged or was changed meanwhile. Run the workflow again from the step that the file comes from.',
	);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of source) chunks.push(chunk);
	return Buffer.concat(chunks);
}
