import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { htmlToText, isHtml } from '../../communications/html/htmlToText';
import { changedByCliniko, MEMO_FIELDS, newMemo, type Memo } from '../../communications/memo';
import { ClinikoError } from '../../errors';
import { simplifiedCommunication, type SimplifiedCommunication } from '../../records/communication';
import { assertActive } from '../../requests/activePatient';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import { onceCreatorFor } from '../onceCreator';
import type { Operation } from '../operation';
import { filesToPassOn } from '../parameters/inputFiles';
import { outputFields, outputOf } from '../parameters/output';
import { patientIdField, patientIdOf } from '../parameters/patientId';
import { fieldCollection, fieldValuesOf } from '../parameters/recordFields';
import { textOf } from '../parameters/text';

/** Cliniko's codes. */
const TYPES: Record<string, number> = { sms: 1, email: 2, phoneCall: 3, other: 4 };
const DIRECTIONS: Record<string, number> = { sent: 1, received: 2 };

const fields: INodeProperties[] = [
	{
		displayName:
			'This sends nothing. It records in the patient’s communications what came in or went out.',
		name: 'sendsNothing',
		type: 'notice',
		default: '',
	},
	patientIdField('The patient whom the message is from, to or about'),
	{
		displayName: 'Type',
		name: 'type',
		type: 'options',
		default: 'email',
		options: [
			{ name: 'Email', value: 'email' },
			{ name: 'Other', value: 'other' },
			{ name: 'Phone Call', value: 'phoneCall' },
			{ name: 'SMS', value: 'sms' },
		],
	},
	{
		displayName: 'Direction',
		name: 'direction',
		type: 'options',
		default: 'received',
		options: [
			{ name: 'Received', value: 'received' },
			{ name: 'Sent', value: 'sent' },
		],
	},
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. Referral for Jane',
		description: 'Becomes the first line of what is recorded. May be empty.',
	},
	{
		displayName: 'Message',
		name: 'message',
		type: 'string',
		typeOptions: { rows: 4 },
		default: '',
		description: 'What the message says, as text or HTML',
	},
	fieldCollection(
		{ displayName: 'Options', name: 'options', placeholder: 'Add option' },
		MEMO_FIELDS,
		[],
		[
			{
				displayName: 'Message Format',
				name: 'messageFormat',
				type: 'options',
				default: 'automatic',
				description:
					'What the message is written in. HTML is recorded as the text that a reader sees.',
				options: [
					{ name: 'Automatic', value: 'automatic' },
					{ name: 'HTML', value: 'html' },
					{ name: 'Text', value: 'text' },
				],
			},
		],
	),
	...outputFields(simplifiedCommunication),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedCommunication & { warning?: string };

async function execute(context: IExecuteFunctions) {
	if (context.getInputData().length === 0) return [];
	const api = await connect(context);
	const creator = onceCreatorFor(context, api);
	return await eachItem(context, {
		read: (itemIndex) => {
			const patientId = patientIdOf(context, itemIndex, api.shard);
			return {
				wanted: newMemo(api, patientId, memoIn(context, itemIndex), itemIndex),
				show: outputOf(context, itemIndex, simplifiedCommunication),
			};
		},
		files: (itemIndex) => filesToPassOn(context, itemIndex),
		run: async ({ wanted, show }) => {
			const prepare = async () => await assertActive(api, wanted.patientId);
			const record = await creator.create(wanted, prepare);
			const warning = changedByCliniko(record, wanted.body);
			return [{ json: { ...show(record), ...(warning && { warning }) } }];
		},
	});
}

/** @throws ClinikoError if there is nothing to record, or if Cliniko would not accept a value */
function memoIn(context: IExecuteFunctions, itemIndex: number): Memo {
	const given = (name: string): unknown => context.getNodeParameter(name, itemIndex, '');
	const options: IDataObject = context.getNodeParameter('options', itemIndex, {});
	const subject = textOf(given('subject'), 'Subject').replace(/\s+/g, ' ').trim();
	return {
		type_code: codeOf(given('type'), TYPES, 'Type'),
		direction_code: codeOf(given('direction'), DIRECTIONS, 'Direction'),
		content: contentOf(subject, messageIn(given('message'), options)),
		...fieldValuesOf(options, MEMO_FIELDS),
	};
}

function messageIn(given: unknown, { messageFormat = 'automatic' }: IDataObject): string {
	const message = textOf(given, 'Message').replace(/\r\n?/g, '\n').trim();
	const isFormatted = messageFormat === 'html' || (messageFormat !== 'text' && isHtml(message));
	return isFormatted ? htmlToText(message) : message;
}

/** The subject, and the message below it. */
function contentOf(subject: string, message: string): string {
	const content = [subject && `Subject: ${subject}`, message].filter(Boolean).join('\n\n');
	if (content !== '') return content;
	throw new ClinikoError(
		'Subject and Message are both empty for this item, so nothing was recorded.',
		'Check what the node before gives there. An If node can pass over items without a message.',
	);
}

function codeOf(value: unknown, codes: Record<string, number>, label: string): number {
	const code = codes[String(value)];
	if (code !== undefined) return code;
	throw new ClinikoError(
		`${label} is none of its choices for this item.`,
		`Give one of these: ${Object.keys(codes).join(', ')}.`,
	);
}

export const create: Operation = {
	name: 'Create',
	value: 'create',
	action: 'Create communication',
	description: 'Record a message in a patient’s communications. This sends nothing.',
	fields,
	execute,
};
