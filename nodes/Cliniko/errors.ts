import { OperationalError } from 'n8n-workflow';

/**
 * Marks a ClinikoError of any bundle: the nodes and the credential are bundles of their own, each with
 * a class of its own.
 */
const BRAND = Symbol.for('n8n-nodes-cliniko.ClinikoError');

/**
 * Something that a person has to know about, in words that may be shown and stored.
 *
 * `message` says what happened and `description` what to do. Neither ever holds a key, a signature,
 * an S3 field or a patient's name, and the error carries no `cause`: n8n writes errors into its
 * database and its logs, and the errors of the HTTP library hold the whole request.
 */
export class ClinikoError extends OperationalError {
	readonly [BRAND] = true;

	/**
	 * @param message what happened, one sentence
	 * @param advice what the person can do about it
	 * @param httpCode the status of the reply that led to it, if there was one
	 */
	constructor(
		message: string,
		advice: string,
		readonly httpCode?: number,
	) {
		super(message, { description: advice });
	}
}

/** A file is on another patient's record than it belongs on: nothing may hide this. */
export class WrongPatient extends ClinikoError {}

/**
 * Makes text that came from outside fit to stand in a message: one short line, without e-mail
 * addresses, and without anything as long as a key, a signature or a policy.
 *
 * @param text anything, for example the `message` of a reply
 * @param limit the longest result, in characters
 */
export function oneLine(text: string, limit = 200): string {
	const line = text
		.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
		// The long ones first: what is left is short enough for the other expression to be quick.
		.replace(/\S{30,}/g, '…')
		.replace(/\S+@\S+/g, '…')
		.trim();
	return line.length > limit ? `${line.slice(0, limit - 1).replace(/\p{Cs}$/u, '')}…` : line;
}

/**
 * Throws again what is one of ours, however deep n8n or the HTTP library has wrapped it, and from
 * whichever bundle of this package it comes.
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

/** Names the file in a message that does not. */
export function withFile(message: string, fileName: string | undefined): string {
	return !fileName || message.includes(`"${fileName}"`)
		? message
		: `${message} [file "${fileName}"]`;
}
