import { RequestSigner, sign } from 'aws4';

import { ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY } from './bucket.cts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** An access key with the region that it signs for. */
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

/** `x-amz-credential` for a signature with this date, an AWS time. */
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
	// A POST signs the policy itself instead of a canonical request.
	signer.stringToSign = () => policy;
	return signer.signature();
}

/**
 * A presigned URL to GET an object, valid for `lifetimeMs`. Cliniko uses these for the content of
 * attachments.
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

/** Whether this is a presigned URL made by `presignGet`, unchanged. */
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

/** AWS's UriEncode, which escapes more characters than encodeURIComponent. */
function uriEncoded(text: string): string {
	return encodeURIComponent(text).replace(
		/[!'()*]/g,
		(char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
	);
}
