import type { Clinic, ReferralSource } from '../clinic/clinic.cts';
import { invalid } from '../reply.cts';

/** What is wrong with each property that can be sent; a referrer is not checked. */
const RULES = {
	referral_source_type_id: (value: unknown, { referralSourceTypes }: Clinic) =>
		!referralSourceTypes.has(String(value)) && 'must exist',
	referrer_id: (value: unknown) => !/^\d{1,19}$/.test(String(value)) && 'is invalid',
	subcategory: (value: unknown) => !(value === null || typeof value === 'string') && 'is invalid',
	notes: (value: unknown) => !(value === null || typeof value === 'string') && 'is invalid',
};

/**
 * Reads the body of a request that changes a patient's referral source. What is not sent stays.
 *
 * @throws a 422 in the documented shape
 */
export function changedReferralSource(
	body: Record<string, unknown>,
	before: ReferralSource,
	clinic: Clinic,
): ReferralSource {
	const errors: Record<string, string> = {};
	for (const [name, wrong] of Object.entries(RULES)) {
		const found = name in body && wrong(body[name], clinic);
		if (found) errors[name] = found;
	}
	if (Object.keys(errors).length > 0) throw invalid(errors);
	const { referral_source_type_id: typeId, referrer_id: referrerId, subcategory, notes } = body;
	return {
		...before,
		...(typeId !== undefined && { typeId: String(typeId) }),
		...(referrerId !== undefined && { referrerId: String(referrerId) }),
		...(subcategory !== undefined && { subcategory: subcategory as string | null }),
		...(notes !== undefined && { notes: notes as string | null }),
	};
}
