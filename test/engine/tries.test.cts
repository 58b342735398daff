import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { file, pdf, recorded, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

const items = ['a', 'b', 'c'].map((name) => ({
	json: { name },
	files: { data: file(`${name}.pdf`, pdf(name)) },
}));

const names = () =>
	recorded(clinic.sandbox)
		.map(({ name }) => name)
		.sort();

/** Refuses the second file's presigned post, `times` times. */
const refuseSecond = (times = 1) =>
	clinic.sandbox.faults.add({
		on: 'presign',
		skip: 1,
		times,
		act: 'before',
		do: { reply: { status: 403 } },
	});

const oneByOne = { options: { concurrency: 1 } };

describe('with “Retry On Fail”', () => {
	const node = { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 };

	it('stores the files that are left and none of them twice', async () => {
		refuseSecond();
		const { output, error } = await clinic.run({ items, parameters: oneByOne, node });
		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.filename)).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
		expect(names()).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
	});

	it('stores none twice if it is the waiting that went wrong', async () => {
		clinic.sandbox.faults.add({
			on: 'poll',
			times: 2,
			act: 'before',
			do: { reply: { status: 403 } },
		});
		const { output, error } = await clinic.run({ items, node });
		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.filename)).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
		expect(names()).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
	});

	it('goes on with error items as well', async () => {
		refuseSecond();
		clinic.sandbox.faults.add({ on: 'presign', act: 'before', do: { reply: { status: 403 } } });
		const { output } = await clinic.run({
			items,
			parameters: oneByOne,
			node: { ...node, onError: 'continueRegularOutput' },
		});
		expect(output.map(({ json }) => json.filename)).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
		expect(names()).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
	});

	it('finds the record whose creation was open when the first try ended', async () => {
		// The record is created, but its reply is lost and the first try's searches for it fail.
		clinic.sandbox.faults.add({ on: 'create', act: 'after', do: { reply: { status: 500 } } });
		clinic.sandbox.faults.add({
			on: 'get',
			times: 1,
			act: 'before',
			do: { reply: { status: 403 } },
		});
		const { output, error } = await clinic.run({ items: items.slice(0, 1), node });
		expect(error).toBeUndefined();
		expect(output).toHaveLength(1);
		expect(names()).toEqual(['a.pdf']);
		expect(output[0]?.json.id).toBe([...clinic.sandbox.clinic.attachments.keys()][0]);
	});
});

describe('a failed execution that is retried from n8n’s list', () => {
	const failing: UploadRun = { items, parameters: oneByOne };

	it('stores the files that are left and none of them twice', async () => {
		refuseSecond();
		const failed = await clinic.run(failing);
		expect(failed.error?.message).toMatch(
			/1 other file stored in this run: item 0 as attachment \d+\. 1 other file not sent\./,
		);
		expect(clinic.sandbox.clinic.attachments.size).toBe(1);

		const { output, error } = await clinic.run({ ...failing, retryOf: failed });
		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.filename)).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
		expect(names()).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
	});

	it('says so if a file that was stored has been taken off the record since', async () => {
		refuseSecond();
		const failed = await clinic.run(failing);
		const [id] = [...clinic.sandbox.clinic.attachments.keys()];
		clinic.sandbox.clinic.attachments.delete(id!);
		const { error } = await clinic.run({ ...failing, retryOf: failed });
		expect(error?.message).toContain(
			`"a.pdf" was stored in an earlier try of this execution, as attachment ${id}`,
		);
		expect(clinic.sandbox.clinic.attachments.size).toBe(0);
		// During the first minute, lists may just not show it yet.
	}, 120_000);

	it('holds ids and digests of what was stored, and no name, field or patient', async () => {
		refuseSecond();
		const { run } = await clinic.run(failing);
		const { contextData } = run.data.executionData!;
		const [id] = [...clinic.sandbox.clinic.attachments.keys()];
		const digest = expect.stringMatching(/^[0-9a-f]{16}$/) as string;
		const { uploads } = contextData['node:Cliniko'] as { uploads: object };
		expect(Object.keys(uploads)).toEqual([digest]);
		expect(Object.values(uploads)).toEqual([
			{
				file: expect.stringMatching(/^[0-9a-f]{32}$/),
				run: 0,
				item: 0,
				position: 0,
				attachment: id,
			},
		]);
		for (const text of [SANDBOX_PATIENT_ID, 'a.pdf']) {
			expect(JSON.stringify(contextData)).not.toContain(text);
		}
	});
});

it('stores a file again that a new execution brings', async () => {
	await clinic.run({ items: items.slice(0, 1) });
	await clinic.run({ items: items.slice(0, 1) });
	expect(names()).toEqual(['a.pdf', 'a.pdf']);
});
