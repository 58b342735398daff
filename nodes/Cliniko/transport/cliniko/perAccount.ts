import type { ClinikoApi } from './clinikoApi';
import type { RequestQueue } from './requestQueue';

/**
 * Shares an object between all executions of this process that use the same key.
 *
 * @param create makes the object of an account
 * @returns gives the object of the account that an API belongs to; it is dropped with the account's queue
 */
export function perAccount<T extends object>(create: () => T): (api: ClinikoApi) => T {
	const shared = new WeakMap<RequestQueue, T>();
	return ({ queue }) => {
		const one = shared.get(queue) ?? create();
		shared.set(queue, one);
		return one;
	};
}
