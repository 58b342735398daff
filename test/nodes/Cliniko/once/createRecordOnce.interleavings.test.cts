import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { RecordCreator } from '../../../../nodes/Cliniko/once/createRecordOnce.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { Limiter } from '../../../../nodes/Cliniko/transport/limiter.ts';
import { AlreadyUploaded } from '../../../../nodes/Cliniko/upload/alreadyUploaded.ts';
import { Processing } from '../../../../nodes/Cliniko/upload/processing.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/upload.ts';
import { uploadFile } from '../../../../nodes/Cliniko/upload/uploadFile.ts';
import { Clock } from '../clock.cts';
import { digestOf, reply, uploadOf } from '../connection.cts';
import {
	creationOf,
	keyOf,
	OTHER_USER,
	PatientRecords,
	type Kept,
	type Outcome,
} from '../patientRecords.cts';
import { randomOf } from '../random.cts';

/** Maximum attempts to create a record. */
const TRIES = 2;

const OUTCOMES: Outcome[] = [
	'answered',
	'created, unreadable',
	'created, location',
	'created, unanswered',
	'not created, unanswered',
	'created, 500',
	'not created, 500',
	'used up',
];

const CREATING = OUTCOMES.filter((outcome) => /^(answered|created)/.test(outcome));

/** Every possible sequence of outcomes of one file's requests. */
const SEQUENCES: Outcome[][] = (function sequences(tries: number): Outcome[][] {
	return OUTCOMES.flatMap((outcome) =>
		outcome.startsWith('not') && tries > 1
			? sequences(tries - 1).map((later) => [outcome, ...later])
			: [[outcome]],
	);
})(TRIES);

/** The Cartesian product. */
function product<T>(...lists: T[][]): T[][] {
	return lists.reduce<T[][]>(
		(all, list) => all.flatMap((head) => list.map((one) => [...head, one])),
		[[]],
	);
}

const DESCRIPTION = 'Referral of Monday';

/**
 * Files for one patient: different names and sizes, only different bytes, or the same file more than
 * once.
 */
type Kind = 'different' | 'alike' | 'equal';

const filesOf = (kind: Kind, count: number): Upload[] =>
	Array.from({ length: count }, (_, index) =>
		uploadOf(
			{
				name: kind === 'different' ? `Referral ${index}.pdf` : 'Referral.pdf',
				size: kind === 'different' ? 1000 + index : 1000,
				source: kind === 'equal' ? 'the file' : `file ${index}`,
			},
			{ itemIndex: index, description: DESCRIPTION, identity: `identity ${index}` },
		),
	);

interface Ended {
	upload: Upload;
	record?: PatientAttachment;
	error?: Error;
}

interface Run {
	ended: Ended[];
	records: PatientRecords;
	memory: UploadMemory;
}

interface RunOptions {
	/** Whether a file in S3 can be used for only one record. */
	refusesUsed?: boolean;
	/** Maximum delay before a file starts, in ms. */
	apart?: number;
	/** A record by somebody else that appears in the meantime. */
	foreign?: Partial<Kept>;
	lag?: number;
	changesText?: boolean;
	contentReadable?: boolean;
}

/**
 * Creates the records of several files concurrently, with these outcomes of their requests.
 */
async function run(
	uploads: Upload[],
	sequences: Outcome[][],
	seed: number,
	{ apart = 0, foreign, ...more }: RunOptions = {},
): Promise<Run> {
	const clock = new Clock();
	const random = randomOf(seed);
	const ahead = Math.floor((random() - 0.5) * 7_200_000);
	const memory = new UploadMemory({}, 0);
	const records = new PatientRecords(
		clock,
		uploads,
		(file, nth) => sequences[file]![nth - 1] ?? 'not created, 500',
		random,
		{
			...more,
			ahead,
			onPost: ({ identity }) => {
				// It may exist from now on, so a later attempt must know about it.
				if (!('since' in (memory.recall(identity) ?? {}))) throw new Error('Not remembered');
			},
		},
	);
	const api = records.connect();
	const creation = new RecordCreator(records.search(api), memory);
	const results = uploads.map(async (upload, file): Promise<Ended> => {
		if (apart > 0) await clock.pause(Math.floor(random() * apart));
		// Cliniko's Date header has whole seconds.
		const now = Math.floor((clock.time + ahead) / 1000) * 1000;
		try {
			return {
				upload,
				record: await creation.createOnce(upload, now, creationOf(api, upload, file)),
			};
		} catch (error) {
			return { upload, error: error as Error };
		}
	});
	if (foreign) {
		void clock.pause(Math.floor(random() * 3000)).then(() => {
			records.keep({
				name: 'Invoice.pdf',
				size: 7,
				description: DESCRIPTION,
				patientId: '1',
				...foreign,
			});
		});
	}
	const ended = await Promise.all(results);
	return { ended, records, memory };
}

/** Violations of the invariants that hold in every run. */
async function faultsOf({ ended, records, memory }: Run): Promise<string[]> {
	const faults: string[] = [];
	const ids = ended.flatMap(({ record }) => record?.id ?? []);
	if (new Set(ids).size !== ids.length) faults.push(`one record for two files: ${ids.join(', ')}`);
	for (const [file, { upload, record, error }] of ended.entries()) {
		const digest = await upload.file.digest();
		// Two uploads of the same file may swap records.
		const made = records.kept.filter((kept) => kept.digest === digest);
		const same = ended.filter((other) => other.upload.file.source === upload.file.source);
		const remembered = memory.recall(upload.identity);
		if (made.length > same.length) faults.push(`file ${file} was stored ${made.length} times`);
		if (record) {
			const kept = records.kept.find(({ id }) => id === record.id);
			if (kept?.digest !== digest) faults.push(`file ${file} got a record with other bytes`);
			if (same.length === 1 && kept?.file !== file)
				faults.push(`file ${file} got another's record`);
			if (JSON.stringify(remembered) !== JSON.stringify({ attachment: record.id })) {
				faults.push(`file ${file} is remembered as ${JSON.stringify(remembered)}`);
			}
		} else {
			if (!(error instanceof ClinikoError && error.message && error.description)) {
				faults.push(`file ${file} ended as ${String(error)}`);
			}
			// Forgotten although there is a record, the file would be stored twice.
			const free = made.filter(({ id }) => !ids.includes(id)).length;
			const open = same.filter((one) => !one.record && memory.recall(one.upload.identity)).length;
			if (free > open) faults.push(`file ${file} is stored and forgotten`);
			if (remembered && !('since' in remembered)) {
				faults.push(`file ${file} is remembered as stored`);
			}
		}
	}
	return faults;
}

/** Runs every combination with several seeds, and returns those that went wrong. */
async function table(
	kinds: Kind[],
	combinations: Outcome[][][],
	orders: number,
	options: RunOptions = {},
	more: (one: Run, sequences: Outcome[][], kind: Kind) => string[] = () => [],
): Promise<{ runs: number; wrong: string[] }> {
	const wrong: string[] = [];
	let runs = 0;
	for (const kind of kinds) {
		for (const sequences of combinations) {
			for (let order = 0; order < orders; order++) {
				const seed = ++runs;
				const one = await run(filesOf(kind, sequences.length), sequences, seed, options);
				const faults = [...(await faultsOf(one)), ...more(one, sequences, kind)];
				if (faults.length > 0) {
					wrong.push(`${kind}, ${JSON.stringify(sequences)}, seed ${seed}: ${faults.join('; ')}`);
				}
				jest.restoreAllMocks();
			}
		}
	}
	return { runs, wrong: wrong.slice(0, 10) };
}

/** For files with distinct bytes: each ends as its own requests did. */
const exactly = ({ ended, memory }: Run, sequences: Outcome[][], kind: Kind): string[] =>
	ended.flatMap(({ upload, record }, file) => {
		if (kind === 'equal') return [];
		const sequence = sequences[file]!;
		const isCreated = sequence.some(
			(outcome) => outcome.startsWith('created') || outcome === 'answered',
		);
		if ((record !== undefined) !== isCreated) return [`file ${file} was not recognised`];
		// After a refusal, or where nothing ran, the next attempt may start afresh. "Used up" after an
		// attempt that may have run leaves the outcome open.
		const remembered = memory.recall(upload.identity) !== undefined;
		const open = sequence.length > 1 && sequence.at(-1) === 'used up';
		return remembered === (record !== undefined || open) ? [] : [`file ${file}: memory is wrong`];
	});

/** For any files: where the first request of each creates the record, all are recognised. */
const allFound = ({ ended }: Run, sequences: Outcome[][]): string[] => {
	const all = sequences.every(([first]) => CREATING.includes(first!));
	return all && ended.some(({ record }) => !record) ? ['not all were recognised'] : [];
};

const both = (one: Run, sequences: Outcome[][], kind: Kind) => [
	...exactly(one, sequences, kind),
	...allFound(one, sequences),
];

const KINDS: Kind[] = ['different', 'alike', 'equal'];

describe('The records of files whose creation is uncertain', () => {
	afterEach(() => jest.restoreAllMocks());

	it('come in 22 sequences of outcomes', () => {
		expect(SEQUENCES).toHaveLength(22);
	});

	describe('are one for each file, whatever the outcome of each request and whichever ends first', () => {
		const cases = KINDS.flatMap((kind) => [
			{ kind, begin: 'in the same moment', apart: 0 },
			{ kind, begin: 'within a minute', apart: 60_000 },
		]);

		it('of one file', async () => {
			const { runs, wrong } = await table(['different'], product(SEQUENCES), 20, {}, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(22 * 20);
		});

		it.each(cases)('of two files that are $kind and begin $begin', async ({ kind, apart }) => {
			const { runs, wrong } = await table(
				[kind],
				product(SEQUENCES, SEQUENCES),
				1,
				{ apart },
				both,
			);

			expect(wrong).toEqual([]);
			expect(runs).toBe(22 ** 2);
		});

		it.each(cases)('of three files that are $kind and begin $begin', async ({ kind, apart }) => {
			const sequences = OUTCOMES.flatMap((outcome) =>
				outcome.startsWith('not')
					? [
							[outcome, 'created, unanswered' as Outcome],
							[outcome, outcome],
						]
					: [[outcome]],
			);
			const all = product(sequences, sequences, sequences);
			const { runs, wrong } = await table([kind], all, 1, { apart }, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(10 ** 3);
		});
	});

	/** Each outcome once, followed by an answer if nothing was created. */
	const oncePer = OUTCOMES.map((outcome) =>
		outcome.startsWith('not') ? [outcome, 'answered' as Outcome] : [outcome],
	);
	const pairs = product(oncePer, oncePer);

	describe('are one for each file by a Cliniko that', () => {
		it.each<[string, RunOptions]>([
			['shows a record in its list up to 50 seconds late', { lag: 50_000 }],
			['changes names and descriptions and dates records some seconds back', { changesText: true }],
			[
				'does all of that and takes a file in S3 once only',
				{ lag: 50_000, changesText: true, refusesUsed: true },
			],
		])('%s', async (_, options) => {
			const { runs, wrong } = await table(KINDS, pairs, 2, options, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(64 * 2 * 3);
		});

		it('does not allow downloads: an unknown outcome is an error', async () => {
			const options = { contentReadable: false };
			const { wrong } = await table(KINDS, pairs, 2, options, ({ ended, memory }, sequences) =>
				ended.flatMap(({ record, error, upload }, file) => {
					const [first] = sequences[file]!;
					// The reply identifies the record.
					if (/^answered|location$/.test(first!)) return record ? [] : [`file ${file} failed`];
					if (!first!.startsWith('created')) return [];
					if (record) return [`file ${file} was guessed`];
					const { message, description } = error as ClinikoError;
					return /not known whether/.test(message) &&
						/Look at the patient/.test(description!) &&
						memory.recall(upload.identity)
						? []
						: [`file ${file} is not honest: ${message}`];
				}),
			);

			expect(wrong).toEqual([]);
		});
	});

	describe('are not taken from somebody else, whose file appears in the meantime', () => {
		const bytes = digestOf('of somebody else');

		it.each<[string, Partial<Kept>]>([
			['with another name and size', {}],
			['with our name and size and other bytes', { name: 'Referral.pdf', size: 1000 }],
			['of another user, with our name', { name: 'Referral.pdf', userId: OTHER_USER }],
			['of another user, never processed', { processed: Infinity, userId: OTHER_USER }],
		])('%s', async (_, foreign) => {
			const options = { foreign: { digest: bytes, ...foreign } };
			const { runs, wrong } = await table(['different', 'alike'], pairs, 2, options, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(64 * 2 * 2);
		});

		it.each<[string, Partial<Kept>]>([
			['that Cliniko never processes', { processed: Infinity }],
			['that has our name and another size', { name: 'Referral.pdf' }],
		])('%s: then there may be no answer', async (_, foreign) => {
			const { wrong } = await table(KINDS, pairs, 2, { foreign: { digest: bytes, ...foreign } });

			expect(wrong).toEqual([]);
		});

		it('even if the files cannot be downloaded', async () => {
			const options = {
				contentReadable: false,
				foreign: { name: 'Referral.pdf', size: 1000, digest: bytes },
			};
			const { wrong } = await table(KINDS, pairs, 2, options);

			expect(wrong).toEqual([]);
		});
	});

	it('are one for each file when Cliniko creates them up to a minute after it was interrupted', async () => {
		const sequences: Outcome[][] = [
			['answered'],
			['created late, unanswered'],
			['not created, unanswered', 'created late, unanswered'],
			['not created, 500', 'created, unanswered'],
		];
		const { wrong } = await table(KINDS, product(sequences, sequences), 10, {}, exactly);

		expect(wrong).toEqual([]);
	});

	describe('after the node was stopped at any moment and run again', () => {
		/** One attempt to upload every file, with the memory of the earlier ones. */
		async function attempt(
			uploads: Upload[],
			records: PatientRecords,
			context: IDataObject,
			clock: Clock,
			random: () => number,
			/** When it is cancelled, in ms from its start. */
			life: number,
		): Promise<Ended[]> {
			const end = clock.time + life;
			const assertNotCancelled = () => {
				if (clock.time >= end) throw new ClinikoError('The execution was canceled.', 'Stop.');
			};
			const pause = async (ms: number) => {
				assertNotCancelled();
				await clock.pause(Math.max(Math.min(ms, end - clock.time), 0));
				assertNotCancelled();
			};
			const api = records.connect({ pause, assertNotCancelled });
			const memory = new UploadMemory(context, 0);
			const search = records.search(api, pause);
			const creation = new RecordCreator(search, memory);
			const alreadyUploaded = new AlreadyUploaded({
				...search,
				digestOf: async (record) => {
					const sha256 = await search.digestOf(record);
					return sha256 === undefined ? { unavailable: 'forbidden' } : { sha256 };
				},
			});
			const sendToS3 = async ({ body }: IHttpRequestOptions) => {
				assertNotCancelled();
				await clock.pause(Math.floor(random() * 3000));
				const [, file] = /content of file (\d)/.exec(String(body))!;
				return reply(201, `<PostResponse><Key>${keyOf(Number(file))}</Key></PostResponse>`);
			};
			const tools = {
				api,
				sendToS3,
				pause,
				limiter: new Limiter(Infinity),
				streamWeight: 1,
				memory,
				recordCreator: creation,
				alreadyUploaded,
				processing: new Processing(api, pause, 0, 'continue'),
				linkToCase: async () => await Promise.reject(new Error('not to be linked')),
			};
			return await Promise.all(
				uploads.map(async (upload): Promise<Ended> => {
					try {
						return { upload, record: await uploadFile(tools, upload) };
					} catch (error) {
						return { upload, error: error as Error };
					}
				}),
			);
		}

		/** Every pair of outcomes for two files, stopped at a random time and then run again. */
		const stoppedRuns = async (kind: Kind, orders: number) => {
			const wrong: string[] = [];
			let runs = 0;
			let openInBetween = 0;
			const outcomes = OUTCOMES.filter((outcome) => outcome !== 'used up');
			for (const pair of product(outcomes, outcomes)) {
				for (let order = 0; order < orders; order++) {
					const seed = ++runs;
					const random = randomOf(seed);
					const clock = new Clock();
					const uploads = filesOf(kind, 2);
					for (const [file, { file: source }] of uploads.entries()) {
						source.open = async () => await Promise.resolve(Buffer.from(`content of file ${file}`));
					}
					const ahead = Math.floor((random() - 0.5) * 7_200_000);
					const records = new PatientRecords(clock, uploads, (file) => pair[file]!, random, {
						ahead,
					});
					const context: IDataObject = {};
					const life = Math.floor(random() * (order % 2 === 0 ? 6000 : 60_000));
					await attempt(uploads, records, context, clock, random, life);
					openInBetween += JSON.stringify(context).split('since').length - 1;

					records.outcome = () => 'answered';
					// As it comes back from n8n's database.
					const again = JSON.parse(JSON.stringify(context)) as IDataObject;
					const ended = await attempt(uploads, records, again, clock, random, Infinity);
					const memory = new UploadMemory(again, 0);
					const faults = [
						...(await faultsOf({ ended, records, memory })),
						...(kind !== 'equal' && ended.some(({ record }) => !record) ? ['not stored'] : []),
					];
					if (faults.length > 0) {
						wrong.push(
							`${JSON.stringify(pair)}, seed ${seed}, stopped after ${life}: ${faults.join('; ')}`,
						);
					}
					jest.restoreAllMocks();
				}
			}
			return { runs, wrong: wrong.slice(0, 10), openInBetween };
		};

		it.each(KINDS)('are one for each of two files that are %s', async (kind) => {
			const { runs, wrong, openInBetween } = await stoppedRuns(kind, 8);

			expect(wrong).toEqual([]);
			expect(runs).toBe(49 * 8);
			expect(openInBetween).toBeGreaterThan(100);
		});
	});
});
