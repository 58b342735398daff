import type { IDataObject } from 'n8n-workflow';
import { findRecord } from '../../../../nodes/Cliniko/upload/recordSearch.ts';
import {
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
} from '../connection.cts';

const SINCE = Date.parse('2026-03-02T08:59:58.999Z');

const ours = (id: string, more: IDataObject = {}): IDataObject => ({
	...processedRecord(id),
	description: 'Referral',
	...more,
});

const unprocessed = (id: string, more: IDataObject = {}): IDataObject => ({
	...freshRecord(id),
	description: 'Referral',
	...more,
});

const UNANSWERED = [2000, 4000, 8000, 16_000];
const ANSWERED = [1000, 2000];

describe('The search for a record that may have been created', () => {
	const search = (
		rows: IDataObject[] | ((look: number) => IDataObject[] | Answer),
		{
			answered = false,
			claimed = [] as string[],
			alike = 1,
			place = 0,
			description = 'Referral',
			name = 'Referral.pdf',
			since = SINCE,
		} = {},
	) => {
		const cliniko = new FakeCliniko((_, count) => {
			const given = Array.isArray(rows) ? rows : rows(count);
			return Array.isArray(given) ? { patient_attachments: given } : given;
		});
		const result = findRecord(
			cliniko.api,
			cliniko.clock.pause,
			uploadOf({ name }, { description }),
			{ since, answered, claimed: new Set(claimed), alike, place },
		).then((record) => record?.id);
		return { cliniko, result, pauses: cliniko.clock.pauses };
	};

	it('asks for the patient’s attachments since the creation was asked for, in whole seconds', async () => {
		const { cliniko, result } = search([ours('77')]);

		await result;

		expect(cliniko.sent.map(({ path, filters }) => [path, ...filters])).toEqual([
			['/patient_attachments', 'patient_id:=1', 'created_at:>=2026-03-02T08:59:58Z'],
		]);
	});

	it('finds the record by its description, name and size', async () => {
		const { result, pauses } = search([
			ours('75', { description: null }),
			ours('76', { filename: 'Other.pdf', size: 999 }),
			ours('77'),
		]);

		expect(await result).toBe('77');
		expect(pauses).toEqual([2000]);
	});

	it('finds it on a later page', async () => {
		const { cliniko, result } = search((look) =>
			look === 1
				? { patient_attachments: [ours('76', { size: 1, filename: 'a' })], links: { next: 'x' } }
				: [ours('77')],
		);

		expect(await result).toBe('77');
		expect(cliniko.sent).toHaveLength(2);
	});

	describe('takes a record for ours', () => {
		it.each([
			['its name has other marks', { filename: 'Referral_.PDF' }, 'referral.pdf'],
			['its name is written in another form', { filename: 'Mu\u0308ller (1).pdf' }, 'Müller 1.pdf'],
			['its letters are of a wider form', { filename: 'Ｒｅｆｅｒｒａｌ.pdf' }, 'Referral.pdf'],
			['its size came as text', { size: '1000' }, 'Referral.pdf'],
			['its description has white space around it', { description: ' Referral\n' }, 'Referral.pdf'],
		])('where %s', async (_, fields, name) => {
			expect(await search([ours('77', fields)], { name }).result).toBe('77');
		});

		it.each([
			['null', null, ''],
			['nothing', undefined, ''],
			['empty', '', ''],
			['empty', '', '  \n'],
			['null', null, ' '],
			['without its ends', 'Referral', ' Referral '],
		])('where its description is %s and ours is too', async (_, description, own) => {
			const record = ours('77', { description: description as string });

			expect(await search([record], { description: own }).result).toBe('77');
		});
	});

	describe('passes over a record', () => {
		it.each([
			['with another description', { description: 'Invoice' }],
			['with no description', { description: null }],
			['with the description in other letters', { description: 'referral' }],
			['of another name and size', { filename: 'Other.pdf', size: 1001 }],
			['of a name without its ending, and of another size', { filename: 'Referral', size: 1 }],
			['that is claimed by another file', { id: '50' }],
			[
				'that is not processed but has another description',
				{ ...unprocessed('77'), description: 'x' },
			],
		])('%s', async (_, fields) => {
			const { result } = search([ours('77', fields)], { claimed: ['50'] });

			expect(await result).toBeUndefined();
		});

		it('that is none', async () => {
			const rows = [null, {}, { id: 77 }, { filename: 'Referral.pdf' }] as IDataObject[];

			expect(await search(rows).result).toBeUndefined();
		});
	});

	describe('cannot tell', () => {
		const UNCLEAR = (ids: string) =>
			`The connection broke while the file "Referral.pdf" was put on the record of patient 1, and it cannot be told whether it is there. It may be attachment ${ids}.`;

		it.each([
			['another size', { size: 1001 }],
			['another name', { filename: 'Other.pdf' }],
			['no size', { size: null }],
			['no name', { filename: null }],
			[
				'a name and size that Cliniko could not read',
				{ ...unprocessed('77'), content_type: 'invalid/invalid' },
			],
			['a name without letters of ours', { filename: '日本.pdf' }],
		])('where a record of our description has %s', async (_, fields) => {
			const { result } = search([ours('77', fields)]);

			const error = await rejection(result);
			expect(error.message).toBe(UNCLEAR('77'));
			expect(error.description).toContain('Look at the patient’s files in Cliniko.');
		});

		it('and names every record that it may be, and no other', async () => {
			const { result } = search(
				[
					ours('70'),
					ours('71', { size: 1 }),
					unprocessed('72'),
					ours('73', { size: 1, filename: 'a' }),
					ours('74'),
					ours('75', { description: 'x' }),
				],
				{ claimed: ['74'], alike: 2 },
			);

			expect((await rejection(result)).message).toBe(UNCLEAR('70 or 72 or 71'));
		});

		it.each([
			['two records', 1, ['77', '78']],
			['two records for three files that look alike', 3, ['77', '78']],
			['one record for two files that look alike', 2, ['77']],
			['three records for two files that look alike', 2, ['77', '78', '79']],
		])('where there are %s', async (_, alike, ids) => {
			const { result } = search(
				ids.map((id) => ours(id)),
				{ alike },
			);

			expect((await rejection(result)).message).toBe(UNCLEAR(ids.join(' or ')));
		});
	});

	it.each([
		['two', 2, ['77', '78']],
		['three', 3, ['77', '78', '79']],
	])(
		'takes the first where there are %s, and as many files that look alike',
		async (_, alike, ids) => {
			const rows = [ours('70', { filename: 'Other.pdf', size: 1 }), ...ids.map((id) => ours(id))];

			expect(await search(rows, { alike }).result).toBe('77');
		},
	);

	it.each([
		[0, '79'],
		[1, '77'],
		[2, '78'],
	])(
		'takes the one that was created as the %dth, where so many of the files were asked for before',
		async (place, id) => {
			const rows = [
				ours('77', { created_at: '2026-03-02T09:00:10Z' }),
				ours('78', { created_at: '2026-03-02T11:00:20+02:00' }),
				ours('79', { created_at: '2026-03-02T09:00:05Z' }),
			];

			expect(await search(rows, { alike: 3, place }).result).toBe(id);
		},
	);

	it.each([[null], [undefined], ['today']])(
		'takes one of them even where Cliniko says %s of when they were created',
		async (created) => {
			const rows = ['77', '78'].map((id) => ours(id, { created_at: created as string }));
			const taken = [0, 1].map((place) => search(rows, { alike: 2, place }).result);

			expect(await Promise.all(taken)).toEqual(['77', '78']);
		},
	);

	it('does not count records that are claimed', async () => {
		const rows = [ours('76'), ours('77'), ours('78')];

		expect(await search(rows, { claimed: ['76', '78'] }).result).toBe('77');
		expect(await search(rows, { claimed: ['76'], alike: 2 }).result).toBe('77');
	});

	describe('looks', () => {
		it.each([
			['four times, for half a minute, where nobody answered', false, UNANSWERED],
			['twice, for a moment, where Cliniko answered', true, ANSWERED],
		])('%s', async (_, answered, waits) => {
			const { result, pauses, cliniko } = search([], { answered });

			expect(await result).toBeUndefined();
			expect(pauses).toEqual(waits);
			expect(cliniko.sent).toHaveLength(waits.length);
		});

		it.each([1, 2, 3, 4])('until the record is there: at look %d', async (there) => {
			const { result, pauses } = search((look) => (look >= there ? [ours('77')] : []));

			expect(await result).toBe('77');
			expect(pauses).toEqual(UNANSWERED.slice(0, there));
		});

		it('as long as it could still be told, where something is unclear at first', async () => {
			const { result, pauses } = search((look) =>
				look === 1 ? [ours('70', { size: 1 })] : [ours('70', { size: 1 }), ours('77')],
			);

			expect(await result).toBe('77');
			expect(pauses).toEqual(UNANSWERED.slice(0, 2));
		});

		it.each([
			['unanswered', false, UNANSWERED],
			['answered', true, ANSWERED],
		])('on for a minute while one is not processed yet (%s)', async (_, answered, waits) => {
			const { result, pauses } = search([unprocessed('77')], { answered });

			expect((await rejection(result)).message).toContain('It may be attachment 77.');
			expect(pauses).toEqual([...waits, ...Array<number>(21).fill(3000)]);
		});

		it('until the one that is not processed yet turns out to be ours', async () => {
			const { result, pauses } = search((look) => [look < 10 ? unprocessed('77') : ours('77')]);

			expect(await result).toBe('77');
			expect(pauses).toHaveLength(10);
		});

		it('until the one that is not processed yet turns out to be another', async () => {
			const { result, pauses } = search((look) => [
				look < 10 ? unprocessed('77') : ours('77', { filename: 'Other.pdf', size: 1 }),
			]);

			expect(await result).toBeUndefined();
			expect(pauses).toHaveLength(10);
		});

		it('no longer than it must for ours, though another is not processed yet', async () => {
			const { result, pauses } = search([unprocessed('70'), ours('77')]);

			expect(await result).toBe('77');
			expect(pauses).toEqual([2000]);
		});

		it('no longer where the one that is not processed is claimed by another file', async () => {
			const { result, pauses } = search([unprocessed('70')], { claimed: ['70'] });

			expect(await result).toBeUndefined();
			expect(pauses).toEqual(UNANSWERED);
		});
	});

	it('fails where Cliniko cannot be asked, and never takes that for none', async () => {
		const { result } = search(() => reply(503));

		const error = await rejection(result);
		expect(error.message).toContain(
			'Could not see whether the file "Referral.pdf" is on the record of patient 1, which is open since the connection broke',
		);
		expect(error.httpCode).toBe(503);
		// The advice alone would be to run the workflow again, which may store the file twice.
		expect(error.description).toMatch(
			/^The file may be there: look at the patient’s files in Cliniko before you run the workflow again\. Cliniko has a fault/,
		);
	});
});
