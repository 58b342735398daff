import { randomBytes } from 'crypto';

/** A file in a form. `content` yields exactly `size` bytes. */
export interface FormFile {
	name: string;
	contentType: string;
	/** Bytes. */
	size: number;
	content: Buffer | AsyncIterable<Uint8Array>;
}

/** A `multipart/form-data` body of known length. */
export interface Form {
	/** The `Content-Type` header, with the boundary. */
	contentType: string;
	/** The `Content-Length` header: the length of the whole body, in bytes. */
	contentLength: number;
	body: Buffer | StreamedBody;
}

/**
 * Builds the body of S3's POST Object: all fields in order, and the file last, because S3 ignores what
 * follows it (AWS, "POST Object").
 *
 * @param fields names and values, sent unchanged
 * @param file if its content is a Buffer, so is the body; otherwise the body is a stream
 */
export function multipartForm(fields: Record<string, string>, file: FormFile): Form {
	const boundary = `----n8n-nodes-cliniko-${randomBytes(16).toString('hex')}`;
	const parts = Object.entries(fields).map(
		([name, value]) =>
			`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
	);
	const head = Buffer.from(
		`${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(file.name)}"\r\nContent-Type: ${file.contentType}\r\n\r\n`,
	);
	const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
	const contentType = `multipart/form-data; boundary=${boundary}`;
	const contentLength = head.length + file.size + tail.length;
	const body = Buffer.isBuffer(file.content)
		? Buffer.concat([head, file.content, tail])
		: new StreamedBody(contentType, contentLength, head, file.content, tail);
	return { contentType, contentLength, body };
}

/**
 * Escapes a name the way browsers do (HTML, "multipart/form-data encoding algorithm"); everything else
 * is sent as UTF-8.
 */
function quoted(name: string): string {
	return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

/**
 * A body that n8n's request helper streams with an exact `Content-Length`. The HTTP library sends
 * anything that presents itself as a Blob chunk by chunk, and takes length and type from it. A community
 * node may import neither `stream` nor a form library. The engine tests check that n8n streams it.
 */
export class StreamedBody {
	constructor(
		readonly type: string,
		readonly size: number,
		private readonly head: Buffer,
		private readonly content: AsyncIterable<Uint8Array>,
		private readonly tail: Buffer,
	) {}

	get [Symbol.toStringTag](): string {
		return 'Blob';
	}

	/** Yields the whole body once. */
	async *stream(): AsyncGenerator<Uint8Array> {
		yield this.head;
		yield* this.content;
		yield this.tail;
	}
}
