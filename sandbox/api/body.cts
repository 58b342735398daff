import { BrokenOff, type Exchange } from '../exchange.cts';
import { refuse } from '../reply.cts';

/**
 * Parses a request's body, which must be a JSON object, and keeps its text with the recorded
 * request. Integers that do not fit a JavaScript number become strings with all their digits.
 *
 * @throws a 415 if the content type is not JSON, a 400 if the body is not a JSON object. The
 * documentation asks for the content type but specifies neither reply.
 */
export async function jsonBody({
	request,
	record,
	signal,
}: Exchange): Promise<Record<string, unknown>> {
	const chunks: Buffer[] = [];
	await new Promise<void>((resolve, reject) => {
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.once('end', resolve);
		request.once('close', () => reject(new BrokenOff('The body broke off')));
		signal.addEventListener('abort', () => reject(new BrokenOff('Struck by a fault')));
		request.resume();
	});
	record.body = Buffer.concat(chunks).toString('utf8');
	if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
		throw refuse(415, 'Send Content-Type: application/json');
	}
	try {
		const body: unknown = JSON.parse(withLongIntegersAsText(record.body));
		if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
			return body as Record<string, unknown>;
		}
	} catch {
		// Rejected below, like JSON that is not an object.
	}
	throw refuse(400, 'The body is not a JSON object');
}

/**
 * Puts integers of 16 or more digits in quotes. The pattern also matches strings, so that digits
 * inside them are left alone.
 */
function withLongIntegersAsText(json: string): string {
	return json.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
		token.startsWith('"') ? token : `"${token}"`,
	);
}
