import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

/** What is known of one file: the attachment it became, or since when it may have become one. */
export type Remembered = { attachment: string } | { since: number };

/**
 * Which files of this execution are on their records already. n8n keeps a node's context while it
 * runs the node again ("Retry On Fail"), between the runs of a loop, and in the data of a failed
 * execution that a person retries from n8n's list. So what was stored once is not stored again.
 *
 * Only ids and digests are kept: n8n writes the context into its database.
 */
export class UploadMemory {
	/**
	 * @param context n8n's context object of the node, which is changed in place
	 * @param run which run of the node in the execution this is: a loop that comes back with the same
	 *   file means it
	 */
	constructor(
		private readonly context: IDataObject,
		private readonly run: number,
	) {}

	/** @param identity from `identityOf` */
	recall(identity: string): Remembered | undefined {
		return (this.uploads as Record<string, Remembered>)[identity];
	}

	/** The ids of everything that was stored in this execution, whatever the file. */
	attachments(): string[] {
		return Object.values(this.uploads as Record<string, Remembered>).flatMap((one) =>
			'attachment' in one ? [one.attachment] : [],
		);
	}

	/** Notes that the record is about to be created: from here on it may exist. */
	asked(identity: string, since: number): void {
		this.uploads[identity] = { since };
	}

	stored(identity: string, attachment: string): void {
		this.uploads[identity] = { attachment };
	}

	/** Notes that there is no record after all. */
	refused(identity: string): void {
		delete this.uploads[identity];
	}

	/**
	 * A digest of everything that makes an upload what it is.
	 *
	 * @param parts which file of which item, its patient, and all that goes on the record
	 */
	identityOf(...parts: Array<string | number>): string {
		return createHash('sha256')
			.update(JSON.stringify([this.run, ...parts]))
			.digest('hex');
	}

	private get uploads(): IDataObject {
		return (this.context.uploads ??= {}) as IDataObject;
	}
}
