import { isClinikoRecord } from '../records/clinikoRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/**
 * The id of the API key's Cliniko user, who is shown as the author of what the key uploads.
 *
 * @returns undefined if Cliniko does not say
 */
export async function ownUserId(api: ClinikoApi): Promise<string | undefined> {
	const errorContext = { action: 'see which Cliniko user the API key belongs to' };
	const reply = await api.get('/user', errorContext).catch(() => undefined);
	return isClinikoRecord(reply?.body) ? reply.body.id : undefined;
}
