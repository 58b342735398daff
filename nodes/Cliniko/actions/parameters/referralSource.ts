import type { IDataObject, INodeProperties } from 'n8n-workflow';

import type { GivenReferralSource } from '../../patients/referralSource';
import { chosenId, chosenIn, chosenRecord } from './chosenId';
import { textOf } from './text';

/** The field for how a patient has come to know the clinic. */
export const referralSourceField: INodeProperties = {
	displayName: 'Referral Source',
	name: 'referralSource',
	type: 'fixedCollection',
	default: {},
	description: 'How the patient has come to the clinic. Without a type, it is left as it is.',
	options: [
		{
			displayName: 'Referral Source',
			name: 'source',
			values: [
				chosenRecord(
					{
						displayName: 'Type',
						name: 'type',
						description: 'One of the clinic’s referral source types in Cliniko',
					},
					'searchReferralSourceTypes',
					'Google',
				),
				{
					displayName: 'Subcategory',
					name: 'subcategory',
					type: 'string',
					default: '',
					description: 'One of the subcategories that the type has in Cliniko',
				},
				{
					displayName: 'Referrer ID',
					name: 'referrerId',
					type: 'string',
					default: '',
					description: 'The ID of the patient or contact who has referred the patient',
				},
				{ displayName: 'Notes', name: 'notes', type: 'string', default: '' },
			],
		},
	],
};

/**
 * What an item gives for the referral source.
 *
 * @param given the parameters of the collection that the field is in
 * @returns undefined if no type is given
 * @throws ClinikoError if a value is not what it has to be
 */
export function referralSourceIn(given: IDataObject): GivenReferralSource | undefined {
	const source = (given.referralSource as IDataObject | undefined)?.source as
		| IDataObject
		| undefined;
	const { value, mode } = chosenIn(source?.type);
	const type = textOf(value, 'Referral Source (Type)').trim();
	if (!source || type === '') return undefined;
	const isName = mode === 'name' || (mode === undefined && /\D/.test(type));
	const text = (name: string, label: string) =>
		textOf(source[name], `Referral Source (${label})`).trim() || undefined;
	return {
		...(isName ? { typeName: type } : { typeId: chosenId(value, 'Referral Source (Type)') }),
		referrerId: chosenId(source.referrerId, 'Referral Source (Referrer ID)'),
		subcategory: text('subcategory', 'Subcategory'),
		notes: text('notes', 'Notes'),
	};
}
