import busboy from 'busboy';

import type { Form } from '../../../../../nodes/Cliniko/transport/s3/multipart.ts';

/** A part of a form as S3 parses it. */
export interface Part {
	name: string;
	value: string;
	filename?: string;
	mimeType?: string;
}

/** The bytes of the form's body; a stream can be read once. */
export async function bytesOf({ body }: Form): Promise<Buffer> {
	if (Buffer.isBuffer(body)) return body;
	const all: Uint8Array[] = [];
	for await (const chunk of body.stream()) all.push(chunk);
	return Buffer.concat(all);
}

/**
 * The parts in order, read by an independent parser.
 *
 * @param given the form's bytes, if they have been read already
 */
export async function partsOf(form: Form, given?: Buffer): Promise<Part[]> {
	const bytes = given ?? (await bytesOf(form));
	return await new Promise<Part[]>((resolve, reject) => {
		const parts: Part[] = [];
		const parser = busboy({
			headers: { 'content-type': form.contentType },
			defParamCharset: 'utf8',
			preservePath: true,
		});
		parser.on('field', (name, value) => parts.push({ name, value }));
		parser.on('file', (name, stream, { filename, mimeType }) => {
			const part: Part = { name, value: '', filename, mimeType };
			parts.push(part);
			stream.setEncoding('latin1');
			stream.on('data', (chunk: string) => (part.value += chunk));
		});
		parser.on('error', reject);
		parser.on('close', () => resolve(parts));
		parser.end(bytes);
	});
}
