import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { BUCKET_HOST, SANDBOX_PATIENT_ID, type SandboxOptions } from '../../sandbox/sandbox.cts';
import { formOf, partsOf, useSandbox } from './client.cts';

/** The requests to the server behind the sandbox, and its replies. */
let received: Array<{
	method?: string;
	url?: string;
	headers: IncomingMessage['headers'];
	body: Buffer;
}>;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const server = createServer((request, response) => {
	void buffer(request).then((body) => {
		received.push({ method: request.method, url: request.url, headers: request.headers, body });
		answer(request, response);
	});
});
const options: SandboxOptions = { processingMs: 0 };

beforeAll(async () => {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	options.s3Endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
// After the hook above, since it needs the server's port.
const { sandbox, client } = useSandbox(options);
beforeEach(() => void (received = []));
afterAll(() => server.close());

const BYTES = Buffer.from('%PDF a file\r\n--b0und of nothing');
const STORED = (key: string) => `<PostResponse><Key>${key}</Key></PostResponse>`;

/** Stores what is posted under this key, and returns it to every GET. */
const storeAs = (key: string) => {
	answer = ({ method }, response) => {
		if (method === 'GET') response.end(BYTES);
		else response.writeHead(201, { etag: '"from the server"' }).end(STORED(key));
	};
};

describe('With a real S3 server behind it, the sandbox', () => {
	it('hands a form on as it came, and the reply back as it came', async () => {
		storeAs('a/file.pdf');
		const post = await client.presign(SANDBOX_PATIENT_ID);
		const reply = await client.upload(post, 'file.pdf', BYTES);

		const sent = formOf([
			...partsOf(post.fields),
			{ name: 'file', filename: 'file.pdf', value: BYTES },
		]);
		expect(received[0]).toMatchObject({ method: 'POST', url: '/', body: sent });
		expect(received[0]?.headers).toMatchObject({
			host: BUCKET_HOST,
			'content-length': String(sent.length),
			'content-type': 'multipart/form-data; boundary=b0und',
		});
		expect(received[0]?.headers).not.toHaveProperty('transfer-encoding');
		expect(reply).toMatchObject({ status: 201, text: STORED('a/file.pdf') });
		expect(reply.headers.etag).toBe('"from the server"');
	});

	it('makes a record of what the server says it has stored and gives back', async () => {
		const post = await client.presign(SANDBOX_PATIENT_ID);
		const key = post.fields.key!.replace('${filename}', "R&D's.pdf");
		storeAs(key.replace('&', '&amp;').replace("'", '&#39;'));
		await client.upload(post, "R&D's.pdf", BYTES);
		const { status, json } = await client.api('/patient_attachments', {
			method: 'POST',
			body: { patient_id: SANDBOX_PATIENT_ID, upload_url: `https://${BUCKET_HOST}/${key}` },
		});
		expect(status).toBe(201);

		// All characters that S3 escapes are escaped, or the signature would differ from the server's.
		const asked = new RegExp('^/[^?]*/R%26D%27s\\.pdf\\?.*X-Amz-Signature=');
		expect(received.at(-1)).toMatchObject({ method: 'GET', url: expect.stringMatching(asked) });
		await new Promise((resolve) => setTimeout(resolve, 20));
		const content = await client.api(`/patient_attachments/${json.id}/content`);
		expect(await client.send(String(content.headers.location))).toMatchObject({
			status: 200,
			text: BYTES.toString(),
		});
		const [record] = sandbox.clinic.attachments.values();
		expect(record).toMatchObject({ filename: "R&D's.pdf", size: BYTES.length });
	});

	it('hands a refusal back, and knows of no file then', async () => {
		const refusal = '<Error><Code>AccessDenied</Code><Message>Policy expired</Message></Error>';
		answer = (_request, response) => response.writeHead(403).end(refusal);
		const reply = await client.upload(await client.presign(SANDBOX_PATIENT_ID), 'a.pdf', BYTES);

		expect(reply).toMatchObject({ status: 403, text: refusal });
		expect(sandbox.storage.objects.size).toBe(0);
	});

	it('breaks off where the server does', async () => {
		answer = ({ socket }) => socket.destroy();
		const post = await client.presign(SANDBOX_PATIENT_ID);
		await expect(client.upload(post, 'a.pdf', BYTES)).rejects.toThrow();
		expect(sandbox.storage.objects.size).toBe(0);
	});
});
