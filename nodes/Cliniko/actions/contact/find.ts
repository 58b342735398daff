import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { criterion, type Criterion } from '../../find/criteria';
import { findContacts, type FoundContacts } from '../../find/findContacts';
import { simplifiedContact, type Contact, type SimplifiedContact } from '../../records/contact';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { filesToPassOn } from '../parameters/inputFiles';
import { outputFields, outputOf } from '../parameters/output';
import { emptyFields, searchFieldsOf, type Sought } from '../parameters/searchFields';

/** The parameters, and what messages call them. */
const FIELDS = [
	{ name: 'providerNumber', label: 'Provider Number' },
	{ name: 'email', label: 'Email' },
	{ name: 'firstName', label: 'First Name' },
	{ name: 'lastName', label: 'Last Name' },
] as const;

type Name = (typeof FIELDS)[number]['name'];

const fields: INodeProperties[] = [
	{
		displayName: 'Provider Number',
		name: 'providerNumber',
		type: 'string',
		default: '',
		placeholder: 'e.g. 2121331A',
		description: 'The surest way to know a doctor. Spaces and capitals make no difference.',
	},
	{
		displayName: 'Email',
		name: 'email',
		type: 'string',
		default: '',
		placeholder: 'e.g. dr.who@practice.example',
		description: 'The address on the contact’s record. Doctors of a practice often share one.',
	},
	{
		displayName: 'First Name',
		name: 'firstName',
		type: 'string',
		default: '',
		description: 'Capitals, accents, apostrophes and hyphens make no difference',
	},
	{
		displayName: 'Last Name',
		name: 'lastName',
		type: 'string',
		default: '',
		description: 'Capitals, accents, apostrophes and hyphens make no difference',
	},
	{
		displayName: 'If Not Exactly One Contact Matches',
		name: 'ifNotOne',
		type: 'options',
		default: 'error',
		description: 'What to do if none or several contacts match everything given above',
		options: [
			{ name: 'Stop', value: 'error', description: 'Stop with a message that says why' },
			{
				name: 'Return an Item That Says So',
				value: 'item',
				description: 'With "matched" set to their number, for an If or Switch node',
			},
		],
	},
	...outputFields(simplifiedContact),
];

/** What an item of the output holds with Simplify on. */
export type Output = { matched: number } & Partial<
	SimplifiedContact & { contact_ids: string[]; message: string; advice: string }
>;

/** The parameters of an item. */
interface Query extends Sought<Name> {
	criteria: Criterion[];
	ifNotOne: unknown;
	show: (contact: Contact) => IDataObject;
}

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => queryOf(context, itemIndex),
		files: (itemIndex) => filesToPassOn(context, itemIndex),
		run: async ({ given, criteria, empty, ifNotOne, show }) => {
			const { providerNumber } = given;
			const found: FoundContacts =
				empty.length > 0
					? { contacts: [], archived: [] }
					: await findContacts(api, { criteria, providerNumber });
			const { contacts } = found;
			const [contact] = contacts;
			if (contact && contacts.length === 1) {
				return [{ json: { matched: 1, ...show(contact) } }];
			}
			const by = FIELDS.filter(({ name }) => name in given).map(({ label }) => label);
			const { message, advice } = empty.length > 0 ? fieldEmpty(empty) : notOne(found, by);
			if (ifNotOne === 'error') throw new ClinikoError(message, advice);
			const ids = contacts.map(({ id }) => id);
			return [{ json: { matched: contacts.length, contact_ids: ids, message, advice } }];
		},
	});
}

function queryOf(context: IExecuteFunctions, itemIndex: number): Query {
	const { given, empty } = searchFieldsOf<Name>(context, itemIndex, [...FIELDS]);
	if (Object.keys(given).length === 0 && empty.length === 0) {
		throw new ClinikoError(
			'There is nothing to search for: all fields are empty.',
			'Fill in at least one of the fields: the provider number above all.',
		);
	}
	return {
		given,
		criteria: (['email', 'firstName', 'lastName'] as const).flatMap((name) => {
			const text = given[name];
			return text === undefined ? [] : [criterion(name, text)];
		}),
		empty,
		ifNotOne: context.getNodeParameter('ifNotOne', itemIndex, 'error'),
		show: outputOf(context, itemIndex, simplifiedContact),
	};
}

function notOne({ contacts, archived }: FoundContacts, labels: string[]) {
	const by = labels.join(', ');
	if (contacts.length > 0) {
		return {
			message: `${contacts.length} contacts match (${by}): IDs ${contacts.map(({ id }) => id).join(', ')}.`,
			advice: 'Give more about the contact, the provider number above all.',
		};
	}
	return archived.length > 0
		? {
				message: `No contact matches (${by}) who is not archived. Archived: ID ${archived.map(({ id }) => id).join(', ')}.`,
				advice: 'Take the contact out of the archive in Cliniko if it is the right one.',
			}
		: {
				message: `No contact matches (${by}).`,
				advice: 'Look the contact up in Cliniko: they may be new, or written in another way there.',
			};
}

function fieldEmpty(labels: string[]) {
	return {
		message: emptyFields(labels, 'contact'),
		advice: 'Check what the node before gives there.',
	};
}

export const find: Operation = {
	name: 'Find',
	value: 'find',
	action: 'Find contact',
	description: 'Find the one contact, such as a doctor, by provider number, e-mail or name',
	fields,
	execute,
};
