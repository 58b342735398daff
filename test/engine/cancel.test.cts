import { setTimeout } from 'node:timers/promises';

import type { SandboxOptions } from '../../sandbox/sandbox.cts';
import { file, pdf, useClinic, type ClinicWithN8n } from './clinic.cts';

/** When to cancel the execution, in ms after its start. */
const CANCEL = 1500;

const clinic = useClinic();

beforeAll(async () => {
	// Warm-up: an engine's first run is slow.
	await clinic.run({ items: [{ files: { data: file('a.pdf', pdf('a')) } }] });
});

type Clinic = ClinicWithN8n['sandbox'];

/** What the node is doing when it is cancelled. */
const moments: Array<[string, (sandbox: Clinic) => void, Partial<SandboxOptions>?]> = [
	[
		'looks the patients up',
		({ faults }) => faults.add({ on: 'patients', act: 'before', do: { hang: true } }),
	],
	[
		'waits for a presigned post',
		({ faults }) => faults.add({ on: 'presign', act: 'before', do: { hang: true } }),
	],
	[
		'sends the file',
		({ faults }) =>
			faults.add({ on: 's3', act: 'body', afterBytes: 1_000_000, do: { hang: true } }),
	],
	[
		'waits for S3’s reply',
		({ faults }) => faults.add({ on: 's3', act: 'after', do: { hang: true } }),
	],
	[
		'creates the record',
		({ faults }) => faults.add({ on: 'create', act: 'before', do: { hang: true } }),
	],
	[
		'looks for the record',
		({ faults }) => faults.add({ on: 'create', act: 'before', do: { reset: true } }),
	],
	[
		'waits for the rate limit',
		({ faults }) => faults.add({ on: 'create', act: 'before', do: { reply: { status: 429 } } }),
	],
	[
		'waits before another try',
		({ faults }) =>
			faults.add({ on: 'presign', times: 9, act: 'before', do: { reply: { status: 503 } } }),
	],
	['waits for the processing', ({ settings }) => (settings.processingMs = 600_000)],
];

it.each(moments)('sends nothing more once it is cancelled while it %s', async (_, prepare) => {
	clinic.sandbox.reset();
	prepare(clinic.sandbox);
	const began = Date.now();
	const { run } = await clinic.run({
		items: [
			{ files: { data: file('large.txt', Buffer.alloc(8_000_000, 'x'), 'text/plain') } },
			{ files: { data: file('a.pdf', pdf('a')) } },
		],
		parameters: { options: { concurrency: 1 } },
		cancelAfter: CANCEL,
	});
	expect(run.status).toBe('canceled');
	// Requests already in progress may still arrive; a second later there must be none.
	await setTimeout(Math.max(began + CANCEL + 1000 - Date.now(), 0));
	const sent = clinic.sandbox.requests.length;
	await setTimeout(3000);
	expect(clinic.sandbox.requests).toHaveLength(sent);
	expect(clinic.sandbox.requests.filter(({ at }) => at > began + CANCEL + 1000)).toEqual([]);
});
