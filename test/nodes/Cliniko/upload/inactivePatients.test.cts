import type { IDataObject } from 'n8n-workflow';

import { inactivePatients } from '../../../../nodes/Cliniko/upload/inactivePatients.ts';
import { FakeCliniko, rejection, reply } from '../connection.cts';

const patient = (id: string, more: IDataObject = {}): IDataObject => ({
	id,
	first_name: 'Philippa',
	last_name: 'Featherstonehaugh',
	archived_at: null,
	merged_at: null,
	deleted_at: null,
	...more,
});

const WHEN = '2026-03-02T09:00:00Z';
const merged = (into: string) => ({
	links: { self: `https://api.au1.cliniko.com/v1/patients/${into}` },
});

/** Which of these patients are closed, by id, with the message, where the list shows these patients. */
const closed = async (ids: string[], ...patients: IDataObject[]) =>
	await closedAmong(ids, patients);

/** The same with patients that the list hides. */
const closedAmong = async (ids: string[], patients: IDataObject[], hidden: IDataObject[] = []) => {
	const cliniko = new FakeCliniko(({ path, filters }) => {
		const asked = filters[0]?.slice('id:='.length).split(',');
		if (path === '/patients') {
			return { patients: patients.filter(({ id }) => asked?.includes(String(id))), links: {} };
		}
		return hidden.find(({ id }) => path === `/patients/${id as string}`) ?? reply(404);
	});
	const found = await inactivePatients(cliniko.api, cliniko.clock.pause, ids);
	return {
		words: Object.fromEntries([...found].map(([id, { message }]) => [id, message])),
		advice: [...found.values()].map(({ description }) => String(description)),
		cliniko,
	};
};

describe('The patients of a run', () => {
	it('are requested together, the archived ones too', async () => {
		const { cliniko } = await closed(
			['1', '9007199254740993', '1'],
			patient('1'),
			patient('9007199254740993'),
		);

		expect(cliniko.lines).toEqual(['GET /patients']);
		expect(cliniko.sent[0]!.filters).toEqual(['id:=1,9007199254740993', 'archived_at:*']);
	});

	it('are not requested when there are none', async () => {
		const { cliniko, words } = await closed([]);

		expect(cliniko.sent).toEqual([]);
		expect(words).toEqual({});
	});

	it.each([
		[100, [100]],
		[101, [100, 1]],
		[250, [100, 100, 50]],
	])('are requested in hundreds: %d', async (count, asked) => {
		const ids = Array.from({ length: count }, (_, at) => String(at + 1));
		const { cliniko } = await closed(ids, ...ids.map((id) => patient(id)));

		const lists = cliniko.sent.map(({ filters }) => filters[0]!.slice('id:='.length).split(','));
		expect(lists.map(({ length }) => length)).toEqual(asked);
		expect(lists.flat()).toEqual(ids);
	});

	it('may get files unless they are closed', async () => {
		const { words } = await closed(
			['1', '2', '3', '4', '5'],
			patient('1'),
			patient('2', { archived_at: WHEN }),
			patient('3', { deleted_at: WHEN }),
			patient('4', { archived_at: WHEN, merged_with_patient: merged('9007199254740993') }),
			patient('5', { merged_with_patient: merged('1') }),
		);

		expect(words).toEqual({
			2: 'Patient 2 is archived in Cliniko, so nothing was sent.',
			3: 'Patient 3 is archived in Cliniko, so nothing was sent.',
			4: 'Patient 4 was merged into patient 9007199254740993 in Cliniko, so nothing was sent.',
			5: 'Patient 5 was merged into patient 1 in Cliniko, so nothing was sent.',
		});
	});

	it('who are merged come with advice about whom to use', async () => {
		const { advice } = await closed(
			['4'],
			patient('4', { archived_at: WHEN, merged_with_patient: merged('9') }),
		);

		expect(advice[0]).toContain('Use patient 9 instead.');
	});

	it('who are merged into an unknown patient are closed all the same', async () => {
		const { words } = await closed(['4'], patient('4', { merged_at: WHEN }));

		expect(words[4]).toContain('is archived');
	});

	it('are not named in the message', async () => {
		const { words, advice } = await closed(['2'], patient('2', { archived_at: WHEN }));

		expect(JSON.stringify([words, advice])).not.toMatch(/Philippa|Featherstonehaugh/);
	});

	it('are closed though their records have empty strings instead of nulls', async () => {
		const empty = { archived_at: '', deleted_at: '', merged_at: '', merged_with_patient: '' };
		const { words } = await closed(
			['1', '2', '3'],
			patient('1', empty),
			patient('2', { ...empty, merged_at: WHEN }),
			patient('3', { ...empty, merged_with_patient: merged('1') }),
		);

		expect(Object.keys(words)).toEqual(['2', '3']);
	});

	it('whom the list does not show are read one by one, archived or not', async () => {
		const { words, cliniko } = await closedAmong(
			['1', '2', '3', '4'],
			[patient('1')],
			[
				patient('2'),
				patient('3', { archived_at: WHEN }),
				patient('4', { merged_with_patient: merged('1') }),
			],
		);

		expect(Object.keys(words)).toEqual(['3', '4']);
		expect(cliniko.lines).toEqual([
			'GET /patients',
			'GET /patients/2',
			'GET /patients/3',
			'GET /patients/4',
		]);
		expect(cliniko.sent[3]!.filters).toEqual(['archived_at:*']);
	});

	it('who cannot be read may get files: the presigned post decides', async () => {
		const { words, cliniko } = await closed(['1']);

		expect(words).toEqual({});
		expect(cliniko.lines).toEqual(['GET /patients', 'GET /patients/1']);
	});

	it('whom the list does not show and who cannot be read are unknown', async () => {
		const cliniko = new FakeCliniko(({ path }) =>
			path === '/patients' ? { patients: [] } : reply(403),
		);
		const error = await rejection(inactivePatients(cliniko.api, cliniko.clock.pause, ['1']));

		expect(error.message).toContain('Could not look up patient 1');
	});

	it('are searched for on all pages', async () => {
		const cliniko = new FakeCliniko(({ query }) =>
			query.get('page') === '1'
				? { patients: [patient('1')], links: { next: 'https://evil.example/' } }
				: { patients: [patient('2', { archived_at: WHEN })] },
		);

		expect([
			...(await inactivePatients(cliniko.api, cliniko.clock.pause, ['1', '2'])).keys(),
		]).toEqual(['2']);
	});

	it('whom Cliniko cannot be asked about are unknown', async () => {
		const cliniko = new FakeCliniko(() => reply(403));
		const error = await rejection(inactivePatients(cliniko.api, cliniko.clock.pause, ['1']));

		expect(error.message).toContain('Could not look up the patients');
		expect(error.httpCode).toBe(403);
	});
});
