/**
 * What earlier runs of the node have stored is neither stored again nor forgotten: in a loop, with
 * “Retry On Fail”, after a manual retry, and with “If Already Uploaded: Skip”.
 */
import path from 'node:path';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { SANDBOX_OTHER_PATIENT_ID, type Fault } from '../../sandbox/sandbox.cts';
import {
	contentOf,
	CREDENTIAL,
	file,
	pdf,
	recorded,
	sha256,
	useClinic,
	type UploadRun,
} from './clinic.cts';
import { runErrorLoop } from './error-loop.cts';

const EVER = 99;

const clinic = useClinic({
	engine: { nodeArguments: ['--require', path.join(__dirname, 'code-node.cts')] },
});

const letter = { files: { data: file('letter.pdf', pdf('letter')) } };

const oneByOne = { options: { concurrency: 1 } };

const strike = (fault: Pick<Fault, 'on' | 'act' | 'do'> & Partial<Fault>) =>
	clinic.sandbox.faults.add(fault);

const refuse = (on: Fault['on'], more: Partial<Fault> = {}) =>
	strike({ on, act: 'before', do: { reply: { status: 403 } }, ...more });

const digests = () =>
	recorded(clinic.sandbox)
		.map(({ sha256: digest }) => digest)
		.sort();

const digestsOf = (...names: string[]) => names.map((name) => sha256(pdf(name))).sort();

const ids = () => [...clinic.sandbox.clinic.attachments.keys()];

const behind = (item: INodeExecutionData) => contentOf(clinic.sandbox, item);

const creations = () =>
	clinic.sandbox.requests.filter(
		({ method, path: at }) => method === 'POST' && at === '/v1/patient_attachments',
	);

describe('a loop from the error output back to the node', () => {
	const loop = async (
		items: UploadRun['items'],
		{ jsCode, parameters, more }: { jsCode?: string; parameters?: IDataObject; more?: object } = {},
	) =>
		await runErrorLoop(clinic, {
			items,
			parameters: { binaryPropertyName: '*', ...parameters },
			settings: more,
			through: jsCode
				? { type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode } }
				: undefined,
		});

	it.each([
		['as it is', undefined],
		[
			'with all of its files restored',
			'return $input.all().map(({ json }) => ({ json, binary: $("Files").first().binary }));',
		],
	])('sends only the file that failed where its item comes back %s', async (_, jsCode) => {
		const files = Object.fromEntries(
			['a', 'b', 'c'].map((name) => [name, file(`${name}.pdf`, pdf(name))]),
		);
		refuse('presign', { skip: 1 });
		const { status, succeeded, failed } = await loop([{ files }], {
			jsCode,
			parameters: oneByOne,
		});

		expect(status).toBe('success');
		expect(digests()).toEqual(digestsOf('a', 'b', 'c'));
		expect(succeeded.map(behind).sort()).toEqual(digestsOf('a', 'b', 'c'));
		expect(failed).toHaveLength(1);
		expect(Object.keys(failed[0]?.binary ?? {})).toEqual(['b']);
		expect(failed[0]?.json.details).toMatchObject({
			stored: 'no',
			file: expect.stringMatching(/^[0-9a-f]{32}$/),
		});
	});

	it('resumes a file that only a try of “Retry On Fail” has given to n8n', async () => {
		// The first try stores the second file, but n8n discards it because the first file failed.
		refuse('presign');
		// The second try cannot read the record that it should resume with.
		refuse('poll');
		const { status, succeeded, failed } = await loop(
			['b', 'a'].map((name) => ({ files: { data: file(`${name}.pdf`, pdf(name)) } })),
			{
				parameters: { ...oneByOne, waitForProcessing: false },
				more: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
			},
		);

		expect(status).toBe('success');
		expect(failed.map(({ json }) => json.details)).toEqual([
			expect.objectContaining({ stored: 'yes' }),
		]);
		expect(digests()).toEqual(digestsOf('a', 'b'));
		expect(succeeded.map(behind).sort()).toEqual(digestsOf('a', 'b'));
	});
});

describe('the error that ends a run', () => {
	const tooLarge = { files: { data: file('large.pdf', Buffer.alloc(300, 'x')) } };
	const small = (name: string) => ({ files: { data: file(`${name}.pdf`, pdf(name)) } });

	beforeEach(() => (clinic.sandbox.settings.maxFileBytes = 200));

	it('begins with a file that is on another patient’s record', async () => {
		strike({
			on: 'create',
			act: 'after',
			do: {
				rewrite: (reply) => ({
					...reply,
					body: reply.body.replace(/(\/patients\/)\d+/, `$1${SANDBOX_OTHER_PATIENT_ID}`),
				}),
			},
		});
		const { error } = await clinic.run({ items: [tooLarge, small('a')] });

		expect(error?.message).toMatch(
			/^Cliniko put the file "a\.pdf" on the record of patient \d+ instead of \d+ .* 1 other file failed too: item 0\. \[item 1\]$/,
		);
		expect(error?.description).toContain(`Look at attachment ${ids()[0]} in Cliniko at once`);
	});

	it('goes on with files that may be there, by their items', async () => {
		strike({ on: 'create', times: 2, act: 'after', do: { reply: { status: 500 } } });
		refuse('get', { times: EVER });
		const { error } = await clinic.run({ items: [tooLarge, small('a'), small('b')] });

		expect(error?.message).toMatch(
			/"a\.pdf".* 1 other file may be there too, so look before you run the workflow again: item 2\. 1 other file failed too: item 0\. \[item 1\]$/,
		);
		expect(error?.description).toMatch(/^The file may be there/);
	});

	it('says of a file that is stored that it is, and as which attachment', async () => {
		refuse('poll');
		const { error } = await clinic.run({ items: [small('a')] });

		expect(error?.message).toContain(`attachment ${ids()[0]}`);
		expect(error?.description).toMatch(/^The file is on the patient’s record, so do not upload/);
	});
});

describe('a retry that is refused before anything is sent', () => {
	it.each<[string, Partial<UploadRun>]>([
		['for a setting of the node', { parameters: { options: { maxWait: -5 } } }],
		['for a parameter of an item', { parameters: { description: 'x'.repeat(256) } }],
		['for the shard of its credential', { credential: { ...CREDENTIAL, shard: 'uk1' } }],
		['for its key', { credential: { ...CREDENTIAL, apiKey: 'MS0wMDAw-au1' } }],
	])('says what earlier tries have stored, and to use Retry, %s', async (_, change) => {
		const items = ['a', 'b'].map((name) => ({
			files: { data: file(`${name}.pdf`, pdf(name)) },
		}));
		refuse('presign', { skip: 1 });
		const failed = await clinic.run({ items, parameters: oneByOne });
		const { error } = await clinic.run({
			items,
			parameters: oneByOne,
			...change,
			retryOf: failed,
		});

		expect(ids()).toHaveLength(1);
		expect(error?.message).toContain(
			`Earlier tries of this execution stored attachment ${ids()[0]}.`,
		);
		expect(error?.description).toContain('Use Retry on this execution');
		expect(creations()).toHaveLength(1);
	});
});

it('says that an attachment has been archived since, and stores no second one', async () => {
	refuse('poll');
	const failed = await clinic.run({ items: [letter] });
	const [record] = [...clinic.sandbox.clinic.attachments.values()];
	record!.archivedAt = Date.now();
	const { error, output } = await clinic.run({ items: [letter], retryOf: failed });

	expect(error?.message).toContain(
		`was stored in an earlier try of this execution, as attachment ${record!.id}, and that is archived.`,
	);
	expect(output).toEqual([]);
	expect(creations()).toHaveLength(1);
});

describe('a new record whose own address does not find it at first', () => {
	const missing = () =>
		strike({ on: 'poll', times: 2, act: 'before', do: { reply: { status: 404 } } });

	it('is waited for', async () => {
		clinic.sandbox.settings.processingMs = 100;
		missing();
		const { output, error } = await clinic.run({ items: [letter] });

		expect(error).toBeUndefined();
		expect(output.map(behind)).toEqual(digestsOf('letter'));
		expect(creations()).toHaveLength(1);
	});

	it('is found by a retry', async () => {
		refuse('poll');
		const failed = await clinic.run({ items: [letter] });
		missing();
		const { output, error } = await clinic.run({ items: [letter], retryOf: failed });

		expect(error).toBeUndefined();
		expect(output.map(behind)).toEqual(digestsOf('letter'));
		expect(creations()).toHaveLength(1);
	});
});

it('is content with an answer to the creation that has nothing but the id', async () => {
	strike({
		on: 'create',
		act: 'after',
		do: {
			rewrite: (reply) => {
				const { id } = JSON.parse(reply.body) as IDataObject;
				return { ...reply, body: JSON.stringify({ id }) };
			},
		},
	});
	const { output, error } = await clinic.run({ items: [letter] });

	expect(error).toBeUndefined();
	expect(output[0]?.json).toMatchObject({ id: ids()[0], filename: 'letter.pdf' });
	expect(creations()).toHaveLength(1);
});

it.each([5, -5])(
	'finds its record where only the clock of the presigned post is %d hours off',
	async (hours) => {
		strike({
			on: 'presign',
			act: 'after',
			do: {
				rewrite: (reply) => ({
					...reply,
					headers: {
						...reply.headers,
						Date: new Date(Date.now() + hours * 3_600_000).toUTCString(),
					},
				}),
			},
		});
		strike({ on: 'create', act: 'after', do: { reply: { status: 500 } } });
		const { output, error } = await clinic.run({ items: [letter] });

		expect(error).toBeUndefined();
		expect(output.map(behind)).toEqual(digestsOf('letter'));
		expect(creations()).toHaveLength(1);
	},
	150_000,
);

it('keeps in mind that the file may be there when it is cancelled during the creation', async () => {
	strike({ on: 'create', act: 'before', do: { hang: true } });
	const { run } = await clinic.run({ items: [letter], cancelAfter: 2500 });

	expect(run.status).toBe('canceled');
	expect(creations()).toHaveLength(1);
	const { uploads } = run.data.executionData!.contextData['node:Cliniko'] as { uploads: object };
	expect(Object.values(uploads)).toEqual([expect.objectContaining({ since: expect.any(Number) })]);
	expect(JSON.stringify(run.data.resultData)).toContain('The file may be there');
});

describe('If Already Uploaded: Skip', () => {
	const skip = (more: IDataObject = {}) => ({ options: { ifAlreadyUploaded: 'skip', ...more } });

	it('says on an error item that the file is there, also if another execution stored it', async () => {
		clinic.sandbox.settings.processingMs = 600_000;
		// The process remembers it, so no other test has the same bytes.
		const items = [{ files: { data: file('slow.pdf', pdf('slow')) } }];
		await clinic.run({ items, parameters: { ...skip(), waitForProcessing: false } });
		const { output } = await clinic.run({
			items,
			parameters: skip({ maxWait: 1 }),
			node: { onError: 'continueRegularOutput' },
		});

		expect(ids()).toHaveLength(1);
		expect(output.map(({ json }) => json.details)).toEqual([
			expect.objectContaining({ stored: 'yes', attachment_id: ids()[0] }),
		]);
	});

	it('takes the same bytes under another name for another upload', async () => {
		const copy = { files: { data: file('copy.pdf', pdf('letter')) } };
		for (const item of [letter, copy]) await clinic.run({ items: [item], parameters: skip() });

		expect(recorded(clinic.sandbox).map(({ name }) => name)).toEqual(['letter.pdf', 'copy.pdf']);
	});

	it('knows nothing of what the process stored with another key', async () => {
		const apiKey = 'MS0xMDk4NzY1NDMyMTA5ODc2NTAzLXNhbmRib3g-au1';
		clinic.sandbox.clinic.addUser({
			id: '1098765432109876503',
			apiKey,
			firstName: 'Ada',
			lastName: 'Lind',
			email: 'ada@clinic.example',
			createdAt: 0,
		});
		await clinic.run({ items: [letter], parameters: skip() });
		const [id] = ids();
		const before = clinic.sandbox.requests.length;
		const { error } = await clinic.run({
			items: [letter],
			parameters: skip(),
			credential: { ...CREDENTIAL, apiKey },
		});

		expect(error).toBeUndefined();
		const sent = clinic.sandbox.requests.slice(before).map(({ path: at }) => at.split('?')[0]);
		expect(sent).toContain('/v1/patient_attachments');
		expect(sent).not.toContain(`/v1/patient_attachments/${id}`);
	});
});

it.each([
	['base64', '={{ $json.base64 }}', 'no file in the field that the expression'],
	['an object with data', '={{ ({ data: $json.base64 }) }}', 'neither the name of a field nor a'],
])('does not repeat %s in place of a field’s name', async (_, binaryPropertyName, says) => {
	const base64 = pdf('letter').toString('base64');
	const { error } = await clinic.run({
		items: [{ ...letter, json: { base64 } }],
		parameters: { binaryPropertyName },
	});

	expect(error?.message).toContain(says);
	expect(JSON.stringify(error)).not.toContain(base64.slice(0, 20));
	expect(clinic.sandbox.requests).toEqual([]);
});

it('refuses a file whose content a Code node has changed beside its id', async () => {
	const base64 = pdf('changed').toString('base64');
	const { error } = await clinic.run({
		items: [letter],
		between: {
			type: 'n8n-nodes-base.code',
			typeVersion: 2,
			parameters: {
				jsCode: `return $input.all().map(({ json, binary }) => ({ json, binary: { data: { ...binary.data, data: "${base64}" } } }));`,
			},
		},
	});

	expect(error?.message).toContain('"letter.pdf" was changed, but its id still stands for the old');
	expect(clinic.sandbox.requests).toEqual([]);
});
