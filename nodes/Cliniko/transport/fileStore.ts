import type { IBinaryData } from 'n8n-workflow';

import type { Pause } from './pause';

/** A reply whose body has not been read yet. */
export interface FileReply<Content> {
	status: number;
	/** Names in lower case. */
	headers: Record<string, unknown>;
	content: Content;
}

/** What fetching a file needs. A `Content` is a stream of bytes that nobody has read from yet. */
export interface FileStore<Content> {
	/**
	 * Asks S3, without the key. Resolves for every status; rejects if no reply comes, or when `signal`
	 * breaks it off.
	 */
	fetch: (address: string, signal: AbortSignal) => Promise<FileReply<Content>>;
	/** Reads the XML of a refusal. */
	text: (content: Content) => Promise<string>;
	/**
	 * Streams a file into n8n's store.
	 *
	 * @param arrived is told how many bytes have come, each time
	 */
	store: (
		content: Content,
		name: string,
		type: string,
		signal: AbortSignal,
		arrived: (bytes: number) => void,
	) => Promise<IBinaryData>;
	pause: Pause;
}

/** The body of a reply, as it arrives. */
export type ByteStream = AsyncIterable<Uint8Array> & { destroy?: (error: Error) => unknown };

/** What reading a file needs. */
export interface ContentSource {
	/** Asks S3, without the key; `signal` breaks the request off. */
	fetch: (address: string, signal: AbortSignal) => Promise<FileReply<ByteStream>>;
	pause: Pause;
}
