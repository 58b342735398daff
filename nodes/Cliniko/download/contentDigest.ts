import { createHash } from 'crypto';

import { ClinikoError } from '../errors';
import type { PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { ByteStream, ContentSource } from '../transport/fileStore';
import { withIdleTimeout } from '../transport/idleTimeout';
import { retry } from '../transport/retry';
import { contentPath, fileReply, isPage } from './downloadFile';

/** The maximum number of attempts to read a file. */
const TRIES = 2;

/** The first backoff, in ms. */
const FIRST_WAIT = 500;

/**
 * The SHA-256 of a file in hex, or why it is unavailable: `forbidden` if the key's user may not open
 * the file, `fault` for anything else, which may be temporary.
 */
export type ContentDigest =
	| { sha256: string; unavailable?: undefined }
	| { sha256?: undefined; unavailable: 'forbidden' | 'fault' };

const FAULT: ContentDigest = { unavailable: 'fault' };

/** A cache of the digests of Cliniko's files. Each file is downloaded once; its content is not kept. */
export class ContentDigests {
	private readonly digests = new Map<string, Promise<ContentDigest>>();

	constructor(
		private readonly api: ClinikoApi,
		private readonly source: ContentSource,
	) {}

	/**
	 * @param record a processed record
	 * @throws ClinikoError if the execution is cancelled
	 */
	async of(record: PatientAttachment): Promise<ContentDigest> {
		const { id } = record;
		const digest = this.digests.get(id) ?? this.download(record);
		this.digests.set(id, digest);
		const forget = () => this.digests.delete(id);
		// An unavailable file may be available later.
		digest.then(({ unavailable }) => unavailable && forget(), forget);
		return await digest;
	}

	private async download(record: PatientAttachment): Promise<ContentDigest> {
		const { pause } = this.source;
		const attempt = async () => {
			let size = 0;
			const arrived = (bytes: number) => (size += bytes);
			const read = async (signal: AbortSignal) => await this.read(record, signal, arrived);
			const digest = await withIdleTimeout(pause, () => size, read).catch(reasonOf);
			// Throws if the execution was cancelled.
			await pause(0);
			return digest;
		};
		const shouldRetry = ({ unavailable }: ContentDigest) => unavailable === 'fault';
		return await retry(attempt, { tries: TRIES, firstWait: FIRST_WAIT, shouldRetry, pause });
	}

	private async read(
		record: PatientAttachment,
		signal: AbortSignal,
		arrived: (bytes: number) => void,
	): Promise<ContentDigest> {
		const found = await this.api.requestFile(contentPath(record, this.api.shard), {
			action: `compare the file of attachment ${record.id}`,
		});
		const { status, headers, content } =
			typeof found === 'string'
				? await this.source.fetch(found, signal)
				: fileReply<ByteStream>(found);
		signal.addEventListener('abort', () => void content.destroy?.(new Error('Broken off')));
		if (status !== 200 || isPage(record, headers)) return FAULT;
		const hash = createHash('sha256');
		let size = 0;
		for await (const chunk of content) {
			size += chunk.length;
			arrived(chunk.length);
			hash.update(chunk);
		}
		const announced = headers['content-length'];
		// The digest of an incomplete file would make it look like a different one.
		const isWhole = announced === undefined || Number(announced) === size;
		return isWhole ? { sha256: hash.digest('hex') } : FAULT;
	}
}

/** Only a 403 from Cliniko counts: S3 also answers 403 when a URL has expired. */
function reasonOf(error: unknown): ContentDigest {
	const isForbidden = error instanceof ClinikoError && error.httpCode === 403;
	return isForbidden ? { unavailable: 'forbidden' } : FAULT;
}
