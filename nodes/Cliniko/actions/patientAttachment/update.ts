import type { IExecuteFunctions } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { isClinikoRecord } from '../../records/clinikoRecord';
import {
	simplified,
	type PatientAttachment,
	type SimplifiedAttachment,
} from '../../records/patientAttachment';
import { assertOwner } from '../../requests/readAttachment';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { attachmentFields, attachmentOf } from '../parameters/attachment';
import { descriptionOf } from '../parameters/description';
import { outputFields, outputOf } from '../parameters/output';

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAttachment;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => ({
			attachment: attachmentOf(context, itemIndex, api.shard),
			description: descriptionOf(context.getNodeParameter('description', itemIndex, '')),
			show: outputOf(context, itemIndex, simplified),
		}),
		run: async ({ attachment, description, show }) => {
			const { id } = attachment;
			await assertOwner(api, attachment);
			const { body } = await api.patch(
				`/patient_attachments/${id}`,
				{ description: description || null },
				{
					action: `change the description of attachment ${id}`,
					notFound: `Cliniko has no attachment with the ID ${id} that can be changed.`,
				},
			);
			if (!isClinikoRecord<PatientAttachment>(body) || body.id !== attachment.id) {
				throw new ClinikoError(
					`Cliniko's reply to the changed description of attachment ${id} is not an attachment record.`,
					'The description is most likely changed. Look at the attachment in Cliniko.',
				);
			}
			return [{ json: show(body) }];
		},
	});
}

export const update: Operation = {
	name: 'Update',
	value: 'update',
	action: 'Update patient attachment',
	description: 'Change the description of an attachment',
	fields: [
		...attachmentFields('The attachment to change'),
		{
			displayName: 'Description',
			name: 'description',
			type: 'string',
			default: '',
			placeholder: 'e.g. Referral, seen by reception',
			description:
				'The new description, at most 255 characters. Leave it empty to remove the old one.',
		},
		...outputFields(simplified),
	],
	hints: [
		{
			when: '$parameter["description"] === ""',
			type: 'warning',
			message:
				'Description is empty, so this step removes the description that the attachment has.',
		},
	],
	execute,
};
