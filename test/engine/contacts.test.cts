/** Contacts, such as doctors, are found in workflows. */
import type { IDataObject } from 'n8n-workflow';

import type { Contact } from '../../sandbox/sandbox.cts';
import { file, useClinic, type UploadRun } from './clinic.cts';

const clinic = useClinic();

const find = async (parameters: IDataObject, run: Partial<UploadRun> = {}) =>
	await clinic.run({
		items: [{ json: {} }],
		...run,
		parameters: { resource: 'contact', operation: 'find', ...parameters },
	});

const add = (more: Partial<Contact>) => clinic.sandbox.clinic.addContact(more).id;

const WHO = { firstName: 'Ada', lastName: 'Núñez', email: 'ada@practice.example' };

const found = async (parameters: IDataObject) =>
	(await find(parameters)).output.map(({ json }) => json.id);

describe('Find', () => {
	it.each([
		['the provider number', { providerNumber: '212 1331a' }],
		['the e-mail address', { email: 'Dr Ada <ADA@practice.example>' }],
		['the names', { firstName: 'ada', lastName: 'Nunez' }],
		['the last name', { lastName: 'NÚÑEZ' }],
		['everything', { ...WHO, providerNumber: '2121331A' }],
	])('returns the one contact by %s', async (_what, parameters) => {
		const id = add({ ...WHO, providerNumber: '2121331A' });
		add({ firstName: 'Ada', lastName: 'Other', email: 'other@practice.example' });
		add({ ...WHO, archivedAt: Date.now(), providerNumber: '2121331A' });
		expect(await found(parameters)).toEqual([id]);
	});

	it('passes the files of the item on, and simplifies the contact', async () => {
		const id = add({ ...WHO, providerNumber: '2121331A' });
		const { output } = await find(
			{ providerNumber: '2121331A' },
			{ items: [{ files: { data: file('a.pdf', 'a') } }] },
		);
		expect(output[0]!.json).toMatchObject({
			matched: 1,
			id,
			first_name: 'Ada',
			last_name: 'Núñez',
			provider_number: '2121331A',
		});
		expect(Object.keys(output[0]!.binary!)).toEqual(['data']);
	});

	it('never guesses between several, and says so', async () => {
		const ids = [add(WHO), add(WHO)];
		const { error } = await find({ lastName: 'Núñez' });
		expect(error?.message).toContain(`2 contacts match (Last Name): IDs ${ids.join(', ')}.`);
		const { output } = await find({ lastName: 'Núñez', ifNotOne: 'item' });
		expect(output[0]!.json).toMatchObject({ matched: 2, contact_ids: ids });
		expect(JSON.stringify(output)).not.toMatch(/ada|practice/i);
	});

	it.each([
		['nobody', { lastName: 'Nobody' }, /^No contact matches \(Last Name\)\./],
		['archived ones only', { email: 'old@practice.example' }, /who is not archived\. Archived: ID/],
		['an empty expression', { email: '={{ $json.nothing }}' }, /^Email is empty for this item/],
		['nothing', {}, /^There is nothing to search for/],
		['a name without letters', { lastName: '?' }, /^Last Name has no letters/],
	])('says why where there is %s', async (_what, parameters, message) => {
		add({ firstName: 'Old', lastName: 'Doctor', email: 'old@practice.example', archivedAt: 1 });
		const { error, output } = await find(parameters);
		expect(error?.message).toMatch(message);
		expect(output).toEqual([]);
	});
});
