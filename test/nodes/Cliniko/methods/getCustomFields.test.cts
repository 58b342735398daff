import type { ILoadOptionsFunctions } from 'n8n-workflow';

import { Cliniko } from '../../../../nodes/Cliniko/Cliniko.node.ts';
import { SANDBOX_CUSTOM_FIELDS } from '../../../../sandbox/clinic/seed.cts';
import { reply } from '../connection.cts';
import { loadOptions } from './loadOptions.cts';

const { getCustomFields } = new Cliniko().methods.resourceMapping;

const answer = (sections: unknown) => () => ({
	patient_custom_fields_definition: sections && { sections },
});

async function fieldsFrom(sections: unknown) {
	const { context } = loadOptions(answer(sections) as never);
	return await getCustomFields.call(context as unknown as ILoadOptionsFunctions);
}

describe('The custom fields onto which values are mapped', () => {
	it('are those in use, with a list where one of its choices is all that fits', async () => {
		const { fields } = await fieldsFrom(SANDBOX_CUSTOM_FIELDS);
		expect(fields.map(({ displayName, type, options }) => [displayName, type, options])).toEqual([
			['Allergies', 'string', undefined],
			['Smoker', 'options', ['Yes', 'No'].map((name) => ({ name, value: name }))],
			['Last check-up', 'string', undefined],
			['Health fund', 'string', undefined],
			['Goals', 'string', undefined],
		]);
		expect(fields.every(({ removed, required, id }) => removed && !required && id)).toBe(true);
	});

	it('of the same name are told apart by their sections', async () => {
		const field = (token: string) => ({ token, name: 'Notes', type: 'text' });
		const { fields } = await fieldsFrom([
			{ token: 'a', name: 'First', fields: [field('1')] },
			{ token: 'b', name: 'Second', fields: [field('2'), { ...field('3'), type: 'drawing' }] },
		]);
		expect(fields.map(({ displayName }) => displayName)).toEqual(['First: Notes', 'Second: Notes']);
	});

	it.each([[undefined], [null], [[]], ['text']])('may be none: %j', async (sections) => {
		expect(await fieldsFrom(sections)).toEqual({ fields: [] });
	});

	it('come with a notice if the role may not view the settings', async () => {
		const { context } = loadOptions(() => reply(403) as never);
		const result = await getCustomFields.call(context as unknown as ILoadOptionsFunctions);
		expect(result.fields).toEqual([]);
		expect(result.emptyFieldsNotice).toMatch(/may not do this\. Use the key of a user whose role/);
	});

	it('come with an error if the key is refused', async () => {
		const { context } = loadOptions(() => reply(401) as never);
		const result = getCustomFields.call(context as unknown as ILoadOptionsFunctions);
		await expect(result).rejects.toThrow('refused the API key');
	});
});
