import type { IBinaryData } from 'n8n-workflow';

import type { Pause } from './pause';

/** A reply whose body is still unread. */
export interface FileReply<Content> {
	status: number;
	/** Names in lower case. */
	headers: Record<string, unknown>;
	content: Content;
}

/** What a download depends on. `Content` is an unread stream of bytes. */
export interface FileStore<Content> {
	/**
	 * Requests the file from S3, without the API key. Resolves for every status; rejects if there is no
	 * reply, or when `signal` aborts.
	 */
	fetch: (address: string, signal: AbortSignal) => Promise<FileReply<Content>>;
	/** Reads the XML of an error reply. */
	text: (content: Content) => Promise<string>;
	/**
	 * Streams a file into n8n's store.
	 *
	 * @param arrived called with the size of each chunk
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

/** What reading a file depends on. */
export interface ContentSource {
	/** Requests the file from S3, without the API key. */
	fetch: (address: string, signal: AbortSignal) => Promise<FileReply<ByteStream>>;
	pause: Pause;
}
