import type { ILoadOptionsFunctions } from 'n8n-workflow';

import { Cliniko } from '../../../../nodes/Cliniko/Cliniko.node.ts';
import { ClinikoTrigger } from '../../../../nodes/Cliniko/ClinikoTrigger.node.ts';
import { loadOptions } from './loadOptions.cts';

const {
	searchAppointmentTypes,
	searchBusinesses,
	searchConcessionTypes,
	searchContacts,
	searchPractitioners,
	searchReferralSourceTypes,
} = new Cliniko().methods.listSearch;

describe.each([
	['concession_types', searchConcessionTypes],
	['referral_source_types', searchReferralSourceTypes],
	['practitioners', searchPractitioners],
	['businesses', searchBusinesses],
	['appointment_types', searchAppointmentTypes],
])('The list of %s', (collection, search) => {
	const rows = ['Student', 'Pensioner'].map((name, at) => ({ id: String(at + 1), name }));
	const ask = async (typed?: string) => {
		const { context } = loadOptions(() => ({ [collection]: rows, total_entries: 2 }));
		return (await search.call(context as unknown as ILoadOptionsFunctions, typed)).results;
	};

	it('has the ID with what has no name, or the same as another', async () => {
		const named = [{ name: 'Student' }, { name: ' Student ' }, { name: '' }];
		const same = named.map((one, at) => ({ id: String(at + 1), ...one }));
		const { context } = loadOptions(() => ({ [collection]: same, total_entries: 3 }));
		const { results } = await search.call(context as unknown as ILoadOptionsFunctions);
		expect(results.map(({ name }) => name)).toEqual(['3', 'Student (ID 1)', 'Student (ID 2)']);
	});

	it('is in the order of the names, and has what is typed', async () => {
		expect(await ask()).toEqual([
			{ name: 'Pensioner', value: '2' },
			{ name: 'Student', value: '1' },
		]);
		expect(await ask(' STUD')).toEqual([{ name: 'Student', value: '1' }]);
	});
});

it('The trigger has the lists that its fields name', () => {
	const { description, methods } = new ClinikoTrigger();
	const named = description.properties.flatMap(({ modes = [] }) =>
		modes.flatMap(({ typeOptions }) => typeOptions?.searchListMethod ?? []),
	);
	expect(named.sort()).toEqual(Object.keys(methods.listSearch).sort());
});

describe('The list of contacts', () => {
	const contacts = [
		{ id: '1', company_name: 'Harbour Insurance', type: '3rd Party Payer' },
		{ id: '2', first_name: 'Noor', last_name: 'Vandersteen', title: 'Dr', type: 'Doctor' },
		{ id: '3' },
	];
	const ask = async (typed?: string, page?: string) => {
		const { context, sent } = loadOptions(() => ({ contacts, links: { next: 'x' } }));
		const result = await searchContacts.call(
			context as unknown as ILoadOptionsFunctions,
			typed,
			page,
		);
		return { ...result, filters: sent.map(({ searchParams }) => searchParams.getAll('q[]')) };
	};

	it('has the doctors first, and what tells contacts apart', async () => {
		const { results, paginationToken, filters } = await ask();
		expect(results.map(({ name }) => name)).toEqual([
			'Dr Noor Vandersteen (ID 2)',
			'Harbour Insurance (3rd Party Payer, ID 1)',
			'Without a name (ID 3)',
		]);
		expect([paginationToken, filters]).toEqual(['2', [[]]]);
	});

	it('is searched by one name or two', async () => {
		expect((await ask('steen', '2')).filters).toEqual([
			['last_name:~steen'],
			['first_name:~steen'],
		]);
		expect((await ask('Noor van')).filters).toEqual([
			['first_name:~Noor', 'last_name:~van'],
			['last_name:~Noor', 'first_name:~van'],
		]);
	});
});
