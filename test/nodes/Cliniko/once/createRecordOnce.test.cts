import type { IDataObject } from 'n8n-workflow';

import { Cancelled, ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { RecordCreator } from '../../../../nodes/Cliniko/once/createRecordOnce.ts';
import type { RecordSearch } from '../../../../nodes/Cliniko/once/recordSearch.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';
import { Clock } from '../clock.cts';
import {
	digestOf,
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
	type Sent,
} from '../connection.cts';
import { creationOf, PatientRecords, type Outcome } from '../patientRecords.cts';

const NOW = Date.parse('2026-03-02T09:00:00Z');

const SOURCE = 'source of the file';

/** Search tools for a Cliniko whose files have these bytes, by id. */
const searchOf = (cliniko: FakeCliniko, contents: Record<string, string> = {}): RecordSearch => ({
	api: cliniko.api,
	pause: cliniko.clock.pause,
	digestOf: async ({ id }) =>
		await Promise.resolve(id in contents ? digestOf(contents[id]!) : undefined),
	ownUser: async () => await Promise.resolve('5'),
});

describe('The creation of a record', () => {
	afterEach(() => jest.restoreAllMocks());

	/** Creates a record, with these replies to the POST requests and these records in the list. */
	const create = (
		posts: Array<Answer | (() => Answer)>,
		{
			rows = [] as IDataObject[],
			contents = {} as Record<string, string>,
			context = {} as IDataObject,
			read = (() => reply(404)) as (sent: Sent) => Answer,
		} = {},
	) => {
		const memory = new UploadMemory(context, 0);
		const remembered: unknown[] = [];
		let asked = 0;
		const cliniko = new FakeCliniko((sent) => {
			if (sent.method !== 'POST') {
				return sent.path === '/patient_attachments' ? { patient_attachments: rows } : read(sent);
			}
			remembered.push(memory.recall(upload.identity));
			const answer = posts[asked++]!;
			return typeof answer === 'function' ? answer() : answer;
		});
		const upload = uploadOf();
		const creation = new RecordCreator(searchOf(cliniko, contents), memory);
		const result = creation.createOnce(upload, NOW, creationOf(cliniko.api, upload));
		return { cliniko, memory, context, upload, remembered, result };
	};

	/** A later attempt, with the memory as it comes back from n8n's database. */
	const resume = async (
		context: IDataObject,
		rows: IDataObject[] = [],
		contents = {},
		name = 'Referral.pdf',
	) => {
		const memory = new UploadMemory(JSON.parse(JSON.stringify(context)) as IDataObject, 0);
		const cliniko = new FakeCliniko(() => ({ patient_attachments: rows }));
		const upload = uploadOf({ name });
		const before = memory.recall(upload.identity) as { since: number; accepted?: true };
		const creation = new RecordCreator(searchOf(cliniko, contents), memory);
		const result = await creation.resume(upload, before).catch((error: ClinikoError) => error);
		return { cliniko, memory, upload, result };
	};

	const created = reply(201, freshRecord('77'));
	const BROKEN = new Error('ECONNRESET');
	const usedUp = reply(422, { errors: { temp_attachment_url: 'has been used already' } });
	const row = (id: string, more: IDataObject = {}): IDataObject => ({
		...processedRecord(id),
		...more,
	});
	const OURS = { rows: [row('77')], contents: { 77: SOURCE } };
	const [POST, LOOK, READ] = [
		'POST /patient_attachments',
		'GET /patient_attachments',
		'GET /patient_attachments/77',
	];
	const LOOKS = Array<string>(5).fill(LOOK);
	const NOT_TO_BE_SEEN =
		'Cliniko’s answer does not say whether it put the file "Referral.pdf" on the record of patient 1, and does not show the record.';

	it('is one request when it is answered', async () => {
		const { cliniko, memory, upload, result } = create([created]);

		expect(await result).toEqual(freshRecord('77'));
		expect(cliniko.lines).toEqual([POST]);
		expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
	});

	it('is remembered as open before each request goes out', async () => {
		const { remembered, result } = create([reply(500), created]);

		await result;

		expect(remembered).toEqual([{ since: NOW }, { since: NOW }]);
	});

	it.each([
		['unanswered', BROKEN],
		['answered with a fault', reply(500)],
		['answered with a 503', reply(503)],
		['answered by a gateway', reply(504)],
		['answered with a time-out', reply(408)],
	])(
		'is requested again when it was %s, once the record has not shown up for a minute',
		async (_, first) => {
			const { cliniko, result } = create([first, created]);

			expect((await result).id).toBe('77');
			expect(cliniko.lines).toEqual([POST, ...LOOKS, POST]);
			expect(cliniko.clock.time - NOW).toBe(60_000);
		},
	);

	it('is not requested again when the record shows up', async () => {
		const { cliniko, memory, upload, result } = create([BROKEN], OURS);

		expect(await result).toEqual(row('77'));
		expect(cliniko.lines).toEqual([POST, LOOK]);
		expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
	});

	describe('that Cliniko accepted', () => {
		const accepted: Array<[string, Answer]> = [
			['a web page', reply(200, '<html>')],
			['nothing', reply(201, '')],
			['half the record', reply(201, '{"id":"7')],
			['a list', reply(201, [freshRecord('77')])],
			['a record without an id', reply(201, {})],
			['a redirect', reply(302, '')],
		];

		it.each(accepted)('with %s is searched for', async (_, first) => {
			const { cliniko, memory, upload, result } = create([first], OURS);

			expect((await result).id).toBe('77');
			expect(cliniko.lines).toEqual([POST, LOOK]);
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});

		it.each(accepted)('with %s is never requested again', async (_, first) => {
			const { cliniko, memory, upload, context, result } = create([first]);

			const error = await rejection(result);
			expect(error.message).toBe(NOT_TO_BE_SEEN);
			expect(error.description).toContain('look at the patient’s files');
			expect(cliniko.lines).toEqual([POST, ...LOOKS]);
			expect(memory.recall(upload.identity)).toEqual({ since: NOW, accepted: true });

			const later = await resume(context);
			expect((later.result as ClinikoError).message).toBe(NOT_TO_BE_SEEN);
			expect(later.cliniko.lines).toEqual(LOOKS);
			expect(later.memory.recall(upload.identity)).toEqual({ since: NOW, accepted: true });
		});

		it('is found in a later attempt', async () => {
			const { context, result } = create([reply(201, '')]);
			await rejection(result);

			const { memory, upload, result: found } = await resume(context, OURS.rows, OURS.contents);
			expect(found).toEqual(row('77'));
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});

		describe('with a Location', () => {
			const location = 'https://api.au1.cliniko.com/v1/patient_attachments/77';

			it.each([
				['a redirect', reply(302, '', { location })],
				['an unreadable 201', reply(201, '<html>', { location })],
			])('in %s is read there', async (_, first) => {
				const { cliniko, memory, upload, result } = create([first], { read: () => row('77') });

				expect(await result).toEqual(row('77'));
				expect(cliniko.lines).toEqual([POST, READ]);
				expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
			});

			it('that leads to nothing is searched for in the list', async () => {
				const { cliniko, result } = create([reply(201, '', { location })], OURS);

				expect(await result).toEqual(row('77'));
				expect(cliniko.lines).toEqual([POST, ...Array<string>(6).fill(READ), LOOK]);
			});

			it('that leads to another file’s record does not take that', async () => {
				const { cliniko, result } = create([reply(201, '', { location })], {
					context: { uploads: { another: { attachment: '77' } } },
					read: () => row('77'),
					rows: [row('77'), row('78')],
					contents: { 77: SOURCE, 78: SOURCE },
				});

				expect((await result).id).toBe('78');
				expect(cliniko.lines).toEqual([POST, LOOK]);
			});
		});
	});

	describe('that is answered with another record', () => {
		const OLD = { created_at: '2026-03-02T08:54:59Z' };
		const location = 'https://api.au1.cliniko.com/v1/patient_attachments/70';
		const accepted = { since: NOW, accepted: true };

		it.each<[string, Answer, Answer]>([
			['one from before', reply(201, { ...freshRecord('70'), ...OLD }), reply(404)],
			['the id of one from before', reply(201, { id: '70' }), row('70', OLD)],
			['the address of one from before', reply(303, '', { location }), row('70', OLD)],
			[
				'a recent one with another name and size',
				reply(201, row('70', { filename: 'scan.pdf', size: 7 })),
				reply(404),
			],
			[
				'the address of such a one',
				reply(201, '', { location }),
				row('70', { filename: 'scan.pdf', size: 7 }),
			],
		])('(%s) is searched for, and not requested again', async (_, first, shown) => {
			const read = () => shown;
			const found = create([first], { ...OURS, read });
			expect((await found.result).id).toBe('77');
			expect(found.memory.recall(found.upload.identity)).toEqual({ attachment: '77' });

			const none = create([first], { rows: [row('70', OLD)], contents: { 70: SOURCE }, read });
			expect((await rejection(none.result)).message).toBe(NOT_TO_BE_SEEN);
			expect(none.cliniko.lines.filter((line) => line === POST)).toHaveLength(1);
			expect(none.memory.recall(none.upload.identity)).toEqual(accepted);
		});

		it('(that of another file of this execution) is searched for, and not requested again', async () => {
			const context = { uploads: { another: { attachment: '77' } } };
			const { cliniko, memory, upload, result } = create([created], { ...OURS, context });

			expect((await rejection(result)).message).toBe(NOT_TO_BE_SEEN);
			expect(cliniko.lines).toEqual([POST, ...LOOKS]);
			expect(memory.recall(upload.identity)).toEqual(accepted);
		});

		it.each<[string, IDataObject, Answer]>([
			['a record that does not say when it was created', { created_at: null }, row('77')],
			['nothing but an id that cannot be looked at yet', {}, reply(404)],
			['a record of a server whose clock is behind', { created_at: '2026-03-02T08:55:01Z' }, {}],
		])('is believed when that is %s', async (_, fields, shown) => {
			const first = reply(201, { id: '77', ...fields });
			const { memory, upload, result } = create([first], { read: () => shown });

			expect((await result).id).toBe('77');
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});
	});

	describe('requested in an earlier attempt, whose name was changed since', () => {
		const renamed = async (rows: IDataObject[], contents = {}) => {
			const context: IDataObject = {};
			const { result: first } = create([BROKEN], { context, rows: [row('77')] });
			await rejection(first);
			const entries = context.uploads as Record<string, IDataObject>;
			for (const entry of Object.values(entries)) entry.name = 'the digest of another name';
			return (await resume(context, rows, contents)).result;
		};

		it('is found by its bytes, whatever its name', async () => {
			const rows = [row('77', { filename: 'scan.pdf' })];

			expect(await renamed(rows, { 77: SOURCE })).toMatchObject({ id: '77' });
		});

		it('stays unknown when a new record cannot be downloaded', async () => {
			const rows = [row('77', { filename: 'scan.pdf', size: 3 })];

			expect((await renamed(rows)) as ClinikoError).toMatchObject({
				message: expect.stringContaining('It may be attachment 77.') as string,
			});
		});
	});

	it('does not take a record that this execution has for another file', async () => {
		const context = { uploads: { another: { attachment: '77' } } };
		const second = reply(201, freshRecord('78'));
		const { cliniko, result } = create([reply(500), second], { ...OURS, context });

		expect((await result).id).toBe('78');
		expect(cliniko.lines).toEqual([POST, ...LOOKS, POST]);
	});

	it('is requested at most twice, and then forgotten, with Cliniko’s last error', async () => {
		const { cliniko, memory, upload, result } = create([reply(500), reply(503)]);

		const error = await rejection(result);
		expect(error.message).toBe(
			'Could not put the file "Referral.pdf" on the record of patient 1: Cliniko answered with status 503.',
		);
		expect(error.httpCode).toBe(503);
		// There is a search after the last attempt too.
		expect(cliniko.lines).toEqual([POST, ...LOOKS, POST, ...LOOKS]);
		expect(memory.recall(upload.identity)).toBeUndefined();
	});

	it.each([400, 401, 403, 404, 422, 429])(
		'is forgotten when it is refused with %d',
		async (status) => {
			const { cliniko, memory, upload, result } = create(Array<Answer>(1000).fill(reply(status)));

			expect((await rejection(result)).httpCode).toBe(status);
			expect(new Set(cliniko.lines)).toEqual(new Set([POST]));
			expect(memory.recall(upload.identity)).toBeUndefined();
		},
	);

	it('is forgotten when Cliniko says at once that the file is used up: it never was', async () => {
		const { cliniko, memory, upload, result } = create([usedUp]);

		expect((await rejection(result)).httpCode).toBe(422);
		expect(cliniko.lines).toEqual([POST]);
		expect(memory.recall(upload.identity)).toBeUndefined();
	});

	it('is searched for once more when Cliniko says that an earlier request has used the file up', async () => {
		const rows: IDataObject[] = [];
		const shownLate = () => {
			rows.push(row('77'));
			return usedUp;
		};
		const { cliniko, result } = create([BROKEN, shownLate], { rows, contents: OURS.contents });

		expect((await result).id).toBe('77');
		expect(cliniko.lines).toEqual([POST, ...LOOKS, POST, LOOK]);
	});

	it('stays open when an earlier request has used the file up and no record shows up', async () => {
		const { cliniko, memory, upload, context, result } = create([BROKEN, usedUp]);

		expect((await rejection(result)).message).toBe(NOT_TO_BE_SEEN);
		expect(cliniko.lines).toEqual([POST, ...LOOKS, POST, ...LOOKS]);
		expect(memory.recall(upload.identity)).toEqual({ since: NOW, accepted: true });

		// A later attempt must not create it again either.
		expect(((await resume(context)).result as ClinikoError).message).toBe(NOT_TO_BE_SEEN);
	});

	it.each([400, 404, 409, 410, 413, 415, 422])(
		'stays open when the second request is refused with %d: the first one may have caused that',
		async (status) => {
			const refused = reply(status, { message: 'Attachment exists already' });
			const { memory, upload, result } = create([BROKEN, refused, refused]);

			const error = await rejection(result);
			expect(error.httpCode).toBe(status);
			expect(error.description).toContain('The file may be there');
			expect(memory.recall(upload.identity)).toEqual({ since: NOW });
		},
	);

	it.each([401, 403, 429])(
		'is forgotten when the second request is refused with %d: the first one has no part in that',
		async (status) => {
			const posts = [BROKEN, ...Array<Answer>(1000).fill(reply(status))];
			const { memory, upload, result } = create(posts);

			expect((await rejection(result)).httpCode).toBe(status);
			expect(memory.recall(upload.identity)).toBeUndefined();
		},
	);

	it('stays unknown when the candidates cannot be told apart', async () => {
		const { memory, upload, result } = create([BROKEN], { rows: [row('77'), row('78')] });

		expect((await rejection(result)).message).toContain('It may be attachment 78 or 77.');
		expect(memory.recall(upload.identity)).toEqual({ since: NOW });
	});

	it('may be requested in a later attempt when that finds no record of an open one', async () => {
		const { context, result } = create([BROKEN], { rows: [row('77')] });
		await rejection(result);

		const { cliniko, memory, upload, result: found } = await resume(context);
		expect(found).toBeUndefined();
		expect(cliniko.lines).toEqual(LOOKS);
		expect(memory.recall(upload.identity)).toBeUndefined();
	});

	describe('that is left open, before a person edits the name and retries', () => {
		const left = async () => {
			const { context, result } = create([BROKEN], { rows: [row('77')] });
			await rejection(result);
			return context;
		};

		it('is found by its bytes, whatever its name', async () => {
			const rows = [row('77')];
			const { memory, upload, result } = await resume(
				await left(),
				rows,
				OURS.contents,
				'Consent.pdf',
			);

			expect(result).toEqual(row('77'));
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});

		it('stays open when a new record cannot be compared, whatever its name', async () => {
			const rows = [row('77', { size: 1013 })];
			const { memory, upload, result } = await resume(await left(), rows, {}, 'Consent.pdf');

			expect((result as ClinikoError).message).toContain('It may be attachment 77.');
			expect(memory.recall(upload.identity)).toEqual({ since: NOW });
		});

		it('is recognised by its name when nobody edited that', async () => {
			const rows = [row('77', { filename: 'Consent.pdf', size: 1013 })];

			expect((await resume(await left(), rows)).result).toBeUndefined();
		});
	});

	it('stays open when the execution is cancelled in the meantime', async () => {
		const stop = new ClinikoError('The execution was canceled.', 'Stop.');
		const memory = new UploadMemory({}, 0);
		let cancelled = false;
		const cliniko = new FakeCliniko(
			() => {
				cancelled = true;
				return BROKEN;
			},
			{
				assertNotCancelled: () => {
					if (cancelled) throw stop;
				},
			},
		);
		const creation = new RecordCreator(searchOf(cliniko), memory);
		const upload = uploadOf();

		const result = creation.createOnce(upload, NOW, creationOf(cliniko.api, upload));

		expect(await rejection(result)).toMatchObject({ message: stop.message });
		expect(cliniko.lines).toEqual([POST]);
		expect(memory.recall(upload.identity)).toEqual({ since: NOW });
	});

	it('continues for other patients while one patient’s record is searched for', async () => {
		const clock = new Clock();
		const uploads = [
			uploadOf({}, { identity: 'a' }),
			uploadOf({}, { identity: 'b' }),
			uploadOf({}, { identity: 'c', patientId: '2' }),
		];
		const outcomes: Outcome[] = ['not created, 500', 'answered', 'answered'];
		const records = new PatientRecords(
			clock,
			uploads,
			(file, nth) => (nth > 1 ? 'answered' : outcomes[file]!),
			() => 0.5,
		);
		const api = records.connect();
		const creation = new RecordCreator(records.search(api), new UploadMemory({}, 0));
		const begin = clock.time;
		const over: Array<[string, number]> = [];
		const create = async (file: number, after: number) => {
			await clock.pause(after);
			const upload = uploads[file]!;
			await creation.createOnce(upload, clock.time, creationOf(api, upload, file));
			over.push([upload.identity, clock.time - begin]);
		};

		// The search for the first one is still running when the others start.
		await Promise.all([create(0, 0), create(1, 1500), create(2, 1500)]);

		expect(over[0]).toEqual(['c', 1500 + 800]);
		// Others for the same patient wait until the search is over.
		expect(over[1]![1]).toBeGreaterThan(60_000);
		expect(over.map(([identity]) => identity).sort()).toEqual(['a', 'b', 'c']);
	});

	describe('with other executions of the account', () => {
		/** An execution that creates a record, with a memory of its own. */
		const execution = (cliniko: FakeCliniko, identity: string, contents = {}) => {
			const upload = uploadOf({}, { identity });
			const creation = new RecordCreator(searchOf(cliniko, contents), new UploadMemory({}, 0));
			return creation.createOnce(upload, NOW, creationOf(cliniko.api, upload));
		};

		it('does not take another execution’s record from a reply', async () => {
			const rows: IDataObject[] = [];
			const cliniko = new FakeCliniko(({ method }) =>
				method === 'POST' ? created : { patient_attachments: rows },
			);
			await execution(cliniko, 'a');
			rows.push(row('77'), row('78'));

			// A cache answers the second creation with the first one's record.
			const record = await execution(cliniko, 'b', { 77: SOURCE, 78: SOURCE });

			expect(record.id).toBe('78');
		});

		it('is not taken for created where only another execution’s record is there', async () => {
			const cliniko = new FakeCliniko(({ method }) =>
				method === 'POST' ? created : { patient_attachments: [row('77')] },
			);
			await execution(cliniko, 'a');

			const error = await rejection(execution(cliniko, 'b', { 77: SOURCE }));

			expect(error.message).toBe(NOT_TO_BE_SEEN);
		});

		it('may take a record that an earlier try of the same upload has found', async () => {
			let posts = 0;
			const cliniko = new FakeCliniko(({ method }) =>
				method !== 'POST' ? { patient_attachments: [row('77')] } : posts++ > 0 ? BROKEN : created,
			);
			await execution(cliniko, 'a');

			// Its own note of the record was lost, for example as the retry was cancelled.
			expect((await execution(cliniko, 'a', { 77: SOURCE })).id).toBe('77');
		});
	});

	it('says to look first where the search for the record is cancelled', async () => {
		const stop = new Cancelled('The execution was cancelled.', 'Nothing more was sent.');
		const clock = new Clock();
		const pause = async () => await Promise.reject(stop);
		const cliniko = new FakeCliniko(() => BROKEN, { clock });
		const search = { ...searchOf(cliniko), pause };
		const upload = uploadOf();
		const creation = new RecordCreator(search, new UploadMemory({}, 0));

		const error = await rejection(
			creation.createOnce(upload, NOW, creationOf(cliniko.api, upload)),
		);

		expect(error.message).toBe(stop.message);
		expect(error.description).toContain('look at the patient’s files in Cliniko before');
	});
});
