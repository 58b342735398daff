/** A request that the sandbox received, for tests and logs. */
export interface RecordedRequest {
	/** When it arrived, in milliseconds since the epoch by this machine's own clock. */
	readonly at: number;
	readonly host: string;
	readonly method: string;
	/** Path and query as sent. For a refused CONNECT, the requested authority. */
	readonly path: string;
	/** The reply's status; null until it is sent, and if none was sent. */
	status: number | null;
	/** Names in lower case. */
	readonly headers: Record<string, string>;
	/** Bytes of the body received so far. */
	bytesReceived: number;
	/** The body's text, for requests to the API. */
	body?: string;
}
