import { perAccount } from '../transport/cliniko/perAccount';

/** How long a claim is kept, in ms: longer than any search for a record looks back. */
const KEPT = 30 * 60_000;

/**
 * The records that the uploads of this process have lately created, so that no upload takes another's
 * for its own: when a reply names the wrong record, or when a search finds one with the same content.
 *
 * A claim belongs to the identity of the upload, not to the execution, since a person may retry an
 * execution whose own note of the record was lost.
 */
export class ClaimedRecords {
	/** The claims that all executions share which use the same key. */
	static readonly of = perAccount(() => new ClaimedRecords());

	/** By the record's id, the oldest first. */
	private readonly claims = new Map<string, { identity: string; at: number }>();

	/** Notes that a record is an upload's. */
	claim(id: string, identity: string): void {
		const now = Date.now();
		for (const [other, { at }] of this.claims) {
			if (now - at <= KEPT) break;
			this.claims.delete(other);
		}
		// Anew, so that the oldest stay first.
		this.claims.delete(id);
		this.claims.set(id, { identity, at: now });
	}

	/** Whether a record belongs to another upload than this one. */
	isOfAnother(id: string, identity: string): boolean {
		const claim = this.claims.get(id);
		return claim !== undefined && claim.identity !== identity;
	}
}
