import type { IDataObject } from 'n8n-workflow';

/** What a form field must say: exactly this, or something that starts with it. */
export interface FieldCondition {
	match: 'eq' | 'starts-with';
	value: string;
}

/**
 * What a presigned post's policy says that the sender has to know before it sends anything. S3 checks
 * all of it too, but only once the file is on its way.
 */
export interface Policy {
	/** When S3 stops taking the form, ms since 1970 by the signer's clock. */
	expiration?: number;
	/** The sizes in bytes that S3 takes, both included. */
	size?: { min: number; max: number };
	/** What the form must say as `Content-Type`. */
	contentType?: FieldCondition;
	/** What must be true of the file's key, all of it; at least one. */
	key?: FieldCondition[];
}

/**
 * Reads the policy of a presigned post: base64 of JSON with `expiration` and `conditions` (AWS,
 * "Creating a POST policy"). It is the signer's document and S3 has the last word on it, so what is
 * missing or of no known form is left out, and never a reason to refuse a file.
 *
 * @param encoded the form field `policy`
 */
export function readPolicy(encoded: string | undefined): Policy {
	const { expiration, conditions } = decode(encoded);
	const policy: Policy = {};
	const expires = typeof expiration === 'string' ? Date.parse(expiration) : NaN;
	if (Number.isFinite(expires)) policy.expiration = expires;
	for (const condition of Array.isArray(conditions) ? (conditions as unknown[]) : []) {
		const [match, subject, value] = Array.isArray(condition)
			? condition.map(String)
			: ['eq', ...fieldCondition(condition)];
		if (match?.toLowerCase() === 'content-length-range') {
			const [min, max] = [Number(subject), Number(value)];
			if (Number.isFinite(min) && Number.isFinite(max)) policy.size = { min, max };
			continue;
		}
		const how = match?.toLowerCase() === 'starts-with' ? 'starts-with' : 'eq';
		const field: FieldCondition = { match: how, value: value ?? '' };
		if (subject?.toLowerCase() === '$content-type') policy.contentType = field;
		if (subject?.toLowerCase() === '$key') policy.key = [...(policy.key ?? []), field];
	}
	return policy;
}

/** `{"acl": "private"}` is short for `["eq", "$acl", "private"]`. */
function fieldCondition(condition: unknown): string[] {
	const [entry] = Object.entries((condition ?? {}) as IDataObject);
	return entry ? [`$${entry[0]}`, String(entry[1])] : [];
}

function decode(encoded: string | undefined): IDataObject {
	try {
		const value: unknown = JSON.parse(Buffer.from(encoded ?? '', 'base64').toString('utf8'));
		return typeof value === 'object' && value !== null ? (value as IDataObject) : {};
	} catch {
		return {};
	}
}
