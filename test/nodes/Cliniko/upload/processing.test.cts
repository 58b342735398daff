import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { Pause } from '../../../../nodes/Cliniko/transport/pause.ts';
import { Processing } from '../../../../nodes/Cliniko/upload/processing.ts';
import { Clock } from '../clock.cts';
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
		connection: ConstructorParameters<typeof FakeCliniko>[1] = {},
	) => {
		const cliniko = new FakeCliniko(answer, connection);
		const clock = cliniko.clock;
		const processing = new Processing(cliniko.api, pause ?? clock.pause, maxWait, onTimeout);
		const finished = async (...ids: string[]) =>
			await Promise.all(ids.map(async (id) => await processing.finished(freshRecord(id))));
		return { cliniko, clock, processing, finished };
	};

	/** Files are processed from the `doneAt`th request on. */
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

	it('requests one file by its own address', async () => {
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

	it('requests more than 100 files in lists of 100', async () => {
		const { cliniko, finished } = start(allDoneAt(3));
		const ids = Array.from({ length: 101 }, (_, i) => String(i + 1));

		expect(await finished(...ids)).toHaveLength(101);
		expect(cliniko.sent.map((sent) => idsOf(sent).length)).toEqual([100, 1, 100, 1]);
	});

	it('polls only for unfinished records', async () => {
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
			['/patient_attachments', 'id:=1,2,3', 'archived_at:*'],
			['/patient_attachments', 'id:=2,3', 'archived_at:*'],
			['/patient_attachments/3', 'archived_at:*'],
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
			['/patient_attachments/1', 'archived_at:*'],
			['/patient_attachments', 'id:=1,2', 'archived_at:*'],
		]);
	});

	it('starts again after it had ended', async () => {
		const { cliniko, finished } = start(allDoneAt(1));

		await finished('1');
		await finished('2');

		expect(cliniko.lines).toEqual(['GET /patient_attachments/1', 'GET /patient_attachments/2']);
	});

	it('ends for both when two equal files have one record', async () => {
		const { cliniko, finished } = start(allDoneAt(2));

		expect(await finished('1', '1')).toEqual([processedRecord('1'), processedRecord('1')]);
		expect(cliniko.lines).toEqual(Array(2).fill('GET /patient_attachments/1'));
	});

	it('requests files by their own addresses when the list leaves them out', async () => {
		const { cliniko, finished } = start((sent) =>
			sent.path === '/patient_attachments'
				? list(processedRecord('1'))
				: processedRecord(sent.path.split('/').pop()!),
		);

		expect(await finished('1', '2', '3')).toEqual(['1', '2', '3'].map((id) => processedRecord(id)));
		expect(cliniko.lines).toEqual([
			// The list may lag, so it is polled once more first.
			'GET /patient_attachments',
			'GET /patient_attachments',
			'GET /patient_attachments/2',
			'GET /patient_attachments/3',
		]);
	});

	it('ignores other records in the list', async () => {
		const { finished } = start(() =>
			list(null, {}, { id: 1 }, processedRecord('9'), processedRecord('1'), processedRecord('2')),
		);

		expect(await finished('1', '2')).toEqual([processedRecord('1'), processedRecord('2')]);
	});

	it('asks at growing intervals, of 15 seconds at most', async () => {
		const { clock, finished } = start(allDoneAt(13));

		await finished('1');

		expect(clock.pauses).toEqual([
			1000, 1700, 2890, 4913, 8352, 14199, 15000, 15000, 15000, 15000, 15000, 15000, 15000,
		]);
	});

	describe('is over', () => {
		it('after the timeout, with an error that says where the file is', async () => {
			const { clock, finished } = start(allDoneAt(Infinity));

			const error = await rejection(finished('1'));

			expect(error.message).toBe(
				'Cliniko has not finished processing attachment 1 after 300 seconds.',
			);
			expect(error.description).toContain('do not upload it again');
			expect(clock.pauses.reduce((sum, ms) => sum + ms)).toBe(MAX_WAIT);
		});

		it('after the timeout, with the record as it is then', async () => {
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

	describe('when a record is not to be found', () => {
		/** Answers 404 for record 1 between these times, in seconds from the start. */
		const missing = (...spans: Array<[from: number, to: number]>) => {
			let begin: number | undefined;
			return ({ path }: Sent): Answer => {
				if (path === '/patient_attachments') return list(processedRecord('2'));
				begin ??= Date.now();
				const second = (Date.now() - begin) / 1000;
				if (spans.some(([from, to]) => second >= from && second < to)) return reply(404);
				return second > 150 ? processedRecord('1') : freshRecord('1');
			};
		};

		it('says so after a minute, tells to look first, and lets the others be', async () => {
			const { clock, processing } = start(missing([0, Infinity]));
			const begin = clock.time;

			const [error, other] = await Promise.all([
				rejection(processing.finished(freshRecord('1'))),
				processing.finished(freshRecord('2')),
			]);

			expect(error.message).toBe(
				'Attachment 1 was created, and Cliniko has not shown it for a minute: it may have been deleted, or not be shown yet.',
			);
			expect(error.description).toBe(
				'Look at the patient’s files in Cliniko before you upload the file again.',
			);
			expect(error.httpCode).toBe(404);
			expect(other).toEqual(processedRecord('2'));
			expect(clock.time - begin).toBeGreaterThan(60_000);
			expect(clock.time - begin).toBeLessThan(80_000);
		});

		it.each<[string, Array<[number, number]>]>([
			['at first', [[0, 55]]],
			[
				'twice for less than a minute',
				[
					[0, 40],
					[50, 105],
				],
			],
		])('continues when that was so %s', async (_, spans) => {
			const { finished } = start(missing(...spans));

			expect(await finished('1')).toEqual([processedRecord('1')]);
		});
	});

	describe.each([
		['one file', ['1']],
		['several files', ['1', '2']],
	])('when Cliniko cannot be asked about %s', (_, ids) => {
		const failures = async (answer: Answer) => {
			const started = start(() => answer);
			const begin = started.clock.time;
			const errors = await Promise.all(
				ids.map(async (id) => await rejection(started.processing.finished(freshRecord(id)))),
			);
			return { ...started, errors, took: started.clock.time - begin };
		};

		const faults: Array<[string, Answer, string]> = [
			['a fault', reply(503), 'Cliniko answered with status 503.'],
			['no reply', new Error('ECONNRESET'), 'Cliniko did not answer.'],
			['a web page', reply(200, '<html>'), "Cliniko's reply is not the JSON it should be."],
			['a time-out', reply(408), 'Cliniko answered with status 408.'],
			['its limit', reply(429), 'its limit of 200 requests a minute was reached'],
		];

		it.each(faults)(
			'because of %s, says so at the end of the longest wait',
			async (_why, answer, words) => {
				const { errors, took } = await failures(answer);

				expect(took).toBeGreaterThanOrEqual(MAX_WAIT);
				for (const [index, error] of errors.entries()) {
					expect(error).toBeInstanceOf(ClinikoError);
					expect(error.message).toContain(
						`Attachment ${ids[index]} is on the patient's record, but after 300 seconds it could not be seen whether Cliniko has processed it.`,
					);
					expect(error.message).toContain(words);
					// "Run the workflow again" on its own would store it twice.
					expect(error.description).toContain('do not upload it again');
				}
			},
		);

		it.each(faults)('because of %s, asks again and is content once it can', async (_why, fault) => {
			let asked = 0;
			const { finished } = start((sent) => {
				// Each poll makes five attempts, and more after a rate limit.
				if (++asked <= 8) return fault;
				const id = sent.path.split('/').pop()!;
				return sent.path === '/patient_attachments'
					? list(...idsOf(sent).map((one) => processedRecord(one)))
					: processedRecord(id);
			});

			expect(await finished(...ids)).toEqual(ids.map((id) => processedRecord(id)));
		});

		it.each([401, 403])(
			'because it answers %d, says at once that the file is stored',
			async (status) => {
				const { cliniko, errors, clock } = await failures(reply(status));

				for (const [index, error] of errors.entries()) {
					expect(error).toBeInstanceOf(ClinikoError);
					expect(error.message).toContain(ids[index]);
					expect(error.httpCode).toBe(status);
					expect(`${error.message} ${error.description}`).toContain('do not upload it again');
				}
				expect(cliniko.sent).toHaveLength(1);
				expect(clock.pauses).toEqual([1000]);
			},
		);
	});

	it('does not report lost contact when the last poll succeeded', async () => {
		const { finished } = start((_, count) => (count <= 5 ? reply(503) : freshRecord('1')));

		expect((await rejection(finished('1'))).message).toBe(
			'Cliniko has not finished processing attachment 1 after 300 seconds.',
		);
	});

	it('gives the record as it is when no poll succeeded and that is wanted', async () => {
		const { finished } = start(() => reply(503), { onTimeout: 'continue' });

		expect(await finished('1')).toEqual([freshRecord('1')]);
	});

	it('continues for other files after a failed request', async () => {
		const { finished } = start((_, count) => (count === 1 ? reply(401) : processedRecord('2')));

		await rejection(finished('1'));

		expect(await finished('2')).toEqual([processedRecord('2')]);
	});

	it('ends for all files when the execution is cancelled, and asks nothing more', async () => {
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

	it('ends at once when the execution is cancelled while Cliniko is asked', async () => {
		let cancelled = false;
		const stop = new ClinikoError('The execution was cancelled.', 'Nothing more was sent.');
		const clock = new Clock();
		const { cliniko, processing } = start(
			() => {
				cancelled = true;
				return new Error('aborted');
			},
			{ pause: async (ms) => await (cancelled ? Promise.reject(stop) : clock.pause(ms)) },
			{
				clock,
				assertNotCancelled: () => {
					if (cancelled) throw stop;
				},
			},
		);

		const errors = await Promise.all(
			['1', '2'].map(async (id) => await rejection(processing.finished(freshRecord(id)))),
		);

		expect(errors.map(({ message }) => message)).toEqual([
			"The execution was cancelled. Attachment 1 is on the patient's record.",
			"The execution was cancelled. Attachment 2 is on the patient's record.",
		]);
		expect(cliniko.sent).toHaveLength(1);
		expect(clock.pauses).toEqual([1000]);
	});

	describe('once it is stopped', () => {
		it('gives every record as it is, at once, also to later callers', async () => {
			const { cliniko, clock, processing, finished } = start(allDoneAt(Infinity));
			const waiting = finished('1', '2');
			await clock.pause(0);
			const asked = cliniko.sent.length;

			processing.stop();

			expect(await waiting).toEqual([freshRecord('1'), freshRecord('2')]);
			expect(await finished('3')).toEqual([freshRecord('3')]);
			expect(cliniko.sent).toHaveLength(asked);
		});

		/** Stops at the `nth` request, and lets pending work run on. */
		const stopAt = async (
			nth: number,
			answer: (sent: Sent, count: number) => Answer,
			ids: string[],
		) => {
			const clock = new Clock();
			let stop = () => {};
			const cliniko = new FakeCliniko(
				async (sent, count) => {
					if (count === nth) stop();
					await clock.pause(100);
					return answer(sent, count);
				},
				{ clock },
			);
			const processing = new Processing(cliniko.api, clock.pause, MAX_WAIT, 'error');
			stop = () => processing.stop();
			const records = await Promise.all(
				ids.map(async (id) => await processing.finished(freshRecord(id))),
			);
			await clock.pause(2 * MAX_WAIT);
			return { records, cliniko };
		};

		const fault = () => reply(503);
		const refusal = () => reply(429, {}, { 'x-ratelimit-reset': '1' });
		const nothing = ({ path }: Sent) =>
			path === '/patient_attachments' ? list() : freshRecord(path.split('/').pop()!);
		const pages = (): Answer => ({
			patient_attachments: [freshRecord('1')],
			links: { next: 'the next page' },
		});

		it.each<[string, number, (sent: Sent, count: number) => Answer, string[]]>([
			['between two polls', 2, allDoneAt(Infinity), ['1', '2']],
			['in the middle of the tries of one request', 2, fault, ['1']],
			['in the middle of the tries of a list', 3, fault, ['1', '2']],
			['while it waits for the rate limit', 1, refusal, ['1']],
			['in the middle of look-ups one by one', 4, nothing, ['1', '2', '3', '4']],
			['in the middle of the pages of a list', 2, pages, ['1', '2']],
		])('sends no further request: %s', async (_, nth, answer, ids) => {
			const { records, cliniko } = await stopAt(nth, answer, ids);

			expect(records).toEqual(ids.map((id) => freshRecord(id)));
			expect(cliniko.sent).toHaveLength(nth);
		});

		it('lets other requests of the same API go on', async () => {
			const { cliniko, processing } = start(allDoneAt(Infinity));

			processing.stop();

			expect((await cliniko.api.get('/user', { action: 'ask' })).body).toEqual(freshRecord('user'));
		});
	});

	it('finds a record that somebody archives in the meantime', async () => {
		const archived = (id: string) => ({
			...processedRecord(id),
			archived_at: '2026-03-02T09:00:04Z',
		});
		// Cliniko includes those only if a filter mentions `archived_at`.
		const { finished } = start(({ path, filters }) => {
			const isAsked = filters.includes('archived_at:*');
			if (path === '/patient_attachments')
				return list(...(isAsked ? ['1', '2'].map(archived) : []));
			return isAsked ? archived(path.split('/').pop()!) : reply(404);
		});

		expect(await finished('1', '2')).toEqual([archived('1'), archived('2')]);
		expect(await finished('3')).toEqual([archived('3')]);
	});
});
