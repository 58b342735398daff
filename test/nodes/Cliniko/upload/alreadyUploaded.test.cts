import type { IDataObject } from 'n8n-workflow';

import type { ContentDigest } from '../../../../nodes/Cliniko/download/contentDigest.ts';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { AlreadyUploaded } from '../../../../nodes/Cliniko/upload/alreadyUploaded.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/upload.ts';
import { Clock } from '../clock.cts';
import {
	digestOf,
	FakeCliniko,
	freshRecord,
	processedRecord as recordOf,
	rejection,
	reply,
	uploadOf,
	type Answer,
	type Sent,
} from '../connection.cts';

const START = Date.parse('2026-03-02T09:00:00Z');

const LIST = 'GET /patient_attachments';

/** The cache lasts for the whole process, so each test has its own patient. */
let patients = 0;
let PATIENT: string;
beforeEach(() => (PATIENT = String(++patients)));

const processedRecord = (id: string, name = 'Referral.pdf', size = 1000, patientId = PATIENT) =>
	recordOf(id, name, size, patientId);
afterEach(() => jest.restoreAllMocks());

const uploadNamed = (
	name = 'Referral.pdf',
	{ size = 1000, source = 'our bytes', patientId = PATIENT } = {},
): Upload => uploadOf({ name, size, source }, { patientId, skipIfThere: true });

const FORBIDDEN: ContentDigest = { unavailable: 'forbidden' };
const FAULT: ContentDigest = { unavailable: 'fault' };

/**
 * A Cliniko with `records`, whose files have these bytes, by id; others cannot be opened. And one
 * execution.
 */
const execution = (
	records: IDataObject[],
	contents: Record<string, string | ContentDigest> = {},
	answer: (sent: Sent) => Answer | undefined = () => undefined,
) => {
	const cliniko = new FakeCliniko(
		(sent) => answer(sent) ?? ({ patient_attachments: records } as Answer),
	);
	const compared: string[] = [];
	const already = new AlreadyUploaded({
		api: cliniko.api,
		pause: cliniko.clock.pause,
		digestOf: async ({ id }: PatientAttachment) => {
			compared.push(id);
			const content = contents[id] ?? FORBIDDEN;
			return await Promise.resolve(
				typeof content === 'string' ? { sha256: digestOf(content) } : content,
			);
		},
	});
	const find = async (upload = uploadNamed()) => (await already.find(upload))?.id;
	return { cliniko, already, compared, find };
};

const OURS = 'our bytes';

describe('A file that may be on the record already', () => {
	it('is found by its name, size and bytes', async () => {
		const { cliniko, compared, find } = execution(
			[processedRecord('1', 'Other.pdf'), processedRecord('2'), processedRecord('3')],
			{ 2: 'other bytes', 3: OURS },
		);

		expect(await find()).toBe('3');
		expect(compared).toEqual(['2', '3']);
		expect(cliniko.sent.map(({ path, filters }) => [path, ...filters])).toEqual([
			['/patient_attachments', `patient_id:=${PATIENT}`],
		]);
	});

	it.each([
		['has other letters', 'Referral.pdf', 'referral.PDF'],
		['has other marks', 'scan 1.pdf', 'scan_1.pdf'],
		['is written in another form', 'M\u00fcller.pdf', 'Mu\u0308ller.pdf'],
		['lost its accents', 'Müller.pdf', 'Muller.pdf'],
		['lost its emoji', 'Scan 🦴.pdf', 'Scan.pdf'],
	])('is found by its bytes when the name on the record %s', async (_, name, onRecord) => {
		const { find } = execution([processedRecord('1', onRecord)], { 1: OURS });

		expect(await find(uploadNamed(name))).toBe('1');
	});

	it.each([
		['exactly the name and size', 'Referral.pdf', '1'],
		['the name in another form', 'Re\u0301ferral.pdf', undefined],
		['a similar name', 'referral.PDF', undefined],
	])('that has %s is taken, when the user may not open it: %s', async (_, onRecord, id) => {
		const { find } = execution([processedRecord('1', onRecord)]);

		expect(await find()).toBe(id);
	});

	it('is found by a size that came as text', async () => {
		const { find } = execution([{ ...processedRecord('1'), size: '1000' }], { 1: OURS });

		expect(await find()).toBe('1');
	});

	it.each([
		['nothing', []],
		['another name', [processedRecord('1', 'Other.pdf')]],
		['a similar name and another size', [processedRecord('1', 'referral.PDF', 1001)]],
		['an unreadable one', [{ ...processedRecord('1'), content_type: 'invalid/invalid' }]],
		['rows that are no records', [{ filename: 'Referral.pdf', size: 1000 }]],
	])('is not when the patient has %s', async (_, records) => {
		const { compared, find } = execution(records as IDataObject[], { 1: OURS });

		expect(await find()).toBeUndefined();
		expect(compared).toEqual([]);
	});

	describe('under its name, with another size', () => {
		// Cliniko does not document what it counts as the size of a file.
		const ofOtherSize = (id: string, more: IDataObject = {}) => ({
			...processedRecord(id, 'Referral.pdf', 1347),
			...more,
		});

		it.each([
			['another one', {}],
			['none', { size: null }],
		])('is found by its bytes: %s', async (_, more) => {
			const { find } = execution([ofOtherSize('1', more)], { 1: OURS });

			expect(await find()).toBe('1');
		});

		it('is another file when the bytes are others', async () => {
			const { find } = execution([ofOtherSize('1')], { 1: 'other bytes' });

			expect(await find()).toBeUndefined();
		});

		it('is another file when the user may not open it', async () => {
			const { find } = execution([ofOtherSize('1')]);

			expect(await find()).toBeUndefined();
		});

		it('is searched for in the five newest of them, after those of its size', async () => {
			const records = [1, 2, 3, 4, 5, 6, 7].map((at) =>
				ofOtherSize(String(at), { created_at: `2026-03-0${at}T09:00:00Z` }),
			);
			const contents = Object.fromEntries(
				['1', '2', '3', '4', '5', '6', '7', '8'].map((id) => [id, 'other bytes']),
			);
			const { compared, find } = execution([...records, processedRecord('8')], contents);

			expect(await find()).toBeUndefined();
			expect(compared).toEqual(['8', '7', '6', '5', '4', '3']);
		});
	});

	describe('is neither there nor not there when a download fails', () => {
		it.each([
			['the same name', 'Referral.pdf', 1000],
			['a similar name', 'referral.PDF', 1000],
			['the same name', 'Referral.pdf', 1347],
		])('of one with %s: %s, %d bytes', async (alike, name, size) => {
			const { find, already } = execution([processedRecord('7', name, size)], { 7: FAULT });

			for (const look of [find(), already.findNew(uploadNamed(), START)]) {
				const error = await rejection(look);
				expect(error.message).toBe(
					`Attachment 7 with ${alike} could not be compared with the file "Referral.pdf", because it could not be downloaded. So nothing was put on the patient’s record.`,
				);
				expect(error.description).toMatch(
					/Run the workflow again.*set If Already Uploaded to Upload Again/,
				);
			}
		});

		it('unless another record has the very bytes', async () => {
			const { find } = execution([processedRecord('7'), processedRecord('6')], {
				7: FAULT,
				6: OURS,
			});

			expect(await find()).toBe('6');
		});

		it('and is compared again at the next search', async () => {
			const contents: Record<string, string | ContentDigest> = { 7: FAULT };
			const { find } = execution([processedRecord('7')], contents);
			await rejection(find());
			contents[7] = OURS;

			expect(await find()).toBe('7');
		});
	});

	it('is not when one of its name and size has other bytes', async () => {
		const { find } = execution([processedRecord('1')], { 1: 'other bytes' });

		expect(await find()).toBeUndefined();
	});

	it('is found on a later page of the list', async () => {
		const { find } = execution([], { 2: OURS }, ({ query }) =>
			query.get('page') === '1'
				? ({
						patient_attachments: [processedRecord('1', 'Other.pdf')],
						links: { next: 'page 2' },
						total_entries: 2,
					} as Answer)
				: ({ patient_attachments: [processedRecord('2')], total_entries: 2 } as Answer),
		);

		expect(await find()).toBe('2');
	});

	it('is searched for once in each patient’s list', async () => {
		const { cliniko, find } = execution([]);
		const other = `${PATIENT}0`;

		await Promise.all([
			find(uploadNamed('a.pdf')),
			find(uploadNamed('b.pdf')),
			find(uploadNamed('a.pdf', { patientId: other })),
		]);
		await find(uploadNamed('c.pdf'));

		expect(cliniko.sent.map(({ filters }) => filters)).toEqual([
			[`patient_id:=${PATIENT}`],
			[`patient_id:=${other}`],
		]);
	});

	it('is searched for again after the list could not be had', async () => {
		let allowed = false;
		const { find } = execution([processedRecord('1')], { 1: OURS }, () =>
			allowed ? undefined : reply(403),
		);

		const error = await rejection(find());
		allowed = true;

		expect(error.message).toContain(`Could not see which files patient ${PATIENT} has`);
		expect(await find()).toBe('1');
	});

	it('is searched for among the records of the last minutes right before the creation', async () => {
		const { cliniko, already } = execution([processedRecord('1')], { 1: OURS });

		expect((await already.findNew(uploadNamed(), START))?.id).toBe('1');
		await already.findNew(uploadNamed(), START);

		// It is read again each time.
		expect(cliniko.sent.map(({ filters }) => filters)).toEqual(
			Array(2).fill([`patient_id:=${PATIENT}`, 'created_at:>=2026-03-02T08:55:00Z']),
		);
	});

	describe('when a record has no name yet', () => {
		const created = (secondsAgo: number): PatientAttachment => ({
			...freshRecord('1', PATIENT),
			created_at: new Date(START - secondsAgo * 1000).toISOString(),
		});

		it('is found once Cliniko has processed that', async () => {
			const { cliniko, find } = execution([created(0)], { 1: OURS }, ({ path }) =>
				path === '/patient_attachments/1' ? processedRecord('1') : undefined,
			);

			expect(await find()).toBe('1');
			expect(cliniko.lines).toEqual([LIST, 'GET /patient_attachments/1']);
		});

		it('waits half a minute for it at most, whoever’s it is', async () => {
			const { cliniko, find } = execution([created(0)], {}, ({ path }) =>
				path === '/patient_attachments/1' ? created(0) : undefined,
			);

			expect(await find()).toBeUndefined();
			expect(cliniko.clock.time - START).toBe(30_000);
		});

		it('waits half a minute for all of them together', async () => {
			const many = Array.from({ length: 50 }, (_, at) => ({ ...created(1), id: String(at + 1) }));
			const { cliniko, find } = execution(many);

			expect(await find()).toBeUndefined();
			expect(cliniko.clock.time - START).toBe(30_000);
		});

		it('does not wait for one that has been without a name for a quarter of an hour', async () => {
			const { cliniko, find } = execution([created(15 * 60 + 1)]);

			expect(await find()).toBeUndefined();
			expect(cliniko.lines).toEqual([LIST]);
		});

		it('is waited for when Cliniko does not say whether it is still processing', async () => {
			const { processing_completed: _, ...silent } = created(0);
			const { cliniko, find } = execution([silent]);

			expect(await find()).toBeUndefined();
			expect(cliniko.lines.length).toBeGreaterThan(1);
		});

		it.each([
			['is gone', reply(404)],
			['may not be read', reply(403)],
			['turns out to be unreadable', { ...processedRecord('1'), content_type: 'invalid/invalid' }],
		])('is not there when that %s', async (_, later: Answer) => {
			const { find } = execution([created(0)], {}, ({ path }) =>
				path === '/patient_attachments/1' ? later : undefined,
			);

			expect(await find()).toBeUndefined();
		});
	});
});

describe('A file that this process has stored', () => {
	const fresh = () => freshRecord('77', PATIENT);

	/** Another execution that sees the record the first one stored. */
	const another = async (
		later: Answer,
		{ upload = uploadNamed(), list = [fresh()] as IDataObject[] } = {},
	) => {
		await execution([]).already.remember(uploadNamed(), fresh());
		return execution(list, {}, ({ path }) =>
			path === '/patient_attachments/77' ? later : undefined,
		).find(upload);
	};

	it('is known before Cliniko shows its name', async () => {
		expect(await another(fresh())).toBe('77');
		expect(await another(processedRecord('77', 'Referral.pdf', 1000, PATIENT))).toBe('77');
	});

	it('is waited for up to a minute when Cliniko has not shown it yet', async () => {
		let asked = 0;
		await execution([]).already.remember(uploadNamed(), fresh());
		const later = execution([], {}, ({ path }) => {
			if (path !== '/patient_attachments/77') return undefined;
			return ++asked > 4 ? fresh() : reply(404);
		});

		expect(await later.find(uploadNamed())).toBe('77');
	});

	it.each([
		['is gone', reply(404)],
		['is archived', { archived_at: '2026-03-02T09:01:00Z' }],
		['cannot be read by Cliniko', { content_type: 'invalid/invalid' }],
		['belongs to another patient', { patient: { links: { self: 'https://x/v1/patients/9' } } }],
	])('is stored again when its record %s', async (_, later) => {
		const answer = 'statusCode' in later ? later : { ...fresh(), ...later };

		expect(await another(answer, { list: [] })).toBeUndefined();
	});

	it('is never stored again when Cliniko cannot be asked about its record', async () => {
		const error = await rejection(another(reply(503)));

		expect(error.httpCode).toBe(503);
	});

	it.each([
		['bytes', { source: 'other bytes' }],
		['patient', { patientId: 'another' }],
	])('is not taken for one of another %s', async (_, other) => {
		expect(await another(fresh(), { upload: uploadNamed('Referral.pdf', other) })).toBeUndefined();
	});

	it('is not waited for by another file, since its bytes are known', async () => {
		await execution([]).already.remember(uploadNamed(), fresh());
		const { cliniko, find } = execution([fresh()]);

		await find(uploadNamed('Referral.pdf', { source: 'other bytes' }));

		expect(cliniko.lines).toEqual([LIST]);
	});

	it('is forgotten after a thousand others', async () => {
		const { already } = execution([]);
		for (let at = 0; at <= 1000; at++) {
			await already.remember(uploadNamed('Referral.pdf', { source: `file ${at}` }), fresh());
		}
		const { find } = execution([], {}, ({ path }) =>
			path === '/patient_attachments/77' ? fresh() : undefined,
		);
		const knows = async (at: number) =>
			await find(uploadNamed('Referral.pdf', { source: `file ${at}` }));

		expect([await knows(0), await knows(1), await knows(1000)]).toEqual([undefined, '77', '77']);
	});
});

describe('Concurrent executions in one process with the same file', () => {
	/** A Cliniko with one patient's records, and executions that store files that are missing. */
	const start = () => {
		const clock = new Clock();
		const records: IDataObject[] = [];
		const contents = new Map<string, string>();
		const sent: string[] = [];
		const begin = ({ isCancelled = (): boolean => false, fails = false } = {}) => {
			const pause = async (ms: number) => {
				await clock.pause(ms);
				if (isCancelled()) throw new ClinikoError('The execution was canceled.', 'Stop.');
			};
			const cliniko = new FakeCliniko(
				async ({ path }) => {
					await clock.pause(300);
					if (path === '/patient_attachments') return { patient_attachments: [...records] };
					return records.find(({ id }) => path.endsWith(`/${id as string}`)) ?? reply(404);
				},
				{ clock, pause },
			);
			const already = new AlreadyUploaded({
				api: cliniko.api,
				pause,
				digestOf: async ({ id }) => {
					const sha256 = contents.get(id);
					return await Promise.resolve(sha256 ? { sha256 } : FORBIDDEN);
				},
			});
			/** As in `uploadFile`. */
			return async (upload: Upload, takes = 2000): Promise<string> =>
				await already.exclusive(upload, async () => {
					const there = await already.find(upload);
					if (there) return there.id;
					await clock.pause(takes);
					if (fails) throw new Error('S3 has a fault');
					const sha256 = await upload.file.digest();
					const id = String(100 + records.length);
					const record = { ...freshRecord(id, PATIENT), created_at: '2026-03-02T09:00:01Z' };
					sent.push(upload.file.source);
					contents.set(id, sha256);
					records.push(record);
					await already.remember(upload, record);
					return id;
				});
		};
		return { clock, sent, begin };
	};

	it('store it once', async () => {
		const { sent, begin } = start();
		const [a, b, c] = [begin(), begin(), begin()];

		const ids = await Promise.all([a(uploadNamed()), b(uploadNamed()), c(uploadNamed())]);

		expect(sent).toEqual([OURS]);
		expect(ids).toEqual(['100', '100', '100']);
	});

	it('store it once though it is twice in one of them', async () => {
		const { sent, begin } = start();
		const a = begin();

		const ids = await Promise.all([a(uploadNamed()), a(uploadNamed())]);

		expect(sent).toEqual([OURS]);
		expect(ids).toEqual(['100', '100']);
	});

	it('store both of two files with the same name and size, side by side', async () => {
		const { clock, sent, begin } = start();
		const [a, b] = [begin(), begin()];
		const other = uploadNamed('Referral.pdf', { source: 'other bytes' });
		const began = clock.time;

		const ids = await Promise.all([a(uploadNamed()), b(other)]);

		expect([...sent].sort()).toEqual(['other bytes', OURS]);
		expect(new Set(ids).size).toBe(2);
		expect(clock.time - began).toBeLessThan(2 * 2000);
	});

	it('leave the queue when they are cancelled, and do not hold up the next', async () => {
		const { clock, sent, begin } = start();
		let cancelled = false;
		const began = clock.time;
		const first = begin()(uploadNamed(), 60_000);
		const second = rejection(begin({ isCancelled: () => cancelled })(uploadNamed())).then(
			(error) => [error.message, clock.time - began],
		);
		const third = begin()(uploadNamed());
		void clock.pause(5000).then(() => (cancelled = true));

		const [a, b, c] = await Promise.all([first, second, third]);

		expect([a, c]).toEqual(['100', '100']);
		expect(sent).toEqual([OURS]);
		const [message, after] = b;
		expect(message).toBe('The execution was canceled.');
		expect(after).toBeGreaterThanOrEqual(5000);
		expect(after).toBeLessThanOrEqual(6500);
	});

	it('try it for themselves when the one before failed', async () => {
		const { sent, begin } = start();
		const [a, b] = [begin({ fails: true }), begin()];

		const results = await Promise.allSettled([a(uploadNamed()), b(uploadNamed())]);

		expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
		expect(sent).toEqual([OURS]);
	});
});
