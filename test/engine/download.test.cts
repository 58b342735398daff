import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import {
	BUCKET_HOST,
	SANDBOX_API_KEY,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type Fault,
} from '../../sandbox/sandbox.cts';
import { by, openClinic, pdf, sha256, useClinic, type UploadRun } from './clinic.cts';
import { putOnRecord } from './records.cts';

const MIB = 1024 * 1024;
const EVER = 99;

/** Where n8n keeps its files. */
const folder = mkdtempSync(path.join(tmpdir(), 'download-test-'));

const clinic = useClinic({ engine: { env: { N8N_BINARY_DATA_STORAGE_PATH: folder } } });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const onRecord = async (name: string, content: Buffer | string, more = {}) =>
	await putOnRecord(clinic.sandbox, { name, content, ...more });

/** Downloads these attachments, one per item. */
const download = async (
	ids: string[],
	parameters: IDataObject = {},
	more: Partial<UploadRun> = {},
) =>
	await clinic.run({
		items: ids.map((id) => ({ json: { id } })),
		...more,
		parameters: {
			operation: 'download',
			patientId: '',
			attachmentId: by('id', '={{ $json.id }}'),
			...parameters,
		},
	});

const strike = (fault: Pick<Fault, 'on' | 'act' | 'do'> & Partial<Fault>) =>
	clinic.sandbox.faults.add(fault);

/** A fault at the redirect from Cliniko, and one at S3 after it. */
const atContent = (fault: Pick<Fault, 'act' | 'do'> & Partial<Fault>) =>
	strike({ on: 'get', ...fault });
const atS3 = (fault: Pick<Fault, 'act' | 'do'> & Partial<Fault>) =>
	strike({ on: 'other', ...fault });

const fromS3 = () => clinic.sandbox.requests.filter(({ host }) => host === BUCKET_HOST);

/** The bytes of a file in n8n's store. */
function bytesOf(item: INodeExecutionData | undefined, field = 'data'): Buffer {
	const { id, data } = item!.binary![field]!;
	return id ? readFileSync(path.join(folder, id.split(':')[1]!)) : Buffer.from(data, 'base64');
}

it('puts the file into n8n’s store, with the name and the type of the record', async () => {
	const { id } = await onRecord('Referral letter.pdf', pdf('referral'));
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(output).toEqual([
		{
			json: {
				id,
				patient_id: SANDBOX_PATIENT_ID,
				filename: 'Referral letter.pdf',
				description: null,
				content_type: 'application/pdf',
				size: pdf('referral').length,
				processing_completed: true,
				created_at: expect.any(String),
				processed_at: expect.any(String),
				content_url: `https://api.au1.cliniko.com/v1/patient_attachments/${id}/content`,
			},
			binary: {
				data: {
					fileName: 'Referral letter.pdf',
					fileExtension: 'pdf',
					fileType: 'pdf',
					mimeType: 'application/pdf',
					data: 'filesystem-v2',
					id: expect.stringMatching(/^filesystem-v2:/),
					fileSize: expect.any(String),
					bytes: pdf('referral').length,
				},
			},
			pairedItem: { item: 0 },
		},
	]);
	expect(bytesOf(output[0])).toEqual(pdf('referral'));
	expect(clinic.sandbox.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
		'GET 200',
		'GET 303',
		'GET 200',
	]);
});

it.each([
	['Ärztebrief Müller.pdf', 'pdf'],
	['two  spaces & 50% #2?.txt', 'txt'],
	['a+b=c;d,e.tar.gz', 'gz'],
	['žluťoučký kůň 😀 日本語.txt', 'txt'],
	["O'Hara (1) [2] {3}.csv", 'csv'],
	['%41%2Fx.txt', 'txt'],
	['<b>&amp;.txt', 'txt'],
	['scan.v2 (final)', expect.any(String)],
	['no ending', 'bin'],
	['.hidden', 'hidden'],
	['007', 'bin'],
])('keeps the name as it is, and the bytes: %s', async (name, fileExtension) => {
	const content = pdf(name);
	const { id } = await onRecord(name, content);
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(output[0]?.binary?.data).toMatchObject({ fileName: name, fileExtension });
	expect(bytesOf(output[0])).toEqual(content);
});

it('takes the type from the record, and not from S3, which does not know it', async () => {
	const { id } = await onRecord('scan.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]));
	const { output } = await download([id]);

	expect(output[0]?.binary?.data).toMatchObject({ mimeType: 'image/png', fileType: 'image' });
});

it('puts the file into the field of the user’s choice', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	const { output } = await download([id], { binaryPropertyName: ' ={{ "attachment_0" }} '.trim() });

	expect(Object.keys(output[0]!.binary!)).toEqual(['attachment_0']);
	expect(bytesOf(output[0], 'attachment_0')).toEqual(pdf('a'));
});

it.each(['={{ "" }}', '={{ " " }}', '={{ $json.nothing }}', '={{ null }}'])(
	'refuses a field without a name before anything is asked: %s',
	async (binaryPropertyName) => {
		const { error } = await download(['12'], { binaryPropertyName });

		expect(error?.message).toBe('Put Output File in Field is empty for this item. [item 0]');
		expect(clinic.sandbox.requests).toEqual([]);
	},
);

it('gives the record as Cliniko does when it is not to be simplified', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	const { output } = await download([id], { simplify: false });

	expect(output[0]?.json).toMatchObject({ id, pinned_at: null, updated_at: expect.any(String) });
	expect(bytesOf(output[0])).toEqual(pdf('a'));
});

it('brings the files of several items, each paired to its own', async () => {
	const records = [await onRecord('a.pdf', pdf('a')), await onRecord('b.pdf', pdf('b'))];
	const { output } = await download(records.map(({ id }) => id).reverse());

	expect(
		output.map((item) => [item.json.filename, sha256(bytesOf(item)), item.pairedItem]),
	).toEqual([
		['b.pdf', sha256(pdf('b')), { item: 0 }],
		['a.pdf', sha256(pdf('a')), { item: 1 }],
	]);
});

it('brings a file of no bytes', async () => {
	const { id } = await onRecord('empty.txt', '');
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(output[0]?.binary?.data).toMatchObject({ fileName: 'empty.txt' });
	expect(bytesOf(output[0])).toHaveLength(0);
});

it('brings a file of 6 MiB whole', async () => {
	const content = Buffer.alloc(6 * MIB, 'film ');
	const { id } = await onRecord('film.mp4', content);
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(sha256(bytesOf(output[0]))).toBe(sha256(content));
});

it('streams a file of 64 MiB: the memory does not grow by it', async () => {
	// Warm-up: modules loaded for the first download do not count.
	await download([(await onRecord('a.pdf', pdf('a'))).id]);
	const content = Buffer.alloc(64 * MIB, 'film ');
	const { id } = await onRecord('film.mp4', content);
	const { output, error, grew } = await download([id]);

	expect(error).toBeUndefined();
	expect(sha256(bytesOf(output[0]))).toBe(sha256(content));
	expect(grew).toBeLessThan(32 * MIB);
}, 60_000);

it('sends the key and the contact to Cliniko only, and nothing of them to S3', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	await download([id]);

	const [record, content, s3] = clinic.sandbox.requests;
	for (const { host, headers } of [record!, content!]) {
		expect(host).toBe('api.au1.cliniko.com');
		expect(headers.authorization).toMatch(/^Basic /);
	}
	// Cliniko does not answer with JSON here.
	expect(content!.headers.accept).toBe('*/*');
	expect(s3!.host).toBe(BUCKET_HOST);
	expect(s3!.headers).not.toHaveProperty('authorization');
	expect(JSON.stringify(s3)).not.toMatch(
		new RegExp(
			`${SANDBOX_API_KEY}|${Buffer.from(SANDBOX_API_KEY).toString('base64')}|clinic\\.example`,
		),
	);
});

it('leaves nothing of the presigned address in what n8n stores', async () => {
	const { id } = await onRecord('scan.v2 (final)', pdf('a'));
	const { written, output } = await download([id], {}, { write: true });

	const { searchParams } = new URL(fromS3()[0]!.path, 'https://s3.example');
	const signature = searchParams.get('X-Amz-Signature')!;
	expect(signature).toMatch(/^[\da-f]{64}$/);
	expect(written).toContain('scan.v2 (final)');
	expect(output[0]?.binary?.data).not.toHaveProperty('directory');
	const kept = [written, clinic.engine.log(), ...filesIn(folder)].join('\n');
	for (const secret of [signature, 'X-Amz', 'AKIA', BUCKET_HOST])
		expect(kept).not.toContain(secret);
});

/** The contents of all files in a folder and its subfolders. */
function filesIn(at: string): string[] {
	return readdirSync(at, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => readFileSync(path.join(parentPath, name), 'latin1'));
}

it('says so where Cliniko has not processed the file yet', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'), { fresh: true });
	const { error } = await download([id]);

	expect(error?.message).toBe(
		`Cliniko has not finished processing the file of attachment ${id}. [item 0]`,
	);
	expect(error?.description).toContain('again in a minute');
	expect(fromS3()).toEqual([]);
});

it('says so where Cliniko could not read the file', async () => {
	const { id } = await onRecord('broken.pdf', 'no PDF at all');
	const { error } = await download([id]);

	expect(error?.message).toContain(`Cliniko could not read the file of attachment ${id}`);
	expect(error?.description).toContain('Upload the right file');
	expect(fromS3()).toEqual([]);
});

it('brings no file of another patient than the one who is named', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'), { patientId: SANDBOX_OTHER_PATIENT_ID });
	const { error } = await download([id], { patientId: by('id', SANDBOX_PATIENT_ID) });

	expect(error?.message).toContain(`Attachment ${id} is not on the record of patient`);
	expect(fromS3()).toEqual([]);
});

it('goes on with the other items where one fails, if asked to', async () => {
	const [first, fresh, last] = [
		await onRecord('a.pdf', pdf('a')),
		await onRecord('b.pdf', pdf('b'), { fresh: true }),
		await onRecord('c.pdf', pdf('c')),
	];
	const { output, error } = await download(
		[first, fresh, last].map(({ id }) => id),
		{},
		{ node: { onError: 'continueRegularOutput' } },
	);

	expect(error).toBeUndefined();
	expect(output.map(({ json }) => json.filename ?? json.error)).toEqual([
		'a.pdf',
		expect.stringMatching(/has not finished.*\[item 1\]/),
		'c.pdf',
	]);
	expect(output[1]).not.toHaveProperty('binary');
	expect(bytesOf(output[2])).toEqual(pdf('c'));
});

const s3Error = (status: number, code: string) => ({
	reply: { status, body: `<Error><Code>${code}</Code><Message>No</Message></Error>` },
});

/** Faults at S3, and the message for each if it never recovers. */
const failures: Array<[string, Pick<Fault, 'act' | 'do'> & Partial<Fault>, RegExp]> = [
	['S3 says 403', { act: 'before', do: s3Error(403, 'AccessDenied') }, /AccessDenied: No\./],
	['S3 says 404', { act: 'before', do: s3Error(404, 'NoSuchKey') }, /NoSuchKey: No\./],
	['S3 says 500', { act: 'before', do: s3Error(500, 'InternalError') }, /InternalError: No\./],
	['S3 closes the connection', { act: 'before', do: { reset: true } }, /connection broke/],
	[
		'the connection breaks in the middle of the file',
		{ act: 'reply', afterBytes: 2 * MIB, do: { reset: true } },
		/connection broke/,
	],
	[
		'a page comes in its place',
		{
			act: 'before',
			do: { reply: { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<p>Sign in' } },
		},
		/Something else arrived instead of the file/,
	],
	[
		'S3 redirects to elsewhere',
		{
			act: 'before',
			do: { reply: { status: 307, headers: { Location: 'https://collector.example/' } } },
		},
		/status 307/,
	],
];

function* pieces(content: Buffer): Generator<Buffer> {
	for (let at = 0; at < content.length; at += MIB) yield content.subarray(at, at + MIB);
}

const large = Buffer.concat([pdf('large'), Buffer.alloc(6 * MIB, 'x')]);

it.each(failures)('tries again, from a new address, where %s', async (_, fault) => {
	const { id } = await onRecord('large.pdf', large);
	atS3(fault);
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(sha256(bytesOf(output[0]))).toBe(sha256(large));
	expect(fromS3()).toHaveLength(2);
	expect(clinic.sandbox.requests.filter(({ status }) => status === 303)).toHaveLength(2);
	expect(clinic.sandbox.faults.unused).toEqual([]);
});

it.each(failures)('says what happened where %s for ever', async (_, fault, message) => {
	const { id } = await onRecord('large.pdf', large);
	atS3({ ...fault, times: EVER });
	const { output, error } = await download([id], {}, { write: true });

	expect(error?.message).toMatch(message);
	expect(error?.message).toContain(`attachment ${id}`);
	expect(error?.description).toMatch(/again/);
	expect(output).toEqual([]);
	expect(fromS3()).toHaveLength(4);
	for (const { headers } of fromS3()) expect(headers).not.toHaveProperty('authorization');
});

it('takes a file that arrives whole, and says that its record gives another size', async () => {
	const record = await onRecord('a.pdf', pdf('a'));
	record.size = 1000;
	for (const simplify of [true, false]) {
		const { output, error } = await download([record.id], { simplify });

		expect(error).toBeUndefined();
		expect(bytesOf(output[0])).toEqual(pdf('a'));
		expect(output[0]?.json).toMatchObject({
			id: record.id,
			warning: `The file has ${pdf('a').length} bytes, but its record in Cliniko says 1000. It arrived complete; check that it is the right file.`,
		});
	}
	expect(fromS3()).toHaveLength(2);
});

it('takes a file that Cliniko sends at once, without holding it in memory', async () => {
	const content = Buffer.concat([pdf('huge'), Buffer.alloc(200 * MIB, 'x')]);
	const { id } = await onRecord('large.pdf', content);
	atContent({
		act: 'after',
		do: {
			rewrite: () => ({
				status: 200,
				headers: { 'Content-Type': 'application/pdf', 'Content-Length': String(content.length) },
				body: '',
				stream: Readable.from(pieces(content)),
			}),
		},
	});
	const { output, error, grew } = await download([id]);

	expect(error).toBeUndefined();
	expect(sha256(bytesOf(output[0]))).toBe(sha256(content));
	expect(output[0]?.json).not.toHaveProperty('warning');
	expect(fromS3()).toEqual([]);
	expect(grew / MIB).toBeLessThan(150);
});

it('asks again where a file that Cliniko sends at once breaks off', async () => {
	const { id } = await onRecord('large.pdf', large);
	atContent({
		act: 'after',
		do: {
			rewrite: () => ({
				status: 200,
				headers: { 'Content-Length': String(large.length) },
				body: '',
				stream: Readable.from(
					(async function* () {
						yield large.subarray(0, MIB);
						await setTimeout(200);
						throw new Error('The connection breaks');
					})(),
				),
			}),
		},
	});
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(sha256(bytesOf(output[0]))).toBe(sha256(large));
	expect(fromS3()).toHaveLength(1);
});

it('follows a redirect to another place at Cliniko, with the key, and none to S3 with it', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	const location = `/v1/patient_attachments/${id}/content`;
	atContent({ act: 'before', do: { reply: { status: 307, headers: { Location: location } } } });
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(bytesOf(output[0])).toEqual(pdf('a'));
	const contents = clinic.sandbox.requests.filter(({ path: at }) => at === location);
	expect(contents.map(({ status }) => status)).toEqual([307, 303]);
	for (const { headers } of contents) expect(headers).toHaveProperty('authorization');
	expect(fromS3()).toHaveLength(1);
	expect(fromS3()[0]?.headers).not.toHaveProperty('authorization');
});

it.each([
	['to an address of http', 303, { Location: `http://${BUCKET_HOST}/a.pdf` }],
	['to nowhere', 303, {}],
])('asks nobody for the file where Cliniko redirects %s', async (_, status, headers) => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	atContent({
		act: 'before',
		do: { reply: { status, headers: headers as Record<string, string>, body: '<p>Sign in' } },
	});
	const { error } = await download([id]);

	expect(error?.message).toContain('did not say at which secure (https) address the file is');
	expect(clinic.sandbox.requests).toHaveLength(2);
});

it.each<[string, Pick<Fault, 'act' | 'do'>]>([
	['500', { act: 'before', do: { reply: { status: 500 } } }],
	['429', { act: 'before', do: { reply: { status: 429, headers: { 'Retry-After': '1' } } } }],
	['not at all', { act: 'before', do: { reset: true } }],
])('asks Cliniko again where it answers %s', async (_, fault) => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	atContent(fault);
	const { output, error } = await download([id]);

	expect(error).toBeUndefined();
	expect(bytesOf(output[0])).toEqual(pdf('a'));
});

it('says that there is no file where Cliniko has none', async () => {
	const { id } = await onRecord('a.pdf', pdf('a'));
	atContent({ act: 'before', do: { reply: { status: 404 } } });
	const { error } = await download([id]);

	expect(error?.message).toContain(`Cliniko has no file for attachment ${id}.`);
	expect(fromS3()).toEqual([]);
});

it('waits for a file that is only slow', async () => {
	const { id } = await onRecord('large.pdf', large);
	atS3({ act: 'reply', afterBytes: MIB, do: { delayMs: 3000 } });
	const { output } = await download([id]);

	expect(sha256(bytesOf(output[0]))).toBe(sha256(large));
	expect(fromS3()).toHaveLength(1);
});

it('breaks a file off that stands still for a minute, and tries again', async () => {
	const { id } = await onRecord('large.pdf', large);
	atS3({ act: 'reply', afterBytes: MIB, do: { hang: true } });
	const { output, error, took } = await download([id]);

	expect(error).toBeUndefined();
	expect(sha256(bytesOf(output[0]))).toBe(sha256(large));
	expect(fromS3()).toHaveLength(2);
	expect(took).toBeGreaterThan(59_000);
}, 100_000);

it.each<[string, () => void]>([
	['Cliniko to answer', () => atContent({ act: 'before', do: { hang: true } })],
	['S3 to answer', () => atS3({ act: 'before', do: { hang: true } })],
	[
		'the rest of the file',
		() => atS3({ act: 'reply', afterBytes: MIB, times: EVER, do: { hang: true } }),
	],
])('asks nothing more once it is cancelled while it waits for %s', async (_, prepare) => {
	const { id } = await onRecord('large.pdf', large);
	prepare();
	const began = Date.now();
	const { run } = await download([id, id], {}, { cancelAfter: 1500 });

	expect(run.status).toBe('canceled');
	expect(Date.now() - began).toBeLessThan(5000);
	const asked = clinic.sandbox.requests.length;
	await setTimeout(3000);
	expect(clinic.sandbox.requests).toHaveLength(asked);
});

it('brings files whole into the memory of an n8n that keeps them there', async () => {
	const other = await openClinic({ engine: { binaryMode: 'default' } });
	try {
		const ids = [];
		for (const content of [pdf('a'), large]) {
			ids.push((await putOnRecord(other.sandbox, { name: 'a.pdf', content })).id);
		}
		const { output, error } = await other.run({
			items: ids.map((id) => ({ json: { id } })),
			parameters: {
				operation: 'download',
				patientId: '',
				attachmentId: by('id', '={{ $json.id }}'),
			},
		});

		expect(error).toBeUndefined();
		expect(output.map((item) => item.binary?.data?.id)).toEqual([undefined, undefined]);
		expect(output.map((item) => sha256(bytesOf(item)))).toEqual([sha256(pdf('a')), sha256(large)]);
	} finally {
		await other.close();
	}
}, 60_000);
