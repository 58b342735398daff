/**
 * Workflows may loop from the error output back into the node, through other nodes that change
 * items. Whatever these change: a file is stored once, no file is silently skipped, and no upload
 * is mistaken for another.
 */
import path from 'node:path';
import type { IDataObject, INode, INodeExecutionData } from 'n8n-workflow';

import { SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { contentOf, file, pdf, recorded, sha256, useClinic, type UploadRun } from './clinic.cts';
import { runErrorLoop } from './error-loop.cts';

const clinic = useClinic({ engine: { nodes: path.join(__dirname, 'loop-nodes.cts') } });

const letter = { files: { data: file('letter.pdf', pdf('letter')) } };

const loop = async (
	items: UploadRun['items'],
	through: Partial<INode>,
	options: IDataObject = {},
	parameters: IDataObject = {},
) =>
	await runErrorLoop(clinic, {
		items,
		parameters: { options, ...parameters },
		through: { type: 'engine.saveAgain', ...through },
		cancelAfter: 20_000,
	});

const behind = (item: INodeExecutionData) => contentOf(clinic.sandbox, item);

const digests = () => recorded(clinic.sandbox).map(({ sha256: digest }) => digest);

it.each([
	['keeps the item', { type: 'engine.saveAgain' }],
	['drops what the item says', { type: 'engine.saveAgain', parameters: { json: 'none' } }],
])('stores a file once that the loop saves anew at each turn, where it %s', async (_, between) => {
	clinic.sandbox.settings.processingMs = 4000;
	const { succeeded, failed } = await loop([letter], between, { maxWait: 1 });

	expect(failed.length).toBeGreaterThan(0);
	expect(succeeded).toHaveLength(1);
	expect(digests()).toEqual([sha256(pdf('letter'))]);
});

it('stores a file that the loop has replaced with another', async () => {
	clinic.sandbox.settings.processingMs = 1000;
	const { succeeded } = await loop(
		[{ files: { data: file('letter.pdf', 'no PDF at all') } }],
		{ parameters: { content: pdf('mended').toString() } },
		{ maxWait: 30 },
	);

	expect(succeeded.map(behind)).toEqual([sha256(pdf('mended'))]);
	expect(digests()).toEqual([sha256('no PDF at all'), sha256(pdf('mended'))]);
});

it('does not pass over a file in silence that the loop has lost', async () => {
	clinic.sandbox.faults.add({ on: 'presign', act: 'before', do: { reply: { status: 403 } } });
	const { failed } = await loop([letter], { parameters: { files: 'none' } });

	expect(failed.length).toBeGreaterThan(1);
	expect(failed[1]?.json.error).toContain('The item has no file');
});

it.each([
	['a text', { error: '', details: { file: 'x' } }],
	['nothing', { error: null, details: { file: '0'.repeat(32) } }],
])('does not take a form that names an error of %s for an error item', async (_, json) => {
	const { error, output } = await clinic.run({
		items: [{ json, files: { attachment_0: file('letter.pdf', pdf('letter')) } }],
	});

	expect(output).toEqual([]);
	expect(error?.message).toContain('The item has no file in "data"');
});

it('does not take one upload of a file for another, where only the one that is safe comes back', async () => {
	clinic.sandbox.settings.processingMs = 3000;
	clinic.sandbox.faults.add({
		on: 'presign',
		skip: 1,
		act: 'before',
		do: { reply: { status: 403 } },
	});
	const { succeeded } = await loop(
		[{ json: { name: 'consent.pdf' }, ...letter }, { json: { name: 'referral.pdf' } }],
		{ type: 'engine.onlySafe' },
		{ maxWait: 1, concurrency: 1, fileName: '={{ $json.name }}' },
		{ binaryPropertyName: '={{ $("Files").first().binary.data }}' },
	);

	expect(succeeded).toEqual([]);
	expect(recorded(clinic.sandbox)).toHaveLength(2);
});

describe('a record that turns up at another patient', () => {
	/** Cliniko puts the record on another patient, and its reply does not show that. */
	const misplace = (shows: (body: IDataObject) => IDataObject) =>
		clinic.sandbox.faults.add({
			on: 'create',
			act: 'after',
			do: {
				rewrite: (reply) => {
					const body = JSON.parse(String(reply.body)) as IDataObject;
					const record = clinic.sandbox.clinic.attachments.get(String(body.id))!;
					Object.assign(record, { patientId: SANDBOX_OTHER_PATIENT_ID });
					return { ...reply, body: JSON.stringify(shows(body)) };
				},
			},
		});

	it.each([
		['says nothing of a patient', true, ({ patient: _, ...body }: IDataObject) => body],
		['says nothing of a patient, without waiting', false, ({ id }: IDataObject) => ({ id })],
		['names the right one', true, (body: IDataObject) => body],
	])('is an alarm though the reply %s', async (_, waitForProcessing, shows) => {
		misplace(shows);
		const { error, output } = await clinic.run({
			items: [letter],
			parameters: { waitForProcessing },
		});

		expect(output).toEqual([]);
		expect(error?.message).toContain(
			`on the record of patient ${SANDBOX_OTHER_PATIENT_ID} instead of ${SANDBOX_PATIENT_ID}`,
		);
	});
});
