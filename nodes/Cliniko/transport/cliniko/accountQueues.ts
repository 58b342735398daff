import { RequestQueue } from './requestQueue';

/** How long the queue of an account is kept after its last use, in ms: longer than any rate limit. */
const IDLE = 10 * 60_000;

const queues = new Map<string, RequestQueue>();

/**
 * The queue that all executions of this process share which use the same key. The queues of accounts
 * that have not been used for some time are dropped.
 *
 * @param account a digest of host and key: see `ClinikoConnection`
 */
export function queueFor(account: string): RequestQueue {
	const now = Date.now();
	for (const [other, queue] of queues) {
		if (other !== account && queue.isIdle && now - queue.usedAt > IDLE) queues.delete(other);
	}
	const queue = queues.get(account) ?? new RequestQueue();
	queue.usedAt = now;
	queues.set(account, queue);
	return queue;
}
