import type { IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { postToS3, type SendToS3 } from '../../../../nodes/Cliniko/upload/postToS3.ts';
import { STREAM_ABOVE, type SourceFile } from '../../../../nodes/Cliniko/upload/sourceFile.ts';
import { rejection, reply } from '../connection.cts';

const post = {
	url: 'https://files.s3.amazonaws.com/',
	fields: { key: 'temp/x/${filename}', policy: 'c2VjcmV0', 'x-amz-signature': 'abcdef' },
	clockAhead: 0,
};

const content = Buffer.from('%PDF-1.4');

const file = (more: Partial<SourceFile> = {}): SourceFile => ({
	name: 'Brian & Co.pdf',
	contentType: 'application/pdf',
	size: content.length,
	open: async () => await Promise.resolve(content),
	...more,
});

const stored =
	'<PostResponse><Location>https://files.s3.amazonaws.com/temp%2Fx%2FBrian+%26+Co.pdf</Location><Key>temp/x/Brian &amp; Co.pdf</Key></PostResponse>';

const send = async (
	answer: IN8nHttpFullResponse | Error,
	source: SourceFile = file(),
): Promise<{ key: Promise<string>; sent: IHttpRequestOptions[] }> => {
	const sent: IHttpRequestOptions[] = [];
	const sender: SendToS3 = async (options) => {
		sent.push(options);
		return await (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
	};
	const key = postToS3(sender, post, source);
	await key.catch(() => undefined);
	return { key, sent };
};

const refusalOf = async (answer: IN8nHttpFullResponse | Error, source?: SourceFile) =>
	await rejection((await send(answer, source)).key);

describe('A file that is sent to S3', () => {
	it('is known there by the key that S3 answers with, not encoded', async () => {
		expect(await (await send(reply(201, stored))).key).toBe('temp/x/Brian & Co.pdf');
	});

	it('goes out with its length, its fields and nothing of the Cliniko key', async () => {
		const { sent } = await send(reply(201, stored));

		const [options] = sent;
		expect(sent).toHaveLength(1);
		expect(options).toMatchObject({
			method: 'POST',
			url: post.url,
			headers: {
				'Content-Type': expect.stringMatching(/^multipart\/form-data; boundary=/),
				'Content-Length': (options?.body as Buffer).length,
			},
			encoding: 'text',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		});
		expect(Object.keys(options?.headers ?? {})).toEqual(['Content-Type', 'Content-Length']);
		expect(options).not.toHaveProperty('auth');
		expect(String(options?.body)).toContain('name="x-amz-signature"\r\n\r\nabcdef\r\n');
		expect(String(options?.body)).toContain('filename="Brian & Co.pdf"');
	});

	it('goes out as a stream of exact length where it is large', async () => {
		const size = STREAM_ABOVE + 1;
		const { sent } = await send(
			reply(201, stored),
			file({
				size,
				open: async () =>
					await Promise.resolve(
						(async function* () {
							yield await Promise.resolve(Buffer.alloc(size));
						})(),
					),
			}),
		);

		const body = sent[0]?.body as unknown as {
			size: number;
			stream: () => AsyncIterable<Uint8Array>;
		};
		let length = 0;
		for await (const chunk of body.stream()) length += chunk.length;
		expect(length).toBeGreaterThan(size);
		expect(sent[0]?.headers?.['Content-Length']).toBe(length);
		expect(body.size).toBe(length);
	});

	it.each([
		['too large', 400, 'EntityTooLarge', 'Make the file smaller.'],
		['late', 403, 'AccessDenied', 'check that the clock of this n8n is right'],
		['signed wrongly', 403, 'SignatureDoesNotMatch', 'no proxy changes what it sends'],
		['sent while S3 has a fault', 503, 'SlowDown', 'Amazon S3 has a fault at the moment'],
		['sent to another region', 307, 'TemporaryRedirect', 'a redirect, which is not followed'],
	])(
		'is refused where it is %s, with S3’s words and an advice',
		async (_, status, code, advice) => {
			const xml = `<Error><Code>${code}</Code><Message>That is\n why.</Message><HostId>of no use</HostId></Error>`;

			const error = await refusalOf(reply(status, xml));

			expect(error.message).toBe(
				`Cliniko's file store (Amazon S3) did not take the file "Brian & Co.pdf": status ${status}, ${code}: That is why.`,
			);
			expect(error.description).toContain(advice);
			expect(error.description).toContain('not on the patient’s record');
			expect(error.httpCode).toBe(status);
		},
	);

	it('is refused without the HTML that a proxy answers with', async () => {
		const error = await refusalOf(reply(502, '<html><h1>Bad gateway</h1></html>'));

		expect(error.message).toBe(
			'Cliniko\'s file store (Amazon S3) did not take the file "Brian & Co.pdf": status 502',
		);
	});

	it.each([
		['without a document', 204, ''],
		['with a web page', 200, '<html><body>Please log in</body></html>'],
		['with half a document', 201, '<PostResponse><Key>temp/x/Brian &amp; Co.pdf</Key>'],
		['with a refusal', 200, '<Error><Code>InternalError</Code></Error>'],
	])('is not taken for stored where S3 answers %s', async (_, status, body) => {
		const error = await refusalOf(reply(status, body));

		expect(error.message).toContain('does not say where it is');
		expect(error.description).toContain('It is not on the patient’s record.');
		expect(error.httpCode).toBe(status);
	});

	describe('whose connection breaks off', () => {
		it('is reported with nothing of the request', async () => {
			const cause = Object.assign(new Error('ECONNRESET'), { config: { data: post.fields } });

			const error = await refusalOf(cause);

			expect(error.message).toContain("the connection to Cliniko's file store broke off");
			expect(error.cause).toBeUndefined();
			expect(Object.keys(error)).not.toContain('config');
			expect(JSON.stringify(Object.values(error))).not.toContain('abcdef');
		});

		const fault = new ClinikoError('The file is gone from n8n.', 'Run the earlier step again.');

		it.each([
			['as it is', fault],
			['inside of the HTTP library’s own', new Error('Request failed', { cause: fault })],
			['further inside', new Error('a', { cause: new Error('b', { cause: fault }) })],
		])('because its own source does is reported with that: %s', async (_, thrown) => {
			expect(await refusalOf(thrown)).toBe(fault);
		});
	});

	it('is not sent where it cannot be opened', async () => {
		const fault = new ClinikoError('The file is gone from n8n.', 'Run the earlier step again.');

		const { key, sent } = await send(
			reply(201, stored),
			file({ open: async () => await Promise.reject(fault) }),
		);

		expect(await rejection(key)).toBe(fault);
		expect(sent).toEqual([]);
	});
});
