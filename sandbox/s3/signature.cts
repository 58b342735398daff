import { RequestSigner, sign } from 'aws4';
import { ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY } from './bucket.cts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** An access key, and the region that its signatures are good for. */
export interface SigningKey {
	accessKeyId: string;
	secretAccessKey: string;
	region: string;
}

const SIGNING_KEY: SigningKey = {
	accessKeyId: ACCESS_KEY_ID,
	secretAccessKey: SECRET_ACCESS_KEY,
	region: REGION,
};

/** The AWS form of a time: `20250131T235959Z`. @param at milliseconds since the epoch */
export function amzDate(at: number): string {
	return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** `x-amz-credential` for a signature made on the day of `date`, an AWS time. */
export function credentialFor(date: string): string {
	return `${ACCESS_KEY_ID}/${date.slice(0, 8)}/${REGION}/s3/aws4_request`;
}

/**
 * The SigV4 signature of a POST policy, in hex.
 *
 * @param policy in base64
 * @param day `20250131`
 */
export function signatureOfPolicy(policy: string, day: string, key = SIGNING_KEY): string {
	const signer = new RequestSigner({ service: 's3', region: key.region }, key);
	signer.datetime = day;
	// A policy is signed as it is, in the place of the string that a request amounts to.
	signer.stringToSign = () => policy;
	return signer.signature();
}

/**
 * A presigned URL to GET an object, valid for `lifetimeMs`. Cliniko hands out the content of an
 * attachment as one.
 *
 * @param now milliseconds since the epoch
 */
export function presignGet(
	host: string,
	objectKey: string,
	now: number,
	lifetimeMs: number,
	key = SIGNING_KEY,
): string {
	const url = new URL(`https://${host}/${objectKey.split('/').map(uriEncoded).join('/')}`);
	url.searchParams.set('X-Amz-Date', amzDate(now));
	url.searchParams.set('X-Amz-Expires', String(Math.ceil(lifetimeMs / 1000)));
	return signedGet(url, key).href;
}

/** Whether this is a presigned URL as `presignGet` makes it. */
export function isSignedGet(url: URL): boolean {
	const unsigned = new URL(url);
	unsigned.searchParams.delete('X-Amz-Signature');
	return sortedQuery(signedGet(unsigned, SIGNING_KEY)) === sortedQuery(url);
}

function signedGet(url: URL, { region, ...credentials }: SigningKey): URL {
	const { host, pathname, search } = url;
	const request = { host, path: pathname + search, service: 's3', region, signQuery: true };
	return new URL(sign(request, credentials).path!, url);
}

function sortedQuery(url: URL): string {
	const query = new URLSearchParams(url.searchParams);
	query.sort();
	return String(query);
}

/** AWS's UriEncode, which leaves alone fewer characters than encodeURIComponent does. */
function uriEncoded(text: string): string {
	return encodeURIComponent(text).replace(
		/[!'()*]/g,
		(char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
	);
}
