import type { Readable } from 'node:stream';

/** A handler's reply; the exchange adds `Date` and sends it. */
export interface Reply {
	status: number;
	headers: Record<string, string>;
	body: string;
	/** A file to send as the body in place of `body`. */
	file?: string;
	/** Streamed as the body in place of `body`. */
	stream?: Readable;
	/** Send this at once, even if the request's body is still arriving, and close the connection. */
	closes?: boolean;
}

/** An error reply, thrown by whatever finds the request invalid. */
export class Refusal extends Error {
	constructor(readonly reply: Reply) {
		super(`refused with ${reply.status}`);
	}
}

/** A JSON reply as Cliniko's API sends it. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
	return {
		status,
		headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
		body: JSON.stringify(value),
	};
}

/**
 * An error with the API's `{"message": …}` body. The documentation shows no body for 400, 403, 404
 * and 429; integrators have reported this one.
 */
export function refuse(status: number, message: string, headers?: Record<string, string>): Refusal {
	return new Refusal(json(status, { message }, headers));
}

/** A 422 in the documented shape: what is wrong, by field. */
export function invalid(errors: Record<string, string>): Refusal {
	return new Refusal(json(422, { message: 'Validation Failed', errors }));
}

export function notFound(): Refusal {
	return refuse(404, 'The requested resource could not be found');
}
