import { BUCKET_HOST, SANDBOX_API_KEY, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { until, useSandbox, xmlOf } from './client.cts';

const { sandbox, client } = useSandbox();

const presign = async () => await client.presign(SANDBOX_PATIENT_ID);

async function create() {
	const presigned = await presign();
	const { Key } = xmlOf((await client.upload(presigned, 'a.txt', 'content')).text);
	const body = { patient_id: SANDBOX_PATIENT_ID, upload_url: `${presigned.url}${Key}` };
	return await client.api('/patient_attachments', { method: 'POST', body });
}

describe('A fault', () => {
	it('strikes so many requests of its step, after those that it lets pass', async () => {
		sandbox.faults.add({
			on: 'user',
			act: 'before',
			skip: 1,
			times: 2,
			do: { reply: { status: 503, body: 'down' } },
		});
		const statuses = [];
		for (let n = 0; n < 5; n++) {
			statuses.push((await client.api('/user')).status);
			expect((await client.api('/settings/public')).status).toBe(200);
		}
		expect(statuses).toEqual([200, 503, 503, 200, 200]);
	});

	it.each([
		['user', '/user'],
		['presign', `/patients/${SANDBOX_PATIENT_ID}/attachment_presigned_post`],
		['poll', '/patient_attachments?q[]=id:=1,2'],
		['poll', '/patient_attachments/1'],
		['get', '/patient_attachments?q[]=size:=1'],
		['get', `/patients/${SANDBOX_PATIENT_ID}`],
		['patients', '/patients'],
		['patients', '/patients?q[]=id:=1,2'],
		['any', '/patients'],
		['other', '/nowhere'],
	] as const)('on %s strikes %s', async (on, path) => {
		sandbox.faults.add({ on, act: 'before', do: { reply: { status: 599 } } });
		expect((await client.api(path)).status).toBe(599);
		expect((await client.api(path)).status).not.toBe(599);
	});

	it('before creation leaves no record', async () => {
		sandbox.faults.add({ on: 'create', act: 'before', do: { reply: { status: 502 } } });
		expect((await create()).status).toBe(502);
		expect(sandbox.clinic.attachments.size).toBe(0);
	});

	it('after creation leaves the record and loses the reply', async () => {
		sandbox.faults.add({ on: 'create', act: 'after', do: { reset: true } });
		await expect(create()).rejects.toThrow();
		expect(sandbox.clinic.attachments.size).toBe(1);
		expect(sandbox.requests.at(-1)?.status).toBeNull();
	});

	it('after an upload leaves the object and answers something else', async () => {
		const body = '<html>Bad gateway</html>';
		sandbox.faults.add({ on: 's3', act: 'after', do: { reply: { status: 502, body } } });
		expect(await client.upload(await presign(), 'a.txt', 'x')).toMatchObject({
			status: 502,
			text: body,
		});
		expect(sandbox.storage.objects.size).toBe(1);
	});

	it('can break a connection off before anything is read', async () => {
		const presigned = await presign();
		sandbox.faults.add({ on: 's3', act: 'before', do: { reset: true } });
		await expect(client.upload(presigned, 'a.txt', 'x')).rejects.toThrow();
		expect(sandbox.storage.objects.size).toBe(0);
		expect((await client.upload(presigned, 'a.txt', 'x')).status).toBe(201);
	});

	it('can break a connection off while the body comes', async () => {
		const presigned = await presign();
		sandbox.faults.add({ on: 's3', act: 'body', afterBytes: 200_000, do: { reset: true } });
		const bytes = Buffer.alloc(20_000_000);
		await expect(client.upload(presigned, 'a.bin', bytes)).rejects.toThrow();
		const received = sandbox.requests.at(-1)?.bytesReceived ?? 0;
		expect(received).toBeGreaterThanOrEqual(200_000);
		expect(received).toBeLessThan(bytes.length);
		expect(sandbox.storage.objects.size).toBe(0);
	});

	it('can answer while the body comes, and closes the connection', async () => {
		const presigned = await presign();
		const reply = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
		sandbox.faults.add({ on: 's3', act: 'body', do: { reply } });
		// Small enough to be sent completely before the connection closes.
		const answer = await client.upload(presigned, 'a.bin', Buffer.alloc(20_000));
		expect([answer.status, xmlOf(answer.text).Code]).toEqual([503, 'SlowDown']);
		expect(sandbox.storage.objects.size).toBe(0);
	});

	it.each(['before', 'body', 'after'] as const)('can leave a client hanging: %s', async (act) => {
		const presigned = await presign();
		sandbox.faults.add({ on: 's3', act, do: { hang: true } });
		let settled = false;
		const bytes = Buffer.alloc(5_000_000);
		const hanging = client.upload(presigned, 'a.bin', bytes).finally(() => (settled = true));
		hanging.catch(() => undefined);
		await until(() => (sandbox.requests.at(-1)?.bytesReceived ?? 0) > 0);
		if (act === 'after') await until(() => sandbox.storage.objects.size > 0);
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(settled).toBe(false);
		expect(sandbox.storage.objects.size).toBe(act === 'after' ? 1 : 0);
		await client.close();
		await expect(hanging).rejects.toThrow();
	});

	it.each(['before', 'body', 'after'] as const)('can delay: %s', async (act) => {
		const presigned = await presign();
		sandbox.faults.add({ on: 's3', act, do: { delayMs: 150 } });
		const start = Date.now();
		const answer = await client.upload(presigned, 'a.bin', Buffer.alloc(1_000_000));
		expect(answer.status).toBe(201);
		expect(Date.now() - start).toBeGreaterThanOrEqual(145);
	});

	it('can break a connection off while the reply is sent', async () => {
		sandbox.faults.add({ on: 'patients', act: 'reply', afterBytes: 100, do: { reset: true } });
		await expect(client.api('/patients')).rejects.toThrow(/closed|terminated/);
		expect(sandbox.requests).toMatchObject([{ status: 200 }]);
		expect((await client.api('/patients')).status).toBe(200);
	});

	it('can leave a client hanging in the middle of the reply', async () => {
		const whole = (await client.api('/patients')).text;
		sandbox.faults.add({ on: 'patients', act: 'reply', afterBytes: 30, do: { hang: true } });
		const socket = await client.tls('api.au1.cliniko.com');
		const key = Buffer.from(`${SANDBOX_API_KEY}:`).toString('base64');
		const headers = [
			'Host: api.au1.cliniko.com',
			`Authorization: Basic ${key}`,
			'User-Agent: Sandbox test (test@clinic.example)',
			'Accept: application/json',
		];
		socket.write(`GET /v1/patients HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
		let received = '';
		socket.on('data', (data) => (received += String(data)));
		await until(() => received.includes(whole.slice(0, 30)));
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(received).not.toContain(whole.slice(0, 31));
		expect(socket.readyState).toBe('open');
		socket.destroy();
	});

	it('can delay the rest of a reply', async () => {
		const { text } = await client.api('/patients');
		sandbox.faults.add({ on: 'patients', act: 'reply', afterBytes: 100, do: { delayMs: 150 } });
		const start = Date.now();
		expect((await client.api('/patients')).text).toBe(text);
		expect(Date.now() - start).toBeGreaterThanOrEqual(145);
	});

	it('cannot make another reply of one that is on its way', () => {
		expect(() =>
			sandbox.faults.add({ on: 'any', act: 'reply', do: { reply: { status: 500 } } }),
		).toThrow(/on its way/);
	});

	it('can change the real reply', async () => {
		sandbox.faults.add({
			on: 'user',
			act: 'after',
			do: { rewrite: (reply) => ({ ...reply, body: reply.body.replace('Rowan', 'Robin') }) },
		});
		expect((await client.api('/user')).json.first_name).toBe('Robin');
		expect((await client.api('/user')).json.first_name).toBe('Rowan');
	});

	it('can set the clocks of Cliniko and S3 wrong', async () => {
		sandbox.faults.clockSkewMs = -86_400_000;
		sandbox.settings.requestsPerWindow = 2;
		const { headers } = await client.api('/user');
		expect(Date.parse(String(headers.date)) - Date.now()).toBeLessThan(-86_000_000);
		const presigned = await presign();
		expect(presigned.fields['x-amz-date']?.slice(0, 8)).toBe(
			new Date(Date.now() - 86_400_000).toISOString().slice(0, 10).replaceAll('-', ''),
		);
		const limited = await client.api('/user');
		expect(Number(limited.headers['x-ratelimit-reset']) * 1000).toBeLessThan(Date.now());
		expect((await client.upload(presigned, 'a.txt', 'x')).status).toBe(201);
	});

	it.each([
		['api', 'api.au1.cliniko.com'],
		['s3', BUCKET_HOST],
	] as const)('can break the TLS handshake of %s', async (end, host) => {
		sandbox.faults.tls(end, 1);
		await expect(client.tls(host)).rejects.toThrow();
		(await client.tls(host)).destroy();
		expect(sandbox.requests).toMatchObject([{ method: 'CONNECT', status: null }]);
	});

	it('can let TLS handshakes pass before the one that it breaks', async () => {
		sandbox.faults.tls('api', 1, 1);
		(await client.tls('api.au1.cliniko.com')).destroy();
		await expect(client.tls('api.au1.cliniko.com')).rejects.toThrow();
		(await client.tls('api.au1.cliniko.com')).destroy();
	});

	it('is forgotten on reset', async () => {
		sandbox.faults.add({ on: 'any', act: 'before', do: { reset: true } });
		sandbox.faults.tls('api');
		sandbox.reset();
		expect((await client.api('/user')).status).toBe(200);
	});
});
