import type { IExecuteFunctions } from 'n8n-workflow';

import { eachItem } from '../../../../nodes/Cliniko/actions/eachItem.ts';
import { NEWEST_FIRST } from '../../../../nodes/Cliniko/records/order.ts';
import { firstRecords } from '../../../../nodes/Cliniko/requests/listRecords.ts';
import { FakeCliniko } from '../connection.cts';

const context = {
	getInputData: () => [{ json: {} }],
	continueOnFail: () => false,
} as unknown as IExecuteFunctions;

it('Work on each item may give more results than a call can have arguments', async () => {
	const records = Array.from({ length: 200_000 }, (_, at) => ({ json: { at } }));
	const output = await eachItem(context, {
		read: () => undefined,
		run: async () => await Promise.resolve(records),
	});
	expect(output).toHaveLength(200_000);
	expect(output.at(-1)).toEqual({ json: { at: 199_999 }, pairedItem: { item: 0 } });
});

it('All of 130,000 records become items', async () => {
	const count = 130_000;
	const cliniko = new FakeCliniko(({ query }) => {
		const start = (Number(query.get('page')) - 1) * 100;
		return {
			patients: Array.from({ length: 100 }, (_, at) => ({ id: String(count - start - at) })),
			total_entries: count,
			links: start + 100 < count ? { next: 'more' } : {},
		};
	});
	const items = await eachItem(context, {
		read: () => Infinity,
		run: async (limit) => {
			const rows = await firstRecords(
				cliniko.api,
				'patients',
				[],
				{ limit, sort: NEWEST_FIRST },
				{
					action: 'list patients',
				},
			);
			return rows.map((json) => ({ json }));
		},
	});
	expect(items).toHaveLength(count);
	expect(new Set(items.map(({ json }) => json.id)).size).toBe(count);
	expect(cliniko.sent).toHaveLength(1300);
});
