import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { Pause } from '../../../../nodes/Cliniko/transport/cliniko/rateLimit.ts';
import { Processing } from '../../../../nodes/Cliniko/upload/processing.ts';
import {
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	type Answer,
	type Sent,
} from '../connection.cts';

const MAX_WAIT = 300_000;

const idsOf = ({ filters }: Sent) => filters[0]?.replace('id:=', '').split(',') ?? [];

const list = (...patient_attachments: unknown[]) => ({ patient_attachments }) as Answer;

describe('The wait for Cliniko’s processing', () => {
	afterEach(() => jest.restoreAllMocks());

	const start = (
		answer: (sent: Sent, count: number) => Answer | Promise<Answer>,
		{
			maxWait = MAX_WAIT,
			onTimeout = 'error' as 'error' | 'continue',
			pause = undefined as Pause | undefined,
		} = {},
	) => {
		const cliniko = new FakeCliniko(answer);
		const clock = cliniko.clock.rule();
		const processing = new Processing(cliniko.api, pause ?? clock.pause, maxWait, onTimeout);
		const finished = async (...ids: string[]) =>
			await Promise.all(ids.map(async (id) => await processing.finished(freshRecord(id))));
		return { cliniko, clock, processing, finished };
	};

	/** Answers every question; files are processed at the `doneAt`th one. */
	const allDoneAt = (doneAt: number) => (sent: Sent, count: number) => {
		const record = count >= doneAt ? processedRecord : freshRecord;
		return sent.path === '/patient_attachments'
			? list(...idsOf(sent).map((id) => record(id)))
			: record(sent.path.split('/').pop()!);
	};

	it('ends at once for a file that is processed already', async () => {
		const { cliniko, processing } = start(allDoneAt(1));

		expect(await processing.finished(processedRecord('1'))).toEqual(processedRecord('1'));
		expect(cliniko.lines).toEqual([]);
	});

	it('asks for one file by its own address', async () => {
		const { cliniko, finished } = start(allDoneAt(3));

		expect(await finished('1')).toEqual([processedRecord('1')]);
		expect(cliniko.lines).toEqual(Array(3).fill('GET /patient_attachments/1'));
	});

	it('asks once for many files, and not once for each', async () => {
		const { cliniko, finished } = start(allDoneAt(3));
		const ids = Array.from({ length: 40 }, (_, i) => String(i + 1));

		expect(await finished(...ids)).toEqual(ids.map((id) => processedRecord(id)));
		expect(cliniko.lines).toEqual(Array(3).fill('GET /patient_attachments'));
		expect(cliniko.sent.map(idsOf)).toEqual([ids, ids, ids]);
	});

	it('asks for more than 100 files in lists of 100', async () => {
		const { cliniko, finished } = start(allDoneAt(3));
		const ids = Array.from({ length: 101 }, (_, i) => String(i + 1));

		expect(await finished(...ids)).toHaveLength(101);
		expect(cliniko.sent.map((sent) => idsOf(sent).length)).toEqual([100, 1, 100, 1]);
	});

	it('asks only for what it still waits for', async () => {
		const { cliniko, finished } = start((sent, count) =>
			sent.path === '/patient_attachments'
				? list(
						processedRecord('1'),
						(count === 1 ? freshRecord : processedRecord)('2'),
						freshRecord('3'),
					)
				: processedRecord('3'),
		);

		await finished('1', '2', '3');

		expect(cliniko.sent.map(({ path, filters }) => [path, ...filters])).toEqual([
			['/patient_attachments', 'id:=1,2,3'],
			['/patient_attachments', 'id:=2,3'],
			['/patient_attachments/3'],
		]);
	});

	it('takes a file in that came while it was asking', async () => {
		let second: Promise<unknown> | undefined;
		const { cliniko, processing, finished } = start((sent, count) => {
			second ??= processing.finished(freshRecord('2'));
			return allDoneAt(2)(sent, count);
		});

		await finished('1');
		await second;

		expect(cliniko.sent.map(({ path, filters }) => [path, ...filters])).toEqual([
			['/patient_attachments/1'],
			['/patient_attachments', 'id:=1,2'],
		]);
	});

	it('starts again after it had ended', async () => {
		const { cliniko, finished } = start(allDoneAt(1));

		await finished('1');
		await finished('2');

		expect(cliniko.lines).toEqual(['GET /patient_attachments/1', 'GET /patient_attachments/2']);
	});

	it('ends for both where two equal files have one record', async () => {
		const { cliniko, finished } = start(allDoneAt(2));

		expect(await finished('1', '1')).toEqual([processedRecord('1'), processedRecord('1')]);
		expect(cliniko.lines).toEqual(Array(2).fill('GET /patient_attachments/1'));
	});

	it('asks for files by their own addresses where the list leaves them out', async () => {
		const { cliniko, finished } = start((sent) =>
			sent.path === '/patient_attachments'
				? list(processedRecord('1'))
				: processedRecord(sent.path.split('/').pop()!),
		);

		expect(await finished('1', '2', '3')).toEqual(['1', '2', '3'].map((id) => processedRecord(id)));
		expect(cliniko.lines).toEqual([
			'GET /patient_attachments',
			'GET /patient_attachments/2',
			'GET /patient_attachments/3',
		]);
	});

	it('is not confused by what else a list has', async () => {
		const { finished } = start(() =>
			list(null, {}, { id: 1 }, processedRecord('9'), processedRecord('1'), processedRecord('2')),
		);

		expect(await finished('1', '2')).toEqual([processedRecord('1'), processedRecord('2')]);
	});

	it('asks at growing intervals, of 15 seconds at most', async () => {
		const { clock, finished } = start(allDoneAt(10));

		await finished('1');

		expect(clock.pauses).toEqual([
			1000, 1500, 2250, 3375, 5062.5, 7593.75, 11390.625, 15000, 15000, 15000,
		]);
	});

	describe('is over', () => {
		it('after the longest wait, with an error that says where the file is', async () => {
			const { clock, finished } = start(allDoneAt(Infinity));

			const error = await rejection(finished('1'));

			expect(error.message).toBe(
				'Cliniko has not finished processing attachment 1 after 300 seconds.',
			);
			expect(error.description).toContain('do not upload it again');
			expect(clock.pauses.reduce((sum, ms) => sum + ms)).toBe(MAX_WAIT);
		});

		it('after the longest wait, with the record as it stands then', async () => {
			const record = { ...freshRecord('1'), filename: 'Referral.pdf' };
			const { finished } = start(() => record, { onTimeout: 'continue' });

			expect(await finished('1')).toEqual([record]);
		});

		it('not before a last look at its very end', async () => {
			const { cliniko, finished } = start(allDoneAt(2), { maxWait: 1500 });

			expect(await finished('1')).toEqual([processedRecord('1')]);
			expect(cliniko.clock.pauses).toEqual([1000, 500]);
		});

		it('for each file at its own time', async () => {
			const { clock, processing, finished } = start(allDoneAt(Infinity), { maxWait: 10_000 });
			const begin = clock.time;
			const first = rejection(finished('1')).then(() => clock.time - begin);
			clock.time += 4000;

			const second = rejection(processing.finished(freshRecord('2'))).then(
				() => clock.time - begin,
			);

			expect(await first).toBe(10_000);
			expect(await second).toBe(14_000);
		});
	});

	it('says that Cliniko could not read a file, and lets the others be', async () => {
		const broken = { ...processedRecord('1'), content_type: 'invalid/invalid' };
		const { processing } = start((sent) =>
			sent.path === '/patient_attachments' ? list(broken, processedRecord('2')) : broken,
		);

		const [error, other] = await Promise.all([
			rejection(processing.finished(freshRecord('1'))),
			processing.finished(freshRecord('2')),
		]);

		expect(error.message).toContain('Cliniko could not read the file: attachment 1');
		expect(error.description).toContain('archive the attachment');
		expect(other).toEqual(processedRecord('2'));
	});

	it('says that a file could not be read even if that is known from the start', async () => {
		const { processing } = start(allDoneAt(1));
		const broken = { ...freshRecord('1'), content_type: 'invalid/invalid' };

		expect((await rejection(processing.finished(broken))).message).toContain('could not read');
	});

	it('says that a record is gone, and lets the others be', async () => {
		const { processing } = start((sent) =>
			sent.path === '/patient_attachments' ? list(processedRecord('2')) : reply(404),
		);

		const [error, other] = await Promise.all([
			rejection(processing.finished(freshRecord('1'))),
			processing.finished(freshRecord('2')),
		]);

		expect(error.message).toBe('Attachment 1 was created and is not in Cliniko any more.');
		expect(error.httpCode).toBe(404);
		expect(other).toEqual(processedRecord('2'));
	});

	describe.each([
		['one file', ['1']],
		['several files', ['1', '2']],
	])('where Cliniko cannot be asked about %s', (_, ids) => {
		it.each([
			['because of a fault', reply(503), 503],
			['because the key was deleted', reply(401), 401],
			['because no reply comes', new Error('ECONNRESET'), undefined],
			['because the reply is a web page', reply(200, '<html>'), 200],
		])('%s, says that the file is stored', async (_why, answer: Answer, httpCode) => {
			const { processing } = start(() => answer);

			const errors = await Promise.all(
				ids.map(async (id) => await rejection(processing.finished(freshRecord(id)))),
			);

			for (const [index, error] of errors.entries()) {
				expect(error).toBeInstanceOf(ClinikoError);
				expect(error.message).toContain(ids[index]);
				expect(error.httpCode).toBe(httpCode);
				// "Run the workflow again" alone would put it on the record twice.
				expect(`${error.message} ${error.description}`).toContain('do not upload it again');
			}
		});
	});

	it('goes on for other files after Cliniko could not be asked', async () => {
		const { finished } = start((_, count) => (count === 1 ? reply(401) : processedRecord('2')));

		await rejection(finished('1'));

		expect(await finished('2')).toEqual([processedRecord('2')]);
	});

	it('ends for all files where the execution is cancelled, and asks nothing more', async () => {
		const { cliniko, processing } = start(() => list(), {
			pause: async () =>
				await Promise.reject(
					new ClinikoError('The execution was cancelled.', 'Nothing more was sent.'),
				),
		});

		const errors = await Promise.all(
			['1', '2'].map(async (id) => await rejection(processing.finished(freshRecord(id)))),
		);

		expect(errors.map(({ message }) => message)).toEqual([
			"The execution was cancelled. Attachment 1 is on the patient's record.",
			"The execution was cancelled. Attachment 2 is on the patient's record.",
		]);
		expect(cliniko.lines).toEqual([]);
	});
});
