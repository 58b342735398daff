import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';

import {
	searchCasesToLink,
	searchPatientCases,
} from '../../../../nodes/Cliniko/methods/searchPatientCases.ts';
import { rejection, reply } from '../connection.cts';
import { loadOptions } from './loadOptions.cts';

const caseOf = (id: string, name: string, more: IDataObject = {}) => ({
	id,
	name,
	closed: false,
	created_at: '2026-03-02T09:00:00Z',
	patient: { links: { self: 'https://api.uk2.cliniko.com/v1/patients/12' } },
	...more,
});

const CASES = {
	patient_cases: [caseOf('5', 'Left knee'), caseOf('6', 'Hip', { closed: true })],
	total_entries: 2,
};

const search = async (
	method: typeof searchPatientCases,
	patientId: unknown,
	typed?: string,
	answer: IDataObject = CASES,
) => {
	const { context, sent } = loadOptions(() => answer);
	const getNodeParameter = (name: string, fallback: unknown, options: object) => {
		expect([name, options]).toEqual(['patientId', { extractValue: true }]);
		return patientId === undefined ? fallback : patientId;
	};
	const result = await method.call(
		{ ...context, getNodeParameter } as unknown as ILoadOptionsFunctions,
		typed,
	);
	return { sent, ...result };
};

const KNEE = { name: 'Left knee (2026-03-02, ID 5)', value: '5' };
const HIP = { name: 'Hip (closed, 2026-03-02, ID 6)', value: '6' };
const ONLY = { name: 'The Patient’s Only Open Case', value: 'onlyOpen' };

describe('The list of cases', () => {
	it.each(['12', 12])('has those of the patient who is chosen: %j', async (patientId) => {
		const { sent, results } = await search(searchPatientCases, patientId);

		expect(sent.map(({ searchParams }) => searchParams.getAll('q[]'))).toEqual([
			['patient_id:=12'],
		]);
		expect(results).toEqual([KNEE, HIP]);
	});

	it.each([
		['knee', [KNEE]],
		[' KNEE ', [KNEE]],
		['closed', [HIP]],
		['shoulder', []],
		['', [KNEE, HIP]],
	])('is searched for what is typed: %j', async (typed, results) => {
		expect((await search(searchPatientCases, '12', typed)).results).toEqual(results);
	});

	it('has nobody else’s, though Cliniko ignores the filter', async () => {
		const foreign = { patient: { links: { self: 'https://x/patients/13' } } };
		const answer = { patient_cases: [caseOf('7', 'Back', foreign)], total_entries: 1 };

		expect((await search(searchPatientCases, '12', '', answer)).results).toEqual([]);
	});

	it.each([[''], [' '], [null], [undefined], ['Jane'], ['={{ $json.id }}']])(
		'says that the patient is not chosen: %j',
		async (patientId) => {
			const error = await rejection(search(searchPatientCases, patientId));

			expect(error.message).toMatch(/^No patient is chosen/);
		},
	);

	it('begins with the only open case where a file is to be linked, whoever the patient is', async () => {
		expect((await search(searchCasesToLink, '12')).results).toEqual([ONLY, KNEE, HIP]);
		const { sent, results } = await search(searchCasesToLink, '={{ $json.id }}');
		expect(results).toEqual([ONLY]);
		expect(sent).toEqual([]);
	});

	it('says what is wrong when Cliniko refuses', async () => {
		const refused = search(searchPatientCases, '12', '', reply(403) as unknown as IDataObject);

		expect((await rejection(refused)).message).toContain('Could not list the cases of patient 12');
	});
});
