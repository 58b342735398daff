import {
	optionsFrom,
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	UNKIND,
	type SandboxOptions,
	type Settings,
} from '../../sandbox/sandbox.cts';
import { until, useSandbox, xmlOf, type Answer } from './client.cts';

const { sandbox, client } = useSandbox({ processingMs: 0 });

const set = (settings: Partial<Settings>) => void Object.assign(sandbox.settings, settings);

/** Uploads a file for the seeded patient; returns the upload URL for its record. */
async function uploaded(filename = 'a.txt'): Promise<string> {
	const presigned = await client.presign(SANDBOX_PATIENT_ID);
	const { Key } = xmlOf((await client.upload(presigned, filename, 'content')).text);
	return `${presigned.url}${Key}`;
}

async function create(upload_url: string, description?: string): Promise<Answer> {
	const body = { patient_id: SANDBOX_PATIENT_ID, upload_url, description };
	return await client.api('/patient_attachments', { method: 'POST', body });
}

const isProcessed = (id: string) => sandbox.clinic.attachments.get(id)?.processedAt !== null;

/** Uploads a file, creates its record and returns that once it is processed. */
async function processed(filename?: string, description?: string) {
	const { json } = await create(await uploaded(filename), description);
	await until(() => isProcessed(json.id));
	return (await client.api(`/patient_attachments/${json.id}`)).json;
}

const pause = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));

describe('listOrder', () => {
	const namesIn = async (query: string) =>
		(await client.api(`/patients?${query}`)).json.patients.map(
			({ last_name }: { last_name: string }) => last_name,
		);
	/** How many different orders a list has in 20 requests. */
	const orders = async (query: string) => {
		const seen = new Set<string>();
		for (let time = 0; time < 20; time++) seen.add((await namesIn(query)).join());
		return seen.size;
	};

	beforeEach(() => {
		// In the same second, but not in the same millisecond.
		for (let row = 0; row < 6; row++) {
			sandbox.clinic.addPatient({ firstName: 'Jo', lastName: `P${row}`, createdAt: 5000 + row });
		}
	});

	it('is stable by default', async () => {
		expect(await orders('q[]=first_name:=Jo')).toBe(1);
	});

	it('unstable: rows of the same second come in another order each time', async () => {
		set({ listOrder: 'unstable' });
		expect(await orders('q[]=first_name:=Jo')).toBeGreaterThan(1);
		expect((await namesIn('q[]=first_name:=Jo')).sort()).toHaveLength(6);
		// Where the columns differ, they determine the order.
		expect(await orders('q[]=first_name:=Jo&sort=created_at,id')).toBe(1);
		expect(await orders('q[]=first_name:=Jo&sort=last_name:desc')).toBe(1);
	});
});

it('sortsById: without it, a list sorted by id is refused with a 400', async () => {
	expect((await client.api('/patients?sort=created_at,id:asc')).status).toBe(200);
	set({ sortsById: false });
	for (const sort of ['id', 'created_at,id:asc']) {
		const { status, json } = await client.api(`/patients?sort=${sort}`);
		expect([status, json]).toEqual([
			400,
			{ message: expect.stringContaining('Cannot sort by id') },
		]);
	}
	expect((await client.api('/patients?sort=created_at')).status).toBe(200);
});

it('listLagMs: a new record is in no list for a while, and at its own address at once', async () => {
	set({ listLagMs: 300 });
	const { id } = (await create(await uploaded())).json;
	const createdAt = Date.now();
	const lists = async () => [
		(await client.api(`/patient_attachments?q[]=id:=${id}`)).json.total_entries,
		(await client.api(`/patients/${SANDBOX_PATIENT_ID}/patient_attachments`)).json.total_entries,
	];
	expect(await lists()).toEqual([0, 0]);
	expect((await client.api(`/patient_attachments/${id}`)).status).toBe(200);
	await pause(300 - (Date.now() - createdAt));
	expect(await lists()).toEqual([1, 1]);
});

describe('descriptions', () => {
	const sent = '  Left\r\nknee 🦵\t \r\n  scan,  Ünïcode ';

	it('are kept by default', async () => {
		expect((await create(await uploaded(), sent)).json.description).toBe(sent);
	});

	it('cleaned: line ends, white space and emoji, in a new record and in a changed one', async () => {
		set({ descriptions: 'cleaned' });
		const { json } = await create(await uploaded(), sent);
		expect(json.description).toBe('Left\nknee scan, Ünïcode');
		const changed = await client.api(`/patient_attachments/${json.id}`, {
			method: 'PATCH',
			body: { description: ' a  b ' },
		});
		expect(changed.json.description).toBe('a b');
	});
});

it('fileNames: cleaned in the processed record and in its key', async () => {
	expect((await processed('Zoë #2.pdf')).filename).toBe('Zoë #2.pdf');
	set({ fileNames: 'cleaned' });
	const { id, filename } = await processed('Zoë #2.pdf');
	expect(filename).toBe('Zo___2.pdf');
	expect(sandbox.clinic.attachments.get(id)?.stored.key).toMatch(/\/Zo___2\.pdf$/);
});

describe('uploadUrlChecked: at processing', () => {
	beforeEach(() => set({ uploadUrlChecked: 'at processing' }));

	it('takes the address of a file, and processes the record', async () => {
		expect((await processed('scan.txt')).filename).toBe('scan.txt');
	});

	it.each([
		['of no file', (url: string) => `${url}x`],
		['of another host', () => 'https://store.example/a.txt'],
		['of another patient’s file', (url: string) => url.replace(/patients\/\d+/, 'patients/1')],
	])('takes an address %s, and never processes the record', async (_, change) => {
		const { status, json } = await create(change(await uploaded()));
		expect(status).toBe(201);
		await pause(50);
		const record = (await client.api(`/patient_attachments/${json.id}`)).json;
		expect([record.processing_completed, record.filename]).toEqual([false, null]);
		expect((await client.api(`/patient_attachments/${json.id}/content`)).status).toBe(404);
	});

	it.each(['http://store.example/a.txt', 'a.txt', '', 'https://'])(
		'refuses what is no https address: "%s"',
		async (url) => expect((await create(url)).status).toBe(422),
	);
});

describe('uploadUrlReading', () => {
	const encoded = (url: string) => url.replace(/[^/]*$/, encodeURIComponent);
	/**
	 * Whether the record of a file with this name can be created with its plain URL, and its encoded
	 * one.
	 */
	const takes = async (name: string) => {
		const url = await uploaded(name);
		return [(await create(url)).status === 201, (await create(encoded(url))).status === 201];
	};

	it.each<[Settings['uploadUrlReading'], Record<string, [plain: boolean, encoded: boolean]>]>([
		[
			'literal',
			{ 'a b.txt': [true, false], 'a%20b.txt': [true, false], 'a #2.txt': [true, false] },
		],
		['decoded', { 'a b.txt': [true, true], 'a%20b.txt': [false, true], 'a #2.txt': [true, true] }],
		['parsed', { 'a b.txt': [true, true], 'a%20b.txt': [false, true], 'a #2.txt': [false, true] }],
	])('%s', async (uploadUrlReading, expected) => {
		// So that the first record does not move the file away.
		set({ uploadUrlReading, processingMs: 600_000 });
		for (const [name, both] of Object.entries(expected)) expect(await takes(name)).toEqual(both);
	});

	it('loses what follows a "?" where it is parsed, and a "%" that begins no code', async () => {
		set({ uploadUrlReading: 'parsed', processingMs: 600_000 });
		expect(await takes('a?b.txt')).toEqual([false, true]);
		expect(await takes('100% done.txt')).toEqual([false, true]);
	});
});

it.each<[Settings['uploadUrlRefusal'], number, object]>([
	[
		'temp_attachment_url',
		422,
		{ message: 'Validation Failed', errors: { temp_attachment_url: 'is invalid' } },
	],
	['base', 422, { message: 'Validation Failed', errors: { base: 'is invalid' } }],
	[400, 400, { message: expect.any(String) }],
	[500, 500, { message: expect.any(String) }],
])('uploadUrlRefusal: %s', async (uploadUrlRefusal, status, body) => {
	set({ uploadUrlRefusal });
	const answer = await create(`${await uploaded()}x`);
	expect([answer.status, answer.json]).toEqual([status, body]);
	expect(sandbox.clinic.attachments.size).toBe(0);
});

it('createdAtBehindMs: a record was created before the time that its reply tells', async () => {
	set({ createdAtBehindMs: 5000 });
	const { json, headers } = await create(await uploaded());
	const behind = Date.parse(String(headers.date)) - Date.parse(json.created_at);
	expect(behind).toBeGreaterThanOrEqual(5000);
	expect(behind).toBeLessThan(7000);
});

it('clockSpreadMs: each reply comes from a server with a clock of its own', async () => {
	const offs = async () => {
		const all: number[] = [];
		for (let time = 0; time < 30; time++) {
			const { headers } = await client.api('/user');
			all.push(Date.parse(String(headers.date)) - Date.now());
		}
		return { least: Math.min(...all), most: Math.max(...all) };
	};
	// The header has whole seconds.
	const kind = await offs();
	expect(kind.least).toBeGreaterThan(-1500);
	expect(kind.most).toBeLessThanOrEqual(0);
	set({ clockSpreadMs: 60_000 });
	const { least, most } = await offs();
	expect(most - least).toBeGreaterThan(20_000);
	expect(least).toBeGreaterThan(-31_500);
	expect(most).toBeLessThan(30_500);

	const { json, headers } = await create(await uploaded());
	const behind = Date.parse(String(headers.date)) - Date.parse(json.created_at);
	expect(behind).toBeGreaterThanOrEqual(0);
	expect(behind).toBeLessThan(2000);
});

describe('emptyValues', () => {
	const fresh = async () => {
		set({ processingMs: 600_000 });
		return (await create(await uploaded())).json;
	};
	const patient = async () => (await client.api(`/patients/${SANDBOX_PATIENT_ID}`)).json;

	it.each<[Settings['emptyValues'], string | null]>([
		['null', null],
		['empty string', ''],
	])('%s', async (emptyValues, empty) => {
		set({ emptyValues });
		expect(await fresh()).toMatchObject({
			archived_at: empty,
			content_type: empty,
			description: empty,
			filename: empty,
			processed_at: empty,
			size: null,
		});
		expect(await patient()).toMatchObject({
			archived_at: empty,
			deleted_at: empty,
			merged_at: empty,
		});
	});
});

it('listsShowMerged: without it, only its own address shows a merged patient', async () => {
	const archived = async () =>
		(await client.api('/patients?q[]=archived_at:?')).json.patients.map(
			({ id }: { id: string }) => id,
		);
	expect(await archived()).toEqual([SANDBOX_ARCHIVED_PATIENT_ID, SANDBOX_MERGED_PATIENT_ID]);
	set({ listsShowMerged: false });
	expect(await archived()).toEqual([SANDBOX_ARCHIVED_PATIENT_ID]);
	const own = await client.api(`/patients/${SANDBOX_MERGED_PATIENT_ID}?q[]=archived_at:*`);
	expect(own.json.merged_with_patient.links.self).toContain(SANDBOX_PATIENT_ID);
});

it('listsShowCancelled: lists have cancelled and deleted appointments, and still no archived ones', async () => {
	const listed = async (query = '') =>
		(await client.api(`/individual_appointments${query}`)).json.individual_appointments.map(
			({ id }: { id: string }) => id,
		);
	const add = (more: object) =>
		sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID, ...more }).id;
	const [kept, cancelled, deleted] = [{}, { cancelledAt: 1 }, { deletedAt: 1 }].map(add);
	add({ archivedAt: 1 });
	expect(await listed()).toEqual([kept]);
	expect(await listed('?q[]=cancelled_at:*')).toEqual([kept, cancelled]);
	set({ listsShowCancelled: true });
	expect(await listed()).toEqual([kept, cancelled, deleted]);
	expect(await listed('?q[]=cancelled_at:!?')).toEqual([kept, deleted]);
});

it('inactiveShown: without it, a practitioner who has left has no address any more', async () => {
	const { id } = sandbox.clinic.addPractitioner({ active: false });
	expect((await client.api(`/practitioners/${id}`)).json.active).toBe(false);
	expect((await client.api('/practitioners')).json.total_entries).toBe(1);
	set({ inactiveShown: false });
	expect((await client.api(`/practitioners/${id}`)).status).toBe(404);
});

it('ids: as JSON numbers they have all their digits, and texts that look like one stay', async () => {
	set({ ids: 'numbers' });
	const { text, json } = await create(await uploaded(), '"id":"1"');
	expect(text).toMatch(/"id":\d{19},/);
	expect(json.description).toBe('"id":"1"');
	expect((await client.api('/patients')).text).toContain(`"id":${SANDBOX_PATIENT_ID},`);
});

describe('contentReply', () => {
	const content = async (path: string) => await client.api(path, { headers: { accept: '*/*' } });
	const pathOf = ({ id }: { id: string }) => `/patient_attachments/${id}/content`;

	it('relative redirect: leads to another path of the API, and on from there', async () => {
		set({ contentReply: 'relative redirect' });
		const { status, headers } = await content(pathOf(await processed()));
		expect(status).toBe(302);
		expect(headers.location).toMatch(/^\/v1\/patient_attachments\/\d+\/content\/original$/);
		const next = await content(String(headers.location).slice('/v1'.length));
		expect(next.status).toBe(303);
		expect((await client.send(String(next.headers.location))).text).toBe('content');
	});

	it('inline: is the bytes', async () => {
		set({ contentReply: 'inline' });
		const { status, text, headers } = await content(pathOf(await processed()));
		expect([status, text, headers['content-length']]).toEqual([200, 'content', '7']);
	});
});

it('sizeReported: other than the file has', async () => {
	expect((await processed()).size).toBe(7);
	set({ sizeReported: 'other' });
	expect((await processed()).size).toBe(20);
});

it.each<[Settings['rateLimitReset'], (now: number) => [least: number, most: number]]>([
	['absolute', (now) => [now + 50, now + 62]],
	['past', (now) => [now - 6, now - 3]],
	['seconds from now', () => [50, 60]],
])('rateLimitReset: %s', async (rateLimitReset, expected) => {
	set({ rateLimitReset, requestsPerWindow: 1 });
	await client.api('/user');
	const { status, headers } = await client.api('/user');
	expect(status).toBe(429);
	const reset = Number(headers['x-ratelimit-reset']);
	const [least, most] = expected(Date.now() / 1000);
	expect(reset).toBeGreaterThanOrEqual(least);
	expect(reset).toBeLessThanOrEqual(most);
});

it('UNKIND holds no value that is the default', () => {
	for (const [name, value] of Object.entries(UNKIND)) {
		expect([name, sandbox.settings[name as keyof Settings]]).not.toEqual([name, value]);
	}
	set(UNKIND);
	sandbox.reset();
	expect(sandbox.settings.listOrder).toBe('stable');
});

describe('Options written as text', () => {
	it.each<[string, SandboxOptions]>([
		['listOrder=unstable', { listOrder: 'unstable' }],
		['listLagMs=500, sortsById=false', { listLagMs: 500, sortsById: false }],
		['uploadUrlRefusal=400', { uploadUrlRefusal: 400 }],
		['uploadUrlRefusal=base', { uploadUrlRefusal: 'base' }],
		['uploadUrlChecked=at processing', { uploadUrlChecked: 'at processing' }],
	])('%s', (text, options) => expect(optionsFrom(text)).toEqual(options));

	it('begin with all kind or all unkind values', () => {
		expect(optionsFrom('listLagMs=1,kind')).toEqual({});
		expect(optionsFrom('unkind,listLagMs=0')).toEqual({ ...UNKIND, listLagMs: 0 });
	});

	it.each([
		'',
		'unkin',
		'listOrder',
		'listOrder=random',
		'listLagMs=-1',
		'toString=1',
		'shard=au2',
	])('are refused where there is no such setting: "%s"', (text) =>
		expect(() => optionsFrom(text)).toThrow('The sandbox has no setting'),
	);
});

it('a file that Cliniko exported itself is listed without `archived_at`', async () => {
	const { stored } = sandbox.clinic.attachments.get((await processed()).id)!;
	sandbox.clinic.addAttachment(
		{
			patientId: SANDBOX_PATIENT_ID,
			userId: '1',
			description: null,
			uploadUrl: '',
			isExport: true,
		},
		stored,
	);
	const [upload, exported] = (await client.api('/patient_attachments')).json.patient_attachments;
	expect(upload).toHaveProperty('archived_at');
	expect(exported).not.toHaveProperty('archived_at');
});

it('a record at its own address can be filtered by `archived_at` only', async () => {
	const { id } = await processed();
	expect((await client.api(`/patient_attachments/${id}?q[]=archived_at:!?`)).status).toBe(200);
	expect((await client.api(`/patient_attachments/${id}?q[]=archived_at:?`)).status).toBe(404);
	expect((await client.api(`/patient_attachments/${id}?q[]=size:=7`)).status).toBe(400);
});
