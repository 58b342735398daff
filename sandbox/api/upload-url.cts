import type { Settings } from '../options.cts';
import { BUCKET_HOST } from '../s3/bucket.cts';
import type { Storage, StoredObject } from '../s3/storage.cts';

const BASE = `https://${BUCKET_HOST}/`;

/**
 * The object that an upload URL names, its key raw as the guide has it, or encoded as S3 has it in
 * `<Location>`, according to what the sandbox is set to take.
 */
export function objectAt(
	uploadUrl: string,
	storage: Storage,
	{ uploadUrlForm, uploadUrlReading }: Settings,
): StoredObject | undefined {
	if (!uploadUrl.startsWith(BASE)) return undefined;
	const key = uploadUrl.slice(BASE.length);
	const keys: Array<string | undefined> = [];
	if (uploadUrlForm !== 'encoded') keys.push(read(key, uploadUrlReading));
	// A space or an umlaut is no part of an encoded address.
	const isEncoded = !/[^!-~]/.test(key);
	if (uploadUrlForm !== 'raw' && isEncoded) keys.push(decoded(key.replaceAll('+', ' ')));
	return keys.map((one) => storage.objects.get(one ?? '')).find(Boolean);
}

/** The key that is made of an upload URL's rest. */
function read(rest: string, reading: Settings['uploadUrlReading']): string | undefined {
	switch (reading) {
		case 'decoded':
			return decoded(rest);
		case 'parsed':
			return decoded(new URL(BASE + rest).pathname.slice(1));
		default:
			return rest;
	}
}

function decoded(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}
