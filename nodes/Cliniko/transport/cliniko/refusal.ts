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
	/** Values that were sent and must not be quoted, such as a patient's name. */
	secrets?: string[];
}

/**
 * Converts an error reply to an error: what happened, what to do, and Cliniko's own message. Only a 422
 * has a documented body (`message`, and `errors` by field), so the status alone decides.
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
	const theirs = status < 500 && status !== 404 ? clinikoMessage(body, errorContext) : '';
	return new ClinikoError(theirs ? `${message} Cliniko says: ${theirs}` : message, advice, status);
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

/** The `message` and `errors` of a reply, in one line; empty if there are none. */
function clinikoMessage(
	body: IDataObject | undefined,
	{ labels, secrets = [] }: ErrorContext,
): string {
	const quoted = (text: string) => secrets.reduce(without, text);
	const errors: unknown = body?.errors ?? [];
	const fields =
		typeof errors === 'object' && errors !== null && !Array.isArray(errors)
			? Object.entries(errors).map(
					([field, text]) => `${labels?.[field] ?? field} ${quoted(String(text))}`,
				)
			: [errors]
					.flat()
					.filter((one) => typeof one === 'string')
					.map(quoted);
	const message = typeof body?.message === 'string' ? quoted(body.message) : '';
	const all = [message, fields.join(', ')].filter(Boolean).join(': ');
	return oneLine(all, labels ? LONGEST_WITH_LABELS : LONGEST);
}

function without(text: string, secret: string): string {
	return text.replace(new RegExp(secret.replace(/[^\p{L}\p{N}]/gu, '\\$&'), 'gi'), '…');
}

/** Whether a refusal is about the upload URL, which Cliniko calls `temp_attachment_url` in its errors. */
export function isAboutUploadUrl({ httpCode, message }: ClinikoError): boolean {
	return httpCode === 422 && /temp_attachment_url|upload_url/.test(message);
}

/** Statuses that are not about the content of the request: key, permissions, time-out, rate limit. */
const ABOUT_OTHER_THINGS = [401, 403, 408, 429];

/** Whether a refusal may be about the content of the request, such as the upload URL. */
export function isAboutRequest({ httpCode = 0 }: ClinikoError): boolean {
	return httpCode >= 400 && httpCode < 500 && !ABOUT_OTHER_THINGS.includes(httpCode);
}
