import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { RecordCreation } from '../../../../nodes/Cliniko/upload/recordCreation.ts';
import { uploadFile, type Upload } from '../../../../nodes/Cliniko/upload/uploadFile.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/upload/uploadMemory.ts';
import { reply, uploadOf } from '../connection.cts';
import {
	keyOf,
	PatientRecords,
	randomFrom,
	URL_OF_POST,
	type Fate,
	type Kept,
} from '../patientRecords.cts';
import { Timeline } from '../timeline.cts';

const FATES: Fate[] = [
	'answered',
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
})(3);

/** All ways to take one of each. */
function product<T>(...lists: T[][]): T[][] {
	return lists.reduce<T[][]>(
		(all, list) => all.flatMap((head) => list.map((one) => [...head, one])),
		[[]],
	);
}

const DESCRIPTION = 'Referral';

/** Files for one patient that look the same in all that a record shows, or differ in it. */
const filesOf = (kind: 'alike' | 'different', count: number): Upload[] =>
	Array.from({ length: count }, (_, index) =>
		uploadOf(
			kind === 'alike'
				? { name: 'Referral.pdf', size: 1000 }
				: { name: `Referral ${index}.pdf`, size: 1000 + index },
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

/**
 * Creates the records of files at the same moment (or one after the other) with requests that meet
 * these fates, and waits for the end by a fake clock.
 */
async function run(
	uploads: Upload[],
	lives: Fate[][],
	seed: number,
	{
		refusesUsed = false,
		apart = 0,
		foreign,
	}: {
		refusesUsed?: boolean;
		/** The longest time between the beginnings, in ms. */
		apart?: number;
		/** Somebody else's record, which appears meanwhile. */
		foreign?: Partial<Kept>;
	} = {},
): Promise<Run> {
	const timeline = new Timeline().rule();
	const random = randomFrom(seed);
	const ahead = Math.floor((random() - 0.5) * 7_200_000);
	const memory = new UploadMemory({}, 0);
	const records = new PatientRecords(
		timeline,
		uploads,
		(file, nth) => lives[file]![nth - 1] ?? 'not created, 500',
		random,
		{
			refusesUsed,
			ahead,
			onPost: ({ identity }) => {
				// From the moment on which it may exist, a later try has to know.
				if (!('since' in (memory.recall(identity) ?? {}))) throw new Error('Not remembered');
			},
		},
	);
	const creation = new RecordCreation(records.connect(), timeline.pause, memory);
	const results = uploads.map(async (upload, file): Promise<Ended> => {
		if (apart > 0) await timeline.pause(Math.floor(random() * apart));
		// The reply that told Cliniko's clock had whole seconds only.
		const clockAhead = Math.floor((timeline.time + ahead) / 1000) * 1000 - timeline.time;
		try {
			const stored = { url: URL_OF_POST, key: keyOf(file), clockAhead };
			return { upload, record: await creation.create(upload, stored) };
		} catch (error) {
			return { upload, error: error as Error };
		}
	});
	if (foreign) {
		void timeline.pause(Math.floor(random() * 3000)).then(() => {
			records.keep({
				name: 'Invoice.pdf',
				size: 7,
				description: DESCRIPTION,
				patientId: '1',
				...foreign,
			});
		});
	}
	const ended = await timeline.run(Promise.all(results));
	return { ended, records, memory };
}

/** What must hold whatever happened. */
function faultsOf({ ended, records, memory }: Run): string[] {
	const faults: string[] = [];
	const ids = ended.flatMap(({ record }) => record?.id ?? []);
	if (new Set(ids).size !== ids.length) faults.push(`one record for two files: ${ids.join(', ')}`);
	for (const [file, { upload, record, error }] of ended.entries()) {
		const made = records.of(file).length;
		const remembered = memory.recall(upload.identity);
		if (made > 1) faults.push(`file ${file} was stored ${made} times`);
		if (record) {
			const kept = records.kept.find(({ id }) => id === record.id);
			if (made === 0) faults.push(`file ${file} is reported as stored and is not`);
			if (kept?.file === undefined) faults.push(`file ${file} got somebody else's record`);
			if (kept?.name !== upload.file.name || kept?.size !== upload.file.size) {
				faults.push(`file ${file} got a record of another name or size`);
			}
			if (JSON.stringify(remembered) !== JSON.stringify({ attachment: record.id })) {
				faults.push(`file ${file} is remembered as ${JSON.stringify(remembered)}`);
			}
		} else {
			if (!(error instanceof ClinikoError && error.message && error.description)) {
				faults.push(`file ${file} ended as ${String(error)}`);
			}
			// Forgotten without a record: the next try stores it. Forgotten with one: twice.
			if (made > 0 && !remembered) faults.push(`file ${file} is stored and forgotten`);
			if (remembered && !('since' in remembered))
				faults.push(`file ${file} is remembered as stored`);
		}
	}
	return faults;
}

/** Runs every combination, each in several orders of events, and tells which went wrong. */
async function table(
	kinds: Array<'alike' | 'different'>,
	combinations: Fate[][][],
	orders: number,
	options: Parameters<typeof run>[3] = {},
	more: (one: Run, lives: Fate[][], kind: string) => string[] = () => [],
): Promise<{ runs: number; wrong: string[] }> {
	const wrong: string[] = [];
	let runs = 0;
	for (const kind of kinds) {
		for (const lives of combinations) {
			for (let order = 0; order < orders; order++) {
				const seed = ++runs;
				const one = await run(filesOf(kind, lives.length), lives, seed, options);
				const faults = [...faultsOf(one), ...more(one, lives, kind)];
				if (faults.length > 0) {
					wrong.push(`${kind}, ${JSON.stringify(lives)}, seed ${seed}: ${faults.join('; ')}`);
				}
				jest.restoreAllMocks();
			}
		}
	}
	return { runs, wrong: wrong.slice(0, 10) };
}

/** How a file has to end that looks like no other one. */
function endOf(life: Fate[]): 'stored' | 'not stored' {
	return life.some((fate) => CREATING.includes(fate)) ? 'stored' : 'not stored';
}

/** Faults of files that look like no other: each of them ends as its own requests did. */
const exactly = ({ ended, memory }: Run, lives: Fate[][], kind: string): string[] =>
	ended.flatMap(({ upload, record }, file) => {
		const life = lives[file]!;
		if (kind === 'alike') return [];
		if ((record ? 'stored' : 'not stored') !== endOf(life))
			return [`file ${file} was not recognised`];
		// Where it was refused or never ran, the next try may begin anew. What Cliniko calls used up
		// after a try that may have run stays open.
		const remembered = memory.recall(upload.identity) !== undefined;
		const open = life.length > 1 && life.at(-1) === 'used up';
		return remembered === (record !== undefined || open) ? [] : [`file ${file}: memory is wrong`];
	});

/** Faults of files that look alike: where all were created at once, all are recognised. */
const countedRight = ({ ended, records }: Run, lives: Fate[][]): string[] => {
	const all = lives.every(([first]) => CREATING.includes(first!));
	const stored = ended.filter(({ record }) => record).length;
	return [
		...(all && stored < ended.length ? ['not all were recognised'] : []),
		...(stored > records.kept.length ? ['more are reported than there are'] : []),
	];
};

const both = (one: Run, lives: Fate[][], kind: string) => [
	...exactly(one, lives, kind),
	...countedRight(one, lives),
];

describe('The records of files whose creation is uncertain', () => {
	afterEach(() => jest.restoreAllMocks());

	it('come in 36 lives', () => {
		expect(LIVES).toHaveLength(36);
	});

	describe('are one for each file, whatever the fate of each request and whichever is over first', () => {
		const cases = (['alike', 'different'] as const).flatMap((kind) => [
			{ kind, begin: 'in the same moment', apart: 0 },
			{ kind, begin: 'within a minute', apart: 60_000 },
		]);

		it('of one file', async () => {
			const { runs, wrong } = await table(['different'], product(LIVES), 20, {}, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(36 * 20);
		});

		it.each(cases)('of two files that are $kind and begin $begin', async ({ kind, apart }) => {
			const { runs, wrong } = await table([kind], product(LIVES, LIVES), 1, { apart }, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(36 ** 2);
		});

		it.each(cases)('of three files that are $kind and begin $begin', async ({ kind, apart }) => {
			const lives = FATES.flatMap((fate) =>
				fate.startsWith('not')
					? [
							[fate, 'created, unanswered' as Fate],
							[fate, fate, fate],
						]
					: [[fate]],
			);
			const all = product(lives, lives, lives);
			const { runs, wrong } = await table([kind], all, 1, { apart }, both);

			expect(wrong).toEqual([]);
			expect(runs).toBe(8 ** 3);
		});
	});

	describe('are not taken from somebody else, whose file appears meanwhile', () => {
		const lives = FATES.map((fate) =>
			fate.startsWith('not') ? [fate, 'answered' as Fate] : [fate],
		);
		const pairs = product(lives, lives);

		it('with another name and size', async () => {
			const { runs, wrong } = await table(
				['alike', 'different'],
				pairs,
				6,
				{ foreign: {} },
				exactly,
			);

			expect(wrong).toEqual([]);
			expect(runs).toBe(36 * 6 * 2);
		});

		it.each([
			['that Cliniko never processes', { processed: Infinity }],
			['that has the size of ours', { size: 1000 }],
			['that has the name of ours', { name: 'Referral.pdf' }],
		])('%s', async (_, foreign) => {
			const { wrong } = await table(['alike', 'different'], pairs, 6, { foreign });

			expect(wrong).toEqual([]);
		});
	});

	describe('that Cliniko may create long after it broke off', () => {
		const lives: Fate[][] = [
			['answered'],
			['created late, unanswered', 'answered'],
			['created late, unanswered', 'created late, unanswered', 'created late, unanswered'],
			['not created, unanswered', 'created late, unanswered', 'answered'],
			['not created, 500', 'created, unanswered'],
		];
		const options = { refusesUsed: true };

		it('are one for each file that looks like no other', async () => {
			const { wrong } = await table(['different'], product(lives, lives), 10, options);

			expect(wrong).toEqual([]);
		});

		it('are as many as files that look alike, at least', async () => {
			// Which of them is whose cannot be seen, so one may be reported in the place of another.
			const wrong: string[] = [];
			for (const [index, pair] of product(lives, lives).entries()) {
				for (let order = 0; order < 10; order++) {
					const one = await run(filesOf('alike', 2), pair, index * 10 + order, options);
					const faults = [
						...faultsOf(one).filter(
							(fault) => !/reported as stored|stored and forgotten/.test(fault),
						),
						...countedRight(one, pair),
					];
					if (faults.length > 0) wrong.push(`${JSON.stringify(pair)}: ${faults.join('; ')}`);
					jest.restoreAllMocks();
				}
			}

			expect(wrong).toEqual([]);
		});
	});

	describe('after the node was stopped at any moment and run again', () => {
		/** One try of the whole upload of each file, which the memory of the earlier ones guides. */
		async function attempt(
			uploads: Upload[],
			records: PatientRecords,
			context: IDataObject,
			timeline: Timeline,
			random: () => number,
			/** How long it lasts at most, in ms. */
			life: number,
		): Promise<Ended[]> {
			const end = timeline.time + life;
			const assertNotCancelled = () => {
				if (timeline.time >= end) throw new ClinikoError('The execution was canceled.', 'Stop.');
			};
			const pause = async (ms: number) => {
				assertNotCancelled();
				await timeline.pause(Math.max(Math.min(ms, end - timeline.time), 0));
				assertNotCancelled();
			};
			const api = records.connect({ pause, assertNotCancelled });
			const memory = new UploadMemory(context, 0);
			const creation = new RecordCreation(api, pause, memory);
			for (const one of uploads) creation.resume(one);
			const sendToS3 = async ({ body }: IHttpRequestOptions) => {
				assertNotCancelled();
				await timeline.pause(Math.floor(random() * 3000));
				const [, file] = /content of file (\d)/.exec(String(body))!;
				return reply(201, `<PostResponse><Key>${keyOf(Number(file))}</Key></PostResponse>`);
			};
			const tools = { api, sendToS3, pause, memory, creation };
			return await timeline.run(
				Promise.all(
					uploads.map(async (upload): Promise<Ended> => {
						try {
							return { upload, record: await uploadFile(tools, upload) };
						} catch (error) {
							return { upload, error: error as Error };
						}
					}),
				),
			);
		}

		/** Every fate of the requests of two files, and a stop at some moment; then it runs again. */
		const stoppedRuns = async (kind: 'alike' | 'different', orders: number) => {
			const wrong: string[] = [];
			let runs = 0;
			let openInBetween = 0;
			const fates = FATES.filter((fate) => fate !== 'used up');
			for (const pair of product(fates, fates)) {
				for (let order = 0; order < orders; order++) {
					const seed = ++runs;
					const random = randomFrom(seed);
					const timeline = new Timeline().rule();
					const uploads = filesOf(kind, 2);
					for (const [file, { file: source }] of uploads.entries()) {
						source.open = async () => await Promise.resolve(Buffer.from(`content of file ${file}`));
					}
					const ahead = Math.floor((random() - 0.5) * 7_200_000);
					const records = new PatientRecords(timeline, uploads, (file) => pair[file]!, random, {
						ahead,
					});
					const context: IDataObject = {};
					const life = Math.floor(random() * (order % 2 === 0 ? 6000 : 60_000));
					await attempt(uploads, records, context, timeline, random, life);
					openInBetween += JSON.stringify(context).split('since').length - 1;

					records.fate = () => 'answered';
					// As it comes back from n8n's database.
					const again = JSON.parse(JSON.stringify(context)) as IDataObject;
					const ended = await attempt(uploads, records, again, timeline, random, Infinity);
					const memory = new UploadMemory(again, 0);
					const faults = [
						...faultsOf({ ended, records, memory }),
						...(kind === 'different' && ended.some(({ record }) => !record) ? ['not stored'] : []),
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

		it.each(['alike', 'different'] as const)(
			'are one for each of two files that are %s',
			async (kind) => {
				const { runs, wrong, openInBetween } = await stoppedRuns(kind, 20);

				expect(wrong).toEqual([]);
				expect(runs).toBe(25 * 20);
				expect(openInBetween).toBeGreaterThan(100);
			},
		);
	});
});
