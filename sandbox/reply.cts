import type { Readable } from 'node:stream';

/** What a handler answers; the exchange adds `Date` and sends it. */
export interface Reply {
	status: number;
	headers: Record<string, string>;
	body: string;
	/** A file to send as the body in place of `body`. */
	file?: string;
	/** Sent as the body in place of `body` as it comes. */
	stream?: Readable;
	/** Send at once, though the request's body is still arriving, and close the connection. */
	closes?: boolean;
}

/** A reply thrown from wherever the request turned out to be wrong. */
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

/** A refusal with the API's `{"message": …}` body. The documentation gives no body for 400, 403,
 * 404 and 429; this shape is what integrators have seen. */
export function refuse(status: number, message: string, headers?: Record<string, string>): Refusal {
	return new Refusal(json(status, { message }, headers));
}

/** A 422 in the documented shape: the name of each wrong field with what is wrong with it. */
export function invalid(errors: Record<string, string>): Refusal {
	return new Refusal(json(422, { message: 'Validation Failed', errors }));
}

/** The reply to whatever is not there. */
export function notFound(): Refusal {
	return refuse(404, 'The requested resource could not be found');
}
