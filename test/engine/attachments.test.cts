import { setTimeout } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import type { Reply } from '../../sandbox/reply.cts';
import {
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type Fault,
} from '../../sandbox/sandbox.cts';
import {
	by,
	CREDENTIAL,
	file,
	pdf,
	PLAIN,
	recorded,
	useClinic,
	type UploadRun,
} from './clinic.cts';
import { putOnRecord } from './records.cts';

const EVER = 99;

const clinic = useClinic({ sandbox: PLAIN });

/** Runs an operation, without a patient unless one is given. */
const run = async (
	operation: string,
	parameters: IDataObject,
	{ items = [{}], ...more }: Partial<UploadRun> = {},
) => await clinic.run({ items, ...more, parameters: { operation, patientId: '', ...parameters } });

const letter = async (more: Partial<Parameters<typeof putOnRecord>[1]> = {}) =>
	await putOnRecord(clinic.sandbox, { name: 'letter.pdf', content: pdf('letter'), ...more });

/** Method, path below `/v1` and status of each request. */
const lines = () =>
	clinic.sandbox.requests.map(({ method, path, status }) => {
		const { pathname } = new URL(path, 'https://api.example');
		return `${method} ${pathname.replace('/v1', '')} ${status}`;
	});

const filtersOf = (at: number) =>
	new URL(clinic.sandbox.requests[at]!.path, 'https://api.example').searchParams.getAll('q[]');

const strike = (fault: Pick<Fault, 'on' | 'act' | 'do'> & Partial<Fault>) =>
	clinic.sandbox.faults.add(fault);

const minutesAgo = (minutes: number) => Date.UTC(2026, 2, 2, 9) - minutes * 60_000;

describe('Get', () => {
	it('gives the record with one request', async () => {
		const { id } = await letter({ description: 'From the form' });
		const { output, error } = await run('get', { attachmentId: by('id', id) });

		expect(error).toBeUndefined();
		expect(output).toEqual([
			{
				json: {
					id,
					patient_id: SANDBOX_PATIENT_ID,
					filename: 'letter.pdf',
					description: 'From the form',
					content_type: 'application/pdf',
					size: pdf('letter').length,
					processing_completed: true,
					created_at: expect.any(String),
					processed_at: expect.any(String),
					content_url: `https://api.au1.cliniko.com/v1/patient_attachments/${id}/content`,
				},
				pairedItem: { item: 0 },
			},
		]);
		expect(lines()).toEqual([`GET /patient_attachments/${id} 200`]);
	});

	it('gives the record as Cliniko does when it is not to be simplified', async () => {
		const { id } = await letter();
		const { output } = await run('get', { attachmentId: by('id', id), simplify: false });

		expect(output[0]?.json).toMatchObject({
			id,
			archived_at: null,
			patient: { links: { self: expect.stringContaining(SANDBOX_PATIENT_ID) } },
			user: { links: { self: expect.any(String) } },
		});
	});

	it('gives an archived one too', async () => {
		const record = await letter();
		record.archivedAt = minutesAgo(1);
		const { output } = await run('get', { attachmentId: by('id', record.id), simplify: false });

		expect(output[0]?.json).toMatchObject({ id: record.id, archived_at: '2026-03-02T08:59:00Z' });
	});

	it('gives one that is not processed yet', async () => {
		const { id } = await letter({ fresh: true });
		const { output } = await run('get', { attachmentId: by('id', id) });

		expect(output[0]?.json).toMatchObject({ id, filename: null, processing_completed: false });
	});

	it.each(['/content', '', '?x=1'])(
		'takes the address that an earlier step gave: …%s',
		async (end) => {
			const { id } = await letter();
			const address = `https://api.au1.cliniko.com/v1/patient_attachments/${id}${end}`;
			const { output } = await run('get', { attachmentId: by('url', address) });

			expect(output[0]?.json.id).toBe(id);
		},
	);

	it('refuses an address on another shard before anything is asked', async () => {
		const address = 'https://api.uk1.cliniko.com/v1/patient_attachments/12';
		const { error } = await run('get', { attachmentId: by('url', address) });

		expect(error?.message).toMatch(/shard uk1.*shard au1.*\[item 0\]/);
		expect(lines()).toEqual([]);
	});

	it('says that there is no such attachment', async () => {
		const { error } = await run('get', { attachmentId: by('id', '99') });

		expect(error?.message).toContain('Cliniko has no attachment with the ID 99.');
		expect(error?.description).toContain('Check the ID');
	});

	it('says that no attachment is set where an expression gives nothing', async () => {
		const { error } = await run('get', { attachmentId: by('id', '={{ $json.nothing }}') });

		expect(error?.message).toBe('No attachment is set for this item. [item 0]');
		expect(lines()).toEqual([]);
	});

	it('gives the attachment of the patient who is named', async () => {
		const { id } = await letter();
		const { output } = await run('get', {
			patientId: by('id', SANDBOX_PATIENT_ID),
			attachmentId: by('id', id),
		});

		expect(output[0]?.json.id).toBe(id);
	});

	it('refuses the attachment of another patient than the one who is named', async () => {
		const { id } = await letter({ patientId: SANDBOX_OTHER_PATIENT_ID });
		const { error, output } = await run('get', {
			patientId: by('id', SANDBOX_PATIENT_ID),
			attachmentId: by('id', id),
		});

		expect(error?.message).toBe(
			`Attachment ${id} is not on the record of patient ${SANDBOX_PATIENT_ID}. [item 0]`,
		);
		expect(error?.description).toContain('Check both IDs');
		expect(output).toEqual([]);
	});

	it('does not pass over the patient where an expression gives none', async () => {
		const { id } = await letter();
		for (const mode of ['id', 'url']) {
			const { error } = await run('get', {
				patientId: by(mode, '={{ $json.nothing }}'),
				attachmentId: by('id', id),
			});
			expect(error?.message).toBe('No patient is set for this item. [item 0]');
		}
		expect(lines()).toEqual([]);
	});

	it.each(['list', 'id', 'url'])(
		'needs no patient where the field is empty: by %s',
		async (mode) => {
			const { id } = await letter();
			const { output } = await run('get', { patientId: by(mode, ''), attachmentId: by('id', id) });

			expect(output[0]?.json.id).toBe(id);
		},
	);

	it('goes through the items in their order, and past the ones that fail if asked to', async () => {
		const first = await letter({ name: 'first.pdf' });
		const second = await letter({ name: 'second.pdf' });
		const { output, error } = await run(
			'get',
			{ attachmentId: by('id', '={{ $json.id }}') },
			{
				items: [second.id, '99', first.id].map((id) => ({ json: { id } })),
				node: { onError: 'continueRegularOutput' },
			},
		);

		expect(error).toBeUndefined();
		expect(output.map(({ json, pairedItem }) => [json.filename ?? json.error, pairedItem])).toEqual(
			[
				['second.pdf', { item: 0 }],
				[expect.stringMatching(/no attachment with the ID 99.*\[item 1\].*Check/), { item: 1 }],
				['first.pdf', { item: 2 }],
			],
		);
	});
});

describe('Get Many', () => {
	/** Adds four files of the patient, the last of them archived, and one of another patient. */
	const fill = async () => {
		const put = async (name: string, minutes: number, more: object = {}, rest: object = {}) =>
			Object.assign(await letter({ name, ...rest }), {
				createdAt: minutesAgo(minutes),
				processedAt: minutesAgo(minutes - 1),
				updatedAt: minutesAgo(minutes - 2),
				...more,
			});
		await put('Referral.pdf', 40, {}, { description: 'From the form' });
		await put('notes.txt', 30);
		await put('unprocessed', 20, { processedAt: null }, { fresh: true });
		await put('old.pdf', 10, { archivedAt: minutesAgo(5) });
		await put('theirs.pdf', 35, {}, { patientId: SANDBOX_OTHER_PATIENT_ID });
		clinic.sandbox.requests.length = 0;
	};
	const ofPatient = { patientId: by('id', SANDBOX_PATIENT_ID) };
	const names = async (parameters: IDataObject, more: Partial<UploadRun> = {}) => {
		const { output, error } = await run('getMany', parameters, more);
		expect(error).toBeUndefined();
		return output.map(({ json }) => json.filename ?? null);
	};
	const filter = (...filters: IDataObject[]) => ({ filters: { filter: filters } });

	it('gives those first whose name comes first, or that are oldest', async () => {
		for (const [at, name] of ['scan 10.pdf', 'Scan 2.pdf', 'Ärztin.pdf'].entries()) {
			Object.assign(await letter({ name }), { createdAt: minutesAgo(20 - at) });
		}
		const sorted = async (sort: string, limit = 50) => await names({ ...ofPatient, sort, limit });
		expect(await sorted('filename:asc')).toEqual(['Ärztin.pdf', 'Scan 2.pdf', 'scan 10.pdf']);
		expect(await sorted('filename:asc', 1)).toEqual(['Ärztin.pdf']);
		expect(await sorted('created_at:asc', 1)).toEqual(['scan 10.pdf']);
	});

	it('gives those of the patient, newest first, with one request', async () => {
		await fill();

		expect(await names(ofPatient)).toEqual([null, 'notes.txt', 'Referral.pdf']);
		expect(lines()).toEqual(['GET /patient_attachments 200']);
		expect(filtersOf(0)).toEqual([`patient_id:=${SANDBOX_PATIENT_ID}`]);
	});

	it('gives those of all patients', async () => {
		await fill();

		expect(await names({ of: 'allPatients' })).toEqual([
			null,
			'notes.txt',
			'theirs.pdf',
			'Referral.pdf',
		]);
	});

	it('needs a patient for those of one', async () => {
		const { error } = await run('getMany', { patientId: by('id', '={{ $json.nothing }}') });

		expect(error?.message).toBe('No patient is set for this item. [item 0]');
		expect(lines()).toEqual([]);
	});

	it.each<[string, IDataObject[], Array<string | null>]>([
		[
			'a part of the file name',
			[{ field: 'filename', textCondition: 'contains', textValue: 'refer' }],
			['Referral.pdf'],
		],
		[
			'another file name',
			[{ field: 'filename', textCondition: 'isNot', textValue: 'notes.txt' }],
			['theirs.pdf', 'Referral.pdf'],
		],
		[
			'a description',
			[{ field: 'description', textCondition: 'is', textValue: 'From the form' }],
			['Referral.pdf'],
		],
		[
			'no description',
			[{ field: 'description', textCondition: 'empty' }],
			[null, 'notes.txt', 'theirs.pdf'],
		],
		[
			'a type',
			[{ field: 'content_type', textCondition: 'is', textValue: 'application/pdf' }],
			['theirs.pdf', 'Referral.pdf'],
		],
		[
			'a kind of type',
			[{ field: 'content_type', textCondition: 'pattern', textValue: 'text/%' }],
			['notes.txt'],
		],
		[
			'when it was created, the moment itself',
			[
				{
					field: 'created_at',
					dateTimeCondition: 'since',
					dateTimeValue: '2026-03-02T08:30:00Z',
				},
			],
			[null, 'notes.txt'],
		],
		[
			'when it was created, without it',
			[
				{
					field: 'created_at',
					dateTimeCondition: 'after',
					dateTimeValue: '2026-03-02T09:30:00+01:00',
				},
			],
			[null],
		],
		[
			'when it was updated',
			[
				{
					field: 'updated_at',
					dateTimeCondition: 'before',
					dateTimeValue: '2026-03-02T08:27:00Z',
				},
			],
			['Referral.pdf'],
		],
		[
			'when it was processed',
			[
				{
					field: 'processed_at',
					dateTimeCondition: 'until',
					dateTimeValue: '2026-03-02T08:26:00Z',
				},
			],
			['theirs.pdf', 'Referral.pdf'],
		],
		[
			'that it has not been processed',
			[{ field: 'processed_at', dateTimeCondition: 'empty' }],
			[null],
		],
		[
			'that it has been processed',
			[{ field: 'processed_at', dateTimeCondition: 'notEmpty' }],
			['notes.txt', 'theirs.pdf', 'Referral.pdf'],
		],
		[
			'two things at once',
			[
				{ field: 'filename', textCondition: 'contains', textValue: '.pdf' },
				{ field: 'description', textCondition: 'notEmpty' },
			],
			['Referral.pdf'],
		],
		[
			'what n8n leaves out, because it is the default',
			[{ field: 'filename', textValue: 'NOTES' }],
			['notes.txt'],
		],
	])('gives those that fit %s', async (_, filters, found) => {
		await fill();

		expect(await names({ of: 'allPatients', ...filter(...filters) })).toEqual(found);
	});

	it('takes a moment without an offset for one in the workflow’s time zone', async () => {
		await fill();
		const created = {
			field: 'created_at',
			dateTimeCondition: 'since',
			dateTimeValue: '2026-03-02T19:30',
		};

		expect(
			await names(
				{ of: 'allPatients', ...filter(created) },
				{ settings: { timezone: 'Australia/Melbourne' } },
			),
		).toEqual([null, 'notes.txt']);
		expect(filtersOf(0)).toEqual(['created_at:>=2026-03-02T08:30:00Z']);
	});

	it.each([
		['exclude', [null, 'notes.txt', 'Referral.pdf']],
		['include', ['old.pdf', null, 'notes.txt', 'Referral.pdf']],
		['only', ['old.pdf']],
	])('gives archived ones as it is told: %s', async (archived, found) => {
		await fill();

		expect(await names({ ...ofPatient, archived })).toEqual(found);
	});

	it('refuses a filter without a value, since all would come then', async () => {
		const { error } = await run('getMany', {
			of: 'allPatients',
			...filter({ field: 'filename', textCondition: 'is', textValue: '={{ $json.nothing }}' }),
		});

		expect(error?.message).toContain('The filter File Name has no value for this item');
		expect(lines()).toEqual([]);
	});

	it('gives no item where there is none', async () => {
		expect(await names(ofPatient)).toEqual([]);
	});

	it('gives the record as Cliniko does when it is not to be simplified', async () => {
		await letter();
		const { output } = await run('getMany', { ...ofPatient, simplify: false });

		expect(output[0]?.json).toMatchObject({ pinned_at: null, updated_at: expect.any(String) });
	});

	it('gives each item’s own, paired to it', async () => {
		await fill();
		const { output } = await run(
			'getMany',
			{ patientId: by('id', '={{ $json.patient }}') },
			{
				items: [SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID].map((patient) => ({
					json: { patient },
				})),
			},
		);

		expect(output.map(({ json, pairedItem }) => [json.filename, pairedItem])).toEqual([
			['theirs.pdf', { item: 0 }],
			[null, { item: 1 }],
			['notes.txt', { item: 1 }],
			['Referral.pdf', { item: 1 }],
		]);
	});

	describe('of 205', () => {
		const fillPages = async () => {
			await Promise.all(
				Array.from({ length: 205 }, async (_, at) =>
					Object.assign(await letter({ name: `${at}.pdf` }), { createdAt: minutesAgo(205 - at) }),
				),
			);
		};
		const newest = (count: number) => Array.from({ length: count }, (_, at) => `${204 - at}.pdf`);

		it.each<[string, IDataObject, number, number, string]>([
			['all', { returnAll: true }, 205, 3, '100'],
			['no more than 50 where nothing is said', {}, 50, 1, '50'],
			['no more than the limit', { limit: 7 }, 7, 1, '7'],
			['no more than a limit over one page', { limit: 101 }, 101, 2, '100'],
			['all that there are under a high limit', { limit: 1000 }, 205, 3, '100'],
		])('gives %s: %j, with as few requests', async (_, parameters, count, calls, perPage) => {
			await fillPages();

			expect(await names({ ...ofPatient, ...parameters })).toEqual(newest(count));
			expect(lines()).toEqual(Array<string>(calls).fill('GET /patient_attachments 200'));
			for (const { path } of clinic.sandbox.requests)
				expect(path).toContain(`per_page=${perPage}&`);
		});
	});
});

describe('Update', () => {
	const sent = () =>
		clinic.sandbox.requests
			.filter(({ method }) => method === 'PATCH')
			.map(({ body }) => JSON.parse(body!) as IDataObject);

	it('changes the description and gives the record as it is then', async () => {
		const record = await letter({ description: 'old' });
		const { output, error } = await run('update', {
			attachmentId: by('id', record.id),
			description: 'Seen by “reception”, 50% & ä',
		});

		expect(error).toBeUndefined();
		expect(record.description).toBe('Seen by “reception”, 50% & ä');
		expect(output).toMatchObject([
			{
				json: {
					id: record.id,
					description: 'Seen by “reception”, 50% & ä',
					filename: 'letter.pdf',
				},
				pairedItem: { item: 0 },
			},
		]);
		expect(lines()).toEqual([`PATCH /patient_attachments/${record.id} 200`]);
	});

	it('gives the record as Cliniko does when it is not to be simplified', async () => {
		const { id } = await letter();
		const { output } = await run('update', {
			attachmentId: by('id', id),
			description: 'new',
			simplify: false,
		});

		expect(output[0]?.json).toMatchObject({ description: 'new', pinned_at: null });
	});

	it.each(['x', 'ü', '😀'])(
		'takes 255 characters and no more, as people count: %s',
		async (one) => {
			const record = await letter();
			const attachmentId = by('id', record.id);
			const { error } = await run('update', { attachmentId, description: one.repeat(255) });
			expect(error).toBeUndefined();
			expect(record.description).toBe(one.repeat(255));

			clinic.sandbox.requests.length = 0;
			const refused = await run('update', { attachmentId, description: one.repeat(256) });
			expect(refused.error?.message).toContain('256 characters, and Cliniko accepts at most 255');
			expect(lines()).toEqual([]);
			expect(record.description).toBe(one.repeat(255));
		},
	);

	it('takes the description away where it is empty', async () => {
		const record = await letter({ description: 'old' });
		const { output } = await run('update', { attachmentId: by('id', record.id), description: '' });

		expect(sent()).toEqual([{ description: null }]);
		expect(record.description).toBeNull();
		expect(output[0]?.json.description).toBeNull();
	});

	it('takes attachment and description from expressions, item by item', async () => {
		const records = [await letter(), await letter()];
		await run(
			'update',
			{ attachmentId: by('id', '={{ $json.id }}'), description: '={{ $json.note }}' },
			{ items: records.map(({ id }, at) => ({ json: { id, note: `note ${at}` } })) },
		);

		expect(records.map(({ description }) => description)).toEqual(['note 0', 'note 1']);
	});

	it.each<[string, Pick<Fault, 'act' | 'do'>]>([
		['its reply was lost', { act: 'after', do: { reset: true } }],
		['the connection broke before', { act: 'before', do: { reset: true } }],
		['Cliniko had a fault', { act: 'before', do: { reply: { status: 500 } } }],
		['a proxy answered', { act: 'before', do: { reply: { status: 200, body: '<p>Sign in' } } }],
	])('is sent again where %s', async (_, fault) => {
		const record = await letter();
		strike({ on: 'other', ...fault });
		const { output, error } = await run('update', {
			attachmentId: by('id', record.id),
			description: 'new',
		});

		expect(error).toBeUndefined();
		expect(record.description).toBe('new');
		expect(output[0]?.json.description).toBe('new');
		expect(clinic.sandbox.requests.map(({ method }) => method)).toEqual(['PATCH', 'PATCH']);
	});

	it('says what Cliniko does not accept', async () => {
		const { id } = await letter();
		const body = '{"message":"Validation Failed","errors":{"description":"is invalid"}}';
		strike({ on: 'other', act: 'before', do: { reply: { status: 422, body } } });
		const { error } = await run('update', { attachmentId: by('id', id), description: 'new' });

		expect(error?.message).toBe(
			`Could not change the description of attachment ${id}: Cliniko did not accept it. Cliniko says: Validation Failed: description is invalid [item 0]`,
		);
		expect(error?.description).toContain('Change what Cliniko names');
	});

	it('says that the change is most likely there where the reply is no record', async () => {
		const { id } = await letter();
		strike({ on: 'other', act: 'after', do: { rewrite: (reply) => ({ ...reply, body: '{}' }) } });
		const { error } = await run('update', { attachmentId: by('id', id), description: 'new' });

		expect(error?.message).toContain('is not an attachment record');
		expect(error?.description).toContain('most likely changed');
	});

	it('does not take the record of another attachment for the changed one', async () => {
		const { id } = await letter();
		strike({
			on: 'other',
			act: 'after',
			do: {
				rewrite: (reply) => ({
					...reply,
					body: JSON.stringify({ ...(JSON.parse(reply.body) as IDataObject), id: '77' }),
				}),
			},
		});
		const { error, output } = await run('update', {
			attachmentId: by('id', id),
			description: 'new',
		});

		expect(error?.message).toContain(`attachment ${id} is not an attachment record`);
		expect(output).toEqual([]);
	});

	it('says that there is none that can be changed, such as an archived one', async () => {
		const record = await letter();
		record.archivedAt = minutesAgo(1);
		for (const id of [record.id, '99']) {
			const { error } = await run('update', { attachmentId: by('id', id), description: 'new' });
			expect(error?.message).toContain(`no attachment with the ID ${id} that can be changed.`);
		}
		expect(record.description).toBeNull();
	});

	it('changes nothing of another patient than the one who is named', async () => {
		const record = await letter({ patientId: SANDBOX_OTHER_PATIENT_ID, description: 'old' });
		const { error } = await run('update', {
			patientId: by('id', SANDBOX_PATIENT_ID),
			attachmentId: by('id', record.id),
			description: 'new',
		});

		expect(error?.message).toContain('is not on the record of patient');
		expect(sent()).toEqual([]);
		expect(record.description).toBe('old');
	});
});

describe('Archive', () => {
	const archive = async (id: string, more: IDataObject = {}) =>
		await run('archive', { attachmentId: by('id', id), ...more });
	const orders = () => lines().filter((line) => line.startsWith('POST'));

	it('archives the attachment, and gives its id and that it is done', async () => {
		const record = await letter();
		const { output, error } = await archive(record.id);

		expect(error).toBeUndefined();
		expect(output).toEqual([{ json: { id: record.id, archived: true }, pairedItem: { item: 0 } }]);
		expect(record.archivedAt).not.toBeNull();
		expect(lines()).toEqual([`POST /patient_attachments/${record.id}/archive 204`]);
	});

	it('is done the second time too, so that a workflow can be run again', async () => {
		const record = await letter();
		await archive(record.id);
		const { archivedAt } = record;
		const { output, error } = await archive(record.id);

		expect(error).toBeUndefined();
		expect(output[0]?.json).toEqual({ id: record.id, archived: true });
		expect(record.archivedAt).toBe(archivedAt);
	});

	it.each<[string, Pick<Fault, 'act' | 'do'>, number]>([
		['its reply was lost', { act: 'after', do: { reset: true } }, 1],
		['Cliniko said it had a fault', { act: 'after', do: { reply: { status: 500 } } }, 1],
		['a gateway gave up', { act: 'after', do: { reply: { status: 504, body: '<html>' } } }, 1],
		['the connection broke before', { act: 'before', do: { reset: true } }, 2],
		['Cliniko had a fault', { act: 'before', do: { reply: { status: 503 } } }, 2],
	])('is done, and no error, where %s', async (_, fault, times) => {
		const record = await letter();
		strike({ on: 'other', ...fault });
		const { output, error } = await archive(record.id);

		expect(error).toBeUndefined();
		expect(output[0]?.json).toEqual({ id: record.id, archived: true });
		expect(record.archivedAt).not.toBeNull();
		expect(orders()).toHaveLength(times);
	});

	it('does not take a page of a proxy for done', async () => {
		const record = await letter();
		strike({ on: 'other', act: 'before', do: { reply: { status: 200, body: '<html>' } } });
		const { error, output } = await archive(record.id);

		expect(error?.message).toContain(`Could not archive attachment ${record.id}`);
		expect(error?.description).toContain('proxy or firewall');
		expect(output).toEqual([]);
		expect(record.archivedAt).toBeNull();
	});

	it('says what Cliniko answers where it has a fault for ever', async () => {
		const record = await letter();
		strike({ on: 'other', times: EVER, act: 'before', do: { reply: { status: 500 } } });
		const { error, output } = await archive(record.id);

		expect(error?.message).toContain(
			`Could not archive attachment ${record.id}: Cliniko answered with status 500.`,
		);
		expect(error?.description).toContain('status.cliniko.com');
		expect(output).toEqual([]);
		expect(record.archivedAt).toBeNull();
	});

	it('says that it is open whether it is archived where the record cannot be read either', async () => {
		const record = await letter();
		strike({ on: 'other', act: 'after', do: { reset: true } });
		strike({ on: 'poll', act: 'before', do: { reply: { status: 403 } } });
		const { error } = await archive(record.id);

		expect(record.archivedAt).not.toBeNull();
		expect(error?.message).toMatch(new RegExp(`attachment ${record.id} is archived.*may not do`));
	});

	it.each([401, 403])('is refused where Cliniko answers %d', async (status) => {
		const record = await letter();
		strike({ on: 'other', act: 'before', do: { reply: { status } } });
		const { error } = await archive(record.id);

		expect(error?.message).toMatch(/refused the API key|may not do this/);
		expect(record.archivedAt).toBeNull();
		expect(orders()).toHaveLength(1);
	});

	it('says that there is no such attachment', async () => {
		const { error } = await archive('99');

		expect(error?.message).toContain('Cliniko has no attachment with the ID 99.');
	});

	it('does nothing with the attachment of another patient than the one who is named', async () => {
		const record = await letter({ patientId: SANDBOX_OTHER_PATIENT_ID });
		const { error } = await archive(record.id, { patientId: by('id', SANDBOX_PATIENT_ID) });

		expect(error?.message).toBe(
			`Attachment ${record.id} is not on the record of patient ${SANDBOX_PATIENT_ID}. [item 0]`,
		);
		expect(error?.description).toContain('Nothing was done with it');
		expect(orders()).toEqual([]);
		expect(record.archivedAt).toBeNull();
	});

	it('goes on with the other items where one fails, if asked to', async () => {
		const records = [await letter(), await letter()];
		const { output } = await run(
			'archive',
			{ attachmentId: by('id', '={{ $json.id }}') },
			{
				items: [records[0]!.id, '99', records[1]!.id].map((id) => ({ json: { id } })),
				node: { onError: 'continueRegularOutput' },
			},
		);

		expect(output.map(({ json }) => json.archived ?? json.error)).toEqual([
			true,
			expect.stringContaining('no attachment with the ID 99'),
			true,
		]);
		expect(records.map(({ archivedAt }) => archivedAt !== null)).toEqual([true, true]);
	});
});

describe('A Cliniko that sends its ids as numbers', () => {
	beforeEach(() =>
		strike({
			on: 'any',
			times: EVER,
			act: 'after',
			do: {
				rewrite: (reply) => ({ ...reply, body: reply.body.replace(/"id":"(\d+)"/g, '"id":$1') }),
			},
		}),
	);

	it('stores a file once, and says as which attachment', async () => {
		const { output, error } = await clinic.run({
			items: [{ files: { data: file('a.pdf', pdf('a')) } }],
		});

		const ids = [...clinic.sandbox.clinic.attachments.keys()];
		expect(error).toBeUndefined();
		expect(ids).toHaveLength(1);
		expect(output.map(({ json }) => json.id)).toEqual(ids);
	});

	it.each([
		['patientAttachment', 'get'],
		['patientAttachment', 'getMany'],
		['patientAttachment', 'update'],
		['patient', 'get'],
		['patient', 'find'],
	])('gives them as text, to the last digit: %s > %s', async (resource, operation) => {
		const { id } = await letter();
		const { output, error } = await run(operation, {
			resource,
			patientId: by('id', SANDBOX_PATIENT_ID),
			attachmentId: by('id', id),
			dateOfBirth: clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!.dateOfBirth,
		});

		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.id)).toEqual([
			resource === 'patient' ? SANDBOX_PATIENT_ID : id,
		]);
	});
});

describe('Upload for patients who are out of use', () => {
	const withEmptyTexts = (reply: Reply) => ({
		...reply,
		body: reply.body
			.replace(/"archived_at":"[^"]*"/g, '"archived_at":null')
			.replace(/"merged_with_patient":{.*?}}/g, '"merged_with_patient":null')
			.replaceAll('null', '""'),
	});
	const without = (patient: string) => (reply: Reply) => {
		const { patients, ...rest } = JSON.parse(reply.body) as { patients: IDataObject[] };
		const shown = patients.filter(({ id }) => id !== patient);
		return { ...reply, body: JSON.stringify({ ...rest, patients: shown }) };
	};
	const forPatients = (...patients: string[]): Partial<UploadRun> => ({
		items: patients.map((patient, at) => ({
			json: { patient },
			files: { data: file(`${at}.pdf`, pdf(`${at}`)) },
		})),
		parameters: { patientId: by('id', '={{ $json.patient }}') },
	});
	const upload = async (patients: string[], more: Partial<UploadRun> = {}) =>
		await clinic.run({ items: [], ...forPatients(...patients), ...more });

	it.each([
		[
			'an archived one',
			SANDBOX_ARCHIVED_PATIENT_ID,
			/Patient \d+7 is archived in Cliniko, so nothing was sent\. \[item 1\]/,
			/right patient.*out of the archive/,
		],
		[
			'a merged one',
			SANDBOX_MERGED_PATIENT_ID,
			new RegExp(`Patient \\d+8 was merged into patient ${SANDBOX_PATIENT_ID} in Cliniko`),
			new RegExp(`Use patient ${SANDBOX_PATIENT_ID} instead`),
		],
	])('sends no file at all where one is for %s', async (_, patient, message, advice) => {
		const { error, output } = await upload([SANDBOX_PATIENT_ID, patient, SANDBOX_PATIENT_ID]);

		expect(error?.message).toMatch(message);
		expect(error?.description).toMatch(advice);
		expect(output).toEqual([]);
		expect(lines()).toEqual(['GET /patients 200']);
		expect(filtersOf(0)).toEqual([`id:=${SANDBOX_PATIENT_ID},${patient}`, 'archived_at:*']);
	});

	it('with “On Error: Continue” fails only their items', async () => {
		const { output, error } = await upload(
			[
				SANDBOX_ARCHIVED_PATIENT_ID,
				SANDBOX_PATIENT_ID,
				SANDBOX_MERGED_PATIENT_ID,
				SANDBOX_OTHER_PATIENT_ID,
			],
			{ node: { onError: 'continueRegularOutput' } },
		);

		expect(error).toBeUndefined();
		expect(output.map(({ json, pairedItem }) => [json.filename ?? json.error, pairedItem])).toEqual(
			[
				[expect.stringMatching(/is archived.*\[item 0\]/), { item: 0 }],
				['1.pdf', { item: 1 }],
				[expect.stringMatching(/was merged into.*\[item 2\]/), { item: 2 }],
				['3.pdf', { item: 3 }],
			],
		);
		expect(
			recorded(clinic.sandbox)
				.map(({ patient }) => patient)
				.sort(),
		).toEqual([SANDBOX_PATIENT_ID, SANDBOX_OTHER_PATIENT_ID]);
		expect(lines().filter((line) => line === 'GET /patients 200')).toHaveLength(1);
	});

	it('sends no file for one who is closed in a record with empty texts for nulls', async () => {
		strike({ on: 'patients', act: 'after', do: { rewrite: withEmptyTexts } });
		const { error } = await upload([SANDBOX_MERGED_PATIENT_ID]);

		expect(error?.message).toMatch(/Patient \d+8 is archived in Cliniko/);
		expect(lines()).toEqual(['GET /patients 200']);
	});

	it('sends no file for a merged one whom the list does not show', async () => {
		strike({ on: 'patients', act: 'after', do: { rewrite: without(SANDBOX_MERGED_PATIENT_ID) } });
		const { error } = await upload([SANDBOX_PATIENT_ID, SANDBOX_MERGED_PATIENT_ID]);

		expect(error?.message).toMatch(/Patient \d+8 was merged into patient .*\[item 1\]/);
		expect(lines()).toEqual([
			'GET /patients 200',
			`GET /patients/${SANDBOX_MERGED_PATIENT_ID} 200`,
		]);
	});

	it('does not name them in its words', async () => {
		const { error } = await upload([SANDBOX_ARCHIVED_PATIENT_ID]);

		expect(JSON.stringify(error)).not.toMatch(/Edith|Marrow/);
	});

	it('with “Retry On Fail” does not ask again for those whose files are stored', async () => {
		strike({ on: 'presign', skip: 1, act: 'before', do: { reply: { status: 403 } } });
		clinic.sandbox.settings.onRequest = ({ status }) => {
			// Files remain stored even if their patient is deleted.
			const stored = clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!;
			if (status === 403) stored.archivedAt = minutesAgo(1);
		};
		const { output, error } = await upload([SANDBOX_PATIENT_ID, SANDBOX_OTHER_PATIENT_ID], {
			parameters: {
				...forPatients().parameters,
				options: { concurrency: 1 },
			},
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		});

		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.filename)).toEqual(['0.pdf', '1.pdf']);
		const asked = clinic.sandbox.requests
			.map(({ path }, at) => (path.startsWith('/v1/patients?') ? filtersOf(at)[0] : undefined))
			.filter(Boolean);
		expect(asked).toEqual([
			`id:=${SANDBOX_PATIENT_ID},${SANDBOX_OTHER_PATIENT_ID}`,
			`id:=${SANDBOX_OTHER_PATIENT_ID}`,
		]);
	});

	it('with “Retry On Fail” asks nothing where all files are stored', async () => {
		strike({ on: 'poll', act: 'before', do: { reply: { status: 403 } } });
		const { error } = await upload([SANDBOX_PATIENT_ID], {
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		});

		expect(error).toBeUndefined();
		expect(lines().filter((line) => line === 'GET /patients 200')).toHaveLength(1);
	});

	it('asks for a hundred patients at once, and finds the one among the last', async () => {
		const ids = Array.from({ length: 101 }, () => clinic.sandbox.clinic.addPatient().id);
		clinic.sandbox.clinic.patients.get(ids.at(-1)!)!.archivedAt = minutesAgo(1);
		const { error } = await upload(ids);

		expect(error?.message).toContain(`Patient ${ids.at(-1)} is archived in Cliniko`);
		expect(error?.message).toMatch(/\[item 100\]$/);
		expect(lines()).toEqual(['GET /patients 200', 'GET /patients 200']);
		expect([0, 1].map((at) => filtersOf(at)[0]!.split(',').length)).toEqual([100, 1]);
	});

	it('asks for nobody where no item has a file', async () => {
		const { error } = await clinic.run({
			items: [{}],
			parameters: { options: { ifNoFile: 'skip' } },
		});

		expect(error).toBeUndefined();
		expect(lines()).toEqual([]);
	});

	it('sends nothing where Cliniko cannot be asked', async () => {
		strike({ on: 'patients', act: 'before', do: { reply: { status: 403 } } });
		const { error } = await upload([SANDBOX_PATIENT_ID]);

		expect(error?.message).toContain('Could not look up the patients');
		expect(lines()).toEqual(['GET /patients 403']);
	});
});

describe('The list in which an attachment is picked', () => {
	const search = async (parameters: IDataObject = {}, filter?: string, paginationToken?: string) =>
		await clinic.engine.call('listSearch', {
			method: 'searchAttachments',
			credential: CREDENTIAL,
			filter,
			paginationToken,
			parameters: { operation: 'get', ...parameters },
		});
	const entry = (name: string, id: string, day = '2026-03-02') => ({
		name: `${name} (${day}, ID ${id})`,
		value: id,
	});
	const put = async (name: string, minutes: number, more: Parameters<typeof letter>[0] = {}) =>
		Object.assign(await letter({ name, ...more }), { createdAt: minutesAgo(minutes) });

	it('has those of all patients, newest first', async () => {
		const old = await put('old.pdf', 20);
		const theirs = await put('theirs.pdf', 10, { patientId: SANDBOX_OTHER_PATIENT_ID });

		expect((await search()).results).toEqual([
			entry('theirs.pdf', theirs.id),
			entry('old.pdf', old.id),
		]);
	});

	it.each([
		['id', SANDBOX_PATIENT_ID],
		['list', SANDBOX_PATIENT_ID],
		['url', `https://clinic.au1.cliniko.com/patients/${SANDBOX_PATIENT_ID}/files`],
	])('has those of the patient who is chosen: by %s', async (mode, value) => {
		const { id } = await put('ours.pdf', 20);
		await put('theirs.pdf', 10, { patientId: SANDBOX_OTHER_PATIENT_ID });

		expect((await search({ patientId: by(mode, value) })).results).toEqual([entry('ours.pdf', id)]);
	});

	it('has those whose file name holds what is typed', async () => {
		const { id } = await put('Referral Müller.pdf', 20);
		await put('consent.pdf', 10);

		expect((await search({}, 'müller')).results).toEqual([entry('Referral Müller.pdf', id)]);
	});

	it('says which ones are not processed yet, and leaves out archived ones', async () => {
		const { id } = await put('fresh.pdf', 20, { fresh: true });
		const archived = await put('archived.pdf', 10);
		archived.archivedAt = minutesAgo(1);

		expect((await search()).results).toEqual([entry('Not processed yet', id)]);
	});

	it('has fifty to a page', async () => {
		await Promise.all(Array.from({ length: 51 }, async (_, at) => await put(`${at}.pdf`, at)));
		const first = await search();
		expect(first.results).toHaveLength(50);
		expect(first.paginationToken).toBe('2');

		const second = await search({}, undefined, '2');
		expect(second.results.map(({ name }) => name.split(' ')[0])).toEqual(['50.pdf']);
		expect(second.paginationToken).toBeUndefined();
	});
});

it('does nothing more once the execution is cancelled', async () => {
	const records = [await letter(), await letter()];
	strike({ on: 'other', act: 'before', do: { hang: true } });
	const { run: ran } = await run(
		'archive',
		{ attachmentId: by('id', '={{ $json.id }}') },
		{ items: records.map(({ id }) => ({ json: { id } })), cancelAfter: 1000 },
	);
	await setTimeout(2000);

	expect(ran.status).toBe('canceled');
	expect(lines()).toHaveLength(1);
	expect(records.map(({ archivedAt }) => archivedAt)).toEqual([null, null]);
});
