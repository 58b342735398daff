import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { IDataObject } from 'n8n-workflow';

import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { collectFormValues, pdf, recorded, sha256 } from '../engine/clinic.cts';
import { chain, CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';

const WRONG_KEY = 'MS1hLWtleS10aGF0LUNsaW5pa28tZG9lcy1ub3Qta25vdw-au1';
/** Sent with each submission, so that n8n stores it. */
const NOTE = 'The knee is better since Tuesday';

let clinic: ClinicWithN8n;
/** The values of the presigned posts that the sandbox has issued, except constants and dates. */
const formValues: string[] = [];

beforeAll(async () => {
	clinic = await openClinic('executions', { env: { N8N_LOG_LEVEL: 'debug' } });
});
beforeEach(() => {
	clinic.sandbox.reset();
	collectFormValues(clinic.sandbox, formValues, 20);
});
afterAll(async () => await clinic?.close());

/** Publishes a workflow that uploads the files posted to it, one at a time. */
async function publishIntake(
	name: string,
	{ apiKey = CREDENTIAL.apiKey, ...parameters }: IDataObject = {},
): Promise<string> {
	const workflow = await clinic.save(
		chain(name, [
			{
				name: 'Webhook',
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2.1,
				webhookId: name,
				parameters: { httpMethod: 'POST', path: name, options: {} },
			},
			{
				name: 'Cliniko',
				type: 'n8n-nodes-cliniko.cliniko',
				typeVersion: 1,
				parameters: {
					patientId: { __rl: true, mode: 'id', value: SANDBOX_PATIENT_ID },
					binaryPropertyName: '*',
					options: { concurrency: 1 },
					...parameters,
				} as never,
				credentials: await clinic.addCredential(name, 'clinikoApi', { ...CREDENTIAL, apiKey }),
			},
		]),
	);
	await clinic.publish(workflow);
	return workflow;
}

/** Posts files by name, with the note as text and as base64. */
async function submit(name: string, files: Record<string, Buffer>): Promise<void> {
	const form = new FormData();
	form.set('note', NOTE);
	form.set('encoded', Buffer.from(`a${NOTE}.`).toString('base64'));
	for (const [fileName, content] of Object.entries(files))
		form.append(fileName, new File([content], fileName, { type: 'application/pdf' }));
	const response = await fetch(`${clinic.n8n.url}/webhook/${name}`, { method: 'POST', body: form });
	expect(response.status).toBe(200);
}

describe.each([
	['with the workflow as it was', false],
	['with the workflow as it is now', true],
])('when a person retries a failed execution from n8n’s list %s', (_way, loadWorkflow) => {
	it('what was stored before is not stored again, and the rest is', async () => {
		const name = `retry-${loadWorkflow}`;
		const files = { 'first.pdf': pdf('first'), 'second.pdf': pdf('second') };
		const workflow = await publishIntake(name);
		clinic.sandbox.faults.add({
			on: 's3',
			skip: 1,
			act: 'before',
			do: { reply: { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } },
		});
		await submit(name, files);
		const [failed] = await clinic.executions(workflow, 1);
		expect(failed!.status).toBe('error');
		expect(recorded(clinic.sandbox)).toHaveLength(1);

		await clinic.n8n.call('POST', `/rest/executions/${failed!.id}/retry`, { loadWorkflow });

		const [, retried] = await clinic.executions(workflow, 2);
		expect(retried).toMatchObject({ status: 'success', retryOf: failed!.id });
		// Both were in progress at once: either may be the one that S3 refused.
		const byName = recorded(clinic.sandbox).sort((a, b) => (a.name! < b.name! ? -1 : 1));
		expect(byName).toEqual(
			Object.entries(files).map(([fileName, content]) => ({
				patient: SANDBOX_PATIENT_ID,
				name: fileName,
				sha256: sha256(content),
			})),
		);
	});
});

it('n8n’s files and log hold no key and no value of S3’s form, whether a run passes or fails', async () => {
	const file = { 'letter.pdf': pdf('letter') };
	const runs: Array<[string, IDataObject?]> = [
		['passes'],
		['wrong-key', { apiKey: WRONG_KEY }],
		['wrong-shard', { apiKey: CREDENTIAL.apiKey.replace('-au1', '-uk1') }],
		['no-patient', { patientId: { __rl: true, mode: 'id', value: '1' } }],
		['refused-by-s3'],
		['lost-by-s3'],
		['refused-record'],
	];
	const statuses: Record<string, string> = {};
	for (const [name, parameters] of runs) {
		const workflow = await publishIntake(name, parameters);
		if (name === 'refused-by-s3')
			clinic.sandbox.faults.add({
				on: 's3',
				act: 'before',
				do: { reply: { status: 403, body: echo() } },
			});
		if (name === 'lost-by-s3')
			clinic.sandbox.faults.add({ on: 's3', times: 9, act: 'body', do: { reset: true } });
		if (name === 'refused-record')
			clinic.sandbox.faults.add({
				on: 'create',
				act: 'before',
				do: { reply: { status: 422, body: '{"message":"Validation Failed"}' } },
			});
		await submit(name, file);
		const [execution] = await clinic.executions(workflow, 1);
		statuses[name] = execution!.status;
	}
	expect(statuses).toEqual({
		passes: 'success',
		'wrong-key': 'error',
		'wrong-shard': 'error',
		'no-patient': 'error',
		'refused-by-s3': 'error',
		'lost-by-s3': 'error',
		'refused-record': 'error',
	});

	await clinic.n8n.close();
	const kept = [
		...readdirSync(clinic.folder, { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1')),
		clinic.n8n.log(),
	];
	const isKept = (text: string) => kept.some((content) => content.includes(text));

	// Checks that the search itself works: in an execution's data, in the log, and within base64.
	const [attachment] = clinic.sandbox.clinic.attachments.keys();
	expect(traces(attachment!, isKept)).not.toEqual([]);
	expect(traces(NOTE, isKept)).toHaveLength(4);
	expect(isKept('Cliniko refused the API key')).toBe(true);
	expect(clinic.n8n.log()).toContain('debug');

	expect(formValues.length).toBeGreaterThan(20);
	for (const secret of [CREDENTIAL.apiKey, WRONG_KEY, ...formValues])
		expect(traces(secret, isKept)).toEqual([]);
});

/** An S3 error that repeats the form it refused. */
function echo(): string {
	return `<Error><Code>AccessDenied</Code><Message>${formValues.join(' ')}</Message></Error>`;
}

/**
 * How a text occurs: as it is, or within base64. SQLite splits long values at page boundaries, so
 * half of the text counts as a match.
 */
function traces(text: string, isKept: (text: string) => boolean): string[] {
	const middle = Math.ceil(text.length / 2);
	return [text, ...[0, 1, 2].map((offset) => base64Within(text, offset))]
		.flatMap((form) => [form.slice(0, middle), form.slice(middle)])
		.filter(isKept);
}

/** The base64 of a text that starts at this offset of a longer one. */
function base64Within(text: string, offset: number): string {
	const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString('base64');
	return encoded.slice(offset === 0 ? 0 : 4, -4);
}
