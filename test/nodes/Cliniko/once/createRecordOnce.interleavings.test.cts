import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { RecordCreator } from '../../../../nodes/Cliniko/once/createRecordOnce.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { AlreadyUploaded } from '../../../../nodes/Cliniko/upload/alreadyUploaded.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/upload.ts';
import { Limiter } from '../../../../nodes/Cliniko/transport/limiter.ts';
import { Processing } from '../../../../nodes/Cliniko/upload/processing.ts';
import { uploadFile } from '../../../../nodes/Cliniko/upload/uploadFile.ts';
import { digestOf, reply, uploadOf } from '../connection.cts';
import {
	creationOf,
	keyOf,
	OTHER_USER,
	PatientRecords,
	randomFrom,
	type Fate,
	type Kept,
} from '../patientRecords.cts';
import { Clock } from '../clock.cts';

/** How often a creation is asked for at most. */
const TRIES = 2;

const FATES: Fate[] = [
	'answered',
	'created, unreadable',
	'created, location',
	'created, unanswered',
	'not created, unanswered',
	'created, 500',
	'not created, 500',
	'used up',
];

const CREATING = FATES.filter((fate) => /^(answered|created)/.test(fate));

/** What may become of one file's requests until there is no reason for another one. */
const LIVES: Fate[][] = (function lives(tries: number): Fate[][] {
	return FATES.flatMap((fate) =>
		fate.startsWith('not') && tries > 1
			? lives(tries - 1).map((later) => [fate, ...later])
			: [[fate]],
	);
})(TRIES);

/** All ways to take one of each. */
function product<T>(...lists: T[][]): T[][] {
	return lists.reduce<T[][]>(
		(all, list) => all.flatMap((head) => list.map((one) => [...head, one])),
		[[]],
	);
}

const DESCRIPTION = 'Referral of Monday';

/**
 * Files for one patient: with different names and sizes, with different bytes only, or the same file
 * more than once.
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
	/** Whether one file in S3 can become one record only. */
	refusesUsed?: boolean;
	/** The longest time between the beginnings, in ms. */
	apart?: number;
	/** Another record, which appears meanwhile. */
	foreign?: Partial<Kept>;
	lag?: number;
	changesText?: boolean;
	contentReadable?: boolean;
}

/**
 * Creates the records of files at the same moment (or one after the other) with requests that meet
 * these fates, and waits for the end by a fake clock.
 */
async function run(
	uploads: Upload[],
	lives: Fate[][],
	seed: number,
	{ apart = 0, foreign, ...more }: RunOptions = {},
): Promise<Run> {
	const clock = new Clock();
	const random = randomFrom(seed);
	const ahead = Math.floor((random() - 0.5) * 7_200_000);
	const memory = new UploadMemory({}, 0);
	const records = new PatientRecords(
		clock,
		uploads,
		(file, nth) => lives[file]![nth - 1] ?? 'not created, 500',
		random,
		{
			...more,
			ahead,
			onPost: ({ identity }) => {
				// From the moment on which it may exist, a later try has to know.
				if (!('since' in (memory.recall(identity) ?? {}))) throw new Error('Not remembered');
			},
		},
	);
	const api = records.connect();
	const creation = new RecordCreator(records.search(api), memory);
	const results = uploads.map(async (upload, file): Promise<Ended> => {
		if (apart > 0) await clock.pause(Math.floor(random() * apart));
		// The reply that told Cliniko's clock had whole seconds only.
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

/** What must hold whatever happened. */
async function faultsOf({ ended, records, memory }: Run): Promise<string[]> {
	const faults: string[] = [];
	const ids = ended.flatMap(({ record }) => record?.id ?? []);
	if (new Set(ids).size !== ids.length) faults.push(`one record for two files: ${ids.join(', ')}`);
	for (const [file, { upload, record, error }] of ended.entries()) {
		const digest = await upload.file.digest();
		// Of the same file, two uploads may have each other's record.
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
			// Forgotten without a record: the next try stores it. Forgotten with one: twice.
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

/** Runs every combination, each in several orders of events, and tells which went wrong. */
async function table(
	kinds: Kind[],
	combinations: Fate[][][],
	orders: number,
	options: RunOptions = {},
	more: (one: Run, lives: Fate[][], kind: Kind) => string[] = () => [],
): Promise<{ runs: number; wrong: string[] }> {
	const wrong: string[] = [];
	let runs = 0;
	for (const kind of kinds) {
		for (const lives of combinations) {
			for (let order = 0; order < orders; order++) {
				const seed = ++runs;
				const one = await run(filesOf(kind, lives.length), lives, seed, options);
				const faults = [...(await faultsOf(one)), ...more(one, lives, kind)];
				if (faults.length > 0) {
					wrong.push(`${kind}, ${JSON.stringify(lives)}, seed ${seed}: ${faults.join('; ')}`);
				}
				jest.restoreAllMocks();
			}
		}
	}
	return { runs, wrong: wrong.slice(0, 10) };
}

/** Faults of files whose bytes are their own: each of them ends as its own requests did. */
const exactly = ({ ended, memory }: Run, lives: Fate[][], kind: Kind): string[] =>
	ended.flatMap(({ upload, record }, file) => {
		if (kind === 'equal') return [];
		const life = lives[file]!;
		const isCreated = life.some((fate) => fate.startsWith('created') || fate === 'answered');
		if ((record !== undefined) !== isCreated) return [`file ${file} was not recognised`];
		// Where it was refused or never ran, the next try may begin anew. What Cliniko calls used up
		// after a try that may have run stays open.
		const remembered = memory.recall(upload.identity) !== undefined;
		const open = life.length > 1 && life.at(-1) === 'used up';
		return remembered === (record !== undefined || open) ? [] : [`file ${file}: memory is wrong`];
	});

/** Faults of any files: where all are created at the first request, all are recognised. */
const allFound = ({ ended }: Run, lives: Fate[][]): string[] => {
	const all = lives.every(([first]) => CREATING.includes(first!));
	return all && ended.some(({ record }) => !record) ? ['not all were recognised'] : [];
};

const both = (one: Run, lives: Fate[][], kind: Kind) => [
	...exactly(one, lives, kind),
	...allFound(one, lives),
];

const KINDS: Kind[] = ['different', 'alike', 'equal'];

describe('The records of files whose creation is uncertain', () => {
	afterEach(() => jest.restoreAllMocks());

	it('come in 22 lives', () => {
		expect(LIVES).toHaveLength(22);
	});

	describe('are one for each file, whatever the fate of each request and whichever is over first', () => {
		const cases = KINDS.flatMap((kind) => [
			{ kind, begin: 'in the same moment', apart: 0 },
			{ kind, begin: 'within a minute', apart: 60_000 },
		]);

		it('of one file', async () => {
			const { runs, wrong } = await table(['different'], product(LIVES), 20, {}, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(22 * 20);
		});

		it.each(cases)('of two files that are $kind and begin $begin', async ({ kind, apart }) => {
			const { runs, wrong } = await table([kind], product(LIVES, LIVES), 1, { apart }, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(22 ** 2);
		});

		it.each(cases)('of three files that are $kind and begin $begin', async ({ kind, apart }) => {
			const lives = FATES.flatMap((fate) =>
				fate.startsWith('not')
					? [
							[fate, 'created, unanswered' as Fate],
							[fate, fate],
						]
					: [[fate]],
			);
			const all = product(lives, lives, lives);
			const { runs, wrong } = await table([kind], all, 1, { apart }, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(10 ** 3);
		});
	});

	/** Each fate once, and then an answer where there is none. */
	const oncePer = FATES.map((fate) =>
		fate.startsWith('not') ? [fate, 'answered' as Fate] : [fate],
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

		it('lets nobody download the files: what cannot be told is an error', async () => {
			const options = { contentReadable: false };
			const { wrong } = await table(KINDS, pairs, 2, options, ({ ended, memory }, lives) =>
				ended.flatMap(({ record, error, upload }, file) => {
					const [first] = lives[file]!;
					// The reply to a creation says whose the record is.
					if (/^answered|location$/.test(first!)) return record ? [] : [`file ${file} failed`];
					if (!first!.startsWith('created')) return [];
					if (record) return [`file ${file} was guessed`];
					const { message, description } = error as ClinikoError;
					return /cannot be told/.test(message) &&
						/Look at the patient/.test(description!) &&
						memory.recall(upload.identity)
						? []
						: [`file ${file} is not honest: ${message}`];
				}),
			);

			expect(wrong).toEqual([]);
		});
	});

	describe('are not taken from somebody else, whose file appears meanwhile', () => {
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
		])('%s: then it may not be told', async (_, foreign) => {
			const { wrong } = await table(KINDS, pairs, 2, { foreign: { digest: bytes, ...foreign } });

			expect(wrong).toEqual([]);
		});

		it('though nobody can download the files', async () => {
			const options = {
				contentReadable: false,
				foreign: { name: 'Referral.pdf', size: 1000, digest: bytes },
			};
			const { wrong } = await table(KINDS, pairs, 2, options);

			expect(wrong).toEqual([]);
		});
	});

	it('are one for each file where Cliniko creates them up to a minute after it broke off', async () => {
		const lives: Fate[][] = [
			['answered'],
			['created late, unanswered'],
			['not created, unanswered', 'created late, unanswered'],
			['not created, 500', 'created, unanswered'],
		];
		const { wrong } = await table(KINDS, product(lives, lives), 10, {}, exactly);

		expect(wrong).toEqual([]);
	});

	describe('after the node was stopped at any moment and run again', () => {
		/** One try of the whole upload of each file, which the memory of the earlier ones guides. */
		async function attempt(
			uploads: Upload[],
			records: PatientRecords,
			context: IDataObject,
			clock: Clock,
			random: () => number,
			/** How long it lasts at most, in ms. */
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
				memory,
				recordCreator: creation,
				alreadyUploaded,
				processing: new Processing(api, pause, 0, 'continue'),
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

		/** Every fate of the requests of two files, and a stop at some moment; then it runs again. */
		const stoppedRuns = async (kind: Kind, orders: number) => {
			const wrong: string[] = [];
			let runs = 0;
			let openInBetween = 0;
			const fates = FATES.filter((fate) => fate !== 'used up');
			for (const pair of product(fates, fates)) {
				for (let order = 0; order < orders; order++) {
					const seed = ++runs;
					const random = randomFrom(seed);
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

					records.fate = () => 'answered';
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
