import { BrokenOff, type Exchange } from '../exchange.cts';
import { refuse } from '../reply.cts';

/**
 * A request's JSON body, an object. Its text is kept with the recorded request. Integers that
 * JavaScript's numbers cannot hold come as strings, with all their digits.
 *
 * @throws a 415 where it is not declared as JSON, a 400 where it is not a JSON object. The
 * documentation asks for the content type and says nothing of either reply.
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
		// Answered below, like JSON that is not an object.
	}
	throw refuse(400, 'The body is not a JSON object');
}

/** Puts quotes around the integers of 16 and more digits in a JSON text. Strings are matched too, so
 * that digits within them are left alone. */
function withLongIntegersAsText(json: string): string {
	return json.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
		token.startsWith('"') ? token : `"${token}"`,
	);
}
