import { randomBytes } from 'crypto';

/** A file as it stands in a form: its name and type, and how many bytes `content` yields. */
export interface FormFile {
	name: string;
	contentType: string;
	/** Bytes. */
	size: number;
	content: Buffer | AsyncIterable<Uint8Array>;
}

/** A `multipart/form-data` body of known length. */
export interface Form {
	/** For the `Content-Type` header, with the boundary. */
	contentType: string;
	/** Of the whole body in bytes, for the `Content-Length` header. */
	contentLength: number;
	body: Buffer | StreamedBody;
}

/**
 * Builds the body of S3's POST Object: all fields in their order, and the file as the last part,
 * since S3 ignores whatever follows it (AWS, "POST Object").
 *
 * @param fields names and values; sent as they are, whatever their names
 * @param file a Buffer goes out as one Buffer, anything else as a stream
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
 * Keeps a name inside its quotes the way browsers do (HTML, "multipart/form-data encoding
 * algorithm"); the rest is sent as UTF-8, unescaped.
 */
function quoted(name: string): string {
	return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

/**
 * A body that n8n's request helper streams with an exact `Content-Length`. The HTTP library below it
 * sends whatever calls itself a Blob chunk by chunk, and takes length and type from it; a community
 * node may import neither `stream` nor a form library. The engine tests hold n8n to this.
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
