import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The sandbox's servers, to which the proxy forwards connections. */
export type End = 'api' | 's3';

export interface ProxyRules {
	/** The server for a host; undefined for any other host. */
	endOf(host: string): End | undefined;
	/** Hands the client's connection over to a server, before the TLS handshake. */
	connect(end: End, socket: Socket): void;
	/** Answers a request that was sent without a tunnel. */
	answer(end: End, request: IncomingMessage, response: ServerResponse): void;
	/** Answers a request that is for the proxy's own host, not to be passed on. */
	answerOwn(request: IncomingMessage, response: ServerResponse): void;
	/** Whether this connection is to fail in its handshake. */
	breaksHandshake(end: End): boolean;
	/**
	 * Called for each request that does not get past the proxy, with its status, or null if the
	 * connection was broken.
	 */
	refused(request: IncomingMessage, status: number | null): void;
}

/**
 * A forward proxy for HTTPS (RFC 9110 CONNECT) that reaches the sandbox's own two servers and
 * nothing else: no request leaves the machine.
 */
export function createProxy(rules: ProxyRules): Server {
	const proxy = createServer((request, response) => {
		// A request to be passed on has a whole URL here.
		if (request.url?.startsWith('/')) return rules.answerOwn(request, response);
		// Up to about n8n 1.100, the proxy gets a request for the https URL instead of a CONNECT.
		const [, host = '', path] = /^https:\/\/([^/:]+)(?::443)?(\/.*)$/.exec(request.url ?? '') ?? [];
		const asked = rules.endOf(host.toLowerCase());
		if (asked) {
			request.url = path;
			return rules.answer(asked, request, response);
		}
		request.resume();
		rules.refused(request, 403);
		response.writeHead(403, { 'Content-Type': 'text/plain' });
		response.end('The sandbox only carries HTTPS to Cliniko and its bucket.\n');
	});

	proxy.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
		// A client may disconnect at any time; the server notices by itself.
		socket.on('error', () => socket.destroy());
		const [host = '', port] = (request.url ?? '').toLowerCase().split(':');
		const end = port === '443' ? rules.endOf(host) : undefined;
		if (!end) {
			rules.refused(request, 403);
			socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
			return;
		}
		socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
		if (head.length > 0) socket.unshift(head);
		if (rules.breaksHandshake(end)) {
			rules.refused(request, null);
			socket.once('data', () => socket.destroy());
			return;
		}
		rules.connect(end, socket);
	});
	return proxy;
}
