import type { Pause } from '../pause';
import type { ClinikoApi } from './clinikoApi';

/** How long to wait for another execution's request once it has been sent, in ms: it may hang. */
const MAX_WAIT = 5000;

/** A request that executions share: one of them sends it, and the others wait for it. */
export class SharedRequest {
	/** The request that waits for its turn, or that was sent at a time in ms since 1970. */
	private current: { end?: Promise<unknown>; sentAt?: number } | undefined;

	/**
	 * Joins the request of another execution. Not async, so that nobody else sends one in between.
	 *
	 * @returns the wait for it, whatever comes of it, which rejects if `pause` does; undefined if there is
	 *   none, or if it has been in flight for so long that it may hang
	 */
	join(pause: Pause): Promise<unknown> | undefined {
		const { current } = this;
		if (!current || Date.now() - (current.sentAt ?? Date.now()) >= MAX_WAIT) return undefined;
		return Promise.race([current.end, pause(MAX_WAIT)]);
	}

	/**
	 * Sends a request that others can join.
	 *
	 * @param request sends it with the given API
	 * @throws what `request` throws; those who have joined do not see it
	 */
	async send<T>(api: ClinikoApi, request: (api: ClinikoApi) => Promise<T>): Promise<T> {
		const own: typeof this.current = {};
		this.current = own;
		const reply = request(api.onSend(() => (own.sentAt ??= Date.now())));
		own.end = reply.catch(() => undefined);
		try {
			return await reply;
		} finally {
			if (this.current === own) this.current = undefined;
		}
	}
}
