import { Cancelled } from '../../../../nodes/Cliniko/errors.ts';
import { ClinikoApi } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
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

const idsOf = ({ path, filters }: Sent) =>
	path === '/patient_attachments'
		? (filters[0]?.replace('id:=', '').split(',') ?? [])
		: [path.split('/').at(-1)!];

/** Executions of one process that use the same key, and the fake Cliniko that they ask. */
function start(answer: (sent: Sent, count: number, execution: number) => Answer | Promise<Answer>) {
	const executions: Array<{ api: ClinikoApi; cancel: () => void; processing: Processing }> = [];
	let asking = 0;
	const cliniko = new FakeCliniko((sent, count) => answer(sent, count, asking));
	const { clock } = cliniko;
	const execution = (maxWait = 300_000) => {
		const number = executions.length;
		let isCancelled = false;
		const assertNotCancelled = () => {
			if (isCancelled) throw new Cancelled('The execution was canceled.', '');
		};
		const { connection } = cliniko.api as unknown as {
			connection: ConstructorParameters<typeof ClinikoApi>[0];
		};
		const pause = async (ms: number) => {
			await clock.pause(ms);
			assertNotCancelled();
		};
		const api = new ClinikoApi(
			{
				...connection,
				pause,
				assertNotCancelled,
				request: async (options) => {
					asking = number;
					return await connection.request(options);
				},
			},
			cliniko.api.queue,
		);
		const one = {
			api,
			cancel: () => void (isCancelled = true),
			processing: new Processing(api, pause, maxWait, 'error'),
		};
		executions.push(one);
		return one;
	};
	return { cliniko, clock, execution };
}

/** Answers each question; files are processed from this time on. */
const doneAt =
	(time: number) =>
	(sent: Sent): Answer => {
		const record = Date.now() >= time ? processedRecord : freshRecord;
		const records = idsOf(sent).map((id) => record(id));
		return sent.path === '/patient_attachments' ? { patient_attachments: records } : records[0]!;
	};

const START = Date.parse('2026-03-02T09:00:00Z');

describe('The poll that executions share', () => {
	it('asks once for the records of all of them', async () => {
		const { cliniko, execution } = start(doneAt(START + 5000));
		const finished = ['1', '2', '3'].map(
			async (id) => await execution().processing.finished(freshRecord(id)),
		);

		expect(await Promise.all(finished)).toEqual(['1', '2', '3'].map((id) => processedRecord(id)));
		expect(cliniko.sent.map(idsOf)).toEqual(Array(3).fill(['1', '2', '3']));
	});

	it('goes on with another execution where the one that polls is cancelled', async () => {
		const { cliniko, execution, clock } = start(doneAt(START + 5000));
		const first = execution();
		const second = execution();
		const cancelled = rejection(first.processing.finished(freshRecord('1')));
		const finished = second.processing.finished(freshRecord('2'));
		while (cliniko.sent.length === 0) await clock.pause(100);
		first.cancel();

		expect((await cancelled).message).toContain('canceled');
		expect(await finished).toEqual(processedRecord('2'));
		expect(idsOf(cliniko.sent.at(-1)!)).toEqual(['2']);
	});

	it('is awaited, and not repeated, where it takes longer than the interval', async () => {
		const { cliniko, clock, execution } = start(async (sent) => {
			await clock.pause(2500);
			return doneAt(START + 2000)(sent);
		});
		const finished = ['1', '2'].map(
			async (id) => await execution().processing.finished(freshRecord(id)),
		);
		await clock.pause(1500);
		// Due while the first poll is in flight.
		finished.push(execution().processing.finished(freshRecord('3')));

		expect(await Promise.all(finished)).toEqual(['1', '2', '3'].map((id) => processedRecord(id)));
		expect(cliniko.sent.map(idsOf)).toEqual([['1', '2'], ['3']]);
	});

	it('is not waited for where its request hangs', async () => {
		const { clock, execution } = start(async (sent, count) => {
			if (count === 1) await clock.pause(600_000);
			return doneAt(START + 5000)(sent);
		});
		const first = execution().processing.finished(freshRecord('1'));
		const finished = execution().processing.finished(freshRecord('2'));

		expect(await finished).toEqual(processedRecord('2'));
		// Whoever sent it gets the answer from the other one.
		expect(await first).toEqual(processedRecord('1'));
		expect(clock.time - START).toBeLessThan(20_000);
	});

	it('leaves a record that cannot be read to its own execution', async () => {
		const { execution } = start((sent) => {
			if (sent.path.endsWith('/1')) return reply(403);
			const records = idsOf(sent).filter((id) => id !== '1');
			return {
				patient_attachments: records.map((id) => doneAt(START + 5000)({ ...sent, path: `/${id}` })),
			};
		});
		const refused = rejection(execution().processing.finished(freshRecord('1')));
		const finished = ['2', '3'].map(
			async (id) => await execution().processing.finished(freshRecord(id)),
		);

		expect((await refused).httpCode).toBe(403);
		expect(await Promise.all(finished)).toEqual([processedRecord('2'), processedRecord('3')]);
	});

	describe('where lists omit the records', () => {
		const ids = Array.from({ length: 90 }, (_, at) => String(at + 1));

		/** Lists nothing before a time, in ms from the start; lets the test answer for single records. */
		const lagging = (until: number, single = doneAt(START + 20_000)) => {
			const started = start((sent) => {
				if (sent.path !== '/patient_attachments') return single(sent);
				return Date.now() < START + until
					? { patient_attachments: [] }
					: doneAt(START + 20_000)(sent);
			});
			/** The single reads between a list and the next one. */
			const singles = () => {
				const polls: string[][] = [];
				for (const sent of started.cliniko.sent) {
					if (sent.path === '/patient_attachments') polls.push([]);
					else polls.at(-1)!.push(...idsOf(sent));
				}
				return polls;
			};
			return { ...started, singles };
		};

		it('reads a few on their own each time, in turn', async () => {
			const { execution, singles } = lagging(Infinity);
			const finished = ids.map(
				async (id) => await execution().processing.finished(freshRecord(id)),
			);

			expect(await Promise.all(finished)).toEqual(ids.map((id) => processedRecord(id)));
			expect(Math.max(...singles().map((poll) => poll.length))).toBe(5);
			// None a second time before each had its turn.
			expect(new Set(singles().flat().slice(0, 90)).size).toBe(90);
		});

		it('lets none wait for ever because others are added', async () => {
			const { execution, clock, singles } = lagging(Infinity, doneAt(START + 240_000));
			const finished = Array.from({ length: 8 }, async (_, at) =>
				execution().processing.finished(freshRecord(`old${at}`)),
			);
			for (let round = 0; round < 24; round++) {
				await clock.pause(10_000);
				for (let at = 0; at < 6; at++) {
					finished.push(execution(20_000).processing.finished(freshRecord(`${round}.${at}`)));
				}
			}
			await Promise.allSettled(finished);

			const reads = singles().flat();
			for (let at = 0; at < 8; at++) {
				expect(reads.filter((id) => id === `old${at}`).length).toBeGreaterThan(2);
			}
		});

		it('holds up nothing once they are listed', async () => {
			const { execution, clock, singles } = lagging(30_000);
			const finished = ids.map(
				async (id) => await execution().processing.finished(freshRecord(id)),
			);

			expect(await Promise.all(finished)).toEqual(ids.map((id) => processedRecord(id)));
			expect(clock.time - START).toBeLessThan(50_000);
			expect(singles().flat().length).toBeLessThan(30);
		});

		it('says in time that one is missing', async () => {
			const { execution, clock } = lagging(Infinity, (sent) =>
				sent.path.endsWith('/45') ? reply(404) : doneAt(START + 600_000)(sent),
			);
			let toldAt = Infinity;
			const ends = await Promise.all(
				ids.map(async (id) => {
					const error = await rejection(execution().processing.finished(freshRecord(id)));
					if (error.httpCode === 404) toldAt = clock.time;
					return error.message;
				}),
			);

			expect(
				ends.filter((message) => message.includes('Attachment 45 was created, and')),
			).toHaveLength(1);
			expect(ends.filter((message) => message.includes('after 300 seconds'))).toHaveLength(89);
			expect(toldAt - START).toBeLessThan(250_000);
			expect(clock.time - START).toBeLessThan(310_000);
		});
	});

	it('fails for no other execution where it fails for one', async () => {
		const { execution } = start((sent, _, asking) =>
			asking === 0 ? reply(403) : doneAt(START + 5000)(sent),
		);
		const refused = rejection(execution().processing.finished(freshRecord('1')));
		const finished = execution().processing.finished(freshRecord('2'));

		expect((await refused).httpCode).toBe(403);
		expect(await finished).toEqual(processedRecord('2'));
	});

	it('goes on for the others where one stops', async () => {
		const { execution } = start(doneAt(START + 5000));
		const { processing } = execution();
		const stopped = processing.finished(freshRecord('1'));
		const finished = execution().processing.finished(freshRecord('2'));
		processing.stop();

		expect(await stopped).toEqual(freshRecord('1'));
		expect(await finished).toEqual(processedRecord('2'));
	});

	it('is waited for by each execution as long as that may take', async () => {
		const { execution, clock } = start(doneAt(START + 60_000));
		const short = rejection(execution(10_000).processing.finished(freshRecord('1')));
		const long = execution().processing.finished(freshRecord('2'));

		expect((await short).message).toContain('after 10 seconds');
		expect(clock.time - START).toBeLessThan(20_000);
		expect(await long).toEqual(processedRecord('2'));
	});

	it('gives a record that two executions wait for to both', async () => {
		const { execution } = start(doneAt(START + 5000));
		const finished = [execution(), execution()].map(
			async ({ processing }) => await processing.finished(freshRecord('1')),
		);

		expect(await Promise.all(finished)).toEqual([processedRecord('1'), processedRecord('1')]);
	});

	it('is not shared with another account', async () => {
		const one = start(doneAt(START));
		const finished = one.execution().processing.finished(freshRecord('1'));
		await finished;
		const other = start(doneAt(START));
		await other.execution().processing.finished(freshRecord('2'));

		expect(other.cliniko.sent.flatMap(idsOf)).toEqual(['2']);
	});
});
