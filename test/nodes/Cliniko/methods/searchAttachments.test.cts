import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';

import { searchAttachments } from '../../../../nodes/Cliniko/methods/searchAttachments.ts';
import { freshRecord, processedRecord, rejection, reply } from '../connection.cts';
import { loadOptions } from './loadOptions.cts';

describe('The list of attachments', () => {
	/** Calls the method with a Cliniko that answers each search. */
	const search = async (
		answer: IDataObject,
		patientId: unknown = '',
		...typed: Array<string | undefined>
	) => {
		const { context, sent } = loadOptions(() => answer);
		const getNodeParameter = (name: string, fallback: unknown, options: object) => {
			expect([name, options]).toEqual(['patientId', { extractValue: true }]);
			return patientId === undefined ? fallback : patientId;
		};
		const result = await searchAttachments.call(
			{ ...context, getNodeParameter } as unknown as ILoadOptionsFunctions,
			...typed,
		);
		return { result, sent, filters: sent.map(({ searchParams }) => searchParams.getAll('q[]')) };
	};
	const none = { patient_attachments: [] };

	it('shows those of all patients, newest first, as long as no patient is chosen', async () => {
		const { result, sent } = await search({ patient_attachments: [processedRecord('77')] });

		expect(sent.map(String)).toEqual([
			'https://api.uk2.cliniko.com/v1/patient_attachments?page=1&per_page=50&sort=created_at%3Adesc%2Cid%3Adesc',
		]);
		expect(result).toEqual({
			results: [{ name: 'Referral.pdf (2026-03-02, ID 77)', value: '77' }],
			paginationToken: undefined,
		});
	});

	it('shows those of the patient who is chosen', async () => {
		expect((await search(none, '9007199254740993')).filters).toEqual([
			['patient_id:=9007199254740993'],
		]);
		// A typed id is text in n8n, but an expression may give a number.
		expect((await search(none, 12)).filters).toEqual([['patient_id:=12']]);
	});

	it.each([[''], [' '], [null], [undefined], ['Jane'], ['1 2'], ['={{ $json.id }}']])(
		'takes %j for no patient',
		async (patientId) => {
			expect((await search(none, patientId)).filters).toEqual([[]]);
		},
	);

	it.each([
		['a part of a name', 'refer', ['filename:~refer']],
		['spaces around it', '  refer ', ['filename:~refer']],
		['what would be another parameter', 'a&q[]=id:=1', ['filename:~a&q[]=id:=1']],
		['only spaces', '  ', []],
		['nothing', '', []],
	])('searches for what is typed in the file name: %s', async (_, typed, filters) => {
		expect((await search(none, '', typed)).filters).toEqual([filters]);
		expect((await search(none, '12', typed)).filters).toEqual([['patient_id:=12', ...filters]]);
	});

	it('says which ones have no name yet', async () => {
		const { result } = await search({ patient_attachments: [freshRecord('78')] });

		expect(result.results).toEqual([
			{ name: 'Not processed yet (2026-03-02, ID 78)', value: '78' },
		]);
	});

	it('leaves out what has no valid id', async () => {
		const { result } = await search({
			patient_attachments: [{ ...processedRecord('77'), id: '77/8' }, processedRecord('78')],
		} as unknown as IDataObject);

		expect(result.results.map(({ value }) => value)).toEqual(['78']);
	});

	it('continues page by page', async () => {
		const more = { ...none, links: { next: 'https://evil.example/' } };
		const first = await search(more);
		expect(first.result.paginationToken).toBe('2');

		const second = await search(more, '', undefined, '2');
		expect(second.sent.map(({ origin }) => origin)).toEqual(['https://api.uk2.cliniko.com']);
		expect(second.sent[0]?.searchParams.get('page')).toBe('2');
		expect(second.result.paginationToken).toBe('3');

		expect((await search(none, '', '', '3')).result.paginationToken).toBeUndefined();
	});

	it('says what is wrong when Cliniko refuses', async () => {
		const refused = search(reply(403) as unknown as IDataObject);

		expect((await rejection(refused)).message).toContain('Could not look up attachments');
	});
});
