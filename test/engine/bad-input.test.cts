import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_PATIENT_ID,
	SANDBOX_SCHEDULER_API_KEY,
	type Sandbox,
} from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, file, pdf, recorded, useClinic, type UploadRun } from './clinic.cts';
import { putOnRecord } from './records.cts';

const clinic = useClinic();

const good = { json: {}, files: { data: file('good.pdf', pdf('good')) } };

const patientId = (value: unknown, mode = 'id'): IDataObject => ({
	patientId: { __rl: true, mode, value } as IDataObject,
});

interface Case {
	what: string;
	run: Partial<UploadRun>;
	/** How Cliniko or S3 is set up. */
	prepare?: (sandbox: Sandbox) => void;
	message: RegExp;
	description: RegExp;
	/** How many requests are sent before the problem is noticed. */
	requests: number;
}

const presign = (body: object) => (sandbox: Sandbox) =>
	sandbox.faults.add({
		on: 'presign',
		times: 99,
		act: 'before',
		do: {
			reply: {
				status: 200,
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
			},
		},
	});

const cases: Case[] = [
	{
		what: 'no such binary field',
		run: { items: [{ files: { scan: good.files.data, photo: good.files.data } }] },
		// As one of several items, an expression gives the name.
		message: /no file in ("data"|the field that the expression .* names)\. \[item 0\]/,
		description: /The item’s files are in: scan, photo\./,
		requests: 0,
	},
	{
		what: 'an item without a file',
		run: { items: [{ json: {} }] },
		message: /no file.*\[item 0\]/,
		description: /If Item Has No File/,
		requests: 0,
	},
	{
		what: 'one of several fields missing',
		run: { parameters: { binaryPropertyName: 'data, consent' } },
		message: /no file in ("consent"|the field that the expression .* names)\./,
		description: /The item’s files are in: data\./,
		requests: 0,
	},
	{
		what: 'an empty file',
		run: { items: [{ files: { data: file('empty.pdf', '') } }] },
		message: /"empty\.pdf" is empty/,
		description: /not sent/,
		requests: 0,
	},
	{
		what: 'a description over 255 characters',
		run: { parameters: { description: 'x'.repeat(256) } },
		message: /256 characters.*at most 255/,
		description: /Shorten/,
		requests: 0,
	},
	{
		what: 'a patient id that is no number',
		run: { parameters: patientId('={{ "12/../34" }}') },
		message: /not a whole number/,
		description: /Choose a patient/,
		requests: 0,
	},
	{
		what: 'no patient',
		run: { parameters: patientId('={{ $json.patient }}') },
		message: /No patient is set/,
		description: /Choose a patient/,
		requests: 0,
	},
	{
		what: 'a patient id that lost its last digits as a number',
		run: { parameters: patientId('={{ 1234567890123456781 }}') },
		message: /too large to be exact/,
		description: /as text/,
		requests: 0,
	},
	{
		what: 'the page of a patient on another shard',
		run: { parameters: patientId('https://clinic.uk1.cliniko.com/patients/12', 'url') },
		message: /shard uk1.*shard au1/,
		description: /another patient/,
		requests: 0,
	},
	{
		what: 'a URL that is no patient’s page',
		run: { parameters: patientId('={{ "https://evil.example/patients/12" }}', 'url') },
		message: /not the address of a patient/,
		description: /copy the address/,
		requests: 0,
	},
	{
		what: 'a file over the policy’s limit',
		run: {},
		prepare: ({ settings }) => (settings.maxFileBytes = 10),
		message: /"good\.pdf" has \d+ bytes, and Cliniko accepts at most 10 bytes/,
		description: /smaller/,
		requests: 2,
	},
	{
		what: 'a key that Cliniko refuses',
		run: { credential: { ...CREDENTIAL, apiKey: 'MS0wMDAw-au1' } },
		message: /refused the API key/,
		description: /test it/,
		requests: 1,
	},
	{
		what: 'a shard that is none',
		run: { credential: { ...CREDENTIAL, shard: 'other', customShard: 'au1.evil.example/#' } },
		message: /not a shard/,
		description: /Detect From API Key/,
		requests: 0,
	},
	{
		what: 'a shard that is not the key’s',
		run: { credential: { ...CREDENTIAL, shard: 'uk1' } },
		message: /ends in -au1.*uk1/,
		description: /./,
		requests: 0,
	},
	{
		what: 'no contact e-mail',
		run: { credential: { ...CREDENTIAL, contactEmail: '' } },
		message: /contact e-mail/,
		description: /block/,
		requests: 0,
	},
	{
		what: 'a patient that does not exist',
		run: { parameters: patientId('99') },
		message: /no patient with the ID 99\. \[file "good.pdf"\] \[item 0\]/,
		description: /Check the ID/,
		requests: 3,
	},
	{
		what: 'a role without the right',
		run: { credential: { ...CREDENTIAL, apiKey: SANDBOX_SCHEDULER_API_KEY } },
		message: /may not do this/,
		description: /role/,
		requests: 2,
	},
	{
		what: 'a record that Cliniko does not accept',
		run: {},
		prepare: ({ faults }) =>
			faults.add({
				on: 'create',
				times: 99,
				act: 'before',
				do: {
					reply: {
						status: 422,
						headers: { 'content-type': 'application/json' },
						body: '{"message":"Validation Failed","errors":{"temp_attachment_url":"is invalid"}}',
					},
				},
			}),
		message:
			/"good\.pdf".*did not accept it\. Cliniko says: Validation Failed: temp_attachment_url is invalid/,
		description: /Change what Cliniko names/,
		requests: 4,
	},
	{
		what: 'a presigned post without an address',
		run: {},
		prepare: presign({ url: null, fields: { key: 'a' } }),
		message: /no upload address/,
		description: /not sent/,
		requests: 2,
	},
	{
		what: 'a presigned post without fields',
		run: {},
		prepare: presign({ url: 'https://evil.example/', fields: null }),
		message: /no upload address/,
		description: /not sent/,
		requests: 2,
	},
	{
		what: 'a presigned post for an http address',
		run: {},
		prepare: presign({
			url: 'http://cliniko-files-sandbox.s3.ap-southeast-2.amazonaws.com/',
			fields: { key: 'a' },
		}),
		message: /not a secure \(https\) one/,
		description: /not sent/,
		requests: 2,
	},
	{
		what: 'a presigned post for an address that is not one of Amazon S3',
		run: {},
		prepare: presign({ url: 'https://files.s3.amazonaws.com.evil.example/', fields: { key: 'a' } }),
		message: /not one of Amazon S3: files\.s3\.amazonaws\.com\.evil\.example/,
		description: /not sent/,
		requests: 2,
	},
	{
		what: 'a reply of S3 that is no XML',
		run: {},
		prepare: ({ faults }) =>
			faults.add({
				on: 's3',
				times: 99,
				act: 'after',
				do: { rewrite: (reply) => ({ ...reply, body: '<html>Welcome to the guest WLAN' }) },
			}),
		message: /does not say where it is/,
		description: /run the workflow again/i,
		requests: 6,
	},
	{
		what: 'a file that Cliniko cannot read',
		run: { items: [{ files: { data: file('broken.pdf', 'no PDF at all') } }] },
		message: /could not read the file: attachment \d+ .*\[file "broken\.pdf"\]/,
		description: /archive the attachment/,
		requests: 5,
	},
	{
		what: 'processing that takes too long',
		run: { parameters: { options: { maxWait: 1 } } },
		prepare: ({ settings }) => (settings.processingMs = 600_000),
		message: /not finished processing attachment \d+ after 1 seconds/,
		description: /do not upload it again/,
		requests: 5,
	},
];

describe.each(cases)('$what', ({ run, prepare, message, description, requests }) => {
	it('stops with a message that says what happened and what to do', async () => {
		prepare?.(clinic.sandbox);
		const { error, output } = await clinic.run({ items: [good], ...run });
		expect(error?.message).toMatch(message);
		expect(error?.description).toMatch(description);
		expect(output).toEqual([]);
		expect(
			clinic.sandbox.requests.map(({ host, path, status }) => [host, path, status]),
		).toHaveLength(requests);
		// Whether the patient may get a file is checked before anything else.
		if (requests > 0) expect(clinic.sandbox.requests[0]?.path).toMatch(/^\/v1\/patients\?/);
	});
});

// Problems with the credential or with all of Cliniko also affect the other files.
const ofOneItem = cases.filter(({ run, prepare }) => !run.credential && !prepare);

describe.each(ofOneItem)('$what, with “On Error: Continue”', ({ run, message }) => {
	it('becomes an error item paired to its input, and the other files go on', async () => {
		const bad = run.items?.[0] ?? { ...good };
		const { output, error } = await clinic.run({
			...run,
			items: [good, bad, good].map((item, at) => ({ ...item, json: { own: at === 1 } })),
			parameters: Object.fromEntries(
				Object.entries({
					...patientId(SANDBOX_PATIENT_ID),
					binaryPropertyName: 'data',
					description: '',
					...run.parameters,
				}).map(([name, value]) => [name, perItem(name, value as never)]),
			),
			node: { onError: 'continueRegularOutput' },
		});
		expect(error).toBeUndefined();
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
		expect(output[1]?.json.error).toMatch(new RegExp(message.source.replace('item 0', 'item 1')));
		expect(Object.keys(output[1]!.json)).toEqual(['error', 'details']);
		expect([output[0], output[2]].map((item) => item?.json.filename)).toEqual([
			'good.pdf',
			'good.pdf',
		]);
		expect(recorded(clinic.sandbox).filter(({ name }) => name === 'good.pdf')).toHaveLength(2);
	});

	/** An expression that gives the value to the second item only. */
	function perItem(name: string, value: IDataObject | string): IDataObject | string {
		if (name === 'patientId') {
			const { mode, value: id } = value as IDataObject;
			const own = String(id).startsWith('={{') ? String(id).slice(3, -2) : JSON.stringify(id);
			if (mode === 'url') {
				const page = `https://clinic.au1.cliniko.com/patients/${SANDBOX_PATIENT_ID}`;
				return { __rl: true, mode, value: `={{ $json.own ? ${own} : '${page}' }}` };
			}
			return { __rl: true, mode, value: `={{ $json.own ? ${own} : '${SANDBOX_PATIENT_ID}' }}` };
		}
		if (typeof value !== 'string') return value;
		return `={{ $json.own ? ${JSON.stringify(value)} : ${JSON.stringify(name === 'binaryPropertyName' ? 'data' : '')} }}`;
	}
});

it('sends nothing at all if one of the items cannot be right', async () => {
	const { error } = await clinic.run({ items: [good, { json: {} }, good] });
	expect(error?.message).toMatch(/\[item 1\]/);
	expect(clinic.sandbox.requests).toEqual([]);
});

it('puts error items on the error output, with the input that they belong to', async () => {
	const { output, errorOutput } = await clinic.run({
		items: [good, { json: { sender: 'reception' } }],
		node: { onError: 'continueErrorOutput' },
	});
	expect(output.map(({ json }) => json.filename)).toEqual(['good.pdf']);
	expect(errorOutput).toEqual([
		expect.objectContaining({
			json: {
				sender: 'reception',
				error: expect.stringMatching(/no file/),
				details: { stored: 'no', attachment_id: null, safe_to_retry: true },
			},
			pairedItem: { item: 1 },
		}),
	]);
});

it('gives the files of an item that went well beside the one that did not', async () => {
	const { output } = await clinic.run({
		items: [
			{
				files: {
					a: file('a.pdf', pdf('a')),
					b: file('b.pdf', 'broken'),
					c: file('c.pdf', pdf('c')),
				},
			},
		],
		parameters: { binaryPropertyName: '*' },
		node: { onError: 'continueRegularOutput' },
	});
	expect(output.map(({ json }) => json.filename ?? json.error)).toEqual([
		'a.pdf',
		expect.stringMatching(/attachment \d+.*\[file "b\.pdf"\] \[item 0\]/),
		'c.pdf',
	]);
});

it('names the files that are stored when a later one stops the run', async () => {
	const items = ['a', 'b', 'c'].map((name) => ({
		files: { data: file(`${name}.pdf`, name === 'b' ? Buffer.alloc(300, 'x') : pdf(name)) },
	}));
	clinic.sandbox.settings.maxFileBytes = 200;
	const { error } = await clinic.run({ items, parameters: { options: { concurrency: 1 } } });
	const [id] = [...clinic.sandbox.clinic.attachments.keys()];
	expect(clinic.sandbox.clinic.attachments.size).toBe(1);
	expect(error?.message).toContain(
		`1 other file stored in this run: item 0 as attachment ${id}. 1 other file not sent.`,
	);
	expect(error?.message).toMatch(/\[item 1\]$/);
});

describe('An expression that fails for the last item', () => {
	const FAILS = "{{ $json.last ? $('No Such Node').item.json.id : ";
	const patientOf = by('id', SANDBOX_PATIENT_ID);
	const attachmentId = by('id', '={{ $json.id }}');
	const note = { attachmentId, description: 'new' };
	const files = { attachmentId, binaryPropertyName: 'data' };
	const filters = (value: string) => ({
		filter: [{ field: 'created_at', dateTimeCondition: 'since', dateTimeValue: value }],
	});

	const operations: Array<[string, string, IDataObject]> = [
		['update', 'description', { ...note, description: `=${FAILS} "new" }}` }],
		['update', 'simplify', { ...note, simplify: `=${FAILS} true }}` }],
		[
			'archive',
			'attachment',
			{ attachmentId: { ...attachmentId, value: `=${FAILS} $json.id }}` } },
		],
		['get', 'simplify', { attachmentId, simplify: `=${FAILS} true }}` }],
		['download', 'field', { ...files, binaryPropertyName: `=${FAILS} "data" }}` }],
		['download', 'simplify', { ...files, simplify: `=${FAILS} true }}` }],
		['getMany', 'limit', { limit: `=${FAILS} 50 }}` }],
		['getMany', 'simplify', { simplify: `=${FAILS} true }}` }],
		['getMany', 'filter', { filters: filters(`=${FAILS} "2020-01-01" }}`) }],
	];
	const ofPatients: Array<[string, string, IDataObject]> = [
		['get', 'simplify', { simplify: `=${FAILS} true }}` }],
		['getMany', 'simplify', { simplify: `=${FAILS} true }}` }],
		['find', 'simplify', { dateOfBirth: '1990-01-01', simplify: `=${FAILS} true }}` }],
		['find', 'ifNotOne', { dateOfBirth: '1990-01-01', ifNotOne: `=${FAILS} "item" }}` }],
	];
	const all = [
		...operations.map((one) => ['patientAttachment', ...one] as const),
		...ofPatients.map((one) => ['patient', ...one] as const),
	];

	const run = async (resource: string, operation: string, parameters: IDataObject, more = {}) => {
		const records = [
			await putOnRecord(clinic.sandbox, { name: 'a.pdf', content: pdf('a'), description: 'old' }),
			await putOnRecord(clinic.sandbox, { name: 'b.pdf', content: pdf('b'), description: 'old' }),
		];
		const result = await clinic.run({
			items: records.map(({ id }, at) => ({ json: { id, last: at === 1 } })),
			parameters: {
				resource,
				operation,
				patientId: resource === 'patient' || operation === 'getMany' ? patientOf : '',
				...parameters,
			},
			node: more,
		});
		return { records, ...result };
	};

	it.each(all)(
		'stops %s > %s before anything is asked or changed: %s',
		async (resource, operation, _, parameters) => {
			const { records, error, output } = await run(resource, operation, parameters);

			expect(error?.message).toContain('Referenced node');
			expect(output).toEqual([]);
			expect(clinic.sandbox.requests).toEqual([]);
			expect(records.map(({ description, archivedAt }) => [description, archivedAt])).toEqual([
				['old', null],
				['old', null],
			]);
		},
	);

	it.each(all.filter(([, operation]) => operation !== 'find'))(
		'fails only that item of %s > %s with “On Error: Continue”: %s',
		async (resource, operation, _, parameters) => {
			const { records, output, error } = await run(resource, operation, parameters, {
				onError: 'continueRegularOutput',
			});

			expect(error).toBeUndefined();
			expect(records[1]).toMatchObject({ description: 'old', archivedAt: null });
			const last = output.filter(({ pairedItem }) => (pairedItem as { item: number }).item === 1);
			expect(last).toEqual([
				{ json: { error: expect.stringContaining('Referenced node') }, pairedItem: { item: 1 } },
			]);
			const others = output.filter((one) => !last.includes(one));
			expect(others.length).toBeGreaterThan(0);
			for (const { json } of others) expect(json.error).toBeUndefined();
		},
	);
});

describe('A text that an expression gives as something else', () => {
	const attachmentId = by('id', '={{ $json.id }}');

	it.each([
		['an object', '={{ { note: "a" } }}'],
		['a list', '={{ ["a"] }}'],
		['no number', '={{ Number("a") }}'],
	])('is no description: %s', async (_, description) => {
		const record = await putOnRecord(clinic.sandbox, {
			name: 'a.pdf',
			content: pdf('a'),
			description: 'old',
		});
		const { error } = await clinic.run({
			items: [{ json: { id: record.id } }],
			parameters: { operation: 'update', patientId: '', attachmentId, description },
		});

		expect(error?.message).toBe('Description is not text for this item. [item 0]');
		expect(error?.description).toContain('Let it give one value');
		expect(clinic.sandbox.requests).toEqual([]);
		expect(record.description).toBe('old');
	});

	it('is no description of a new file', async () => {
		const { error } = await clinic.run({
			items: [good],
			parameters: { description: '={{ { note: "a" } }}' },
		});

		expect(error?.message).toBe('Description is not text for this item. [item 0]');
		expect(clinic.sandbox.requests).toEqual([]);
	});

	it('is no field for a file', async () => {
		const { error } = await clinic.run({
			items: [{ json: { id: '12' } }],
			parameters: {
				operation: 'download',
				patientId: '',
				attachmentId,
				binaryPropertyName: '={{ ["data"] }}',
			},
		});

		expect(error?.message).toBe('Put Output File in Field is not text for this item. [item 0]');
		expect(clinic.sandbox.requests).toEqual([]);
	});

	it('is no value of a filter', async () => {
		const { error } = await clinic.run({
			items: [{}],
			parameters: {
				operation: 'getMany',
				filters: {
					filter: [
						{ field: 'filename', textCondition: 'isNot', textValue: '={{ { name: "a.pdf" } }}' },
					],
				},
			},
		});

		expect(error?.message).toBe('The filter File Name is not text for this item. [item 0]');
		expect(clinic.sandbox.requests).toEqual([]);
	});
});
