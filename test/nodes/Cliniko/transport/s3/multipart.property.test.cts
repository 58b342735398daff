import fc from 'fast-check';

import { multipartForm } from '../../../../../nodes/Cliniko/transport/s3/multipart.ts';
import { bytesOf, partsOf } from './formParts.cts';

/** What a parser makes of a quoted name. */
const seen = (name: string) =>
	name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');

/** Fragments for injecting a form part. */
const hostile = fc.constantFrom(
	'\r\n',
	'\n',
	'\r',
	'"',
	'--',
	'----n8n-nodes-cliniko-',
	'; name="file"',
	'Content-Disposition: form-data; name="key"',
	'Content-Type: text/html',
	'\r\n\r\n',
	'%22',
	'ü',
	'😀',
	' ',
	'a',
);

const text = fc.oneof(
	fc.string({ unit: 'grapheme', maxLength: 20 }),
	fc.string({ unit: hostile, maxLength: 8 }),
);

/** The parser treats a quoted backslash as an escape, which S3 may not; cleaned names have none. */
const name = text
	.map((one) => `f${one.replaceAll('\\', '')}`)
	// Objects list integer keys first.
	.filter((one) => one !== '__proto__');

const content = fc.oneof(
	fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
	fc.string({ unit: hostile, maxLength: 20 }).map((one) => Buffer.from(one)),
);

const form = fc.record({
	fields: fc.uniqueArray(fc.tuple(name, text), { selector: ([key]) => seen(key), maxLength: 6 }),
	file: fc.record({
		name,
		contentType: fc.constantFrom('application/pdf', 'image/svg+xml', 'application/octet-stream'),
		content,
	}),
	/** Where the content is split into chunks; undefined if it is not streamed. */
	cuts: fc.option(fc.array(fc.nat(300), { maxLength: 4 }), { nil: undefined }),
});

describe('The form for S3, whatever is in it', () => {
	it('comes apart into the same parts, with the file last, at the length that it says', async () => {
		await fc.assert(
			fc.asyncProperty(form, async ({ fields, file, cuts }) => {
				async function* pieces(): AsyncGenerator<Uint8Array> {
					const at = [0, ...cuts!.sort((a, b) => a - b), file.content.length];
					for (const [index, from] of at.slice(0, -1).entries()) {
						yield await Promise.resolve(
							file.content.subarray(from, Math.max(from, at[index + 1]!)),
						);
					}
				}
				const whole = cuts === undefined || cuts.some((cut) => cut > file.content.length);
				const built = multipartForm(Object.fromEntries(fields), {
					...file,
					size: file.content.length,
					content: whole ? file.content : pieces(),
				});
				const bytes = await bytesOf(built);

				expect(bytes.length).toBe(built.contentLength);
				expect(await partsOf(built, bytes)).toEqual([
					...fields.map(([key, value]) => ({ name: seen(key), value })),
					{
						name: 'file',
						filename: seen(file.name),
						mimeType: file.contentType,
						value: file.content.toString('latin1'),
					},
				]);
			}),
			{ numRuns: 1000 },
		);
	});
});
