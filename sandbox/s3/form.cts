import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';

import { BrokenOff } from '../exchange.cts';
import { Refusal } from '../reply.cts';
import { checkSize, tooLarge, type SizeRange } from './policy.cts';
import { error } from './replies.cts';

/** S3's limit on the size of the form before the file, in bytes. */
const MAX_PRE_DATA = 20_480;
/** How much of a file is kept to detect its type. */
export const HEAD_BYTES = 16;
/** Write buffer: a small one would wait for the disk every 16 KiB. */
const BUFFER = 1024 * 1024;

/** A complete file on disk. */
export interface WrittenFile {
	size: number;
	sha256: string;
	md5: string;
	head: Buffer;
	path: string;
}

export interface FormReading<Ticket> {
	/** Where to write the file. */
	path: string;
	/** Aborts the upload and deletes what was written. */
	signal: AbortSignal;
	/** Reject as soon as the upload is known to be refused, not at the end of the body. */
	early: boolean;
	/**
	 * Checks the fields when the file begins; later ones are ignored. Throws a Refusal, or returns
	 * what `readForm` passes on. `filename` is undefined for a plain field.
	 */
	accept(fields: Map<string, string>, filename: string | undefined): Ticket;
}

/**
 * Parses a POST Object form (multipart/form-data) as S3 does: fields by lower-case name, in order,
 * up to the file, which is streamed to disk. Rejects with a Refusal if the form is invalid, with
 * BrokenOff if it does not arrive whole; nothing is left on disk then.
 */
export async function readForm<Ticket extends { range: SizeRange }>(
	request: IncomingMessage,
	reading: FormReading<Ticket>,
): Promise<{ ticket: Ticket; file: WrittenFile }> {
	const parser = openParser(request);
	const fields = new Map<string, string>();
	let preData = 0;
	let refusal: unknown;
	let ticket: Ticket | undefined;
	let writing: Promise<WrittenFile> | undefined;

	const body = new Promise<void>((resolve, reject) => {
		const refuse = (reason: unknown) => {
			refusal ??= reason;
			if (reading.early || !(reason instanceof Refusal)) reject(refusal as Error);
		};
		const takeFile = (source: Readable, filename: string | undefined) => {
			// It fails when the body breaks off, even if nothing reads it.
			source.on('error', () => undefined);
			try {
				if (ticket) throw exactlyOneFile();
				if (refusal) throw refusal;
				ticket = reading.accept(fields, filename);
				const { range } = ticket;
				writing = write(source, reading.path, range.max, (size) => {
					if (reading.early) refuse(tooLarge(range, size));
				});
				writing.catch(() => undefined);
			} catch (reason) {
				refuse(reason);
				source.resume();
			}
		};

		parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
			const field = name.toLowerCase();
			if (ticket || refusal) return;
			if (nameTruncated || valueTruncated) return refuse(tooMuchPreData());
			// S3 also accepts the file as a plain field; there is no file name to substitute then.
			if (field === 'file') return takeFile(Readable.from([Buffer.from(value)]), undefined);
			preData += Buffer.byteLength(name) + Buffer.byteLength(value);
			if (preData > MAX_PRE_DATA) return refuse(tooMuchPreData());
			// How S3 treats duplicate fields is unknown; a client should not send any.
			if (fields.has(field)) return refuse(invalidArgument(`Duplicate field ${name}`));
			fields.set(field, value);
		});
		parser.on('file', (name, source, { filename }) => {
			if (name.toLowerCase() !== 'file') refuse(exactlyOneFile());
			takeFile(source, filename ?? '');
		});
		parser.on('close', () => resolve());
		parser.on('error', () => {
			refuse(malformed());
			resolve();
		});
		request.once('close', () => {
			if (!request.complete) refuse(new BrokenOff('The body broke off'));
		});
		reading.signal.addEventListener('abort', () => refuse(new BrokenOff('Struck by a fault')));
	});

	try {
		request.pipe(parser);
		await body;
		if (refusal) throw refusal;
		if (!ticket || !writing) throw exactlyOneFile();
		const file = await writing;
		checkSize(ticket.range, file.size);
		return { ticket, file };
	} catch (reason) {
		request.unpipe(parser);
		parser.destroy();
		await writing?.catch(() => undefined);
		await rm(reading.path, { force: true });
		throw reason;
	}
}

function openParser(request: IncomingMessage): busboy.Busboy {
	try {
		return busboy({
			headers: request.headers,
			defParamCharset: 'utf8',
			fileHwm: BUFFER,
			limits: { fieldSize: 1024 * 1024 },
		});
	} catch {
		throw malformed();
	}
}

/** Writes a file to disk and hashes it. Bytes past `maxBytes` are counted and discarded. */
async function write(
	source: Readable,
	path: string,
	maxBytes: number,
	onOver: (size: number) => void,
): Promise<WrittenFile> {
	const sha256 = createHash('sha256');
	const md5 = createHash('md5');
	let size = 0;
	let head = Buffer.alloc(0);
	await pipeline(
		source,
		async function* (chunks: AsyncIterable<Buffer>) {
			for await (const chunk of chunks) {
				size += chunk.length;
				if (size > maxBytes) {
					onOver(size);
					continue;
				}
				if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES);
				sha256.update(chunk);
				md5.update(chunk);
				yield chunk;
			}
		},
		createWriteStream(path, { highWaterMark: BUFFER }),
	);
	return { size, sha256: sha256.digest('hex'), md5: md5.digest('hex'), head, path };
}

function invalidArgument(message: string): Refusal {
	return error(400, 'InvalidArgument', message);
}

function exactlyOneFile(): Refusal {
	return error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.', {
		ArgumentName: 'file',
		ArgumentValue: '0',
	});
}

function tooMuchPreData(): Refusal {
	return error(
		400,
		'MaxPostPreDataLengthExceeded',
		'Your POST request fields preceeding the upload file was too large.',
		{ MaxPostPreDataLengthBytes: MAX_PRE_DATA },
	);
}

function malformed(): Refusal {
	return error(
		400,
		'MalformedPOSTRequest',
		'The body of your POST request is not well-formed multipart/form-data.',
	);
}
