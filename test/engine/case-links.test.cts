/** Uploaded files are linked to cases, in workflows. */
import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type Fault,
	type PatientCase,
	type Settings,
} from '../../sandbox/sandbox.cts';
import {
	by,
	contentOf,
	file,
	newCredential,
	pdf,
	sha256,
	useClinic,
	type UploadRun,
} from './clinic.cts';
import { runErrorLoop } from './error-loop.cts';
import { putOnRecord } from './records.cts';

const clinic = useClinic();

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const add = (more: Partial<PatientCase> = {}) =>
	clinic.sandbox.clinic.addCase({ patientId: SANDBOX_PATIENT_ID, ...more });

/** A case with a file in it from before. */
const addWithFile = async (more: Partial<PatientCase> = {}) => {
	const { id } = await putOnRecord(clinic.sandbox, { name: 'old.pdf', content: pdf('old') });
	return { one: add({ linked: [{ ids: [id], at: 0 }], ...more }), before: id };
};

const linkedTo = (id: string) => [
	...new Set(clinic.sandbox.clinic.cases.get(id)!.linked.at(-1)?.ids),
];

const attachments = () => [...clinic.sandbox.clinic.attachments.values()];

let files = 0;

/** Items with a file each, which no other test has. */
const itemsOf = (count: number) =>
	Array.from({ length: count }, () => ({
		files: { data: file('letter.pdf', pdf(`letter ${++files}`)) },
	}));

const upload = async (
	linkToCase: unknown,
	run: Partial<UploadRun> = {},
	options: IDataObject = {},
) =>
	await clinic.run({
		items: itemsOf(1),
		credential,
		...run,
		parameters: {
			options: { linkToCase: linkToCase as IDataObject, ...options },
			...run.parameters,
		},
	});

const onlyOpen = by('list', 'onlyOpen');

const asked = (method: string, path: RegExp) =>
	clinic.sandbox.requests.filter((one) => one.method === method && path.test(one.path)).length;

const PRESIGN = /attachment_presigned_post/;
const CHANGE = /^\/v1\/patient_cases\/\d+$/;

const failing = (times: number, status = 503): Fault => ({
	on: 'updateCase',
	times,
	act: 'before',
	do: { reply: { status, body: '{}' } },
});

const READINGS: Array<Partial<Settings>> = [
	{ patchedArrays: 'replaced', listLagMs: 0 },
	{ patchedArrays: 'replaced', listLagMs: 1500 },
	{ patchedArrays: 'appended', listLagMs: 1500 },
	{ patchedArrays: 'replaced', ids: 'numbers' },
];

describe('A file', () => {
	it.each(READINGS)('is linked beside what is there: %j', async (settings) => {
		Object.assign(clinic.sandbox.settings, settings);
		const { one, before } = await addWithFile();
		const { output, error } = await upload(by('id', one.id));
		expect(error).toBeUndefined();
		expect(output[0]!.json).toMatchObject({ patient_case_id: one.id });
		expect(linkedTo(one.id)).toEqual([before, output[0]!.json.id]);
	});

	it.each(READINGS)('is linked beside all others of two executions: %j', async (settings) => {
		Object.assign(clinic.sandbox.settings, settings);
		const { one, before } = await addWithFile();
		const run = { items: itemsOf(3) };
		const results = await Promise.all([
			upload(by('id', one.id), run),
			upload(onlyOpen, { items: itemsOf(3) }),
		]);
		const ids = results.flatMap(({ output }) => output.map(({ json }) => json.id));
		expect(ids).toHaveLength(6);
		expect(new Set(linkedTo(one.id))).toEqual(new Set([before, ...ids]));
	});

	it('is linked to the case that an expression gives, and is not without the option', async () => {
		const [one, other] = [add(), add()];
		const items = [one, other].map(({ id }, at) => ({ ...itemsOf(2)[at]!, json: { id } }));
		const { output } = await upload(by('id', '={{ $json.id }}'), { items });
		expect(output.map(({ json }) => json.patient_case_id)).toEqual([one.id, other.id]);
		expect(linkedTo(one.id)).toEqual([output[0]!.json.id]);
		const without = await clinic.run({ items: itemsOf(1), credential });
		expect(without.output[0]!.json).not.toHaveProperty('patient_case_id');
	});

	it('is linked to a closed case that was chosen: a letter may come late', async () => {
		const one = add({ details: { closed: true } });
		const { output } = await upload(by('id', one.id), { parameters: { simplify: false } });
		expect(linkedTo(one.id)).toEqual([output[0]!.json.id]);
		expect(output[0]!.json).toMatchObject({ patient_case_id: one.id });
	});

	it('is linked though it is not processed in time', async () => {
		clinic.sandbox.settings.processingMs = 3_600_000;
		const one = add();
		const { error } = await upload(onlyOpen, {}, { maxWait: 1 });
		expect(error?.message).toContain('has not finished processing');
		expect(linkedTo(one.id)).toEqual([attachments()[0]!.id]);
	});

	it.each([true, false])(
		'is linked once it is processed, if that is waited for: %s',
		async (waitForProcessing) => {
			clinic.sandbox.settings.processingMs = 1500;
			const one = add();
			let isProcessed: boolean | undefined;
			clinic.sandbox.settings.onRequest = ({ method, path }) => {
				if (method !== 'PATCH' || !CHANGE.test(path)) return;
				isProcessed ??= attachments()[0]!.processedAt !== null;
			};
			const { output } = await upload(onlyOpen, { parameters: { waitForProcessing } });
			expect(isProcessed).toBe(waitForProcessing);
			expect(linkedTo(one.id)).toEqual([output[0]!.json.id]);
		},
	);

	it('that Cliniko cannot read is not linked', async () => {
		const one = add();
		const items = [{ files: { data: file('letter.pdf', `no PDF ${++files}`) } }];
		const { error } = await upload(onlyOpen, { items });
		expect(error?.message).toContain('Cliniko could not read the file');
		expect(linkedTo(one.id)).toEqual([]);
	});

	it('that is gone is not linked', async () => {
		const one = add();
		clinic.sandbox.settings.processingMs = 3_600_000;
		clinic.sandbox.settings.onRequest = ({ method, path }) => {
			if (method === 'POST' && path === '/v1/patient_attachments') {
				clinic.sandbox.clinic.attachments.clear();
			}
		};
		const { error } = await upload(onlyOpen);
		expect(error?.message).toContain('Cliniko has not shown it for a minute');
		expect(linkedTo(one.id)).toEqual([]);
	}, 120_000);

	it('that is there already is linked and not stored again', async () => {
		const one = add();
		const items = itemsOf(1);
		const first = await clinic.run({ items, credential });
		const skip = { ifAlreadyUploaded: 'skip' };
		const { output } = await upload(onlyOpen, { items }, skip);
		expect(output[0]!.json.id).toBe(first.output[0]!.json.id);
		expect(linkedTo(one.id)).toEqual([output[0]!.json.id]);
		await upload(onlyOpen, { items }, skip);
		expect(asked('PATCH', CHANGE)).toBe(1);
	});

	it('is linked to a case that was just created, though lists do not show it yet', async () => {
		clinic.sandbox.settings.listLagMs = 5000;
		const createCase = async () =>
			await clinic.run({
				items: [{ json: {} }],
				credential,
				parameters: { resource: 'patientCase', operation: 'create', name: 'Hip' },
			});
		const created = await createCase();
		const { output } = await upload(onlyOpen);
		expect(output[0]!.json.patient_case_id).toBe(created.output[0]!.json.id);
		await createCase();
		expect((await upload(onlyOpen)).error?.message).toContain('has 2 open cases');
		expect(attachments()).toHaveLength(1);
	});

	it('takes one look at the case for all files of a patient', async () => {
		add();
		const { output } = await upload(onlyOpen, { items: itemsOf(5) });
		expect(output).toHaveLength(5);
		expect(asked('GET', /^\/v1\/patient_cases\?/)).toBe(1);
	});

	it.each([
		['replaced', 429, 1],
		['replaced', 503, 2],
		['appended', 429, 1],
	] as const)(
		'leaves what somebody links or takes out meanwhile (%s, %i)',
		async (patchedArrays, status, times) => {
			clinic.sandbox.settings.patchedArrays = patchedArrays;
			const { one, before } = await addWithFile();
			const other = await putOnRecord(clinic.sandbox, { name: 'b.pdf', content: pdf('b') });
			const headers = { 'X-RateLimit-Reset': `${Math.ceil(Date.now() / 1000) + 3}` };
			clinic.sandbox.faults.add({
				on: 'updateCase',
				times,
				act: 'before',
				do: { reply: { status, headers, body: '{}' } },
			});
			let isChanged = false;
			clinic.sandbox.settings.onRequest = ({ method, path }) => {
				if (isChanged || method !== 'PATCH' || !CHANGE.test(path)) return;
				isChanged = true;
				one.linked.push({ ids: [other.id], at: 0 });
			};
			const { output } = await upload(onlyOpen);
			expect(linkedTo(one.id)).toEqual([other.id, output[0]!.json.id]);
			expect(linkedTo(one.id)).not.toContain(before);
		},
	);
});

describe('Nothing is uploaded', () => {
	it.each<[string, () => unknown, string]>([
		[
			'the case is another patient’s',
			() => by('id', add({ patientId: SANDBOX_OTHER_PATIENT_ID }).id),
			'is not one of patient',
		],
		[
			'the case is archived',
			() => by('id', add({ archivedAt: 1 }).id),
			'is archived in Cliniko, so nothing was sent',
		],
		['there is no such case', () => by('id', '7'), 'has no case with the ID 7'],
		[
			'there is no open case',
			() => (add({ details: { closed: true } }), add({ archivedAt: 1 }), onlyOpen),
			'has no open case, so nothing was sent',
		],
		['there are several open cases', () => (add(), add(), onlyOpen), 'has 2 open cases (IDs '],
		['no case is given', () => by('list', ''), 'No case is set for this item'],
		[
			'an expression gives none',
			() => by('id', '={{ $json.nothing }}'),
			'No case is set for this item',
		],
		['an expression gives a word', () => '={{ "knee" }}', 'The case ID is not a whole number'],
	])('if %s', async (_, wanted, message) => {
		const { error } = await upload(wanted());
		expect(error?.message).toContain(message);
		const node = { onError: 'continueRegularOutput' } as const;
		const { output } = await upload(wanted(), { node });
		expect(output[0]!.json).toMatchObject({
			error: expect.stringContaining('case'),
			details: { stored: 'no', safe_to_retry: true },
		});
		expect(asked('GET', PRESIGN)).toBe(0);
		expect(attachments()).toEqual([]);
	});

	it('for an item without a case, while the others are', async () => {
		const one = add();
		const items = itemsOf(2).map((item, at) => ({ ...item, json: { id: at ? one.id : '7' } }));
		const node = { onError: 'continueRegularOutput' } as const;
		const { output } = await upload(by('id', '={{ $json.id }}'), { items, node });
		expect(output[0]!.json.error).toContain('no case with the ID 7');
		expect(linkedTo(one.id)).toEqual([output[1]!.json.id]);
	});
});

describe('A file that cannot be linked', () => {
	const STORED =
		/The file "letter.pdf" is stored, as attachment \d+, but may not be linked to case/;

	it('is stored, and the message says so', async () => {
		const one = add();
		clinic.sandbox.faults.add(failing(5));
		const { error } = await upload(onlyOpen);
		const [stored] = attachments();
		expect(error?.message).toMatch(STORED);
		expect(error?.message).toContain(stored!.id);
		expect(error?.message).toContain(one.id);
		expect(error?.description).toMatch(/Do not upload it again.*Retry on this execution/);
	});

	it.each(['continueRegularOutput', 'continueErrorOutput'] as const)(
		'becomes an error item that says so: %s',
		async (onError) => {
			add();
			clinic.sandbox.faults.add(failing(1, 422));
			const { output, errorOutput } = await upload(onlyOpen, { node: { onError } });
			const [item] = onError === 'continueErrorOutput' ? errorOutput : output;
			expect(item!.json).toMatchObject({
				error: expect.stringMatching(STORED),
				details: {
					stored: 'yes',
					attachment_id: attachments()[0]!.id,
					safe_to_retry: false,
				},
			});
		},
	);

	it('that was there already is said to be stored, too', async () => {
		const items = itemsOf(1);
		const first = await clinic.run({ items, credential });
		add();
		clinic.sandbox.faults.add(failing(1, 404));
		const node = { onError: 'continueRegularOutput' } as const;
		const skip = { ifAlreadyUploaded: 'skip' };
		const { output } = await upload(onlyOpen, { items, node }, skip);
		expect(output[0]!.json).toMatchObject({
			error: expect.stringMatching(STORED),
			details: { stored: 'yes', attachment_id: first.output[0]!.json.id, safe_to_retry: false },
		});
	});

	it('is only linked by a loop from the error output', async () => {
		const { one, before } = await addWithFile();
		clinic.sandbox.faults.add(failing(2, 422));
		const { succeeded, failed } = await runErrorLoop(clinic, {
			items: itemsOf(1),
			credential,
			parameters: { options: { linkToCase: onlyOpen } },
		});
		expect(failed).toHaveLength(2);
		expect(attachments()).toHaveLength(2);
		expect(linkedTo(one.id)).toEqual([before, succeeded[0]!.json.id]);
	});

	it('is only linked by Retry On Fail', async () => {
		const { one, before } = await addWithFile();
		clinic.sandbox.faults.add(failing(1, 422));
		const node = { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 };
		const { output, error } = await upload(onlyOpen, { node });
		expect(error).toBeUndefined();
		expect(attachments()).toHaveLength(2);
		expect(asked('GET', PRESIGN)).toBe(1);
		expect(linkedTo(one.id)).toEqual([before, output[0]!.json.id]);
	});

	it('is only linked by a person’s Retry, to the case that is chosen then', async () => {
		const one = add();
		clinic.sandbox.faults.add(failing(1, 422));
		const failed = await upload(onlyOpen);
		expect(failed.error?.message).toMatch(STORED);
		const other = add();
		const again = await upload(onlyOpen, { retryOf: failed });
		expect(again.error?.message).toMatch(/has 2 open cases.*stored.*attachment \d+/);
		const node = { onError: 'continueRegularOutput' } as const;
		const [item] = (await upload(onlyOpen, { retryOf: failed, node })).output;
		expect(item!.json).toMatchObject({
			error: expect.stringMatching(
				/has 2 open cases.*stored, as attachment \d+, but may not be linked/,
			),
			details: { stored: 'yes', attachment_id: attachments()[0]!.id },
		});
		const { output } = await upload(by('id', other.id), { retryOf: failed });
		expect(attachments()).toHaveLength(1);
		expect(linkedTo(other.id)).toEqual([output[0]!.json.id]);
		expect(linkedTo(one.id)).toEqual([]);
	});

	it('keeps its content, and no other is touched', async () => {
		add();
		clinic.sandbox.faults.add(failing(1, 422));
		const items = itemsOf(2);
		const node = { onError: 'continueRegularOutput' } as const;
		const { output } = await upload(onlyOpen, { items, node }, { concurrency: 1 });
		const good = output.filter(({ json }) => !json.error);
		expect(good).toHaveLength(1);
		const at = output.indexOf(good[0]!);
		const own = Buffer.from(items[at]!.files.data.base64!, 'base64');
		expect(contentOf(clinic.sandbox, good[0]!)).toBe(sha256(own));
		expect(attachments()).toHaveLength(2);
	});
});
