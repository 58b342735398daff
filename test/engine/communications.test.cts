/**
 * Messages are recorded in a patient's communications, each once, in workflows.
 *
 * @jest-environment ./test/engine/environment.cjs
 */
import type { IDataObject } from 'n8n-workflow';

import {
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type FaultAction,
	type Reply,
	type Sandbox,
} from '../../sandbox/sandbox.cts';
import { by, newCredential, useClinic, type UploadRun } from './clinic.cts';
import { useWaitingTests } from './lanes.cts';

const clinic = useClinic();

let credential: IDataObject;

beforeEach(() => (credential = newCredential(clinic.sandbox)));

const memosOf = (sandbox: Sandbox) => [...sandbox.clinic.communications.values()];
const contentsIn = (sandbox: Sandbox) => memosOf(sandbox).map(({ details }) => details.content);
const creationsIn = (sandbox: Sandbox) =>
	sandbox.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/communications');

const memos = () => memosOf(clinic.sandbox);
const contents = () => contentsIn(clinic.sandbox);
const requests = () => creationsIn(clinic.sandbox);

const newMemo = (parameters: IDataObject = {}, run: Partial<UploadRun> = {}): UploadRun => ({
	items: [{ json: {} }],
	...run,
	parameters: {
		resource: 'communication',
		operation: 'create',
		message: 'Thank you for seeing her',
		...parameters,
	},
});

const create = async (parameters: IDataObject = {}, run: Partial<UploadRun> = {}) =>
	await clinic.run(newMemo(parameters, { credential, ...run }));

const itWaits = useWaitingTests();

it('records the message, and returns it', async () => {
	clinic.sandbox.settings.messages = 'kept';
	const { output, error } = await create({
		subject: ' Referral\nfor  Jane ',
		message: '<p>Dear Zoë,</p><p>BP &lt; 120<br>See you</p>',
		options: { from: 'gp@practice.example', to: 'desk@clinic.example', confidential: true },
	});
	expect(error).toBeUndefined();
	const content = 'Subject: Referral for Jane\n\nDear Zoë,\n\nBP < 120\nSee you';
	expect(memos().map(({ details }) => details)).toEqual([
		{
			type_code: 2,
			direction_code: 2,
			content,
			from: 'gp@practice.example',
			to: 'desk@clinic.example',
			confidential: true,
		},
	]);
	expect(output).toEqual([
		{
			json: {
				id: memos()[0]!.id,
				patient_id: SANDBOX_PATIENT_ID,
				type: 'Email',
				direction: 'Received',
				from: 'gp@practice.example',
				to: 'desk@clinic.example',
				content,
				confidential: true,
				created_at: expect.any(String),
			},
			pairedItem: { item: 0 },
		},
	]);
});

it.each([
	['sms', 'sent', { type_code: 1, direction_code: 1 }],
	['phoneCall', 'received', { type_code: 3, direction_code: 2 }],
	['other', 'sent', { type_code: 4, direction_code: 1 }],
])('records %s, %s', async (type, direction, codes) => {
	await create({ type, direction });
	expect(memos()[0]!.details).toEqual({ ...codes, content: 'Thank you for seeing her' });
});

it('takes a format as it is told', async () => {
	await create({ message: '1 <b> 2', options: { messageFormat: 'text' } });
	await create({ message: 'a &lt; b', options: { messageFormat: 'html' } });
	await create({ message: 'a &lt; b' });
	expect(contents()).toEqual(['1 <b> 2', 'a < b', 'a &lt; b']);
});

it('records each item’s own message, also where two say the same', async () => {
	const items = ['OK', 'OK', 'Running late'].map((text) => ({ json: { text } }));
	const { output } = await create({ message: '={{ $json.text }}' }, { items });
	expect(contents()).toEqual(['OK', 'OK', 'Running late']);
	expect(output.map(({ json }) => json.id)).toEqual(memos().map(({ id }) => id));
});

const html = (status: number): FaultAction => ({ reply: { status, body: '<html>' } });

/** What a recorded message is lost by, and how often Cliniko is asked to record it. */
const faults: Array<[what: string, act: 'before' | 'after', fault: FaultAction, asked: number]> = [
	['a reset before it ran', 'before', { reset: true }, 2],
	['a reset after it ran', 'after', { reset: true }, 1],
	['a 500 before it ran', 'before', html(500), 2],
	['a 503 after it ran', 'after', html(503), 1],
	['HTML after it ran', 'after', html(200), 1],
	['an empty 201', 'after', { reply: { status: 201, body: '' } }, 1],
	['a 201 about another', 'after', { reply: { status: 201, body: '{"id":"7"}' } }, 1],
	['a hanging reply', 'after', { hang: true }, 1],
	['a 429', 'before', { reply: { status: 429 } }, 2],
];

for (const [what, act, fault, asked] of faults) {
	itWaits(`records it once after ${what}`, async ({ sandbox, run }) => {
		sandbox.faults.add({ on: 'createCommunication', act, do: fault });
		sandbox.clinic.addCommunication({ patientId: SANDBOX_PATIENT_ID });
		sandbox.clinic.addCommunication({
			patientId: SANDBOX_OTHER_PATIENT_ID,
			details: { content: 'Thank you for seeing her', type_code: 2, direction_code: 2 },
		});
		const before = memosOf(sandbox).length;
		const { output, error } = await run(newMemo());
		expect(error).toBeUndefined();
		expect(memosOf(sandbox)).toHaveLength(before + 1);
		expect(output[0]!.json.id).toBe(memosOf(sandbox).at(-1)!.id);
		expect(creationsIn(sandbox)).toHaveLength(asked);
	});
}

it('records each of two items that say the same once, though the first reply is lost', async () => {
	clinic.sandbox.faults.add({ on: 'createCommunication', act: 'after', do: { reset: true } });
	const { output } = await create({ message: 'OK' }, { items: [{ json: {} }, { json: {} }] });
	expect(contents()).toEqual(['OK', 'OK']);
	expect(new Set(output.map(({ json }) => json.id)).size).toBe(2);
});

itWaits(
	'does not take somebody else’s message of the same minute for this one',
	async ({ sandbox, run }) => {
		sandbox.faults.add({ on: 'createCommunication', act: 'before', do: html(500) });
		sandbox.settings.onRequest = ({ method }) => {
			if (method !== 'POST' || memosOf(sandbox).length > 0) return;
			sandbox.clinic.addCommunication({
				patientId: SANDBOX_PATIENT_ID,
				details: { content: 'Something else', type_code: 2, direction_code: 2 },
				addedAt: Date.now(),
			});
		};
		const { output, error } = await run(newMemo());
		expect(error).toBeUndefined();
		expect(contentsIn(sandbox)).toEqual(['Something else', 'Thank you for seeing her']);
		expect(output[0]!.json.id).toBe(memosOf(sandbox)[1]!.id);
	},
);

itWaits(
	'does not decide whether a message of the same minute with another sign is this one',
	async ({ sandbox, run }) => {
		sandbox.faults.add({ on: 'createCommunication', act: 'before', do: html(500) });
		const { id } = sandbox.clinic.addCommunication({
			patientId: SANDBOX_PATIENT_ID,
			details: { type_code: 2, direction_code: 2, content: 'HIV test: +' },
			addedAt: Date.now(),
		});
		const { error } = await run(newMemo({ message: 'HIV test: -' }));
		expect(error?.message).toMatch(new RegExp(`not clear whether it is one .*: ID ${id}`));
		expect(error?.description).toMatch(/^The communication may have been created/);
		expect(memosOf(sandbox)).toHaveLength(1);
		expect(creationsIn(sandbox)).toHaveLength(1);
	},
);

it('says so if Cliniko does not keep a message confidential', async () => {
	clinic.sandbox.settings.messages = 'kept';
	const rewrite = (reply: Reply) => ({
		...reply,
		body: reply.body.replace('"confidential":true', '"confidential":false'),
	});
	clinic.sandbox.faults.add({ on: 'any', act: 'after', times: 9, do: { rewrite } });
	const { output } = await create({ options: { confidential: true } });
	expect(output[0]!.json.warning).toMatch(/^Cliniko has recorded Confidential in another way/);
});

itWaits('is not said to be unsent once it may have been recorded', async ({ sandbox, run }) => {
	sandbox.faults.add({ on: 'createCommunication', act: 'after', do: { reset: true } });
	sandbox.faults.add({ on: 'communications', act: 'before', do: { reply: { status: 403 } } });
	const failed = await run(newMemo());
	expect(failed.error?.description).toMatch(/^The communication may have been created/);
	// The patient is merged with another one, who gets the message.
	const [memo] = memosOf(sandbox);
	sandbox.clinic.communications.set(memo!.id, { ...memo!, patientId: SANDBOX_OTHER_PATIENT_ID });
	sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!.archivedAt = Date.now();
	for (let retry = 0; retry < 2; retry++) {
		const { error } = await run(newMemo({}, { retryOf: failed }));
		expect(error?.message).toMatch(
			/is archived .* may have created the communication all the same/,
		);
		expect(error?.description).toMatch(/^The communication may have been created/);
	}
	expect(memosOf(sandbox)).toHaveLength(1);
});

describe('when Cliniko takes out what it holds for tags', () => {
	const message = 'On Monday Jane <jane@mail.example> wrote: pain <walking far> again';

	it('believes the reply', async () => {
		clinic.sandbox.settings.messages = 'stripped';
		const { output, error } = await create({ message });
		expect(error).toBeUndefined();
		expect(contents()).toEqual([message]);
		expect(output[0]!.json).toMatchObject({
			id: memos()[0]!.id,
			content: 'On Monday Jane  wrote: pain  again',
			warning: expect.stringMatching(/^Cliniko has recorded the message in another way/),
		});
		expect(requests()).toHaveLength(1);
	});

	itWaits('does not record a message again whose reply is lost', async ({ sandbox, run }) => {
		sandbox.settings.messages = 'stripped';
		sandbox.faults.add({ on: 'createCommunication', act: 'after', do: { reset: true } });
		const { error } = await run(newMemo({ message }));
		expect(error?.description).toMatch(/^The communication may have been created/);
		expect(contentsIn(sandbox)).toEqual([message]);
	});
});

it('records it once through Retry On Fail and a person’s Retry', async () => {
	clinic.sandbox.faults.add({ on: 'createCommunication', act: 'after', do: html(503) });
	const noLists: FaultAction = { reply: { status: 403 } };
	clinic.sandbox.faults.add({ on: 'communications', act: 'before', do: noLists, times: 2 });
	const node = { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 };
	const parameters = { message: '={{ $json.text }}' };
	const items = [{ json: { text: 'Thank you' } }];
	const failed = await create(parameters, { node, items });
	expect(failed.error?.description).toMatch(/^The communication may have been created/);
	const { error } = await create(parameters, { node, items, retryOf: failed });
	expect(error).toBeUndefined();
	expect(memos()).toHaveLength(1);
	const { error: written } = failed.run.data.resultData;
	expect(JSON.stringify([written, failed.run.data.executionData?.contextData])).not.toContain(
		'Thank you',
	);
});

it.each([
	['nothing to say', { message: ' \n' }, /^Subject and Message are both empty for this item/],
	['only a picture', { message: '<p><img src="cid:1"></p>' }, /^Subject and Message are both/],
	['an object', { message: '={{ ({ text: 1 }) }}' }, /^Message is not text for this item/],
	['an unknown type', { type: '={{ "fax" }}' }, /^Type is none of its choices/],
	['no direction', { direction: '={{ $json.none }}' }, /^Direction is none of its choices/],
	[
		'half a yes',
		{ options: { confidential: '={{ "perhaps" }}' } },
		/^Confidential is neither true nor false/,
	],
	[
		'an archived patient',
		{ patientId: by('id', SANDBOX_ARCHIVED_PATIENT_ID) },
		/is archived in Cliniko, so nothing was sent/,
	],
	['an unknown patient', { patientId: by('id', '7') }, /^Cliniko has no patient with the ID 7/],
])('refuses %s', async (_what, parameters, message) => {
	const { error } = await create(parameters);
	expect(error?.message).toMatch(message);
	expect(memos()).toEqual([]);
});

it('reads Cliniko’s refusal out, and gives no message away', async () => {
	const body = JSON.stringify({ message: 'Validation Failed', errors: { content: 'is too long' } });
	clinic.sandbox.faults.add({
		on: 'createCommunication',
		act: 'before',
		do: { reply: { status: 422, headers: { 'Content-Type': 'application/json' }, body } },
	});
	const { error } = await create();
	expect(error?.message).toMatch(/Message is too long/);
	expect(JSON.stringify(error)).not.toMatch(/thank you/i);
});
