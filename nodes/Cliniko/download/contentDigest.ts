import { createHash } from 'crypto';

import type { PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/pause';
import { withIdleTimeout } from '../transport/idleTimeout';
import { contentPath, fileReply, isPage, type FileReply } from './downloadFile';

/** How often a file is read, the first time included. */
const TRIES = 2;

type Bytes = AsyncIterable<Uint8Array> & { destroy?: (error: Error) => unknown };

/** What reading a file needs. */
export interface ContentSource {
	/** Asks S3, without the key; `signal` breaks the request off. */
	fetch: (address: string, signal: AbortSignal) => Promise<FileReply<Bytes>>;
	pause: Pause;
}

/** The SHA-256 of the files that Cliniko has; each is downloaded once and not kept. */
export class ContentDigests {
	private readonly digests = new Map<string, Promise<string | undefined>>();

	constructor(
		private readonly api: ClinikoApi,
		private readonly source: ContentSource,
	) {}

	/**
	 * @param record that Cliniko has processed
	 * @returns the digest in hex; nothing if the file cannot be had, for instance because the role of
	 *   the key's user may not see it
	 * @throws ClinikoError if the execution is cancelled
	 */
	async of(record: PatientAttachment): Promise<string | undefined> {
		const { id } = record;
		const digest = this.digests.get(id) ?? this.download(record);
		this.digests.set(id, digest);
		const forget = () => this.digests.delete(id);
		// What could not be had may be had later.
		digest.then((result) => result ?? forget(), forget);
		return await digest;
	}

	private async download(record: PatientAttachment): Promise<string | undefined> {
		const { fetch, pause } = this.source;
		for (let attempt = 1; attempt <= TRIES; attempt++) {
			let size = 0;
			const read = async (signal: AbortSignal): Promise<string | undefined> => {
				const found = await this.api.requestFile(contentPath(record, this.api.shard), {
					action: `compare the file of attachment ${record.id}`,
				});
				const { status, headers, content } =
					typeof found === 'string' ? await fetch(found, signal) : fileReply<Bytes>(found);
				signal.addEventListener('abort', () => void content.destroy?.(new Error('Broken off')));
				if (status !== 200 || isPage(record, headers)) return undefined;
				const hash = createHash('sha256');
				for await (const chunk of content) {
					size += chunk.length;
					hash.update(chunk);
				}
				const sent = headers['content-length'];
				// Part of a file is no other file.
				return sent === undefined || Number(sent) === size ? hash.digest('hex') : undefined;
			};
			const digest = await withIdleTimeout(pause, () => size, read).catch(() => undefined);
			if (digest) return digest;
			// Throws if it was the execution that ended.
			await pause(0);
		}
		return undefined;
	}
}
