import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isClinikoRecord } from '../records/clinikoRecord';

/**
 * The id of the Cliniko user that the API key belongs to. What the key uploads shows this user as its
 * author.
 *
 * @returns nothing if Cliniko does not say
 */
export async function ownUserId(api: ClinikoApi): Promise<string | undefined> {
	const errorContext = { action: 'see which Cliniko user the API key belongs to' };
	const reply = await api.get('/user', errorContext).catch(() => undefined);
	return isClinikoRecord(reply?.body) ? reply.body.id : undefined;
}
