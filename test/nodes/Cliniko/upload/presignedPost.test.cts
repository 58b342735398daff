import type { IDataObject } from 'n8n-workflow';

import {
	hasExpired,
	isKeyOf,
	requestPresignedPost,
	type PresignedPost,
} from '../../../../nodes/Cliniko/upload/presignedPost.ts';
import type { SourceFile } from '../../../../nodes/Cliniko/upload/sourceFile.ts';
import { FakeCliniko, fileOf, rejection, reply, type Answer } from '../connection.cts';

const file = fileOf();

const policyOf = (policy: IDataObject) => Buffer.from(JSON.stringify(policy)).toString('base64');

const FIELDS = {
	key: '123/patients/456/attachments/temp/x/${filename}',
	'x-amz-date': '20260302T090000Z',
	'x-new-field': 'sent on, whatever its name',
	acl: 'private',
};

const URL_OF_POST = 'https://files.s3.amazonaws.com/';

const withPolicy = (policy: IDataObject, more: IDataObject = {}): IDataObject => ({
	url: URL_OF_POST,
	fields: { ...FIELDS, policy: policyOf(policy), ...more },
});

const request = async (answer: Answer, more: Partial<SourceFile> = {}) =>
	await requestPresignedPost(new FakeCliniko(() => answer).api, '456', { ...file, ...more });

describe('A presigned post', () => {
	afterEach(() => jest.restoreAllMocks());

	it('is asked for the patient, with all its fields as they are', async () => {
		const cliniko = new FakeCliniko(() => ({ url: URL_OF_POST, fields: FIELDS }));

		const post = await requestPresignedPost(cliniko.api, '456', file);

		expect(cliniko.lines).toEqual(['GET /patients/456/attachment_presigned_post']);
		expect(post).toMatchObject({
			url: URL_OF_POST,
			fields: FIELDS,
			key: '123/patients/456/attachments/temp/x/Referral.pdf',
		});
	});

	describe('has the file’s name in its key', () => {
		const folder = '123/patients/456/attachments/temp/x/';
		const name = 'Übersicht $& $1.pdf';

		it.each([
			['begins with its folder', [['starts-with', '$key', folder]]],
			['begins with a part of it', [['starts-with', '$Key', '123/']]],
			['is any', [['starts-with', '$key', '']]],
			['is exactly that', [['eq', '$key', folder + name]]],
		])('when the policy says that the key %s', async (_, conditions) => {
			const post = await request(withPolicy({ conditions }), { name });

			expect(post).toMatchObject({ key: folder + name });
			expect(post.fields).toEqual({
				...FIELDS,
				policy: policyOf({ conditions }),
				key: folder + name,
			});
			expect(post.prefix).toBeUndefined();
		});

		it('under whatever capitals the field has, in its place', async () => {
			const { key, ...others } = FIELDS;
			const conditions = [['starts-with', '$key', folder]];

			const { fields } = await request(
				{ url: URL_OF_POST, fields: { Key: key, ...others, policy: policyOf({ conditions }) } },
				{ name },
			);

			expect(Object.keys(fields)).toEqual(['Key', ...Object.keys(others), 'policy']);
			expect(fields.Key).toBe(folder + name);
		});

		it.each([
			['exactly that text', [['eq', '$key', FIELDS.key]]],
			['the same in short', [{ key: FIELDS.key }]],
			['something that begins like that text', [['starts-with', '$key', FIELDS.key]]],
			[
				'two things, of which ours is one',
				[
					['starts-with', '$key', folder],
					['eq', '$key', FIELDS.key],
				],
			],
			['nothing', []],
			['nothing that can be read', 'x'],
		])('put there by S3, when the policy says of the key %s', async (_, conditions) => {
			const post = await request(withPolicy({ conditions } as IDataObject), { name });

			expect(post.fields.key).toBe(FIELDS.key);
			expect(post).toMatchObject({ key: folder + name, prefix: folder });
		});

		it('not when Cliniko has given the key whole', async () => {
			const post = await request({ url: URL_OF_POST, fields: { ...FIELDS, key: 'temp/x' } });

			expect(post).toMatchObject({ fields: { ...FIELDS, key: 'temp/x' }, key: 'temp/x' });
			expect(post.prefix).toBeUndefined();
		});
	});

	describe('knows its file by the key that S3 answers with', () => {
		const written = { key: 'temp/x/Müller.pdf' } as PresignedPost;
		const filledIn = { ...written, prefix: 'temp/x/' };

		it.each(['temp/x/Müller.pdf', 'temp/x/Mu\u0308ller.pdf'])(
			'which is the one that was sent: %s',
			(key) => {
				expect(isKeyOf(written, key)).toBe(true);
				expect(isKeyOf(filledIn, key)).toBe(true);
			},
		);

		it.each(['temp/x/M_ller.pdf', 'temp/x/Mueller', 'temp/x/..pdf'])(
			'whose name S3 has written in its own way, when S3 put it in: %s',
			(key) => {
				expect(isKeyOf(written, key)).toBe(false);
				expect(isKeyOf(filledIn, key)).toBe(true);
			},
		);

		it.each([
			'temp/y/Müller.pdf',
			'temp/Müller.pdf',
			'/temp/x/Müller.pdf',
			'temp/x/y/Müller.pdf',
			'temp/x/../y.pdf',
			'temp/x/a\\b.pdf',
			'temp/x/..',
			'temp/x/.',
			'temp/x/',
			'temp/x',
			'Müller.pdf',
		])('which is never %s', (key) => {
			expect(isKeyOf(written, key)).toBe(false);
			expect(isKeyOf(filledIn, key)).toBe(false);
		});
	});

	it.each([
		['https://files.s3.amazonaws.com', URL_OF_POST],
		['https://files.s3.amazonaws.com/', URL_OF_POST],
		['https://files.s3.amazonaws.com//', URL_OF_POST],
		['https://s3.amazonaws.com/files', 'https://s3.amazonaws.com/files/'],
		// Other parsers see a different host here.
		['https:\\\\files.s3.amazonaws.com\\', URL_OF_POST],
	])('has exactly one slash at the end of %s', async (url, expected) => {
		expect((await request({ url, fields: FIELDS })).url).toBe(expected);
	});

	it.each([
		['no fields', { url: URL_OF_POST }],
		['fields that are null', { url: URL_OF_POST, fields: null }],
		['no field at all', { url: URL_OF_POST, fields: {} }],
		['a list of fields', { url: URL_OF_POST, fields: ['key'] }],
		[
			'a field that would be taken for the file',
			{ url: URL_OF_POST, fields: { ...FIELDS, File: 'x' } },
		],
		['no address', { fields: FIELDS }],
		['an address that is null', { url: null, fields: FIELDS }],
		['an empty address', { url: '', fields: FIELDS }],
	])('is refused with %s', async (_, body) => {
		const error = await rejection(request(body as IDataObject));

		expect(error.message).toBe('Cliniko gave no upload address for the file.');
		expect(error.description).toContain('The file was not sent.');
	});

	it.each(['http://files.s3.amazonaws.com/', 'ftp://files.example/', '//files.example/', 'files'])(
		'is refused with the address %s, on which others could read along',
		async (url) => {
			expect((await rejection(request({ url, fields: FIELDS }))).message).toContain(
				'not a secure (https) one',
			);
		},
	);

	it.each([
		['https://evil.example/', 'evil.example'],
		['https://files.s3.amazonaws.com@evil.example/', 'evil.example'],
		[
			'https://ec2-3-4-5-6.us-east-1.compute.amazonaws.com/',
			'ec2-3-4-5-6.us-east-1.compute.amazonaws.com',
		],
		['https://files.s3.amazonaws.com:8443/', 'files.s3.amazonaws.com:8443'],
		[`https://${'a.'.repeat(99)}example/`, 'a.'.repeat(40)],
		['https://files.s3.amazonaws.com/?', 'files.s3.amazonaws.com'],
		['https://files.s3.amazonaws.com/?acl', 'files.s3.amazonaws.com'],
		['https://files.s3.amazonaws.com/#', 'files.s3.amazonaws.com'],
	])('is refused with the address %s, which is not S3’s', async (url, host) => {
		const error = await rejection(request({ url, fields: FIELDS }));

		expect(error.message).toBe(
			`Cliniko gave an upload address that is not one of Amazon S3: ${host}.`,
		);
		expect(error.description).toContain('The file was not sent.');
	});

	it.each([
		['no key', { acl: 'private' }],
		['an empty key', { ...FIELDS, key: '' }],
	])('is refused with %s', async (_, fields) => {
		const error = await rejection(request({ url: URL_OF_POST, fields }));

		expect(error.message).toBe('Cliniko gave an upload address without a key for the file.');
	});

	it('is not given for a patient who does not exist', async () => {
		const error = await rejection(request(reply(404)));

		expect(error.message).toBe('Cliniko has no patient with the ID 456.');
		expect(error.httpCode).toBe(404);
	});

	describe('says how large a file may be', () => {
		const from100to1000 = withPolicy({ conditions: [['content-length-range', 100, 1000]] });

		it.each([100, 1000])('and takes one of %d bytes', async (size) => {
			expect((await request(from100to1000, { size })).url).toBe(URL_OF_POST);
		});

		it.each([
			[1001, 'The file "Referral.pdf" has 1001 bytes, and Cliniko accepts at most 1000 bytes.'],
			[
				99,
				'The file "Referral.pdf" has 99 bytes, and Cliniko accepts no file smaller than 100 bytes.',
			],
			[
				30 * 1024 * 1024,
				'The file "Referral.pdf" has 30.0 MB (31457280 bytes), and Cliniko accepts at most 1000 bytes.',
			],
		])('and one of %d bytes is refused before it is read', async (size, message) => {
			const error = await rejection(request(from100to1000, { size }));

			expect(error.message).toBe(message);
			expect(error.description).toContain('It was not sent.');
		});

		it('and one of any size passes when it does not', async () => {
			expect((await request(withPolicy({ conditions: [] }), { size: 2 ** 40 })).url).toBe(
				URL_OF_POST,
			);
		});
	});

	describe('gets the field Content-Type', () => {
		it.each([
			[
				'of the file, where every type is taken',
				['starts-with', '$Content-Type', ''],
				'application/pdf',
			],
			[
				'of the file, where it fits',
				['starts-with', '$Content-Type', 'application/'],
				'application/pdf',
			],
			[
				'that is asked for, where the file’s does not fit',
				['starts-with', '$content-type', 'image/'],
				'image/',
			],
			[
				'that is asked for exactly, though the file’s begins like it',
				['eq', '$Content-Type', 'application/p'],
				'application/p',
			],
			[
				'that is asked for exactly',
				['eq', '$Content-Type', 'binary/octet-stream'],
				'binary/octet-stream',
			],
		])('%s', async (_, condition, type) => {
			const { fields } = await request(withPolicy({ conditions: [condition] }));

			expect(fields['Content-Type']).toBe(type);
		});

		it.each(['Content-Type', 'content-type'])(
			'not again when Cliniko gives it as %s',
			async (name) => {
				const { fields } = await request(
					withPolicy(
						{ conditions: [['starts-with', '$Content-Type', '']] },
						{ [name]: 'image/png' },
					),
				);

				expect(Object.entries(fields).filter(([field]) => /^content-type$/i.test(field))).toEqual([
					[name, 'image/png'],
				]);
			},
		);

		it('not when it is not requested: S3 would reject an extra field', async () => {
			const { fields } = await request(withPolicy({ conditions: [{ acl: 'private' }] }));

			expect(Object.keys(fields)).toEqual([...Object.keys(FIELDS), 'policy']);
		});
	});

	describe('ends', () => {
		const minutes = (count: number) => count * 60_000;

		/** A post that expires in ten minutes, from a Cliniko whose clock is `ahead` of ours. */
		const postFor10Minutes = async (ahead: number) => {
			const cliniko: FakeCliniko = new FakeCliniko((): Answer => {
				const theirs = cliniko.clock.time + ahead;
				const expiration = new Date(theirs + minutes(10)).toISOString();
				return reply(200, withPolicy({ expiration }), { date: new Date(theirs).toUTCString() });
			});
			const clock = cliniko.clock;
			return { clock, post: await requestPresignedPost(cliniko.api, '456', file) };
		};

		it.each([
			['like ours', 0],
			['an hour ahead', minutes(60)],
			['an hour behind', minutes(-60)],
		])('when Cliniko’s clock says so, which is %s', async (_, ahead) => {
			const { clock, post } = await postFor10Minutes(ahead);

			expect(hasExpired(post)).toBe(false);
			clock.time += minutes(10);
			expect(hasExpired(post)).toBe(false);
			clock.time += 1;
			expect(hasExpired(post)).toBe(true);
		});

		it('by our clock when Cliniko does not say what its own is', async () => {
			const expiration = '2026-03-02T09:10:00Z';
			const cliniko = new FakeCliniko(() => withPolicy({ expiration }));
			const clock = cliniko.clock;
			const post = await requestPresignedPost(cliniko.api, '456', file);

			expect(post).toMatchObject({ clockAhead: 0, isUndated: true });
			clock.time += minutes(10);
			expect(hasExpired(post)).toBe(false);
			clock.time += 1;
			expect(hasExpired(post)).toBe(true);
		});

		it('earlier, when time has to be left for the sending', async () => {
			const { clock, post } = await postFor10Minutes(0);
			clock.time += minutes(9);

			expect(hasExpired(post, minutes(1))).toBe(false);
			expect(hasExpired(post, minutes(1) + 1)).toBe(true);
		});

		it('never, as far as we know, when its policy does not say', async () => {
			expect(hasExpired(await request(withPolicy({})), minutes(1e9))).toBe(false);
		});
	});
});
