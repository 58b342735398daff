import { field, labelsOf, type Field, type FieldValues } from '../fields/field';
import type { Match, NewRecord } from '../once/createOnce';
import { digestOf } from '../once/creationMemory';
import type { Communication } from '../records/communication';
import { lettersOf } from '../records/plainText';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { htmlToText } from './htmlToText';

/** Cliniko's `category_code` of a memo. */
const MEMO = 12;

/** What may be said of a message besides its text. */
export const MEMO_FIELDS: Field[] = [
	field('confidential', 'Confidential', {
		kind: 'boolean',
		description: 'Whether the message is marked as confidential in Cliniko',
	}),
	field('from', 'From', {
		placeholder: 'e.g. jane@mail.example',
		description: 'Whom the message is from: an address, a number or a name',
	}),
	field('to', 'To', {
		placeholder: 'e.g. desk@clinic.example',
		description: 'Whom the message is to: an address, a number or a name',
	}),
];

/** A message, by Cliniko's names. */
export interface Memo extends FieldValues {
	/** 1 for SMS, 2 for e-mail, 3 for a phone call, 4 for anything else. */
	type_code: number;
	/** 1 for sent, 2 for received. */
	direction_code: number;
	content: string;
}

/**
 * A memo to be created, for `OnceCreator`. Cliniko records it, and sends nothing.
 *
 * @param itemIndex of the item that asks for it: within an execution, each item gets one memo of a patient
 */
export function newMemo(
	{ account }: ClinikoApi,
	patientId: string,
	memo: Memo,
	itemIndex: number,
): NewRecord<'communications'> {
	const subject = digestOf(account, 'memo', patientId);
	return {
		collection: 'communications',
		patientId,
		body: { patient_id: patientId, category_code: MEMO, ...memo },
		creation: { subject, values: digestOf(subject, JSON.stringify(memo)), itemIndex },
		errorContext: {
			action: `add the message to the communications of patient ${patientId}`,
			notFound: `Cliniko has no patient with the ID ${patientId}.`,
			forbidden:
				'Use the key of a user whose role may add communications, or ask the owner of the Cliniko account to change the role.',
			labels: {
				patient_id: 'Patient',
				type_code: 'Type',
				direction_code: 'Direction',
				content: 'Message',
				...labelsOf(MEMO_FIELDS),
			},
		},
		match: (record) => match(record, memo),
	};
}

/**
 * A new memo of the same text is the one. Cliniko may tidy the text up, write it as HTML, or cut it short:
 * then it may be.
 */
function match(record: Communication, memo: Memo): Match {
	const isOther = (['type_code', 'direction_code'] as const).some(
		(field) => typeof record[field] === 'number' && record[field] !== memo[field],
	);
	if (isOther || (record.category_code ?? MEMO) !== MEMO) return 'other';
	const content = String(record.content ?? '');
	const sent = lettersOf(memo.content);
	const shown = [content, htmlToText(content)].map(lettersOf);
	if (shown.includes(sent)) return 'ours';
	return shown.some((one) => one === '' || sent.startsWith(one)) ? 'maybe' : 'other';
}
