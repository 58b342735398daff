import type { Refusal } from '../reply.cts';
import { error } from './replies.cts';
import { ALGORITHM, amzDate, credentialFor, signatureOfPolicy } from './signature.cts';

/** One condition of a POST policy: `{acl: 'private'}`, `['eq', '$acl', 'private']`,
 * `['starts-with', '$key', 'a/']` or `['content-length-range', 0, 10]`. */
export type PolicyCondition = Record<string, string> | [string, string | number, string | number];

export interface Policy {
	expiration: string;
	conditions: PolicyCondition[];
}

/** The file sizes that a policy allows, in bytes, inclusive. */
export interface SizeRange {
	min: number;
	max: number;
}

/** The fields of a presigned post, with a signed policy of these conditions. */
export function signPolicy(
	draft: { conditions: PolicyCondition[]; fields: Record<string, string> },
	now: number,
	lifetimeMs: number,
): Record<string, string> {
	const date = amzDate(now);
	const signing = {
		'x-amz-credential': credentialFor(date),
		'x-amz-algorithm': ALGORITHM,
		'x-amz-date': date,
	};
	const policy: Policy = {
		expiration: new Date(now + lifetimeMs).toISOString(),
		conditions: [
			...draft.conditions,
			...Object.entries(signing).map(([name, value]) => ({ [name]: value })),
		],
	};
	const encoded = Buffer.from(JSON.stringify(policy)).toString('base64');
	return {
		...draft.fields,
		policy: encoded,
		...signing,
		'x-amz-signature': signatureOfPolicy(encoded, date.slice(0, 8)),
	};
}

/** Decodes the `policy` field of a form. Refuses an invalid one with InvalidPolicyDocument. */
export function parsePolicy(encoded: string): Policy {
	let policy: Partial<Policy> | null;
	try {
		policy = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as Partial<Policy> | null;
	} catch {
		throw invalidPolicy('Invalid JSON.');
	}
	if (typeof policy?.expiration !== 'string') {
		throw invalidPolicy('Policy must contain expiration');
	}
	if (Number.isNaN(Date.parse(policy.expiration))) {
		throw invalidPolicy("Invalid 'expiration' value");
	}
	if (!Array.isArray(policy.conditions) || policy.conditions.length === 0) {
		throw invalidPolicy('Policy must contain conditions');
	}
	return policy as Policy;
}

/**
 * Checks a form against its policy, as S3 does: not expired, all conditions met, and no field
 * without a condition.
 *
 * @param fields the form's fields by lower-case name, `${filename}` already substituted
 * @param now milliseconds since the epoch
 * @returns the allowed sizes of the file
 */
export function checkPolicy(
	policy: Policy,
	fields: ReadonlyMap<string, string>,
	bucket: string,
	now: number,
): SizeRange {
	if (Date.parse(policy.expiration) <= now) throw denied('Policy expired.');

	const range: SizeRange = { min: 0, max: Infinity };
	const covered = new Set(['x-amz-signature', 'file', 'policy']);
	for (const [operator, name, value] of policy.conditions.flatMap(normalized)) {
		if (operator === 'content-length-range') {
			range.min = Math.max(range.min, Number(name));
			range.max = Math.min(range.max, Number(value));
			continue;
		}
		const field = String(name).replace(/^\$/, '').toLowerCase();
		const given = field === 'bucket' ? bucket : fields.get(field);
		const met = operator === 'eq' ? given === value : given?.startsWith(String(value));
		if (!met) {
			const condition = [operator, name, value].map((part) => JSON.stringify(part)).join(', ');
			throw denied(`Policy Condition failed: [${condition}]`);
		}
		covered.add(field);
	}

	const extra = [...fields.keys()].filter(
		(name) => !covered.has(name) && !name.startsWith('x-ignore-'),
	);
	if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`);
	return range;
}

/** Checks a file's size, in bytes, against the policy's content-length-range. */
export function checkSize(range: SizeRange, size: number): void {
	if (size > range.max) throw tooLarge(range, size);
	if (size < range.min) {
		throw error(
			400,
			'EntityTooSmall',
			'Your proposed upload is smaller than the minimum allowed size',
			{ ProposedSize: size, MinSizeAllowed: range.min },
		);
	}
}

/** The refusal of a file that is too large, of which `size` bytes have been received. */
export function tooLarge({ max }: SizeRange, size: number): Refusal {
	return error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
		ProposedSize: size,
		MaxSizeAllowed: max,
	});
}

type Normalized = [operator: string, name: string | number, value: string | number];

/** S3 reports the object form of a condition as `eq`. */
function normalized(condition: PolicyCondition): Normalized[] {
	if (!Array.isArray(condition)) {
		return Object.entries(condition).map(([name, value]) => ['eq', `$${name}`, value]);
	}
	const [operator, ...rest] = condition;
	if (!['eq', 'starts-with', 'content-length-range'].includes(operator.toLowerCase())) {
		throw invalidPolicy(`Invalid Condition: ${operator}`);
	}
	return [[operator.toLowerCase(), ...rest]];
}

function invalidPolicy(what: string) {
	return error(400, 'InvalidPolicyDocument', `Invalid Policy: ${what}`);
}

function denied(why: string) {
	return error(403, 'AccessDenied', `Invalid according to Policy: ${why}`);
}
