import type { Settings } from '../options.cts';
import { BUCKET_HOST } from '../s3/bucket.cts';
import type { Storage, StoredObject } from '../s3/storage.cts';

const BASE = `https://${BUCKET_HOST}/`;

/**
 * The object that an upload URL refers to. Its key is plain as in the guide, or encoded as in S3's
 * `<Location>`, depending on `uploadUrlForm`.
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
	// An encoded URL contains no spaces or non-ASCII characters.
	const isEncoded = !/[^!-~]/.test(key);
	if (uploadUrlForm !== 'raw' && isEncoded) keys.push(decoded(key.replaceAll('+', ' ')));
	return keys.map((one) => storage.objects.get(one ?? '')).find(Boolean);
}

/** Turns the rest of an upload URL into a key. */
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
