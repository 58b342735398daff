import type { IncomingMessage } from 'node:http';

import type { Clinic, User } from '../clinic/clinic.cts';
import { Refusal, refuse } from '../reply.cts';

/** `APP_VENDOR_NAME (APP_VENDOR_EMAIL)` */
const NAME_AND_EMAIL = /^\s*[^\s(][^(]*\(\s*[^\s@()]+@[^\s@()]+\.[^\s@()]+\s*\)/;

/**
 * The user that a request authenticates as: HTTP Basic, the key (with or without its shard) as user
 * name, no password. A key is valid on its own shard only.
 *
 * @throws a 401. The text of its body is from an old report; the current one is not known.
 */
export function authenticate(
	request: IncomingMessage,
	host: string,
	clinic: Clinic,
	shard: string,
): User {
	const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
	const [key, password] = split(Buffer.from(encoded, 'base64').toString('utf8'), ':');
	const user = [...clinic.users.values()].find(
		({ apiKey }) => key === apiKey || key === apiKey.replace(/-[a-z]{2}\d{1,2}$/, ''),
	);
	if (user && password === '' && host === `api.${shard}.cliniko.com`) return user;
	throw new Refusal({
		status: 401,
		headers: {
			'Content-Type': 'text/plain; charset=utf-8',
			'WWW-Authenticate': 'Basic realm="Application"',
		},
		body: 'HTTP Basic: Access denied.\n',
	});
}

/**
 * Checks for the headers that Cliniko asks for. The documentation only says that without them
 * "future requests may be automatically blocked"; the sandbox is strict so that a client without
 * them is noticed at once.
 */
export function checkHeaders({ headers }: IncomingMessage, isJson: boolean): void {
	if (!NAME_AND_EMAIL.test(headers['user-agent'] ?? '')) {
		throw refuse(403, 'Send a User-Agent with a name and a contact e-mail: NAME (EMAIL)');
	}
	if (isJson && !headers.accept?.includes('application/json')) {
		throw refuse(406, 'Send Accept: application/json');
	}
}

/** Schedulers have no access to files: the API has the same permissions as Cliniko itself. */
export function checkFileAccess({ role }: User): void {
	if (role === 'scheduler') throw refuse(403, 'You are not authorized to perform this action');
}

/** Which roles may view the settings is not documented; the sandbox takes it to be administrators. */
export function checkSettingsAccess({ role }: User): void {
	if (role !== 'administrator') throw refuse(403, 'You are not authorized to perform this action');
}

function split(text: string, separator: string): [string, string | undefined] {
	const at = text.indexOf(separator);
	return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
