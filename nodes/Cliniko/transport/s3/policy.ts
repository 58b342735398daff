import type { IDataObject } from 'n8n-workflow';

/** The required value of a form field, or what it must start with. */
export interface FieldCondition {
	match: 'eq' | 'starts-with';
	value: string;
}

/**
 * The parts of a presigned post's policy that can be checked before the file is sent. S3 checks all of
 * it, but only while the file is being sent.
 */
export interface Policy {
	/** When the form expires, in ms since 1970 by the signer's clock. */
	expiration?: number;
	/** The allowed sizes in bytes, inclusive. */
	size?: { min: number; max: number };
	/** The condition on the field `Content-Type`. */
	contentType?: FieldCondition;
	/** The conditions on the key, all of which must be met; at least one. */
	key?: FieldCondition[];
}

/**
 * Reads the policy of a presigned post: base64 of JSON with `expiration` and `conditions` (AWS,
 * "Creating a POST policy"). S3 decides in the end, so anything missing or unknown is left out instead
 * of being a reason to refuse the file.
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
