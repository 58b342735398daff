import type { IDataObject } from 'n8n-workflow';

import { criterion, type Criterion } from '../../../../nodes/Cliniko/find/criteria.ts';
import { findPatients } from '../../../../nodes/Cliniko/find/findPatients.ts';
import { FakeCliniko, rejection, reply, type Answer, type Sent } from '../connection.cts';

const NAMES = [criterion('firstName', 'Jane'), criterion('lastName', 'Citizen')];

const link = (id: string) => ({
	links: { self: `https://api.au1.cliniko.com/v1/patients/${id}` },
});

const jane = (id: string, more: IDataObject = {}): IDataObject => ({
	id,
	first_name: 'Jane',
	last_name: 'Citizen',
	date_of_birth: '1987-05-31',
	email: 'jane@mail.example',
	old_reference_id: 'P-1',
	archived_at: null,
	...more,
});

const merged = (id: string, into: string, more: IDataObject = {}) =>
	jane(id, {
		archived_at: '2025-01-01T00:00:00Z',
		merged_at: '2025-01-01T00:00:00Z',
		merged_with_patient: link(into),
		...more,
	});

const archived = (id: string, more: IDataObject = {}) =>
	jane(id, { archived_at: '2025-01-01T00:00:00Z', ...more });

/** Searches lists of one page; patients that are not in them are read by id. */
async function find(
	listed: IDataObject[],
	{
		criteria = NAMES,
		includeArchived = false,
		others = [],
	}: { criteria?: Criterion[]; includeArchived?: boolean; others?: IDataObject[] } = {},
) {
	const { cliniko, result } = search(criteria, includeArchived, ({ path }) => {
		if (path === '/patients') return { patients: listed };
		const other = others.find(({ id }) => path === `/patients/${String(id)}`);
		return other ?? reply(404);
	});
	const { patients, archived: out } = await result;
	const ids = (rows: IDataObject[]) => rows.map(({ id }) => id);
	return { patients: ids(patients), archived: ids(out), cliniko };
}

function search(
	criteria: Criterion[],
	includeArchived: boolean,
	answer: (sent: Sent, count: number) => Answer,
) {
	const cliniko = new FakeCliniko(answer);
	return { cliniko, result: findPatients(cliniko.api, criteria, includeArchived) };
}

describe('Cliniko is asked', () => {
	it.each([
		[
			'the date of birth',
			['dateOfBirth', 'oldReferenceId', 'email', 'firstName'],
			['date_of_birth:=1987-05-31'],
		],
		['the old reference ID', ['oldReferenceId', 'email', 'lastName'], ['old_reference_id:=12']],
	] as const)(
		'once, for %s when that is known: how Cliniko compares text does not matter',
		async (_, names, filters) => {
			const values = {
				dateOfBirth: '1987-05-31',
				oldReferenceId: '12',
				email: 'jane@mail.example',
				firstName: 'Jane',
				lastName: 'Citizen',
			};
			const criteria = names.map((name) => criterion(name, values[name]));
			const listed = [jane('1', { old_reference_id: '12' })];
			const { cliniko, patients } = await find(listed, { criteria });
			expect(cliniko.sent.map(({ filters: sent }) => sent)).toEqual([
				[...filters, 'archived_at:*'],
			]);
			expect(patients).toEqual(['1']);
		},
	);

	it('for all names together when only names are known', async () => {
		const criteria = [...NAMES, criterion('preferredFirstName', 'Jim')];
		const { cliniko } = await find([jane('1')], { criteria });
		expect(cliniko.sent[0]?.filters.map((filter) => filter.replace(/~~.*/, '~~'))).toEqual([
			'first_name:~~',
			'last_name:~~',
			'preferred_first_name:~~',
			'archived_at:*',
		]);
	});

	it('for the e-mail address alone when names are known too and it does not mind the case', async () => {
		const criteria = [...NAMES, criterion('email', 'Jane@mail.example')];
		const { cliniko, patients } = await find([jane('1')], { criteria });
		expect(cliniko.sent.map(({ filters }) => filters)).toEqual([
			['email:~jane@mail.example', 'archived_at:*'],
			['id:=1', 'email:~JANE@MAIL.EXAMPLE', 'archived_at:*'],
		]);
		expect(patients).toEqual(['1']);
	});

	it('once in an execution how it compares, by a patient who is there', async () => {
		const { cliniko } = await find([jane('1')]);
		const tried = ['id:=1', 'first_name:~~jÁNE', 'archived_at:*'];
		expect(cliniko.sent.map(({ filters }) => filters).slice(1)).toEqual([tried]);
		await findPatients(cliniko.api, NAMES, false);
		expect(cliniko.sent).toHaveLength(3);
	});

	it.each([
		['marks', ['~~jÁNE', '~~jANE'], [['first_name:~~%j%']]],
		['case', ['~~jÁNE', '~~jANE'], [['first_name:~~%j%'], ['first_name:~~%J%']]],
	])(
		'again when it sensitivity %s, for whom it may have left out',
		async (sensitivity, tries, more) => {
			const { cliniko, result } = search(NAMES, false, ({ filters }) => {
				const isTried = filters[0] === 'id:=1';
				const isShown = !isTried || (sensitivity === 'marks' && filters[1] === 'first_name:~~jANE');
				return { patients: isShown ? [jane('1')] : [] };
			});
			await result;
			expect(cliniko.sent.slice(1).map(({ filters }) => filters)).toEqual([
				...tries.map((one) => ['id:=1', `first_name:${one}`, 'archived_at:*']),
				...more.map((filters) => [...filters, 'archived_at:*']),
			]);
		},
	);

	it('for the most when there is nobody to learn from how it compares', async () => {
		const { cliniko, patients } = await find([]);
		expect(patients).toEqual([]);
		expect(cliniko.sent.slice(1).map(({ filters }) => filters[0])).toEqual([
			'first_name:?',
			'first_name:~~%j%',
			'first_name:~~%J%',
		]);
	});

	it('for 100 patients at a time, until there are no more', async () => {
		const page = (from: number, count: number) =>
			Array.from({ length: count }, (_, at) => jane(String(from + at), { first_name: 'Joan' }));
		const { cliniko, result } = search(NAMES, false, (_, count) =>
			count === 1
				? { patients: page(1, 100), total_entries: 150, links: { next: 'https://evil.example/' } }
				: { patients: [...page(101, 49), jane('777')], total_entries: 150, links: {} },
		);
		expect((await result).patients.map(({ id }) => id)).toEqual(['777']);
		const pages = cliniko.sent.map(({ query }) => [query.get('page'), query.get('per_page')]);
		expect(pages.slice(0, 2)).toEqual([
			['1', '100'],
			['2', '100'],
		]);
	});

	it('for no more than a thousand', async () => {
		const full = ({ query }: Sent) => ({
			patients: Array.from({ length: 100 }, (_, at) =>
				jane(`${Number(query.get('page')) * 100 + at}`),
			),
			links: { next: 'more' },
		});
		const { cliniko, result } = search(NAMES, false, full);
		const { message, description } = await rejection(result);
		expect(message).toBe(
			'Too little is known about the patient to find them: more than 1000 patients would have to be compared.',
		);
		expect(description).toContain('Add the e-mail address');
		expect(cliniko.sent).toHaveLength(11);
	});

	it('and all of a thousand are compared', async () => {
		const { result } = search(NAMES, false, ({ query }) => ({
			patients: Array.from({ length: 100 }, (_, at) =>
				jane(`${Number(query.get('page')) * 100 + at}`),
			),
			total_entries: 1000,
			links: query.get('page') === '10' ? {} : { next: 'more' },
		}));
		expect((await result).patients).toHaveLength(1000);
	});

	it('for everybody when no letter of the name is in every spelling of it', async () => {
		const criteria = [criterion('firstName', 'Ili')];
		const listed = [jane('1'), jane('2', { first_name: 'Ilı' })];
		const { cliniko, patients } = await find(listed, { criteria });
		expect(cliniko.sent.map(({ filters }) => filters)).toEqual([['archived_at:*']]);
		expect(patients).toEqual(['2']);
	});

	it('by the name that can be searched by, while the other is compared all the same', async () => {
		const criteria = [criterion('firstName', 'Łi'), criterion('lastName', 'Citizen')];
		const { cliniko, patients } = await find([jane('1'), jane('2', { first_name: 'Li' })], {
			criteria,
		});
		expect(cliniko.sent[0]?.filters).toHaveLength(2);
		expect(patients).toEqual(['2']);
	});
});

describe('A patient fits', () => {
	const all = [
		criterion('email', 'jane@mail.example'),
		criterion('firstName', 'Jane'),
		criterion('lastName', 'Citizen'),
		criterion('dateOfBirth', '1987-05-31'),
		criterion('oldReferenceId', 'P-1'),
	];

	it('who fits everything that is known', async () => {
		expect((await find([jane('1')], { criteria: all })).patients).toEqual(['1']);
	});

	it.each([
		['e-mail address', { email: 'joe@mail.example' }],
		['first name', { first_name: 'Joe' }],
		['last name', { last_name: 'Doe' }],
		['date of birth', { date_of_birth: '1987-05-30' }],
		['old reference ID', { old_reference_id: 'P-2' }],
		['record of an e-mail address', { email: null }],
	])('and nobody who has another %s', async (_, more) => {
		expect((await find([jane('1', more)], { criteria: all })).patients).toEqual([]);
	});

	it('though the others that Cliniko gives do not', async () => {
		const listed = [jane('1', { first_name: 'Janet' }), jane('2'), jane('3', { last_name: 'C' })];
		expect((await find(listed)).patients).toEqual(['2']);
	});

	it('beside others who match as well, each of whom counts', async () => {
		expect((await find([jane('1'), jane('2'), jane('9007199254740993')])).patients).toEqual([
			'1',
			'2',
			'9007199254740993',
		]);
	});

	it('only with an id that can be relied on', async () => {
		const bad = [{ ...jane('1'), id: null }, { ...jane('1'), id: '1/../2' }, null];
		expect((await find(bad as IDataObject[])).patients).toEqual([]);
	});
});

describe('A patient who was merged', () => {
	it('leads to the one they were merged into, who need not fit any more', async () => {
		const { patients, cliniko } = await find([merged('1', '2')], {
			others: [jane('2', { last_name: 'Married' })],
		});
		expect(patients).toEqual(['2']);
		expect(cliniko.lines.at(-1)).toBe('GET /patients/2');
		expect(cliniko.sent.at(-1)?.filters).toEqual(['archived_at:*']);
	});

	it('counts once beside the one they were merged into, and costs no further call', async () => {
		const { patients, cliniko } = await find([merged('1', '2'), jane('2'), merged('3', '2')]);
		expect(patients).toEqual(['2']);
		expect(new Set(cliniko.lines)).toEqual(new Set(['GET /patients']));
	});

	it('leads on through as many mergers as there are', async () => {
		const { patients } = await find([merged('1', '2')], {
			others: [merged('2', '3'), merged('3', '4'), jane('4')],
		});
		expect(patients).toEqual(['4']);
	});

	it('into one who is archived leads to nobody unless archived ones count', async () => {
		const others = [archived('2')];
		expect(await find([merged('1', '2')], { others })).toMatchObject({
			patients: [],
			archived: ['2'],
		});
		expect(await find([merged('1', '2')], { others, includeArchived: true })).toMatchObject({
			patients: ['2'],
			archived: [],
		});
	});

	it('into one who is gone leads to nobody', async () => {
		expect(await find([merged('1', '2')])).toMatchObject({ patients: [], archived: [] });
	});

	it('into one who cannot be read is no reason to say that there is none', async () => {
		const { result } = search(NAMES, false, ({ path }) =>
			path === '/patients' ? { patients: [merged('1', '2')] } : reply(403),
		);
		expect((await rejection(result)).message).toMatch(
			/^Could not read patient 2: .*may not do this/,
		);
	});

	it('in a circle ends nowhere, and the search ends', async () => {
		const { patients, archived: out } = await find([merged('1', '2'), merged('2', '1')]);
		expect(patients).toEqual([]);
		expect(out.length).toBeGreaterThan(0);
		expect((await find([merged('1', '1')])).patients).toEqual([]);
	});

	it('does not bring in one whose own merger leads to somebody else', async () => {
		// Both match and lead to the same person.
		const { patients } = await find([merged('1', '5'), merged('2', '5')], { others: [jane('5')] });
		expect(patients).toEqual(['5']);
	});
});

describe('An archived patient', () => {
	it.each([
		['archived', { archived_at: '2025-01-01T00:00:00Z' }],
		['deleted', { deleted_at: '2025-01-01T00:00:00Z' }],
		['merged into nobody we know', { merged_at: '2025-01-01T00:00:00Z' }],
	])('counts only if requested: %s', async (_, more) => {
		expect(await find([jane('1', more)])).toMatchObject({ patients: [], archived: ['1'] });
		expect(await find([jane('1', more)], { includeArchived: true })).toMatchObject({
			patients: ['1'],
			archived: [],
		});
	});

	it('does not stand in the way of one who is not', async () => {
		expect(await find([archived('1'), jane('2')])).toMatchObject({
			patients: ['2'],
			archived: ['1'],
		});
	});

	it('counts as another one if archived ones are requested', async () => {
		expect((await find([archived('1'), jane('2')], { includeArchived: true })).patients).toEqual([
			'1',
			'2',
		]);
	});
});

describe('Where Cliniko cannot be asked', () => {
	it.each([
		[401, /refused the API key/],
		[403, /may not do this/],
		[500, /answered with status 500/],
	])('the search says so: status %i', async (status, words) => {
		const { message, httpCode } = await rejection(search(NAMES, false, () => reply(status)).result);
		expect(message).toMatch(/^Could not look for the patient: /);
		expect(message).toMatch(words);
		expect(httpCode).toBe(status);
	});

	it('and never takes half of the pages for all of them', async () => {
		const { result } = search(NAMES, false, (_, count) =>
			count === 1 ? { patients: [jane('1')], links: { next: 'more' } } : reply(403),
		);
		expect((await rejection(result)).httpCode).toBe(403);
	});

	it('nor a reply without a list for an empty one', async () => {
		const { message } = await rejection(search(NAMES, false, () => ({ total_entries: 0 })).result);
		expect(message).toBe(
			"Could not look for the patient: Cliniko's reply has no list of patients.",
		);
	});
});
