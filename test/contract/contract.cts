import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

import { headersSchema, OPERATIONS, querySchema, type Operation } from './operations.cts';

/** A request to Cliniko's API. */
export interface Request {
	method: string;
	/** With `/v1` and the query. */
	path: string;
	/** By lower-case name. */
	headers: Record<string, string>;
	body?: string;
}

export interface Reply {
	status: number;
	/** By lower-case name. */
	headers: Record<string, string | string[] | undefined>;
	text: string;
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
formats.default(ajv);
const compiled = new Map<string, ValidateFunction>();

/** Of every 429: when the limit resets, in seconds since the epoch. */
const rateLimitHeaders: SchemaObject = {
	type: 'object',
	required: ['x-ratelimit-reset'],
	properties: { 'x-ratelimit-reset': { type: 'string', pattern: '^\\d{10}$' } },
};

/** The operation that a request is for; nothing where the node should not send it. */
export function operationOf({ method, path }: Pick<Request, 'method' | 'path'>) {
	const [, below] = /^\/v1(\/[^?]*)/.exec(path) ?? [];
	return OPERATIONS.find((one) => one.method === method && one.path.test(below ?? ''));
}

/**
 * In what a request differs from Cliniko's documentation.
 *
 * @returns a line for each difference: the operation, where, and what is wrong
 */
export function requestDeviations(request: Request): string[] {
	const operation = operationOf(request);
	if (!operation) return [`${request.method} ${request.path} is not in use`];
	const { isUndocumented, body } = operation;
	const query: Record<string, string[]> = {};
	for (const [name, value] of new URL(request.path, 'https://cliniko').searchParams) {
		(query[name] ??= []).push(value);
	}
	return about(operation, [
		...(isUndocumented ? ['not documented'] : []),
		...deviations('query', querySchema(operation), query),
		...deviations('headers', headersSchema(operation), request.headers),
		...(body ? deviations('body', body, parsed(request.body)) : []),
		...(!body && request.body ? ['body is not documented'] : []),
	]);
}

/**
 * The same for the reply to a request. Of a status that the documentation does not have, no more is
 * said than that.
 */
export function replyDeviations(request: Pick<Request, 'method' | 'path'>, reply: Reply): string[] {
	const operation = operationOf(request);
	if (!operation) return [`${request.method} ${request.path} is not in use`];
	return about(operation, deviationsOfReplyTo(operation, reply));
}

function deviationsOfReplyTo(
	{ isUndocumented, replies }: Operation,
	{ status, headers, text }: Reply,
): string[] {
	if (status === 429) return deviations('headers', rateLimitHeaders, headers);
	const schema = replies[status];
	if (schema === undefined) return [`status ${status} is not documented`];
	const undocumented = isUndocumented ? ['not documented'] : [];
	if (schema === null) return text === '' ? undocumented : [...undocumented, 'body is not empty'];
	return [...undocumented, ...deviations('body', schema, parsed(text))];
}

/** What a schema says against a value, which is the request's or the reply's `part`. */
function deviations(part: string, schema: SchemaObject, value: unknown): string[] {
	const key = JSON.stringify(schema);
	const validate = compiled.get(key) ?? ajv.compile(schema);
	compiled.set(key, validate);
	if (validate(value)) return [];
	return (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(sentence);

	function sentence({ instancePath, message, params }: ErrorObject): string {
		const extra = params.additionalProperty === undefined ? '' : ` (${params.additionalProperty})`;
		return `${part}${instancePath.replace(/\/\d+/g, '/*')} ${message}${extra}`;
	}
}

function about({ name }: Operation, lines: string[]): string[] {
	return lines.map((line) => `${name}: ${line}`);
}

function parsed(json: string | undefined): unknown {
	try {
		return JSON.parse(json ?? '');
	} catch {
		return undefined;
	}
}
