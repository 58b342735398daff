import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY } from './bucket.cts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The AWS form of a time: `20250131T235959Z`. @param at milliseconds since the epoch */
export function amzDate(at: number): string {
	return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** `x-amz-credential` for a signature made on the day of `date`, an AWS time. */
export function credentialFor(date: string): string {
	return `${ACCESS_KEY_ID}/${date.slice(0, 8)}/${REGION}/s3/aws4_request`;
}

/**
 * The SigV4 signature, in hex, of `text` with the key derived for one day, this bucket's region
 * and S3. For a POST, `text` is the policy in base64.
 *
 * @param day `20250131`
 */
export function sign(text: string, day: string, secret = SECRET_ACCESS_KEY): string {
	const key = [day, REGION, 's3', 'aws4_request'].reduce<Buffer>(
		(derived, part) => hmac(derived, part),
		Buffer.from(`AWS4${secret}`),
	);
	return hmac(key, text).toString('hex');
}

/** Whether the two are the same signature. */
export function sameSignature(given: string, right: string): boolean {
	return given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right));
}

/**
 * An address that anyone may GET the object at for `lifetimeMs`: SigV4 in the query, which is how
 * Cliniko hands out an attachment's content.
 *
 * @param now milliseconds since the epoch
 */
export function presignGet(host: string, key: string, now: number, lifetimeMs: number): string {
	const date = amzDate(now);
	const url = new URL(`https://${host}/${key.split('/').map(uriEncoded).join('/')}`);
	url.searchParams.set('X-Amz-Algorithm', ALGORITHM);
	url.searchParams.set('X-Amz-Credential', credentialFor(date));
	url.searchParams.set('X-Amz-Date', date);
	url.searchParams.set('X-Amz-Expires', String(Math.ceil(lifetimeMs / 1000)));
	url.searchParams.set('X-Amz-SignedHeaders', 'host');
	url.searchParams.set('X-Amz-Signature', signatureOfGet(url));
	return url.href;
}

/** The signature that a presigned GET of this address has to carry. */
export function signatureOfGet(url: URL): string {
	const date = url.searchParams.get('X-Amz-Date') ?? '';
	const query = [...url.searchParams]
		.filter(([name]) => name !== 'X-Amz-Signature')
		.map((pair) => pair.map(encodeURIComponent).join('='))
		.sort()
		.join('&');
	const request = ['GET', url.pathname, query, `host:${url.host}\n`, 'host', 'UNSIGNED-PAYLOAD'];
	const digest = createHash('sha256').update(request.join('\n')).digest('hex');
	const scope = credentialFor(date).split('/').slice(1).join('/');
	return sign([ALGORITHM, date, scope, digest].join('\n'), date.slice(0, 8));
}

/** AWS's UriEncode, which leaves alone fewer characters than encodeURIComponent does. */
function uriEncoded(text: string): string {
	return encodeURIComponent(text).replace(
		/[!'()*]/g,
		(char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
	);
}

function hmac(key: Buffer, text: string): Buffer {
	return createHmac('sha256', key).update(text).digest();
}
