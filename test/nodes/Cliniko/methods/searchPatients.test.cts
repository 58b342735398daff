import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';

import { searchPatients } from '../../../../nodes/Cliniko/methods/searchPatients.ts';
import { rejection, reply } from '../connection.cts';
import { loadOptions } from './loadOptions.cts';

const patient = (id: string, more: IDataObject = {}): IDataObject => ({
	id,
	first_name: 'Jane',
	last_name: 'Citizen',
	date_of_birth: '1980-02-29',
	...more,
});

describe('The list of patients', () => {
	/** Calls the method with a Cliniko that answers each search. */
	const search = async (
		answer: (filters: string[], query: URLSearchParams) => IDataObject,
		...typed: Array<string | undefined>
	) => {
		const { context, sent } = loadOptions(({ searchParams }) =>
			answer(searchParams.getAll('q[]'), searchParams),
		);
		const result = await searchPatients.call(context as unknown as ILoadOptionsFunctions, ...typed);
		return { result, filters: sent.map(({ searchParams }) => searchParams.getAll('q[]')), sent };
	};

	it('shows all patients by last name as long as nothing is typed', async () => {
		const { result, sent } = await search(() => ({ patients: [patient('1')] }));

		expect(sent.map(String)).toEqual([
			'https://api.uk2.cliniko.com/v1/patients?page=1&per_page=50&sort=last_name%3Aasc%2Cid%3Aasc',
		]);
		expect(result).toEqual({
			results: [{ name: 'Jane Citizen (born 1980-02-29, ID 1)', value: '1' }],
			paginationToken: undefined,
		});
	});

	it.each([
		[
			'one word',
			'Jane',
			[['last_name:~Jane'], ['first_name:~Jane'], ['preferred_first_name:~Jane']],
		],
		[
			'one word with spaces',
			'  Jane ',
			[['last_name:~Jane'], ['first_name:~Jane'], ['preferred_first_name:~Jane']],
		],
		[
			'two words',
			'Jane Citizen',
			[
				['first_name:~Jane', 'last_name:~Citizen'],
				['last_name:~Jane', 'first_name:~Citizen'],
			],
		],
		[
			'a last name and a comma',
			'Citizen,Jane',
			[
				['first_name:~Citizen', 'last_name:~Jane'],
				['last_name:~Citizen', 'first_name:~Jane'],
			],
		],
		[
			'three words',
			'Jane van Dyke',
			[
				['first_name:~Jane', 'last_name:~van Dyke'],
				['last_name:~Jane', 'first_name:~van Dyke'],
			],
		],
		['a comma alone', ' , ', [[]]],
		[
			'what would be another parameter',
			'a&q[]=id:=1',
			[
				['last_name:~a&q[]=id:=1'],
				['first_name:~a&q[]=id:=1'],
				['preferred_first_name:~a&q[]=id:=1'],
			],
		],
	])('searches for %s in the names', async (_, typed, filters) => {
		expect((await search(() => ({ patients: [] }), typed)).filters).toEqual(filters);
	});

	it('shows a patient once who was found twice, and by the exact id', async () => {
		const { result } = await search(
			([filter]) => ({
				patients: filter?.startsWith('last_name')
					? [patient('9007199254740993'), patient('2', { first_name: 'Citizen' })]
					: [patient('9007199254740993')],
			}),
			'Citizen',
		);

		expect(result.results.map(({ value }) => value)).toEqual(['9007199254740993', '2']);
	});

	it.each([
		['with a date of birth', {}, 'Jane Citizen (born 1980-02-29, ID 1)'],
		['without a date of birth', { date_of_birth: null }, 'Jane Citizen (ID 1)'],
		['without a first name', { first_name: null }, 'Citizen (born 1980-02-29, ID 1)'],
	])('tells patients of the same name apart: %s', async (_, more, name) => {
		const { result } = await search(() => ({ patients: [patient('1', more)] }));

		expect(result.results).toEqual([{ name, value: '1' }]);
	});

	it('continues page by page, while any of its searches has more', async () => {
		const { result } = await search(
			([filter]) => ({
				patients: [],
				links: filter?.startsWith('first_name') ? { next: 'https://evil.example/' } : {},
			}),
			'Jane',
		);
		expect(result.paginationToken).toBe('2');

		const { result: last, sent } = await search(() => ({ patients: [] }), 'Jane', '2');
		expect(sent.map(({ searchParams }) => searchParams.get('page'))).toEqual(['2', '2', '2']);
		expect(last.paginationToken).toBeUndefined();
	});

	it('says what is wrong when the reply has no list, which is not an empty list', async () => {
		const { message } = await rejection(search(() => ({ total_entries: 0 })));
		expect(message).toBe("Could not look up patients: Cliniko's reply has no list of patients.");
	});

	it.each([
		['no rows', { patients: [] }],
		['rows without an id', { patients: [{ first_name: 'Jane' }] }],
		['an id that does not fit into a path', { patients: [{ id: '12/3' }] }],
	])('is empty when the reply has %s', async (_, body) => {
		expect((await search(() => body as IDataObject)).result.results).toEqual([]);
	});

	it('says what is wrong when Cliniko refuses', async () => {
		const refused = search(() => reply(403) as unknown as IDataObject);

		expect((await rejection(refused)).message).toContain('Could not look up patients');
	});
});
