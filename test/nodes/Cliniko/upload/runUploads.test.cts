import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import {
	runError,
	runUploads,
	type Outcome,
	type RunOptions,
} from '../../../../nodes/Cliniko/upload/runUploads.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/uploadFile.ts';

const uploads = (...names: string[]): Upload[] =>
	names.map((name, itemIndex) => ({
		itemIndex,
		patientId: '1',
		description: '',
		identity: name,
		file: { name } as Upload['file'],
	}));

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
	const start = (names: string[], options: Partial<RunOptions> = {}) => {
		const sending = new ByHand();
		const result = runUploads(uploads(...names), {
			concurrency: 2,
			goOn: false,
			send: async ({ file }) => await sending.work(file.name),
			...options,
		});
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
			const { sending, result } = start(['a', 'b', 'c'], { goOn: true });

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
});

describe('The error of a run', () => {
	const [a, b, c] = uploads('a.pdf', 'b.pdf', 'c.pdf') as [Upload, Upload, Upload];
	const fault = new ClinikoError('S3 has a fault.', 'Run it again later.', 503);

	it('is none where every file is stored', () => {
		expect(runError([{ upload: a, record: { id: '77' } }])).toBeUndefined();
		expect(runError([])).toBeUndefined();
	});

	it('names the file, the item, the advice and the status', () => {
		const { error, itemIndex } = runError([
			{ upload: a, record: { id: '77' } },
			{ upload: b, error: fault },
		])!;

		expect(itemIndex).toBe(1);
		expect(error.message).toBe(
			'S3 has a fault. [file "b.pdf"] Stored in this run: "a.pdf" (item 0) as attachment 77.',
		);
		expect(error.description).toBe('Run it again later.');
		expect(error.httpCode).toBe(503);
		expect(error.cause).toBeUndefined();
	});

	it('says which others went wrong too and how many were not sent', () => {
		const { error } = runError([
			{ upload: a, error: fault },
			{ upload: b },
			{ upload: c, error: fault },
		])!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] The same goes for "c.pdf" (item 2). Not sent: 1 more of the 3 files.',
		);
	});

	it('says what else went wrong with another file', () => {
		const { error } = runError([
			{ upload: a, error: fault },
			{ upload: b, error: new Error('It may be attachment 79.') },
		])!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] Also: It may be attachment 79. [file "b.pdf"] [item 1]',
		);
	});

	it('counts a file as stored whose processing went wrong', () => {
		const { error } = runError([
			{ upload: a, error: fault },
			{ upload: b, record: { id: '78' }, error: fault },
			{ upload: c },
		])!;

		expect(error.message).toContain('Stored in this run: "b.pdf" (item 1) as attachment 78.');
		expect(error.message).toContain('Not sent: 1 more of the 3 files.');
	});

	it('says nothing of others where there are none', () => {
		expect(runError([{ upload: a, record: { id: '77' }, error: fault }])?.error.message).toBe(
			'S3 has a fault. [file "a.pdf"]',
		);
	});

	it('has no advice where an error of another kind has none', () => {
		const { error } = runError([{ upload: a, error: new Error('Odd.') }])!;

		expect(error).toMatchObject({ message: 'Odd. [file "a.pdf"]', description: '' });
		expect(error.httpCode).toBeUndefined();
	});
});
