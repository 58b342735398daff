import type { IDataObject } from 'n8n-workflow';

import { ClinikoError, oneLine } from '../../errors';

/** What a request was for, as used in error messages. */
export interface ErrorContext {
	/** Follows "could not", e.g. "look up the patient". */
	action: string;
	/** What a 404 means, e.g. "Cliniko has no patient with the ID 12." */
	notFound?: string;
	/** What a 403 advises, if it is not about files. */
	forbidden?: string;
	/** What people call the fields that a 422 may name, by Cliniko's names. */
	labels?: Record<string, string>;
}

/**
 * Converts an error reply to an error: what happened, what to do, and Cliniko's own message as far as it
 * names nobody. Only a 422 has a documented body (`message`, and `errors` by field), so the status alone
 * decides.
 *
 * @param status the status of the reply
 * @param body the body of the reply, if it was a JSON object
 */
export function refusal(
	status: number,
	body: IDataObject | undefined,
	errorContext: ErrorContext,
	shard: string,
): ClinikoError {
	const [message, advice] = describe(status, errorContext, shard);
	// A 404 says no more than that, and the text of a server error may contain anything.
	const { text, isWhole } =
		status < 500 && status !== 404 ? clinikoMessage(body, errorContext) : NO_MESSAGE;
	return new ClinikoError(
		text ? `${message} Cliniko says: ${text}` : message,
		isWhole || !isAboutContent(status)
			? advice
			: `${advice} To see all that Cliniko says, try the same in Cliniko by hand.`,
		status,
	);
}

function describe(
	status: number,
	{ action, notFound, forbidden }: ErrorContext,
	shard: string,
): [string, string] {
	switch (status) {
		case 401:
			return [
				`Could not ${action}: Cliniko refused the API key.`,
				`Open the Cliniko API credential and test it. If the key was deleted or copied in part, make a new one in Cliniko. It may also belong to another shard than ${shard}.`,
			];
		case 403:
			return [
				`Could not ${action}: the Cliniko user that the API key belongs to may not do this.`,
				forbidden ??
					'Use the key of a user whose role may upload and see patient files (a Scheduler may not), or ask the owner of the Cliniko account to change the role.',
			];
		case 404:
			return [
				notFound ?? `Could not ${action}: Cliniko has nothing there.`,
				'Check the ID. It may belong to another Cliniko account, or have been deleted or merged.',
			];
		case 422:
			return [
				`Could not ${action}: Cliniko did not accept it.`,
				'Change what Cliniko names and run the step again.',
			];
		case 429:
			return [
				`Could not ${action}: Cliniko's limit of 200 requests a minute was still reached after many waits.`,
				'Other integrations of the same Cliniko user count too. Run this workflow at another time, or give it a Cliniko user of its own.',
			];
		default:
			if (status >= 300 && status < 400) {
				return [
					`Could not ${action}: Cliniko's address answered with a redirect, which is not followed.`,
					'Check the shard in the Cliniko API credential, and whether a proxy or firewall answers in place of Cliniko.',
				];
			}
			return [
				`Could not ${action}: Cliniko answered with status ${status}.`,
				status >= 500
					? 'Cliniko has a fault at the moment. Look at status.cliniko.com and run the workflow again later.'
					: 'If it keeps happening, look at status.cliniko.com or ask Cliniko support.',
			];
	}
}

/** The maximum length of what is quoted, in characters; there may be many fields if they have labels. */
const LONGEST = 200;
const LONGEST_WITH_LABELS = 600;

const NO_MESSAGE = { text: '', isWhole: true };

/**
 * The words that are quoted. A sentence with any other word may hold a name, or a value of a record: only
 * that the field is not accepted is said then. No word is here that is often a name.
 */
const WORDS = new Set(
	`a accept accepted access account action active address all allowed already an and another any
	API api archived are array as at attachment attachments authorized be been before birth blank
	body boolean but can can't cannot character characters code company concession confirmed contain
	contains content correct country created current custom data date deleted denied description
	digits do doctor does doesn't don't duplicate email empty equal error exceed exceeded exceeds
	exist exists expired failed field file filename files filter filterable first for format found
	from full future greater has have ID id ids in include included incorrect integer invalid is
	isn't it items JSON last least length less letters limit list long longer many match matches
	maximum medicare merged minimum missing more most must name negative nested no not notes null
	number numbers object of once one only operator or order other out parameter patient patients
	perform permission phone plan positive present processed processing range rate reached read
	reference referral referring refused required reserved reset resource same section settings
	short shorter should size sms sort source space starts state status storage string supported
	taken takes temp text than that the their there this time timeout title to too trial type types
	unauthorized unavailable unexpected unique unknown unrecognised unrecognized unsupported updated
	upload uploaded URL url user uuid valid validation value values wasn't when whole with within
	wrong you zone`.split(/\s+/),
);

/** The `message` and `errors` of a reply, in one line; empty if there are none. */
function clinikoMessage(
	body: IDataObject | undefined,
	{ labels }: ErrorContext,
): { text: string; isWhole: boolean } {
	let isWhole = true;
	const quoted = (given: unknown, instead = '') => {
		const text = [given].flat().join(', ');
		if (isQuotable(text)) return text;
		isWhole = false;
		return instead;
	};
	const errors: unknown = body?.errors ?? [];
	const fields =
		typeof errors === 'object' && errors !== null && !Array.isArray(errors)
			? Object.entries(errors).map(
					([field, text]) =>
						`${labels?.[field] ?? apiName(field)} ${quoted(text, 'is not accepted')}`,
				)
			: [errors]
					.flat()
					.filter((one) => typeof one === 'string')
					.map((one) => quoted(one));
	const message = typeof body?.message === 'string' ? quoted(body.message) : '';
	const all = [message, fields.filter(Boolean).join(', ')].filter(Boolean).join(': ');
	return { text: oneLine(all, labels ? LONGEST_WITH_LABELS : LONGEST), isWhole };
}

/** The name of a field that has no label, if it looks like one. */
function apiName(field: string): string {
	return /^[a-z][a-z0-9_]{0,39}$/.test(field) ? field : 'a field';
}

/**
 * Whether all words of a sentence are of those that are quoted. So are API names made of them, and short
 * numbers, but not two in a row: that may be a phone number.
 */
function isQuotable(text: string): boolean {
	const words = text
		.replace(/[‘’]/g, "'")
		.split(/\s+/)
		.map((word) => word.replace(/^\(|[).,:;!]+$/g, ''))
		.map((word, at) => (at === 0 || word === 'Failed' ? word.toLowerCase() : word));
	const isNumber = (word = '') => /^\d{1,4}$/.test(word);
	return words.every((word, at) =>
		isNumber(word)
			? !isNumber(words[at + 1])
			: word.split('_').every((part) => part === '' || WORDS.has(part)),
	);
}

/** Whether a refusal is about the upload URL, which Cliniko calls `temp_attachment_url` in its errors. */
export function isAboutUploadUrl({ httpCode, message }: ClinikoError): boolean {
	return httpCode === 422 && /temp_attachment_url|upload_url/.test(message);
}

/** Statuses that are not about the content of the request: key, permissions, time-out, rate limit. */
const ABOUT_OTHER_THINGS = [401, 403, 408, 429];

/** Whether a refusal may be about the content of the request, such as the upload URL. */
export function isAboutRequest({ httpCode = 0 }: ClinikoError): boolean {
	return isAboutContent(httpCode);
}

function isAboutContent(status: number): boolean {
	return status >= 400 && status < 500 && !ABOUT_OTHER_THINGS.includes(status);
}
