import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { findRecord } from '../../../../nodes/Cliniko/once/recordSearch.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import {
	digestOf,
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
} from '../connection.cts';

const SINCE = Date.parse('2026-03-02T08:59:58.999Z');

const OWN_USER = '5';

const userLink = (id: string) => ({
	links: { self: `https://api.au1.cliniko.com/v1/users/${id}` },
});

/** A processed record that the key's user created, unless `more` says otherwise. */
const record = (id: string, more: IDataObject = {}): IDataObject => ({
	...processedRecord(id),
	user: userLink(OWN_USER),
	...more,
});

const unprocessed = (id: string, more: IDataObject = {}): IDataObject => ({
	...freshRecord(id),
	user: userLink(OWN_USER),
	...more,
});

const ANOTHERS = { user: userLink('6') };

const WAITS = [2000, 4000, 8000, 16_000, 30_000];

const BYTES = 'bytes of the file';

describe('The search for a record that may have been created', () => {
	/** Searches `rows`; `contents` has their files' bytes by id. */
	const search = (
		rows: IDataObject[] | ((look: number) => IDataObject[] | Answer),
		contents: Record<string, string> = {},
		{
			claimed = [] as string[],
			user = OWN_USER as string | undefined,
			name = 'Referral.pdf',
			digest = async () => await Promise.resolve(digestOf(BYTES)),
		} = {},
	) => {
		const cliniko = new FakeCliniko((_, count) => {
			const given = Array.isArray(rows) ? rows : rows(count);
			return Array.isArray(given) ? { patient_attachments: given } : given;
		});
		const downloaded: string[] = [];
		const surroundings = {
			api: cliniko.api,
			pause: cliniko.clock.pause,
			digestOf: async ({ id }: PatientAttachment) => {
				downloaded.push(id);
				return await Promise.resolve(id in contents ? digestOf(contents[id]!) : undefined);
			},
			ownUser: async () => await Promise.resolve(user),
		};
		const upload = uploadOf({ name, digest });
		const result = findRecord(surroundings, upload, SINCE, (id) => claimed.includes(id)).then(
			(found) => found?.id,
		);
		return { cliniko, downloaded, result, pauses: cliniko.clock.pauses };
	};

	const UNCLEAR = (ids: string) =>
		`The connection broke while the file "Referral.pdf" was put on the record of patient 1, and it is not known whether it is there. It may be attachment ${ids}.`;

	it('requests all of the patient’s attachments, archived ones too, from five minutes before', async () => {
		const { cliniko, result } = search([record('77')], { 77: BYTES });

		await result;

		expect(cliniko.sent.map(({ path, filters }) => [path, ...filters])).toEqual([
			[
				'/patient_attachments',
				'patient_id:=1',
				'created_at:>=2026-03-02T08:54:58Z',
				'archived_at:*',
			],
		]);
	});

	it('finds the record by its bytes', async () => {
		const { result, pauses } = search([record('75'), record('76'), record('77')], {
			75: 'others',
			76: BYTES,
			77: 'others',
		});

		expect(await result).toBe('76');
		expect(pauses).toEqual([2000]);
	});

	it('finds it on a later page', async () => {
		const { cliniko, result } = search(
			(look) =>
				look === 1
					? { patient_attachments: [record('76')], links: { next: 'x' }, total_entries: 2 }
					: [record('77')],
			{ 76: 'others', 77: BYTES },
		);

		expect(await result).toBe('77');
		expect(cliniko.sent).toHaveLength(2);
	});

	describe('takes a record with our bytes for ours', () => {
		it.each([
			['its name is cleaned', { filename: 'referral_.pdf' }],
			['it has no name', { filename: null }],
			['its description was changed', { description: 'Referral \n' }],
			['its size is not what it should be', { size: 1001 }],
			['its size came as text', { size: '1000' }],
			['it has no size', { size: null }],
			['its clock was behind', { created_at: '2026-03-02T08:59:50Z' }],
			['Cliniko does not say who created it', { user: null }],
			['Cliniko says that another user created it', ANOTHERS],
			['Cliniko calls it unreadable', { content_type: 'invalid/invalid' }],
		])('when %s', async (_, fields) => {
			expect(await search([record('77', fields)], { 77: BYTES }).result).toBe('77');
		});

		it('when Cliniko does not say whose key it is', async () => {
			const { result } = search([record('77', ANOTHERS)], { 77: BYTES }, { user: undefined });

			expect(await result).toBe('77');
		});
	});

	it('cannot tell when a record with our bytes has another name: it may be another upload', async () => {
		const { result } = search([record('77', { filename: 'Consent.pdf' })], { 77: BYTES });

		expect((await rejection(result)).message).toContain('It may be attachment 77.');
	});

	it('takes the newest of several with our bytes: an earlier execution may have the others', async () => {
		const rows = [
			record('78', { created_at: '2026-03-02T09:00:10Z' }),
			record('79', { created_at: '2026-03-02T11:00:20+02:00' }),
			record('77', { created_at: '2026-03-02T09:00:15Z' }),
		];

		expect(await search(rows, { 77: BYTES, 78: BYTES, 79: BYTES }).result).toBe('79');
	});

	it.each([[null], [undefined], ['today']])(
		'takes one of them even when Cliniko says %s of when they were created',
		async (created) => {
			const rows = ['77', '78'].map((id) => record(id, { created_at: created as string }));

			expect(await search(rows, { 77: BYTES, 78: BYTES }).result).toBe('78');
		},
	);

	it('takes none that another file of this execution has', async () => {
		const contents = { 76: BYTES, 77: BYTES, 78: BYTES };
		const rows = [record('76'), record('77'), record('78')];

		expect(await search(rows, contents, { claimed: ['76', '78'] }).result).toBe('77');
		expect(await search(rows, contents, { claimed: ['76', '77', '78'] }).result).toBeUndefined();
	});

	describe('passes over a record', () => {
		it.each([
			['with other bytes, and our name and size', {}],
			['with other bytes, and our size', { filename: 'Other.pdf' }],
			['with other bytes that Cliniko could not read', { content_type: 'invalid/invalid' }],
			['with other bytes and no name', { filename: null, size: null }],
			['of another name and size', { filename: 'Other.pdf', size: 1001 }],
		])('%s', async (_, fields) => {
			const { result, pauses } = search([record('77', fields)], { 77: 'others' });

			expect(await result).toBeUndefined();
			expect(pauses).toEqual(WAITS);
		});

		it.each([
			['our name and size that cannot be downloaded', {}],
			['our name and another size', { size: 1001 }],
			['no name', { filename: null, size: null }],
			['no name, not processed yet', { processing_completed: false }],
		])('of another user with %s', async (_, fields) => {
			const { result, pauses } = search([record('77', { ...ANOTHERS, ...fields })]);

			expect(await result).toBeUndefined();
			expect(pauses).toEqual(WAITS);
		});

		it('of another name and size that cannot be downloaded', async () => {
			const { result } = search([record('77', { filename: 'Other.pdf', size: 1001 })]);

			expect(await result).toBeUndefined();
		});

		it('that is none', async () => {
			const rows = [null, {}, { id: 77.5 }, { filename: 'Referral.pdf' }] as IDataObject[];

			expect(await search(rows).result).toBeUndefined();
		});
	});

	describe('cannot tell', () => {
		it.each([
			['our name', { size: 1001 }],
			['our name in other letters', { size: 1001, filename: 'REFERRAL_.pdf' }],
			['our size', { filename: 'Other.pdf' }],
			['no name', { filename: null, size: 1001 }],
			['no size', { filename: 'Other.pdf', size: null }],
			[
				'nothing that Cliniko could read',
				{ ...freshRecord('77'), content_type: 'invalid/invalid' },
			],
		])('when a record has %s and cannot be downloaded', async (_, fields) => {
			const { result } = search([record('77', fields)]);

			const error = await rejection(result);
			expect(error.message).toBe(UNCLEAR('77'));
			expect(error.description).toContain('Look at the patient’s files in Cliniko.');
		});

		it('when a record has our name and other bytes of another size: Cliniko may have changed them', async () => {
			const { result } = search([record('77', { size: 900 })], { 77: 'smaller' });

			expect((await rejection(result)).message).toBe(UNCLEAR('77'));
		});

		it('when a record with our bytes is archived: an earlier execution may have created it', async () => {
			const { result } = search([record('77', { archived_at: '2026-03-02T09:00:30Z' })], {
				77: BYTES,
			});

			expect((await rejection(result)).message).toBe(UNCLEAR('77'));
		});

		it('and names every record that it may be, and no other', async () => {
			const { result } = search(
				[
					record('70'),
					record('71', { size: 1 }),
					unprocessed('72'),
					record('73', { size: 1, filename: 'a' }),
					record('74'),
					record('75', ANOTHERS),
				],
				{},
				{ claimed: ['74'] },
			);

			expect((await rejection(result)).message).toBe(UNCLEAR('72 or 71 or 70'));
		});

		it('and counts the records when there are many', async () => {
			const rows = Array.from({ length: 150 }, (_, at) => record(String(100 + at)));
			const { result } = search(rows);

			expect((await rejection(result)).message).toBe(
				UNCLEAR('249 or 248 or 247 or 246 or 245 (or 145 more)'),
			);
		});
	});

	it('prefers a record that is ours to one that may be', async () => {
		const { result, pauses } = search(
			[
				record('79', { archived_at: '2026-03-02T09:00:30Z' }),
				record('78', { size: 1 }),
				record('77'),
			],
			{ 77: BYTES, 79: BYTES },
		);

		expect(await result).toBe('77');
		expect(pauses).toEqual([2000]);
	});

	describe('looks', () => {
		it('for a minute: a list may lag, and a request without a reply may still run', async () => {
			const { result, pauses, cliniko } = search([]);

			expect(await result).toBeUndefined();
			expect(pauses).toEqual(WAITS);
			expect(cliniko.sent).toHaveLength(WAITS.length);
		});

		it.each([1, 2, 3, 4, 5])('until the record shows up: at search %d', async (there) => {
			const { result, pauses } = search((look) => (look >= there ? [record('77')] : []), {
				77: BYTES,
			});

			expect(await result).toBe('77');
			expect(pauses).toEqual(WAITS.slice(0, there));
		});

		it('on when something is unclear at first', async () => {
			const { result, pauses } = search(
				(look) => (look === 1 ? [record('70')] : [record('70'), record('77')]),
				{ 77: BYTES },
			);

			expect(await result).toBe('77');
			expect(pauses).toEqual(WAITS.slice(0, 2));
		});

		it('on for another minute while one is not processed yet', async () => {
			const { result, pauses } = search([unprocessed('77')]);

			expect((await rejection(result)).message).toBe(UNCLEAR('77'));
			expect(pauses).toEqual([...WAITS, ...Array<number>(21).fill(3000)]);
		});

		it('until the one that is not processed yet turns out to be ours', async () => {
			const { result, pauses } = search((look) => [look < 10 ? unprocessed('77') : record('77')], {
				77: BYTES,
			});

			expect(await result).toBe('77');
			expect(pauses).toHaveLength(10);
		});

		it('until the one that is not processed yet turns out to be another', async () => {
			const { result, pauses } = search((look) => [look < 10 ? unprocessed('77') : record('77')], {
				77: 'others',
			});

			expect(await result).toBeUndefined();
			expect(pauses).toHaveLength(10);
		});

		it('no longer than it must for ours, though another is not processed yet', async () => {
			const { result, pauses } = search([unprocessed('78'), record('77')], { 77: BYTES });

			expect(await result).toBe('77');
			expect(pauses).toEqual([2000]);
		});

		it.each([
			['is claimed by another file', {}, ['70']],
			['is another user’s', ANOTHERS, []],
		])('no longer when the one that is not processed %s', async (_, fields, claimed) => {
			const { result, pauses, downloaded } = search([unprocessed('70', fields)], {}, { claimed });

			expect(await result).toBeUndefined();
			expect(pauses).toEqual(WAITS);
			expect(downloaded).toEqual([]);
		});

		it('no longer once the unclear records stop changing', async () => {
			const { result, pauses } = search([record('77')]);

			await rejection(result);
			expect(pauses).toEqual(WAITS);
		});
	});

	/** On its own, the advice would be to run the workflow again, which could store the file twice. */
	const MAY_BE_THERE =
		/^The file may be there: look at the patient’s files in Cliniko before you run the workflow again\. /;

	it('fails when Cliniko cannot be asked, and never takes that for none', async () => {
		const { result } = search(() => reply(503));

		const error = await rejection(result);
		expect(error.message).toContain(
			'Could not check whether the file "Referral.pdf" was saved on the record of patient 1 before the connection broke',
		);
		expect(error.httpCode).toBe(503);
		expect(error.description).toMatch(MAY_BE_THERE);
	});

	it('fails when our own file cannot be read any more, and never takes that for none', async () => {
		const gone = new ClinikoError('The file "Referral.pdf" cannot be read.', 'Run it again.');
		const { result } = search(
			[record('77')],
			{ 77: BYTES },
			{ digest: async () => await Promise.reject(gone) },
		);

		const error = await rejection(result);
		expect(error.message).toBe(gone.message);
		expect(error.description).toMatch(MAY_BE_THERE);
	});
});
