import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { Limiter } from '../../../../nodes/Cliniko/transport/limiter.ts';
import { ProcessingError } from '../../../../nodes/Cliniko/upload/processing.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/upload.ts';
import { uploadFiles, type Outcome } from '../../../../nodes/Cliniko/upload/uploadFiles.ts';
import { uploadOf } from '../connection.cts';

const uploads = (...names: string[]): Upload[] =>
	names.map((name, itemIndex) => uploadOf({ name }, { itemIndex, identity: name }));

interface Run {
	concurrency: number;
	continueOnFail: boolean;
	processed: (record: PatientAttachment) => Promise<PatientAttachment>;
	stopWaiting: () => void;
}

/** Uploads or processing that finish when the test says so. */
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

/** A short description of each outcome. */
const short = (outcomes: Outcome[]) =>
	outcomes.map(({ upload, record, error }) =>
		[upload.file.name, record?.id, error?.message].filter(Boolean).join(': '),
	);

describe('The files of a run', () => {
	/** Uploads that finish when the test says so, a few at a time, followed by processing. */
	const start = (names: string[], options: Partial<Run> = {}, more: Partial<Upload> = {}) => {
		const sending = new ByHand();
		const run: Run = {
			concurrency: 2,
			continueOnFail: false,
			processed: async (record) => await Promise.resolve(record),
			stopWaiting: () => {},
			...options,
		};
		const limiter = new Limiter(run.concurrency, !run.continueOnFail);
		const result = uploadFiles(
			uploads(...names).map((upload) => ({ ...upload, ...more })),
			async ({ file, waitForProcessing }) => {
				const record = await limiter.run(async () => await sending.work(file.name));
				return waitForProcessing ? await run.processed(record) : record;
			},
			() => {
				if (run.continueOnFail) return;
				limiter.stop();
				run.stopWaiting();
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

	it('are none when there is none', async () => {
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

	describe('when one goes wrong', () => {
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
				processed: async (record) =>
					await processing.work(record.id).catch(({ message }: Error) => {
						throw new ProcessingError(message, 'Look.', record);
					}),
			});

			await sending.done('a');
			await processing.fail('id of a');
			await sending.done('b');
			await processing.done('id of b');

			expect(short(await result)).toEqual(['a: id of a: id of a failed', 'b: id of id of b', 'c']);
		});
	});

	describe('stop the waiting for those that are being processed', () => {
		/** Processing that returns records as they are once it is stopped. */
		const run = (options: Partial<Run> = {}) => {
			let stop = () => {};
			const stopped = new Promise<void>((resolve) => (stop = resolve));
			const stopWaiting = jest.fn(() => stop());
			const processed = async (record: PatientAttachment) => {
				await stopped;
				return record;
			};
			return { stopWaiting, ...start(['a', 'b', 'c'], { processed, stopWaiting, ...options }) };
		};

		it('when one goes wrong and the run ends with that', async () => {
			const { stopWaiting, sending, result } = run();

			await sending.done('a');
			expect(stopWaiting).not.toHaveBeenCalled();
			await sending.fail('b');
			await sending.done('c');

			expect(stopWaiting).toHaveBeenCalled();
			expect(short(await result)).toEqual(['a: id of a', 'b: b failed', 'c: id of c']);
		});

		it('and not when the run goes on', async () => {
			const { stopWaiting, sending } = run({ continueOnFail: true });

			await sending.done('a');
			await sending.fail('b');
			await sending.done('c');

			expect(stopWaiting).not.toHaveBeenCalled();
		});
	});

	it('are not waited for when that is not wanted', async () => {
		const processed = jest.fn();
		const { sending, result } = start(['a'], { processed }, { waitForProcessing: false });

		await sending.done('a');

		expect(short(await result)).toEqual(['a: id of a']);
		expect(processed).not.toHaveBeenCalled();
	});
});
