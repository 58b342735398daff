import type { IDataObject } from 'n8n-workflow';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import {
	runError,
	runUploads,
	type Outcome,
	type RunOptions,
} from '../../../../nodes/Cliniko/upload/runUploads.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/upload.ts';
import { uploadOf } from '../connection.cts';

const uploads = (...names: string[]): Upload[] =>
	names.map((name, itemIndex) => uploadOf({ name }, { itemIndex, identity: name }));

/** Files that are sent, or processed, when the test says so. */
class ByHand {
	readonly started: string[] = [];

	private readonly open = new Map<
		string,
		{ resolve: (record: PatientAttachment) => void; reject: (error: Error) => void }
	>();

	readonly work = async (name: string): Promise<PatientAttachment> => {
		this.started.push(name);
		return await new Promise((resolve, reject) => this.open.set(name, { resolve, reject }));
	};

	async done(name: string): Promise<void> {
		this.open.get(name)!.resolve({ id: `id of ${name}` });
		await new Promise(setImmediate);
	}

	async fail(name: string): Promise<void> {
		this.open.get(name)!.reject(new Error(`${name} failed`));
		await new Promise(setImmediate);
	}
}

/** What became of each file, in short. */
const short = (outcomes: Outcome[]) =>
	outcomes.map(({ upload, record, error }) =>
		[upload.file.name, record?.id, error?.message].filter(Boolean).join(': '),
	);

describe('The files of a run', () => {
	const start = (
		names: string[],
		options: Partial<RunOptions> = {},
		more: Partial<Upload> = {},
	) => {
		const sending = new ByHand();
		const result = runUploads(
			uploads(...names).map((upload) => ({ ...upload, ...more })),
			{
				concurrency: 2,
				continueOnFail: false,
				send: async ({ file }) => await sending.work(file.name),
				processed: async (record) => await Promise.resolve(record),
				stopWaiting: () => {},
				...options,
			},
		);
		return { sending, result };
	};

	it('come out in their order, whichever is sent first', async () => {
		const { sending, result } = start(['a', 'b', 'c']);

		await sending.done('b');
		await sending.done('c');
		await sending.done('a');

		expect(short(await result)).toEqual(['a: id of a', 'b: id of b', 'c: id of c']);
	});

	it('are none where there is none', async () => {
		expect(await start([]).result).toEqual([]);
	});

	it.each([1, 2, 3, 10])(
		'are sent %d at once, and the next as soon as one is sent',
		async (concurrency) => {
			const names = ['a', 'b', 'c', 'd', 'e'];
			const { sending, result } = start(names, { concurrency });

			for (const [index, name] of names.entries()) {
				expect(sending.started).toEqual(names.slice(0, concurrency + index));
				await sending.done(name);
			}

			expect(await result).toHaveLength(5);
		},
	);

	it('are processed beside the sending of the next ones', async () => {
		const processing = new ByHand();
		const { sending, result } = start(['a', 'b'], {
			concurrency: 1,
			processed: async ({ id }) => {
				await processing.work(id);
				return { id, processed: true };
			},
		});

		await sending.done('a');
		expect(processing.started).toEqual(['id of a']);
		expect(sending.started).toEqual(['a', 'b']);
		await sending.done('b');
		let over = false;
		void result.then(() => (over = true));
		await processing.done('id of b');
		expect(over).toBe(false);
		await processing.done('id of a');

		expect((await result).map(({ record }) => record)).toEqual([
			{ id: 'id of a', processed: true },
			{ id: 'id of b', processed: true },
		]);
	});

	describe('where one goes wrong', () => {
		it('are not started any more, and those under way are brought to their end', async () => {
			const { sending, result } = start(['a', 'b', 'c', 'd']);

			await sending.fail('a');
			await sending.done('b');

			expect(short(await result)).toEqual(['a: a failed', 'b: id of b', 'c', 'd']);
			expect(sending.started).toEqual(['a', 'b']);
		});

		it('are sent all the same if that is wanted', async () => {
			const { sending, result } = start(['a', 'b', 'c'], { continueOnFail: true });

			await sending.fail('a');
			await sending.done('b');
			await sending.done('c');

			expect(short(await result)).toEqual(['a: a failed', 'b: id of b', 'c: id of c']);
		});

		it('in the processing are not started any more, and its record is kept', async () => {
			const processing = new ByHand();
			const { sending, result } = start(['a', 'b', 'c'], {
				concurrency: 1,
				processed: async ({ id }) => await processing.work(id),
			});

			await sending.done('a');
			await processing.fail('id of a');
			await sending.done('b');
			await processing.done('id of b');

			expect(short(await result)).toEqual(['a: id of a: id of a failed', 'b: id of id of b', 'c']);
		});
	});

	describe('stop the waiting for those that are being processed', () => {
		/** Waiting that ends with what is there, once it is stopped. */
		const run = (options: Partial<RunOptions> = {}) => {
			let stop = () => {};
			const stopped = new Promise<void>((resolve) => (stop = resolve));
			const stopWaiting = jest.fn(() => stop());
			const processed = async (record: PatientAttachment) => {
				await stopped;
				return record;
			};
			return { stopWaiting, ...start(['a', 'b', 'c'], { processed, stopWaiting, ...options }) };
		};

		it('where one goes wrong and the run ends with that', async () => {
			const { stopWaiting, sending, result } = run();

			await sending.done('a');
			expect(stopWaiting).not.toHaveBeenCalled();
			await sending.fail('b');
			await sending.done('c');

			expect(stopWaiting).toHaveBeenCalled();
			expect(short(await result)).toEqual(['a: id of a', 'b: b failed', 'c: id of c']);
		});

		it('and not where the run goes on', async () => {
			const { stopWaiting, sending } = run({ continueOnFail: true });

			await sending.done('a');
			await sending.fail('b');
			await sending.done('c');

			expect(stopWaiting).not.toHaveBeenCalled();
		});
	});

	it('are not waited for where that is not wanted', async () => {
		const processed = jest.fn();
		const { sending, result } = start(['a'], { processed }, { waitForProcessing: false });

		await sending.done('a');

		expect(short(await result)).toEqual(['a: id of a']);
		expect(processed).not.toHaveBeenCalled();
	});
});

describe('The error of a run', () => {
	const [a, b, c] = uploads('a.pdf', 'b.pdf', 'c.pdf') as [Upload, Upload, Upload];
	const fault = new ClinikoError('S3 has a fault.', 'Run it again later.', 503);
	/** A memory of these attachments, by identity. */
	const remembering = (attachments: Record<string, string> = {}) => {
		const entries = Object.entries(attachments).map(([name, id]) => [name, { attachment: id }]);
		return new UploadMemory({ uploads: Object.fromEntries(entries) as IDataObject }, 0);
	};
	const errorOf = (outcomes: Outcome[], attachments = {}) =>
		runError(outcomes, remembering(attachments));

	it('is none where every file is stored', () => {
		expect(errorOf([{ upload: a, record: { id: '77' } }])).toBeUndefined();
		expect(errorOf([])).toBeUndefined();
	});

	it('names the file, the advice and the status, and what is stored by item and id', () => {
		const { error, itemIndex } = errorOf([
			{ upload: a, record: { id: '77' } },
			{ upload: b, error: fault },
		])!;

		expect(itemIndex).toBe(1);
		expect(error.message).toBe(
			'S3 has a fault. [file "b.pdf"] 1 other file stored in this run: item 0 as attachment 77.',
		);
		expect(error.description).toBe('Run it again later.');
		expect(error.httpCode).toBe(503);
		expect(error.cause).toBeUndefined();
	});

	it('says how many others went wrong too and how many were not sent', () => {
		const { error } = errorOf([
			{ upload: a, error: fault },
			{ upload: b },
			{ upload: c, error: new Error('It may be attachment 79.') },
		])!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] 1 other file failed too: item 2. 1 other file not sent.',
		);
	});

	it('counts a file as stored whose processing went wrong', () => {
		const { error } = errorOf([
			{ upload: a, error: fault },
			{ upload: b, record: { id: '78' }, error: fault },
			{ upload: c },
		])!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] 1 other file stored in this run: item 1 as attachment 78. 1 other file not sent.',
		);
	});

	it.each([
		['its outcome', { record: { id: '77' } }, {}],
		['the memory', {}, { 'a.pdf': '77' }],
	])('says that its own file is stored, by %s', (_, outcome, attachments) => {
		expect(errorOf([{ upload: a, error: fault, ...outcome }], attachments)?.error.message).toBe(
			'S3 has a fault. [file "a.pdf"] The file is stored, as attachment 77.',
		);
	});

	it('does not say it twice', () => {
		const message = 'Cliniko could not read the file: attachment 77 is on the record.';
		const outcome = { upload: a, record: { id: '77' }, error: new ClinikoError(message, 'Look.') };

		expect(errorOf([outcome])?.error.message).toBe(`${message} [file "a.pdf"]`);
	});

	it('says it though the message has another number that begins alike', () => {
		const message = 'Cliniko has no patient with the ID 7701.';
		const outcome = { upload: a, record: { id: '77' }, error: new ClinikoError(message, 'Look.') };

		expect(errorOf([outcome])?.error.message).toContain('The file is stored, as attachment 77.');
	});

	it('knows what an earlier try has stored of files that were not sent any more', () => {
		const { error } = errorOf([{ upload: a, error: fault }, { upload: b }], { 'b.pdf': '78' })!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] 1 other file stored in this run: item 1 as attachment 78.',
		);
	});

	it('is short and names no other file, however many there are', () => {
		const names = Array.from({ length: 300 }, (_, at) => `Jane Doe ${at}.pdf`);
		const outcomes = uploads(...names).map((upload, at): Outcome => {
			const record = { id: `15677890123456780${100 + at}` };
			if (at % 3 === 0) return { upload, error: fault };
			return at % 3 === 1 ? { upload, record } : { upload, record, error: fault };
		});
		const { message } = errorOf(outcomes)!.error;

		expect(message).toBe(
			'S3 has a fault. [file "Jane Doe 0.pdf"] 99 other files failed too: item 3, item 6, item 9, item 12, item 15 and 94 more. ' +
				'200 other files stored in this run: item 1 as attachment 15677890123456780101, item 2 as attachment 15677890123456780102, item 4 as attachment 15677890123456780104, item 5 as attachment 15677890123456780105, item 7 as attachment 15677890123456780107 and 195 more.',
		);
		expect(message.length).toBeLessThan(600);
		for (const name of names.slice(1)) expect(message).not.toContain(name);
	});

	it('has no advice where an error of another kind has none', () => {
		const { error } = errorOf([{ upload: a, error: new Error('Odd.') }])!;

		expect(error).toMatchObject({ message: 'Odd. [file "a.pdf"]', description: '' });
		expect(error.httpCode).toBeUndefined();
	});
});
