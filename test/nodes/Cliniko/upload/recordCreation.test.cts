import type { IDataObject } from 'n8n-workflow';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { RecordCreation } from '../../../../nodes/Cliniko/upload/recordCreation.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/upload/uploadMemory.ts';
import {
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
} from '../connection.cts';
import { keyOf, PatientRecords, URL_OF_POST, type Fate } from '../patientRecords.cts';
import { Timeline } from '../timeline.cts';

const DESCRIPTION = 'Referral';

describe('The creation of a record', () => {
	afterEach(() => jest.restoreAllMocks());

	const SINCE = Date.parse('2026-03-02T08:59:58Z');

	/** Creates one with these answers to the requests that create, and these records to be seen. */
	const create = (
		posts: Answer[],
		{ rows = [] as IDataObject[], clockAhead = 0, context = {} as IDataObject } = {},
	) => {
		const memory = new UploadMemory(context, 0);
		const remembered: unknown[] = [];
		let asked = 0;
		const cliniko = new FakeCliniko(({ method }) => {
			if (method !== 'POST') return { patient_attachments: rows };
			remembered.push(memory.recall(upload.identity));
			return posts[asked++]!;
		});
		const { pause } = cliniko.clock.rule();
		const upload = uploadOf({}, { description: DESCRIPTION });
		const creation = new RecordCreation(cliniko.api, pause, memory);
		const result = creation.create(upload, { url: URL_OF_POST, key: keyOf(0), clockAhead });
		return { cliniko, memory, creation, upload, remembered, result };
	};

	const created = reply(201, freshRecord('77'));
	const BROKEN = new Error('ECONNRESET');
	const usedUp = reply(422, { errors: { temp_attachment_url: 'has been used already' } });
	const row = (id: string, more: IDataObject = {}): IDataObject => ({
		...processedRecord(id),
		description: DESCRIPTION,
		...more,
	});
	const [POST, LOOK] = ['POST /patient_attachments', 'GET /patient_attachments'];

	it('is one request where it is answered', async () => {
		const { cliniko, memory, upload, result } = create([created]);

		expect(await result).toEqual(freshRecord('77'));
		expect(cliniko.lines).toEqual([POST]);
		expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
	});

	it('is remembered as open before each request goes out, with the time by Cliniko’s clock', async () => {
		const { remembered, result } = create([reply(500), created], { clockAhead: 3_600_000 });

		await result;

		const open = { since: SINCE + 3_600_000 };
		expect(remembered).toEqual([open, open]);
	});

	it.each([
		['unanswered', BROKEN, 4],
		['answered with a fault', reply(500), 2],
		['answered by a gateway', reply(504), 4],
		['answered with a web page', reply(200, '<html>'), 2],
		['answered without an id', reply(201, {}), 2],
	])(
		'is asked for again where it was %s, once the record is not to be seen',
		async (_, first, looks) => {
			const { cliniko, result } = create([first, created]);

			expect((await result).id).toBe('77');
			expect(cliniko.lines).toEqual([POST, ...Array<string>(looks).fill(LOOK), POST]);
		},
	);

	it('is not asked for again where the record is to be seen', async () => {
		const { cliniko, memory, upload, result } = create([BROKEN], { rows: [row('77')] });

		expect(await result).toEqual(row('77'));
		expect(cliniko.lines).toEqual([POST, LOOK]);
		expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
	});

	it('does not take a record that this execution has for another file', async () => {
		const context = { uploads: { another: { attachment: '76' } } };
		const { cliniko, result } = create([reply(500), created], { rows: [row('76')], context });

		expect((await result).id).toBe('77');
		expect(cliniko.lines).toEqual([POST, LOOK, LOOK, POST]);
	});

	it('is asked for three times at most, and forgotten then, with Cliniko’s last words', async () => {
		const { cliniko, memory, upload, result } = create([reply(500), reply(500), reply(503)]);

		const error = await rejection(result);
		expect(error.message).toBe(
			'Could not put the file "Referral.pdf" on the record of patient 1: Cliniko answered with status 503.',
		);
		expect(error.httpCode).toBe(503);
		expect(cliniko.lines.filter((line) => line === POST)).toHaveLength(3);
		// Looked for after the last one as well.
		expect(cliniko.lines.at(-1)).toBe(LOOK);
		expect(memory.recall(upload.identity)).toBeUndefined();
	});

	it.each([400, 401, 403, 404, 422, 429])(
		'is forgotten where it is refused with %d',
		async (status) => {
			const { cliniko, memory, upload, result } = create(Array<Answer>(100).fill(reply(status)));

			expect((await rejection(result)).httpCode).toBe(status);
			expect(new Set(cliniko.lines)).toEqual(new Set([POST]));
			expect(memory.recall(upload.identity)).toBeUndefined();
		},
	);

	it('is forgotten where Cliniko says at once that the file is used up: it never was', async () => {
		const { cliniko, memory, upload, result } = create([usedUp]);

		expect((await rejection(result)).httpCode).toBe(422);
		expect(cliniko.lines).toEqual([POST]);
		expect(memory.recall(upload.identity)).toBeUndefined();
	});

	it('is looked for once more where Cliniko says that an earlier request has used the file up', async () => {
		const rows: IDataObject[] = [];
		const { cliniko, result } = create([BROKEN, usedUp], { rows });
		const looks = () => cliniko.lines.filter((line) => line === LOOK).length;
		while (!(cliniko.lines.length > 5)) await cliniko.clock.pause(0);
		expect(looks()).toBe(4);
		rows.push(row('77'));

		expect((await result).id).toBe('77');
		expect(cliniko.lines.filter((line) => line === POST)).toHaveLength(2);
	});

	it('stays open where an earlier request has used the file up and no record is to be seen', async () => {
		const { cliniko, memory, upload, result } = create([BROKEN, usedUp]);

		const error = await rejection(result);
		expect(error.message).toBe(
			'The connection broke while the file "Referral.pdf" was put on the record of patient 1. Cliniko has taken the file, but its record is not to be seen.',
		);
		expect(cliniko.lines.filter((line) => line === POST)).toHaveLength(2);
		expect(memory.recall(upload.identity)).toEqual({ since: SINCE });
	});

	it.each([
		['it cannot be told', [row('77', { size: 1 })], 'it cannot be told whether it is there'],
		['there are too many', [row('77'), row('78')], 'It may be attachment 77 or 78.'],
	])('stays open where %s', async (_, rows, words) => {
		const { memory, upload, result } = create([BROKEN], { rows });

		expect((await rejection(result)).message).toContain(words);
		expect(memory.recall(upload.identity)).toEqual({ since: SINCE });
	});

	it('stays open where the execution is cancelled meanwhile', async () => {
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
		const { pause } = cliniko.clock.rule();
		const creation = new RecordCreation(cliniko.api, pause, memory);

		const upload = uploadOf();
		const stored = { url: URL_OF_POST, key: keyOf(0), clockAhead: 0 };
		expect(await rejection(creation.create(upload, stored))).toMatchObject({
			message: stop.message,
		});

		expect(cliniko.lines).toEqual([POST]);
		expect(memory.recall(upload.identity)).toEqual({ since: SINCE });
	});

	it('is known of every file that an earlier try left open before the first is looked for', async () => {
		// Two files that look alike, one record: whose it is cannot be told.
		const cliniko = new FakeCliniko(() => ({ patient_attachments: [row('77')] }));
		const { pause } = cliniko.clock.rule();
		const memory = new UploadMemory({}, 0);
		const creation = new RecordCreation(cliniko.api, pause, memory);
		const [a, b] = ['a', 'b'].map((identity) =>
			uploadOf({}, { identity, description: DESCRIPTION }),
		);
		for (const one of [a!, b!]) {
			memory.asked(one.identity, SINCE);
			creation.resume(one);
		}

		const error = await rejection(creation.find(a!, SINCE));

		expect(error.message).toContain('It may be attachment 77.');
		expect(memory.recall('a')).toEqual({ since: SINCE });
	});

	it('is known of no file that an earlier try did not leave open', async () => {
		const cliniko = new FakeCliniko(() => ({ patient_attachments: [row('77')] }));
		const { pause } = cliniko.clock.rule();
		const memory = new UploadMemory({}, 0);
		const creation = new RecordCreation(cliniko.api, pause, memory);
		const [a, fresh, stored] = ['a', 'fresh', 'stored'].map((identity) =>
			uploadOf({}, { identity, description: DESCRIPTION }),
		);
		memory.asked('a', SINCE);
		memory.stored('stored', '76');
		for (const one of [a!, fresh!, stored!]) creation.resume(one);

		expect((await creation.find(a!, SINCE))?.id).toBe('77');
	});

	it('is looked for with its own request where nobody resumed it', async () => {
		const cliniko = new FakeCliniko(() => ({ patient_attachments: [row('77')] }));
		const { pause } = cliniko.clock.rule();
		const creation = new RecordCreation(cliniko.api, pause, new UploadMemory({}, 0));

		const found = await creation.find(uploadOf({}, { description: DESCRIPTION }), SINCE);

		expect(found?.id).toBe('77');
	});

	it('goes on for other patients while one patient’s record is looked for', async () => {
		const timeline = new Timeline().rule();
		const uploads = [
			uploadOf({}, { identity: 'a' }),
			uploadOf({}, { identity: 'b' }),
			uploadOf({}, { identity: 'c', patientId: '2' }),
		];
		const fates: Fate[] = ['not created, 500', 'answered', 'answered'];
		const records = new PatientRecords(
			timeline,
			uploads,
			(file, nth) => (nth > 1 ? 'answered' : fates[file]!),
			() => 0.5,
		);
		const creation = new RecordCreation(records.connect(), timeline.pause, new UploadMemory({}, 0));
		const begin = timeline.time;
		const over: Array<[string, number]> = [];
		const create = async (file: number, after: number) => {
			await timeline.pause(after);
			const stored = { url: URL_OF_POST, key: keyOf(file), clockAhead: 0 };
			await creation.create(uploads[file]!, stored);
			over.push([uploads[file]!.identity, timeline.time - begin]);
		};

		// The first one is being looked for when the others begin.
		await timeline.run(Promise.all([create(0, 0), create(1, 1500), create(2, 1500)]));

		expect(over[0]).toEqual(['c', 1500 + 800]);
		// The same patient's others have to wait until the search is over.
		expect(over[1]![1]).toBeGreaterThan(3000);
		expect(over.map(([identity]) => identity).sort()).toEqual(['a', 'b', 'c']);
	});
});
