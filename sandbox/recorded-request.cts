/** One request that reached the sandbox, as a test or a log may look at it. */
export interface RecordedRequest {
	/** When it arrived, in milliseconds since the epoch on this machine's own clock. */
	readonly at: number;
	readonly host: string;
	readonly method: string;
	/** Path and query as sent. For a refused CONNECT, the authority that was asked for. */
	readonly path: string;
	/** The reply's status; null while there is none, and for good where none was sent. */
	status: number | null;
	/** Names in lower case. */
	readonly headers: Record<string, string>;
	/** Bytes of the body that have arrived. */
	bytesReceived: number;
	/** The body's text, for requests to the API. */
	body?: string;
}
