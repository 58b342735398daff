import type { IDataObject } from 'n8n-workflow';

import { field, labelsOf, type Field, type FieldValues } from '../fields/field';
import type { Match, NewRecord } from '../once/createOnce';
import { digestOf } from '../once/creationMemory';
import type { Communication } from '../records/communication';
import { lettersOf, plainText } from '../records/plainText';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { htmlToText } from './html/htmlToText';

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
 * A new memo that says the same is the one. Cliniko may tidy a text up, write it as HTML, take out what it
 * holds for tags, add to it or cut it short, and write an address or number in another way: then it may be.
 */
function match(record: Communication, memo: Memo): Match {
	if ((record.category_code ?? MEMO) !== MEMO) return 'other';
	const isOfKind = (['type_code', 'direction_code'] as const).every(
		(field) => typeof record[field] !== 'number' || record[field] === memo[field],
	);
	if (hasSameText(record, memo)) {
		const hasSamePeople = FREE_TEXTS.every((field) => isSameIfAny(record[field], memo[field]));
		return isOfKind && hasSamePeople && isAsConfidential(record, memo) ? 'ours' : 'maybe';
	}
	if (!isOfKind) return 'other';
	const sent = readings(memo.content);
	const isLike = textsOf(record).some((one) => sent.some((other) => isAlike(one, other)));
	return isLike ? 'maybe' : 'other';
}

/**
 * What Cliniko shows to have changed of a memo that it has recorded.
 *
 * @returns a sentence for the user; undefined if it is as it was sent
 */
export function changedByCliniko(record: Communication, body: IDataObject): string | undefined {
	const memo = body as Memo;
	const changed = [
		!textsOf(record).some((one) => spaced(one) === spaced(memo.content)) && 'the message',
		!isAsConfidential(record, memo) && 'Confidential',
	].filter(Boolean);
	if (changed.length === 0) return undefined;
	return `Cliniko has recorded ${changed.join(' and ')} in another way than it was sent. Look at the patient in Cliniko.`;
}

function hasSameText(record: Communication, memo: Memo): boolean {
	return textsOf(record).some((one) => isSameText(one, memo.content));
}

function isAsConfidential({ confidential }: Communication, memo: Memo): boolean {
	return typeof confidential !== 'boolean' || confidential === (memo.confidential ?? false);
}

/** What a record says: its text as it is, and read as HTML. */
function textsOf(record: Communication): string[] {
	return readings(plainText(record.content));
}

/** A text as it is, and as what a reader sees of it if it is HTML. */
function readings(text: string): string[] {
	return [text, htmlToText(text)];
}

/** What tells memos apart that say the same. */
const FREE_TEXTS = ['from', 'to'] as const;

function isSameIfAny(shown: unknown, sent: unknown): boolean {
	const [one, other] = [shown, sent].map(lettersOf);
	return one === '' || other === '' || one === other;
}

/** The kind of white space makes no difference, nor do emoji that are missing; a sign may, as in `HIV -`. */
function isSameText(shown: string, sent: string): boolean {
	const one = spaced(shown);
	const other = spaced(sent);
	return one === other || (one !== '' && one === spaced(other.replace(EMOJI, '')));
}

function spaced(text: string): string {
	return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

/** What databases that keep at most three bytes of a character leave out, and what joins those. */
const EMOJI = /[\u{10000}-\u{10FFFF}]|\uFE0F|\u200D/gu;

/** Whether Cliniko may have made a text of what was sent: one begins the other, or they share most words. */
function isAlike(shown: string, sent: string): boolean {
	const [letters, sentLetters] = [shown, sent].map(lettersOf) as [string, string];
	if (sentLetters === '') return letters === '';
	if (letters.startsWith(sentLetters) || sentLetters.startsWith(letters)) return true;
	const [few, many] = [shown, sent].map(wordsOf).sort((a, b) => a.size - b.size) as [Words, Words];
	return [...few].filter((word) => many.has(word)).length >= MOST * few.size;
}

/** Of the words of the text that has fewer. */
const MOST = 0.75;

type Words = Set<string>;

function wordsOf(text: string): Words {
	return new Set(
		text
			.normalize('NFKC')
			.toLowerCase()
			.match(/[\p{L}\p{N}]+/gu),
	);
}
