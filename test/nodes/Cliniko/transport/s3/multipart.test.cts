import {
	multipartForm,
	type Form,
	type FormFile,
} from '../../../../../nodes/Cliniko/transport/s3/multipart.ts';
import { bytesOf, partsOf } from './formParts.cts';

const FIELDS = {
	key: '123/patients/456/attachments/temp/x/${filename}',
	policy: 'eyJleHAiOiIifQ==',
	'x-amz-date': '20260302T090000Z',
	acl: 'private',
};

const file = (more: Partial<FormFile> = {}): FormFile => {
	const content = more.content ?? Buffer.from('%PDF-1.4\r\n\r\n--\u0000\u00ff');
	return {
		name: 'Referral.pdf',
		contentType: 'application/pdf',
		size: (content as Buffer).length,
		...more,
		content,
	};
};

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
	for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

describe('The form for S3', () => {
	it('has all fields as they are, in their order, and the file last', async () => {
		const sent = file();

		expect(await partsOf(multipartForm(FIELDS, sent))).toEqual([
			...Object.entries(FIELDS).map(([name, value]) => ({ name, value })),
			{
				name: 'file',
				filename: 'Referral.pdf',
				mimeType: 'application/pdf',
				value: (sent.content as Buffer).toString('latin1'),
			},
		]);
	});

	it('is as long as it says', async () => {
		const form = multipartForm({ ...FIELDS, key: 'Größe/日本/😀' }, file({ name: 'Größe 😀.pdf' }));

		expect((await bytesOf(form)).length).toBe(form.contentLength);
	});

	it('is the same byte for byte when the file is streamed', async () => {
		const whole = multipartForm(FIELDS, file({ content: Buffer.from('one two three') }));
		const streamed = multipartForm(
			FIELDS,
			file({ content: chunks('one ', '', 'two ', 'three'), size: 13 }),
		);

		const boundary = (form: Form) => form.contentType.split('boundary=')[1]!;
		const bytes = (await bytesOf(streamed)).toString('latin1');
		expect(bytes.replaceAll(boundary(streamed), boundary(whole))).toBe(
			(await bytesOf(whole)).toString('latin1'),
		);
		expect(streamed.contentLength).toBe(whole.contentLength);
	});

	it('tells the HTTP library its length and type when it is streamed', () => {
		const form = multipartForm(FIELDS, file({ content: chunks('12345'), size: 5 }));

		expect(form.body).toMatchObject({ type: form.contentType, size: form.contentLength });
		expect(Object.prototype.toString.call(form.body)).toBe('[object Blob]');
	});

	it('fails when the file’s stream does', async () => {
		async function* broken(): AsyncGenerator<Uint8Array> {
			yield Buffer.from('12');
			throw await Promise.resolve(new Error('the disk is gone'));
		}

		const form = multipartForm(FIELDS, file({ content: broken(), size: 5 }));

		await expect(bytesOf(form)).rejects.toThrow('the disk is gone');
	});

	it('has another boundary each time', () => {
		const types = [1, 2, 3].map(() => multipartForm(FIELDS, file()).contentType);

		expect(new Set(types).size).toBe(3);
		for (const type of types) expect(type).toMatch(/^multipart\/form-data; boundary=[\w-]{1,70}$/);
	});

	it.each([
		['a quote', 'a"; name="key.pdf', 'a%22; name=%22key.pdf'],
		['line breaks', 'a.pdf"\r\n\r\nX-Evil: 1', 'a.pdf%22%0D%0A%0D%0AX-Evil: 1'],
		['a line feed alone', 'a\nb.pdf', 'a%0Ab.pdf'],
		['umlauts, emoji and a percent sign', 'Größe 100% 😀.pdf', 'Größe 100% 😀.pdf'],
		['an apostrophe, a plus and an ampersand', "O'Brien & Co+1.pdf", "O'Brien & Co+1.pdf"],
	])('keeps a file name with %s in its place', async (_, name, filename) => {
		const parts = await partsOf(multipartForm(FIELDS, file({ name })));

		expect(parts.map((part) => part.name)).toEqual([...Object.keys(FIELDS), 'file']);
		expect(parts.at(-1)).toMatchObject({ filename, mimeType: 'application/pdf' });
	});

	it('keeps a field’s name and value in their places', async () => {
		const hostile = {
			'a"\r\nContent-Type: text/html\r\n\r\nx': 'v',
			b: 'one\r\n--boundary--\r\nContent-Disposition: form-data; name="key"\r\n\r\ntwo',
		};

		expect((await partsOf(multipartForm(hostile, file()))).slice(0, -1)).toEqual([
			{ name: 'a%22%0D%0AContent-Type: text/html%0D%0A%0D%0Ax', value: 'v' },
			{ name: 'b', value: hostile.b },
		]);
	});

	it('carries a file of no bytes', async () => {
		const form = multipartForm(FIELDS, file({ content: Buffer.alloc(0) }));

		expect((await partsOf(form)).at(-1)).toMatchObject({ name: 'file', value: '' });
		expect((await bytesOf(form)).length).toBe(form.contentLength);
	});
});
