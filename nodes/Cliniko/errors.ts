import { OperationalError } from 'n8n-workflow';

/**
 * Marks a ClinikoError, whichever copy of this package it comes from: after an update, n8n may still
 * run code of the old one.
 */
const BRAND = Symbol.for('n8n-nodes-cliniko.ClinikoError');

/**
 * An error for the user, in words that are safe to show and store.
 *
 * `message` says what happened and `description` what to do. Neither ever contains a key, a
 * signature, an S3 field or a patient's name, and there is no `cause`: n8n writes errors to its
 * database and logs, and an error of the HTTP library contains the whole request.
 */
export class ClinikoError extends OperationalError {
	readonly [BRAND] = true;

	/**
	 * @param message what happened, in one sentence
	 * @param advice what the user can do about it
	 * @param httpCode the status of the reply that caused it, if any
	 */
	constructor(
		message: string,
		advice: string,
		readonly httpCode?: number,
	) {
		super(message, { description: advice });
	}
}

/** Nothing more is sent, because the execution was cancelled or nobody needs the result any more. */
export class Cancelled extends ClinikoError {}

/** A file is on the wrong patient's record. No other error may hide this one. */
export class WrongPatient extends ClinikoError {}

/**
 * Makes text from outside safe to quote in a message: one short line, without e-mail addresses or
 * anything long enough to be a key, a signature or a policy.
 *
 * @param text for example the `message` of a reply
 * @param limit the maximum length of the result, in characters
 */
export function oneLine(text: string, limit = 200): string {
	const line = text
		.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
		// Long words first, so that the second expression has only short ones to backtrack over.
		.replace(/\S{30,}/g, '…')
		.replace(/\S+@\S+/g, '…')
		.trim();
	return line.length > limit ? `${line.slice(0, limit - 1).replace(/\p{Cs}$/u, '')}…` : line;
}

/**
 * Rethrows a ClinikoError, however deeply n8n or the HTTP library has wrapped it and whichever copy of
 * this package threw it. Returns if there is none.
 */
export function rethrowOwn(error: unknown): void {
	for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
		if (cause instanceof ClinikoError) throw cause;
		if (BRAND in cause) {
			const { message, description, httpCode } = cause as ClinikoError;
			throw new ClinikoError(message, description ?? '', httpCode);
		}
	}
}

/** Adds the file's name to a message that does not mention it. */
export function withFile(message: string, fileName: string | undefined): string {
	return !fileName || message.includes(`"${fileName}"`)
		? message
		: `${message} [file "${fileName}"]`;
}
