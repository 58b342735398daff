/**
 * A file is stored exactly once and is the intended one, however the workflow is built and whatever
 * the user does after a failure.
 *
 * @jest-environment ./test/engine/environment.cjs
 */
import { setTimeout } from 'node:timers/promises';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { SANDBOX_PATIENT_ID, SANDBOX_SCHEDULER_USER_ID } from '../../sandbox/sandbox.cts';
import {
	by,
	contentOf,
	CREDENTIAL,
	file,
	node,
	pdf,
	recorded,
	sha256,
	useClinic,
	type UploadRun,
} from './clinic.cts';
import { runErrorLoop } from './error-loop.cts';
import { useWaitingTests } from './lanes.cts';
import { putOnRecord } from './records.cts';

const clinic = useClinic();

const itWaits = useWaitingTests();

const letter = { files: { data: file('letter.pdf', pdf('letter')) } };

const digests = (sandbox = clinic.sandbox) =>
	recorded(sandbox)
		.map(({ sha256: digest }) => digest)
		.sort();

const behind = (item: INodeExecutionData) => contentOf(clinic.sandbox, item);

const asked = (method: string, part: string) =>
	clinic.sandbox.requests.filter((one) => one.method === method && one.path.includes(part));

const creations = () => asked('POST', '/v1/patient_attachments');

describe('a loop from the error output back to the node', () => {
	const loop = async (items: UploadRun['items'], parameters: IDataObject) =>
		await runErrorLoop(clinic, {
			items,
			parameters: { binaryPropertyName: '={{ $("Files").item.binary.data }}', ...parameters },
		});

	it('waits on for a file whose processing takes longer than the longest wait', async () => {
		clinic.sandbox.settings.processingMs = 4000;
		const { status, succeeded, failed } = await loop([letter], { options: { maxWait: 1 } });

		expect(status).toBe('success');
		expect(succeeded).toHaveLength(1);
		expect(failed.length).toBeGreaterThan(0);
		expect(digests()).toEqual([sha256(pdf('letter'))]);
	});

	it('goes on with the file that failed, though it is the first of fewer items by then', async () => {
		const items = ['a', 'b', 'c'].map((name) => ({
			files: { data: file(`${name}.pdf`, pdf(name)) },
		}));
		// The third file is stored, its reply is lost, and the search for its record fails.
		clinic.sandbox.faults.add({
			on: 'create',
			skip: 2,
			act: 'after',
			do: { reply: { status: 500 } },
		});
		clinic.sandbox.faults.add({ on: 'get', act: 'before', do: { reply: { status: 403 } } });
		const { succeeded, failed } = await loop(items, { options: { concurrency: 1 } });

		expect(digests()).toEqual(['a', 'b', 'c'].map((name) => sha256(pdf(name))).sort());
		expect(succeeded.map(behind)).toEqual(['a', 'b', 'c'].map((name) => sha256(pdf(name))));
		expect(failed).toHaveLength(1);
	});

	it('is told on the error item whether the file is stored', async () => {
		clinic.sandbox.settings.processingMs = 3000;
		const { failed } = await loop([letter], { options: { maxWait: 1 } });

		const [id] = [...clinic.sandbox.clinic.attachments.keys()];
		expect(failed[0]?.json).toMatchObject({
			error: expect.stringContaining('has not finished processing'),
			details: { stored: 'yes', attachment_id: id, safe_to_retry: false },
		});
	});

	it('stores a file again that comes back after it was handed on as stored', async () => {
		const to = (name: string) => [{ node: name, type: 'main' as const, index: 0 }];
		const { run } = await clinic.engine.call('run', {
			workflow: {
				nodes: [
					node('Files', 'engine.files'),
					node('Cliniko', 'n8n-nodes-cliniko.cliniko', {
						credentials: { clinikoApi: { id: 'cliniko', name: 'Cliniko' } },
						parameters: {
							patientId: by('id', SANDBOX_PATIENT_ID),
							binaryPropertyName: '={{ $("Files").first().binary.data }}',
						} as never,
					}),
					node('Once', 'n8n-nodes-base.if', {
						typeVersion: 2.2,
						parameters: {
							conditions: {
								options: { version: 2, caseSensitive: true, typeValidation: 'loose' },
								combinator: 'and',
								conditions: [
									{
										id: '1',
										leftValue: '={{ $runIndex }}',
										rightValue: 0,
										operator: { type: 'number', operation: 'equals' },
									},
								],
							},
						},
					}),
				],
				connections: {
					Files: { main: [to('Cliniko')] },
					Cliniko: { main: [to('Once')] },
					Once: { main: [to('Cliniko')] },
				},
			},
			items: [letter],
			credentials: { cliniko: CREDENTIAL },
		});

		expect(run.data.resultData.error).toBeUndefined();
		expect(digests()).toEqual([sha256(pdf('letter')), sha256(pdf('letter'))]);
	});
});

for (const [stored, on, fault, isSafe] of [
	['no', 'presign', { act: 'before', do: { reply: { status: 403 } } }, true],
	['unknown', 'create', { act: 'before', do: { reply: { status: 200, body: 'OK' } } }, false],
] as const) {
	itWaits(
		`tells a workflow that a file that failed is stored: ${stored}`,
		async ({ sandbox, run }) => {
			sandbox.faults.add({ on, ...fault });
			const { output } = await run({
				items: [letter],
				node: { onError: 'continueRegularOutput' },
			});

			expect(output).toHaveLength(1);
			expect(output[0]?.json).toEqual({
				error: expect.any(String),
				details: {
					stored,
					attachment_id: null,
					safe_to_retry: isSafe,
					file: expect.stringMatching(/^[0-9a-f]{32}$/),
				},
			});
			expect(digests(sandbox)).toEqual([]);
		},
	);
}

it('sends nothing more to a Cliniko that has accepted a record, whatever it answered', async () => {
	clinic.sandbox.faults.add({
		on: 'create',
		act: 'after',
		do: { reply: { status: 200, body: '<html>' } },
	});
	clinic.sandbox.settings.processingMs = 1000;
	const { output } = await clinic.run({ items: [letter] });

	expect(output.map(behind)).toEqual([sha256(pdf('letter'))]);
	expect(creations()).toHaveLength(1);
});

describe('a failed execution that is edited and then retried', () => {
	it.each([
		['another description', { description: 'Now with a description' }],
		['another file name', { options: { fileName: 'Referral.pdf' } }],
		['another option', { options: { maxWait: 60 } }],
		['another name of the field', { binaryPropertyName: '*' }],
	])('stores no file twice with %s', async (_, parameters) => {
		clinic.sandbox.faults.add({ on: 'poll', act: 'before', do: { reply: { status: 403 } } });
		const failed = await clinic.run({ items: [letter] });
		expect(failed.error?.message).toContain([...clinic.sandbox.clinic.attachments.keys()][0]);

		const { output, error } = await clinic.run({
			items: [letter],
			parameters,
			retryOf: failed,
		});
		expect(error).toBeUndefined();
		expect(output.map(behind)).toEqual([sha256(pdf('letter'))]);
		expect(digests()).toHaveLength(1);
	});
});

describe('a record that appears while ours is looked for', () => {
	const other = pdf('rettel');

	for (const [whose, more] of [
		['a colleague’s', { userId: SANDBOX_SCHEDULER_USER_ID }],
		['one of the same Cliniko user’s', {}],
	] as const) {
		itWaits(
			`is not taken for ours if it is ${whose}, of the same name and size`,
			async ({ sandbox, run }) => {
				sandbox.faults.add({ on: 'create', act: 'before', do: { reply: { status: 503 } } });
				// Just before ours is created.
				let isAdded = false;
				sandbox.settings.onRequest = ({ method, path }) => {
					if (isAdded || method !== 'POST' || path !== '/v1/patient_attachments') return;
					isAdded = true;
					void putOnRecord(sandbox, { name: 'letter.pdf', content: other, ...more });
				};
				const { output, error } = await run({ items: [letter] });

				expect(error).toBeUndefined();
				expect(output.map((item) => contentOf(sandbox, item))).toEqual([sha256(pdf('letter'))]);
				expect(digests(sandbox)).toEqual([sha256(pdf('letter')), sha256(other)].sort());
			},
		);
	}
});

it('does not swap two files of one run that look alike, though both replies are lost', async () => {
	clinic.sandbox.faults.add({
		on: 'create',
		times: 2,
		act: 'after',
		do: { reply: { status: 500 } },
	});
	const contents = [pdf('first'), pdf('other')];
	const { output } = await clinic.run({
		items: ['scan 1.pdf', 'scan_1.pdf'].map((name, at) => ({
			files: { data: file(name, contents[at]!) },
		})),
	});

	expect(output.map(behind)).toEqual(contents.map(sha256));
});

describe('If Already Uploaded: Skip', () => {
	const parameters = { options: { ifAlreadyUploaded: 'skip' } };

	it('stores both of two different files with the same name and size', async () => {
		const photos = [1, 2].map((at) => Buffer.from(`\u00ff\u00d8\u00ff photo ${at}`, 'latin1'));
		const { output } = await clinic.run({
			items: photos.map((photo) => ({ files: { data: file('image.jpg', photo, 'image/jpeg') } })),
			parameters,
		});

		expect(digests()).toEqual(photos.map(sha256).sort());
		expect(output).toHaveLength(2);
	});

	it('stores a form once that is sent twice within a second', async () => {
		clinic.sandbox.settings.latencyMs = 100;
		clinic.sandbox.settings.processingMs = 1500;
		const runs = await Promise.all(
			[0, 1, 2].map(async () => await clinic.run({ items: [letter], parameters })),
		);

		expect(digests()).toEqual([sha256(pdf('letter'))]);
		expect(runs.map(({ output }) => output.map(behind))).toEqual(
			Array(3).fill([sha256(pdf('letter'))]),
		);
	});

	itWaits(
		'does not wait for a record that Cliniko never gets round to process',
		async ({ sandbox, run }) => {
			await putOnRecord(sandbox, { name: 'scan.pdf', content: 'x', fresh: true });
			const { output, took } = await run({ items: [letter], parameters });

			expect(output.map((item) => contentOf(sandbox, item))).toEqual([sha256(pdf('letter'))]);
			expect(took).toBeLessThan(50_000);
		},
	);
});

describe('an expression that fails for one item', () => {
	it.each(['simplify', 'waitForProcessing'])(
		'stops the node before anything is sent, if it is that of %s',
		async (name) => {
			const { error } = await clinic.run({
				items: [
					{ json: { on: true }, ...letter },
					{ json: {}, files: { data: file('b.pdf', pdf('b')) } },
				],
				parameters: { [name]: '={{ $json.on ? true : $("Nobody").item.json.on }}' },
			});

			expect(error).toBeDefined();
			expect(clinic.sandbox.requests).toEqual([]);
		},
	);
});

it.each([[-5], [0], ['soon'], [{}]])('does not take %p for a longest wait', async (maxWait) => {
	const { error } = await clinic.run({
		items: [letter],
		parameters: { options: { maxWait } as IDataObject },
	});

	expect(error?.message).toContain('Longest Wait is not a number of seconds above 0.');
	expect(clinic.sandbox.requests).toEqual([]);
});

it('sends nothing more once the node has failed', async () => {
	clinic.sandbox.settings.processingMs = 600_000;
	clinic.sandbox.settings.latencyMs = 300;
	// One record cannot be read by its id, and the list is slow.
	clinic.sandbox.faults.add({
		on: 'presign',
		skip: 15,
		act: 'before',
		do: { reply: { status: 403 } },
	});
	clinic.sandbox.faults.add({
		on: 'poll',
		times: 99,
		act: 'before',
		do: { reply: { status: 503 } },
	});
	const { error } = await clinic.run({
		items: Array.from({ length: 20 }, (_, at) => ({
			files: { data: file(`${at}.pdf`, pdf(`${at}`)) },
		})),
		parameters: { options: { concurrency: 1 } },
	});
	expect(error).toBeDefined();
	// Requests already in progress may still arrive.
	await setTimeout(500);
	const sent = clinic.sandbox.requests.length;
	await setTimeout(6000);

	expect(clinic.sandbox.requests.slice(sent)).toEqual([]);
});

it('names the first file’s own record and few others when a run of many files fails', async () => {
	clinic.sandbox.settings.processingMs = 600_000;
	clinic.sandbox.settings.requestsPerWindow = 100_000;
	const { error } = await clinic.run({
		items: Array.from({ length: 300 }, (_, at) => ({
			files: { data: file(`Jane Citizen ${at}.pdf`, pdf(`${at}`)) },
		})),
		parameters: { options: { maxWait: 20, concurrency: 20 } },
	});

	const [id] = [...clinic.sandbox.clinic.attachments.values()]
		.filter(({ stored }) => stored.sha256 === sha256(pdf('0')))
		.map((record) => record.id);
	expect(error?.message).toContain(id);
	expect(error?.message.length).toBeLessThan(700);
	expect(error?.message.match(/Jane Citizen/g)).toHaveLength(1);
}, 120_000);
