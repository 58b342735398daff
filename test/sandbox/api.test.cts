import {
	SANDBOX_API_KEY,
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	SANDBOX_SCHEDULER_API_KEY,
	SANDBOX_USER_ID,
	startSandbox,
} from '../../sandbox/sandbox.cts';
import { Client, until, useSandbox, xmlOf, type Answer } from './client.cts';

const { sandbox, client } = useSandbox();

/** Uploads a file for the seeded patient; returns the upload URL for its record. */
async function uploaded(filename = 'a.txt', bytes: string | Buffer = 'content'): Promise<string> {
	const presigned = await client.presign(SANDBOX_PATIENT_ID);
	const { Key } = xmlOf((await client.upload(presigned, filename, bytes)).text);
	return `${presigned.url}${Key}`;
}

async function create(body: unknown, options: object = {}): Promise<Answer> {
	return await client.api('/patient_attachments', { method: 'POST', body, ...options });
}

/** Uploads a file and creates its record; returns the record. */
async function attached(filename?: string, bytes?: string | Buffer, description?: string) {
	const upload_url = await uploaded(filename, bytes);
	return (await create({ patient_id: SANDBOX_PATIENT_ID, upload_url, description })).json;
}

const isProcessed = (id: string) => sandbox.clinic.attachments.get(id)?.processedAt !== null;

describe('Who is let in', () => {
	it('is the owner of the key, with or without its shard', async () => {
		for (const key of [SANDBOX_API_KEY, SANDBOX_API_KEY.replace('-au1', '')]) {
			const { status, headers, json } = await client.api('/user', { key });
			expect(status).toBe(200);
			expect(json).toMatchObject({ id: SANDBOX_USER_ID, role: 'administrator' });
			expect(headers['content-type']).toBe('application/json; charset=utf-8');
			expect(Math.abs(Date.parse(String(headers.date)) - Date.now())).toBeLessThan(2000);
		}
	});

	it.each([
		['on another shard', { shard: 'uk1' }],
		['with an unknown key', { key: 'TVMwx-au1' }],
		["with its shard's name changed", { key: SANDBOX_API_KEY.replace('au1', 'au2') }],
		['without a key', { headers: { authorization: undefined } }],
		[
			'with a password',
			{
				headers: {
					authorization: `Basic ${Buffer.from(`${SANDBOX_API_KEY}:secret`).toString('base64')}`,
				},
			},
		],
	])('is nobody %s: 401, in text', async (_, options) => {
		const { status, text } = await client.api('/user', options);
		expect([status, text]).toEqual([401, 'HTTP Basic: Access denied.\n']);
	});

	it('lives on the shard that the sandbox is started for', async () => {
		const other = await startSandbox({ shard: 'uk2' });
		const otherClient = new Client(other);
		const key = SANDBOX_API_KEY.replace('au1', 'uk2');
		expect((await otherClient.api('/user', { key, shard: 'uk2' })).status).toBe(200);
		expect((await otherClient.api('/user', { key, shard: 'au1' })).status).toBe(401);
		await otherClient.close();
		await other.close();
	});

	it.each([undefined, 'axios/1.7', 'n8n (n8n.io)', '(a@b.example)'])(
		'has a User-Agent with a name and an e-mail, not %s',
		async (agent) => {
			const { status, json } = await client.api('/user', { headers: { 'user-agent': agent } });
			expect(status).toBe(403);
			expect(json.message).toContain('User-Agent');
		},
	);

	it('accepts JSON', async () => {
		const { status } = await client.api('/user', { headers: { accept: 'text/html' } });
		expect(status).toBe(406);
	});

	it('is not a scheduler, where it is about files', async () => {
		const key = SANDBOX_SCHEDULER_API_KEY;
		const presign = `/patients/${SANDBOX_PATIENT_ID}/attachment_presigned_post`;
		expect((await client.api(presign, { key })).status).toBe(403);
		const body = { patient_id: SANDBOX_PATIENT_ID, upload_url: await uploaded() };
		expect((await create(body, { key })).status).toBe(403);
		expect(sandbox.clinic.attachments.size).toBe(0);
		expect((await client.api('/patients', { key })).status).toBe(200);
	});
});

describe('The rate limit', () => {
	it('lets a user send so many requests, then answers 429 until the time it names', async () => {
		sandbox.settings.requestsPerWindow = 3;
		sandbox.settings.rateLimitWindowMs = 1200;
		for (let n = 0; n < 3; n++) expect((await client.api('/user')).status).toBe(200);
		const { status, headers } = await client.api('/user');
		expect(status).toBe(429);
		const reset = Number(headers['x-ratelimit-reset']) * 1000;
		expect(reset - Date.now()).toBeGreaterThan(0);
		expect(reset - Date.now()).toBeLessThanOrEqual(2200);
		await new Promise((resolve) => setTimeout(resolve, reset - Date.now()));
		expect((await client.api('/user')).status).toBe(200);
	});

	it('counts each user alone, and not who is let in nowhere', async () => {
		sandbox.settings.requestsPerWindow = 1;
		for (let n = 0; n < 3; n++) await client.api('/user', { key: 'unknown' });
		expect((await client.api('/user')).status).toBe(200);
		expect((await client.api('/user')).status).toBe(429);
		expect((await client.api('/user', { key: SANDBOX_SCHEDULER_API_KEY })).status).toBe(200);
	});
});

describe('What is not there', () => {
	it.each([
		'/nowhere',
		'/patients/1',
		'/patients/abc',
		'/patients/1/attachment_presigned_post',
		`/patients/${SANDBOX_ARCHIVED_PATIENT_ID}`,
		'/patient_attachments/1',
		'/patient_attachments/1/content',
	])('is answered with 404: %s', async (path) => {
		const { status, json } = await client.api(path);
		expect(status).toBe(404);
		expect(json).toEqual({ message: 'The requested resource could not be found' });
	});
});

describe('A presigned post', () => {
	it('has the documented fields and a policy for the same', async () => {
		const { url, fields } = await client.presign(SANDBOX_PATIENT_ID);
		expect(url).toBe('https://cliniko-files-sandbox.s3.ap-southeast-2.amazonaws.com/');
		expect(Object.keys(fields).sort()).toEqual([
			'acl',
			'key',
			'policy',
			'success_action_status',
			'x-amz-algorithm',
			'x-amz-credential',
			'x-amz-date',
			'x-amz-signature',
		]);
		expect(fields.key).toMatch(
			new RegExp(`^\\d+/patients/${SANDBOX_PATIENT_ID}/attachments/temp/[^/]+/\\$\\{filename\\}$`),
		);
		const policy = JSON.parse(Buffer.from(fields.policy ?? '', 'base64').toString());
		expect(policy.conditions).toContainEqual(['content-length-range', 0, 1024 ** 3]);
		expect(Date.parse(policy.expiration) - Date.now()).toBeGreaterThan(3_500_000);
	});

	it('may have an address without a slash at its end', async () => {
		sandbox.settings.trailingSlash = false;
		const { url } = await client.presign(SANDBOX_PATIENT_ID);
		expect(url).toMatch(/amazonaws\.com$/);
	});
});

describe('Creating a record', () => {
	it('gives it unprocessed, in the documented form', async () => {
		const record = await attached('scan.txt', 'content', 'A scan');
		const self = `https://api.au1.cliniko.com/v1/patient_attachments/${record.id}`;
		expect(record).toMatchObject({
			id: expect.stringMatching(/^\d{19}$/),
			archived_at: null,
			content: { links: { self: `${self}/content` } },
			content_type: null,
			created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
			description: 'A scan',
			filename: null,
			links: { self },
			patient: {
				links: { self: `https://api.au1.cliniko.com/v1/patients/${SANDBOX_PATIENT_ID}` },
			},
			processed_at: null,
			processing_completed: false,
			size: null,
			user: { links: { self: `https://api.au1.cliniko.com/v1/users/${SANDBOX_USER_ID}` } },
		});
	});

	it.each([
		['another host', (url: string) => url.replace('sandbox.s3', 'other.s3')],
		['two slashes', (url: string) => url.replace('.com/', '.com//')],
		['a key that nothing was uploaded to', (url: string) => `${url}x`],
		['an encoded key', (url: string) => url.replace(/(?<=\.com\/).*/, encodeURIComponent)],
		['no text', () => 7],
	])('refuses an upload URL with %s', async (_, change) => {
		const upload_url = change(await uploaded());
		const { status, json } = await create({ patient_id: SANDBOX_PATIENT_ID, upload_url });
		expect(status).toBe(422);
		expect(json).toEqual({
			message: 'Validation Failed',
			errors: { temp_attachment_url: 'is invalid' },
		});
		expect(sandbox.clinic.attachments.size).toBe(0);
	});

	it("refuses a file that was uploaded to another patient's folder", async () => {
		const body = { patient_id: SANDBOX_OTHER_PATIENT_ID, upload_url: await uploaded() };
		const { status, json } = await create(body);
		expect([status, json.errors]).toEqual([422, { temp_attachment_url: 'is invalid' }]);
	});

	it('takes an encoded upload URL where it is set to, and then not a raw one', async () => {
		sandbox.settings.uploadUrlForm = 'encoded';
		const raw = await uploaded('a b+c.txt');
		const encoded = raw.replace(/(?<=\.com\/).*/, encodeURIComponent);
		expect((await create({ patient_id: SANDBOX_PATIENT_ID, upload_url: raw })).status).toBe(422);
		const { status } = await create({ patient_id: SANDBOX_PATIENT_ID, upload_url: encoded });
		expect(status).toBe(201);
		sandbox.settings.uploadUrlForm = 'either';
		expect((await create({ patient_id: SANDBOX_PATIENT_ID, upload_url: raw })).status).toBe(201);
	});

	it('refuses a description of more than 255 characters', async () => {
		const upload_url = await uploaded();
		const body = { patient_id: SANDBOX_PATIENT_ID, upload_url, description: 'é'.repeat(256) };
		const { status, json } = await create(body);
		expect(status).toBe(422);
		expect(json.errors).toEqual({ description: 'is too long (maximum is 255 characters)' });
		expect((await create({ ...body, description: 'é'.repeat(255) })).status).toBe(201);
	});

	it.each([
		// Parsed as a JavaScript number, the id has lost its last digits.
		[Number(SANDBOX_PATIENT_ID), 'is invalid'],
		[null, 'must be a string'],
		[undefined, 'must be a string'],
		['1', 'is invalid'],
		[SANDBOX_ARCHIVED_PATIENT_ID, 'is invalid'],
	])('refuses the patient id %s, which %s', async (patient_id, what) => {
		const { status, json } = await create({ patient_id, upload_url: await uploaded() });
		expect(status).toBe(422);
		expect(json.errors.patient_id).toBe(what);
	});

	it('takes the patient id as a JSON number too, with all its digits, as in the guide', async () => {
		const rest = JSON.stringify({
			upload_url: await uploaded(),
			description: '1234567890123456789',
		});
		const { status, json } = await create(`{"patient_id": ${SANDBOX_PATIENT_ID}, ${rest.slice(1)}`);
		expect([status, json.description]).toEqual([201, '1234567890123456789']);
		expect(json.patient.links.self).toMatch(new RegExp(`/${SANDBOX_PATIENT_ID}$`));
	});

	it('refuses a body that is not JSON, or not said to be', async () => {
		expect((await create('{', {})).status).toBe(400);
		expect((await create('{}', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
	});

	it('makes a second record for the same file, so that a duplicate shows', async () => {
		const body = { patient_id: SANDBOX_PATIENT_ID, upload_url: await uploaded() };
		expect((await create(body)).status).toBe(201);
		expect((await create(body)).status).toBe(201);
		expect(sandbox.clinic.attachments.size).toBe(2);
	});

	it("keeps the request's body for tests to look at", async () => {
		const body = { patient_id: SANDBOX_PATIENT_ID, upload_url: await uploaded() };
		await create(body);
		expect(JSON.parse(sandbox.requests.at(-1)?.body ?? '')).toEqual(body);
	});
});

describe('Processing', () => {
	it('takes its time, fills the record in, and takes the file from the temp folder', async () => {
		sandbox.settings.processingMs = 150;
		const upload_url = await uploaded('Brian Justice.pdf', '%PDF-1.7 …');
		const { json } = await create({ patient_id: SANDBOX_PATIENT_ID, upload_url });
		const path = `/patient_attachments/${json.id}`;
		expect((await client.api(path)).json.processing_completed).toBe(false);
		expect(sandbox.storage.objects.has(upload_url.split('.com/')[1] ?? '')).toBe(true);

		await until(() => isProcessed(json.id));
		expect((await client.api(path)).json).toMatchObject({
			processing_completed: true,
			processed_at: expect.any(String),
			filename: 'Brian Justice.pdf',
			content_type: 'application/pdf',
			size: 12,
		});
		expect(sandbox.storage.objects.has(upload_url.split('.com/')[1] ?? '')).toBe(false);
		expect((await create({ patient_id: SANDBOX_PATIENT_ID, upload_url })).status).toBe(422);
		expect(sandbox.clinic.attachments.get(json.id)?.stored.size).toBe(12);
	});

	it.each([
		['a.pdf', 'not a PDF', 'invalid/invalid'],
		['a.png', '', 'invalid/invalid'],
		['A.JPG', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'image/jpeg'],
		['a.txt', 'text', 'text/plain'],
		['a.unheard-of', 'text', 'application/octet-stream'],
	])('finds what %s with its bytes is', async (filename, bytes, contentType) => {
		sandbox.settings.processingMs = 1;
		const { id } = await attached(filename, bytes);
		await until(() => isProcessed(id));
		const { json } = await client.api(`/patient_attachments/${id}`);
		expect([json.content_type, json.processing_completed]).toEqual([contentType, true]);
	});

	it('makes the content available, at a presigned address', async () => {
		sandbox.settings.processingMs = 1;
		const { id, content } = await attached('a b.txt', 'the bytes');
		await until(() => isProcessed(id));
		const path = content.links.self.split('/v1')[1];
		const { status, headers } = await client.api(path, { headers: { accept: '*/*' } });
		expect(status).toBe(303);
		const address = String(headers.location);
		expect((await client.send(address)).text).toBe('the bytes');
		const authorization = 'Basic eDo=';
		expect((await client.send(address, { headers: { authorization } })).status).toBe(400);
		expect((await client.send(address.replace('a%20b', 'c'))).status).toBe(403);
		sandbox.faults.clockSkewMs = 3_600_000;
		expect((await client.send(address)).status).toBe(403);
	});
});

describe('A record', () => {
	it('can be given another description, and archived', async () => {
		const { id } = await attached();
		const path = `/patient_attachments/${id}`;
		const changed = await client.api(path, { method: 'PATCH', body: { description: 'New' } });
		expect([changed.status, changed.json.description]).toEqual([200, 'New']);
		expect((await client.api(`${path}/archive`, { method: 'POST' })).status).toBe(204);
		expect((await client.api(path)).status).toBe(404);
		const archived = await client.api(`${path}?q[]=archived_at:*`);
		expect(archived.json.archived_at).toEqual(expect.any(String));
		expect((await client.api('/patient_attachments')).json.total_entries).toBe(0);
	});

	it('is in the list of its patient only', async () => {
		const { id } = await attached();
		const of = async (patient: string) =>
			(await client.api(`/patients/${patient}/patient_attachments`)).json.patient_attachments;
		expect(await of(SANDBOX_PATIENT_ID)).toMatchObject([{ id }]);
		expect(await of(SANDBOX_OTHER_PATIENT_ID)).toEqual([]);
	});
});

/** José María Núñez-Quist. */
const SEEDED_NUNEZ = '1234567890123456783';

describe('A list', () => {
	const ids = async (query: string, path = '/patients') =>
		(await client.api(`${path}?${query}`)).json[path.slice(1)].map(
			(record: { id: string }) => record.id,
		);

	it('leads from page to page, and leaves `next` out on the last', async () => {
		const first = (await client.api('/patients?per_page=4')).json;
		expect(first.total_entries).toBe(9);
		expect(first.links.previous).toBeUndefined();
		const seen: string[] = [];
		let url: string | undefined = first.links.self;
		let page = first;
		while (url) {
			page = (await client.api(url.split('/v1')[1] ?? '')).json;
			seen.push(...page.patients.map(({ id }: { id: string }) => id));
			url = page.links.next;
		}
		expect(new Set(seen).size).toBe(9);
		expect(page.patients).toHaveLength(1);
		expect(page.links.previous).toContain('page=2');
		expect(page.links.previous).toContain('per_page=4');
	});

	it('is ordered by creation, or as asked', async () => {
		const byDefault = await ids('');
		expect(byDefault[0]).toBe(SANDBOX_PATIENT_ID);
		expect(await ids('order=desc')).toEqual([...byDefault].reverse());
		expect(await ids('sort=created_at:desc')).toEqual([...byDefault].reverse());
		expect((await ids('sort=last_name,id:desc')).slice(0, 2)).toEqual([
			'1234567890123456789',
			'1234567890123456785',
		]);
	});

	it('shows archived records only when asked', async () => {
		expect(await ids('q[]=archived_at:*')).toHaveLength(11);
		expect(await ids('q[]=archived_at:?')).toEqual([
			SANDBOX_ARCHIVED_PATIENT_ID,
			SANDBOX_MERGED_PATIENT_ID,
		]);
		const merged = await client.api(`/patients/${SANDBOX_MERGED_PATIENT_ID}?q[]=archived_at:*`);
		expect(merged.json.merged_with_patient.links.self).toContain(SANDBOX_PATIENT_ID);
	});

	it('compares text without regard to case and accents, or with it, as the settings say', async () => {
		const { id } = sandbox.clinic.addPatient({ firstName: 'Łucia', lastName: 'Núñez' });
		const found = async () => [
			await ids('q[]=last_name:=nunez'),
			await ids('q[]=last_name:~%C3%BA%C3%B1'),
			await ids('q[]=first_name:=lucia'),
		];
		expect(await found()).toEqual([[id], [SEEDED_NUNEZ, id], []]);
		sandbox.settings.comparison = 'sensitive';
		expect(await found()).toEqual([[], [SEEDED_NUNEZ, id], []]);
		expect(await ids('q[]=last_name:=N%C3%BA%C3%B1ez')).toEqual([id]);
	});

	it('leads from a merged patient to the next, as often as they were merged', async () => {
		const last = sandbox.clinic.addPatient();
		const middle = sandbox.clinic.addPatient({ archivedAt: 1000, mergedWith: last.id });
		const first = sandbox.clinic.addPatient({ archivedAt: 1000, mergedWith: middle.id });
		let path = `/patients/${first.id}`;
		const seen: string[] = [];
		for (;;) {
			const { id, merged_with_patient: next } = (await client.api(`${path}?q[]=archived_at:*`))
				.json;
			seen.push(id);
			if (!next) break;
			path = next.links.self.split('/v1')[1];
		}
		expect(seen).toEqual([first.id, middle.id, last.id]);
	});

	it('tells ids apart that are one number to JavaScript', async () => {
		expect(Number(SANDBOX_PATIENT_ID)).toBe(Number(SANDBOX_OTHER_PATIENT_ID));
		expect(await ids(`q[]=id:=${SANDBOX_PATIENT_ID}`)).toEqual([SANDBOX_PATIENT_ID]);
		expect(await ids(`q[]=id:=${SANDBOX_OTHER_PATIENT_ID},${SANDBOX_PATIENT_ID}`)).toEqual([
			SANDBOX_PATIENT_ID,
			SANDBOX_OTHER_PATIENT_ID,
		]);
	});

	it('can be filtered by everything that attachments can', async () => {
		sandbox.settings.processingMs = 1;
		const { id } = await attached('Scan of Knee.txt', 'four', 'left knee');
		await until(() => isProcessed(id));
		sandbox.settings.processingMs = 60_000;
		const { id: pending } = await attached('Other.txt', 'fifteen characters');
		const found = async (filter: string) =>
			await ids(`q[]=${encodeURIComponent(filter)}`, '/patient_attachments');
		expect(await found(`id:=${id},${pending}`)).toEqual([id, pending]);
		expect(await found(`patient_id:=${SANDBOX_PATIENT_ID}`)).toEqual([id, pending]);
		expect(await found(`patient_id:=${SANDBOX_OTHER_PATIENT_ID}`)).toEqual([]);
		expect(await found(`user_id:=${SANDBOX_USER_ID}`)).toEqual([id, pending]);
		expect(await found('filename:=Scan of Knee.txt')).toEqual([id]);
		expect(await found('content_type:=text/plain')).toEqual([id]);
		expect(await found('description:~knee')).toEqual([id]);
		expect(await found('size:=4')).toEqual([id]);
		expect(await found('processed_at:!?')).toEqual([pending]);
		expect(await found('created_at:>=2024-01-01T00:00:00Z')).toEqual([id, pending]);
		expect(await found('updated_at:<2024-01-01T00:00:00Z')).toEqual([]);
	});

	it.each([
		'q[]=processing_completed:=true',
		`q[]=patient_id:${SANDBOX_PATIENT_ID}`,
		'q[]=created_at:=2024-01-01T00:00:00Z',
		'q[]=nothing',
		'q[]=constructor:=1',
		'per_page=101',
		'per_page=0',
		'page=x',
		'sort=colour',
		'sort=size:upwards',
	])('is refused with a 400 for %s', async (query) => {
		const { status, json } = await client.api(`/patient_attachments?${query}`);
		expect(status).toBe(400);
		expect(json.message).toEqual(expect.any(String));
	});
});
