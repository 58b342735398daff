import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { BUCKET_HOST, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { formOf, partsOf, until, useSandbox, xmlOf, type Answer, type Part } from './client.cts';

const { sandbox, client } = useSandbox();

const presign = async () => await client.presign(SANDBOX_PATIENT_ID);
const file = (value: string | Buffer = 'content'): Part => ({
	name: 'file',
	filename: 'a.txt',
	value,
});

/** The objects in the bucket, and files that a refused upload may have left on disk. */
function storedFiles(): string[] {
	const folder = join(dirname(sandbox.caFile), 'objects');
	return [...sandbox.storage.objects.keys(), ...readdirSync(folder)];
}

function expectRefused(answer: Answer, status: number, code: string): Record<string, string> {
	const error = xmlOf(answer.text);
	expect([answer.status, error.Code]).toEqual([status, code]);
	expect(answer.headers['content-type']).toBe('application/xml');
	expect(storedFiles()).toEqual([]);
	return error;
}

describe('An upload as the guide has it', () => {
	it('is stored with its bytes intact, and answered with its key', async () => {
		const bytes = randomBytes(3_000_000);
		const { fields } = await presign();
		const answer = await client.upload({ url: '', fields }, 'scan.bin', bytes);

		expect(answer.status).toBe(201);
		const { Key = '', Location, Bucket, ETag } = xmlOf(answer.text);
		expect(Key).toBe(fields.key?.replace('${filename}', 'scan.bin'));
		expect(Location).toBe(`https://${BUCKET_HOST}/${encodeURIComponent(Key)}`);
		expect(Bucket).toBe('cliniko-files-sandbox');
		const md5 = createHash('md5').update(bytes).digest('hex');
		expect([ETag, answer.headers.etag]).toEqual([`"${md5}"`, `"${md5}"`]);
		expect(answer.headers.location).toBe(Location);

		const object = sandbox.storage.objects.get(Key);
		expect(object?.size).toBe(bytes.length);
		expect(object?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
		expect(readFileSync(object?.path ?? '').equals(bytes)).toBe(true);
		expect(object?.contentType).toBe('binary/octet-stream');
	});

	it('may have no bytes', async () => {
		expect((await client.upload(await presign(), 'empty.txt', '')).status).toBe(201);
		expect([...sandbox.storage.objects.values()][0]?.size).toBe(0);
	});

	it.each([
		['Brian Justice.pdf', 'Brian Justice.pdf', 'Brian+Justice.pdf'],
		['a b+c&d#e%41.txt', 'a b+c&d#e%41.txt', 'a+b%2Bc%26d%23e%2541.txt'],
		[
			'žluťoučký 😀.txt',
			'žluťoučký 😀.txt',
			encodeURIComponent('žluťoučký_😀.txt').replace('_', '+'),
		],
		['<a>&amp;.txt', '<a>&amp;.txt', '%3Ca%3E%26amp%3B.txt'],
		['quo%22te.txt', 'quo%22te.txt', 'quo%2522te.txt'],
		['dir/sub/y.txt', 'y.txt', 'y.txt'],
		['C:\\fakepath\\x.txt', 'x.txt', 'x.txt'],
	])('puts the file name %s into the key', async (filename, inKey, inLocation) => {
		const { Key = '', Location = '' } = xmlOf(
			(await client.upload(await presign(), filename, 'x')).text,
		);
		expect([...sandbox.storage.objects.keys()]).toEqual([Key]);
		expect(Key.endsWith(`/${inKey}`)).toBe(true);
		expect(Location.endsWith(`%2F${inLocation}`)).toBe(true);
	});

	it('may name its fields in any case', async () => {
		const { fields } = await presign();
		const parts = partsOf(fields).map((part) => ({ ...part, name: part.name.toUpperCase() }));
		expect((await client.post([...parts, file()])).status).toBe(201);
	});

	it('leaves ${filename} as it is where the file comes as a plain field', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf(fields), { name: 'file', value: 'plain' }]);
		expect(answer.status).toBe(201);
		expect(xmlOf(answer.text).Key).toBe(fields.key);
	});

	it('may have fields after the file, which count for nothing', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf(fields), file(), { name: 'submit', value: 'x' }]);
		expect(answer.status).toBe(201);
	});

	it('may have fields that begin with x-ignore-', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf({ ...fields, 'x-ignore-this': 'x' }), file()]);
		expect(answer.status).toBe(201);
	});

	it.each([
		['200', 200],
		['204', 204],
	])('is answered with %s where success_action_status says so', async (value, status) => {
		sandbox.settings.policyConditions = (draft) => {
			draft.fields.success_action_status = value;
			draft.conditions.push(['starts-with', '$success_action_status', '2']);
			draft.conditions = draft.conditions.filter((c) => !('success_action_status' in c));
		};
		const answer = await client.upload(await presign(), 'a.txt', 'x');
		expect([answer.status, answer.text]).toEqual([status, '']);
	});

	it('is carried whole at 64 MB', async () => {
		const bytes = Buffer.alloc(64 * 1024 * 1024, 'cliniko');
		expect((await client.upload(await presign(), 'large.bin', bytes)).status).toBe(201);
		const [object] = sandbox.storage.objects.values();
		expect(object?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
		expect(sandbox.requests.at(-1)?.bytesReceived).toBeGreaterThan(bytes.length);
	});
});

describe('An upload is refused, and nothing is stored,', () => {
	it('with a wrong signature', async () => {
		const { fields } = await presign();
		const wrong = { ...fields, 'x-amz-signature': '0'.repeat(64) };
		expectRefused(await client.post([...partsOf(wrong), file()]), 403, 'SignatureDoesNotMatch');
	});

	it('with a policy that was changed after signing', async () => {
		const { fields } = await presign();
		const policy = JSON.parse(Buffer.from(fields.policy ?? '', 'base64').toString());
		policy.conditions = policy.conditions.slice(0, -1);
		const changed = { ...fields, policy: Buffer.from(JSON.stringify(policy)).toString('base64') };
		expectRefused(await client.post([...partsOf(changed), file()]), 403, 'SignatureDoesNotMatch');
	});

	it('with an unknown access key', async () => {
		const { fields } = await presign();
		const credential = fields['x-amz-credential']?.replace(/^[^/]+/, 'AKIAOTHER');
		const parts = partsOf({ ...fields, 'x-amz-credential': credential ?? '' });
		expectRefused(await client.post([...parts, file()]), 403, 'InvalidAccessKeyId');
	});

	it('with an expired policy', async () => {
		sandbox.settings.presignLifetimeMs = 1000;
		const presigned = await presign();
		sandbox.faults.clockSkewMs = 1001;
		const error = expectRefused(await client.upload(presigned, 'a', 'x'), 403, 'AccessDenied');
		expect(error.Message).toBe('Invalid according to Policy: Policy expired.');
	});

	it('when the file is over the limit', async () => {
		sandbox.settings.maxFileBytes = 10;
		const presigned = await presign();
		const answer = await client.upload(presigned, 'a', 'x'.repeat(11));
		const error = expectRefused(answer, 400, 'EntityTooLarge');
		expect(error).toMatchObject({ ProposedSize: '11', MaxSizeAllowed: '10' });
		expect((await client.upload(presigned, 'a', 'x'.repeat(10))).status).toBe(201);
	});

	it('when the file is under the limit', async () => {
		sandbox.settings.minFileBytes = 5;
		const presigned = await presign();
		const error = expectRefused(await client.upload(presigned, 'a', 'x'), 400, 'EntityTooSmall');
		expect(error).toMatchObject({ ProposedSize: '1', MinSizeAllowed: '5' });
		expect((await client.upload(presigned, 'a', 'x'.repeat(5))).status).toBe(201);
	});

	it('when a signed field comes after the file', async () => {
		const { 'x-amz-signature': signature = '', ...fields } = (await presign()).fields;
		const answer = await client.post([
			...partsOf(fields),
			file(),
			{ name: 'x-amz-signature', value: signature },
		]);
		const error = expectRefused(answer, 400, 'InvalidArgument');
		expect(error.Message).toContain(
			"'X-Amz-Signature'.  If it is specified, please check the order",
		);
	});

	it.each(['key', 'policy', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date'])(
		'without the field %s',
		async (name) => {
			const { [name]: _, ...fields } = (await presign()).fields;
			const answer = await client.post([...partsOf(fields), file()]);
			const error = expectRefused(answer, 400, 'InvalidArgument');
			expect(error.ArgumentName?.toLowerCase()).toBe(name);
		},
	);

	it('without any authorization', async () => {
		const { key = '' } = (await presign()).fields;
		const answer = await client.post([{ name: 'key', value: key }, file()]);
		expectRefused(answer, 403, 'AccessDenied');
	});

	it('with a field that the policy does not speak of', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf({ ...fields, foo: 'bar' }), file()]);
		const error = expectRefused(answer, 403, 'AccessDenied');
		expect(error.Message).toBe('Invalid according to Policy: Extra input fields: foo');
	});

	it('without a field that the policy speaks of', async () => {
		const { acl: _, ...fields } = (await presign()).fields;
		const answer = await client.post([...partsOf(fields), file()]);
		const error = expectRefused(answer, 403, 'AccessDenied');
		expect(error.Message).toContain('Policy Condition failed: ["eq", "$acl", "private"]');
	});

	it('with another value than the policy has', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf({ ...fields, acl: 'public-read' }), file()]);
		expectRefused(answer, 403, 'AccessDenied');
	});

	it("with a key outside the policy's folder", async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf({ ...fields, key: 'elsewhere/a' }), file()]);
		const error = expectRefused(answer, 403, 'AccessDenied');
		expect(error.Message).toContain('Policy Condition failed: ["starts-with", "$key", "');
	});

	it('with a policy for another bucket', async () => {
		sandbox.settings.policyConditions = ({ conditions }) => {
			conditions[0] = { bucket: 'another' };
		};
		expectRefused(await client.upload(await presign(), 'a', 'x'), 403, 'AccessDenied');
	});

	it('with a key of more than 1024 bytes', async () => {
		const answer = await client.upload(await presign(), `${'é'.repeat(500)}.txt`, 'x');
		expectRefused(answer, 400, 'KeyTooLongError');
	});

	it('when the body is sent in chunks', async () => {
		const { fields } = await presign();
		const body = formOf([...partsOf(fields), file()]);
		const answer = await client.send(`https://${BUCKET_HOST}/`, {
			method: 'POST',
			headers: { 'content-type': 'multipart/form-data; boundary=b0und' },
			body: (async function* () {
				yield body;
			})(),
		});
		expectRefused(answer, 411, 'MissingContentLength');
	});

	it('without a file', async () => {
		const answer = await client.post(partsOf((await presign()).fields));
		const error = expectRefused(answer, 400, 'InvalidArgument');
		expect(error.Message).toBe('POST requires exactly one file upload per request.');
	});

	it('with the file under another name', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf(fields), { ...file(), name: 'upload' }]);
		expectRefused(answer, 400, 'InvalidArgument');
	});

	it('with two files', async () => {
		const { fields } = await presign();
		const answer = await client.post([...partsOf(fields), file(), file()]);
		expectRefused(answer, 400, 'InvalidArgument');
	});

	it('with an Authorization header', async () => {
		const { fields } = await presign();
		const headers = { authorization: 'Basic c2VjcmV0Og==' };
		const answer = await client.post([...partsOf(fields), file()], headers);
		expectRefused(answer, 400, 'InvalidArgument');
		expect(answer.text).not.toContain('c2VjcmV0');
	});

	it('when it is not multipart/form-data', async () => {
		const { fields } = await presign();
		const answer = await client.send(`https://${BUCKET_HOST}/`, {
			method: 'POST',
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: new URLSearchParams(fields).toString(),
		});
		expectRefused(answer, 412, 'PreconditionFailed');
	});

	it('with more than 20 KB before the file', async () => {
		const { fields } = await presign();
		const parts = partsOf({ ...fields, 'x-ignore-much': 'x'.repeat(20_480) });
		expectRefused(await client.post([...parts, file()]), 400, 'MaxPostPreDataLengthExceeded');
	});

	it('when the form is not closed', async () => {
		const { fields } = await presign();
		const body = formOf([...partsOf(fields), file()]);
		const answer = await client.send(`https://${BUCKET_HOST}/`, {
			method: 'POST',
			headers: { 'content-type': 'multipart/form-data; boundary=b0und' },
			body: body.subarray(0, -12),
		});
		expectRefused(answer, 400, 'MalformedPOSTRequest');
	});

	it('when the connection breaks off before its end', async () => {
		const { fields } = await presign();
		const body = formOf([...partsOf(fields), file('x'.repeat(100_000))]);
		const socket = await client.tls(BUCKET_HOST);
		socket.write(
			`POST / HTTP/1.1\r\nHost: ${BUCKET_HOST}\r\nContent-Length: ${body.length}\r\n` +
				'Content-Type: multipart/form-data; boundary=b0und\r\n\r\n',
		);
		socket.write(body.subarray(0, -50_000));
		await until(() => (sandbox.requests.at(-1)?.bytesReceived ?? 0) >= body.length - 50_000);
		socket.destroy();
		await until(() => storedFiles().length === 0);
		expect(sandbox.requests.at(-1)?.status).toBeNull();
	});

	it('at once, where the sandbox is told to, though the body still arrives', async () => {
		sandbox.settings.earlyRefusal = true;
		sandbox.settings.maxFileBytes = 10;
		const { fields } = await presign();
		const body = formOf([...partsOf(fields), file('x'.repeat(100_000))]);
		const socket = await client.tls(BUCKET_HOST);
		socket.write(
			`POST / HTTP/1.1\r\nHost: ${BUCKET_HOST}\r\nContent-Length: ${body.length}\r\n` +
				'Content-Type: multipart/form-data; boundary=b0und\r\n\r\n',
		);
		socket.write(body.subarray(0, -50_000));
		let text = '';
		socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
		await new Promise((resolve) => socket.once('close', resolve).once('error', () => undefined));
		expect(text).toMatch(/^HTTP\/1\.1 400 /);
		expect(text).toContain('<Code>EntityTooLarge</Code>');
		expect(text).toMatch(/connection: close/i);
		await until(() => storedFiles().length === 0);
	});
});
