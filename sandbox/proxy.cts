import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Where the proxy sends a connection: one of the sandbox's two ends. */
export type End = 'api' | 's3';

export interface ProxyRules {
	/** Which end a host belongs to; undefined for every host that is not ours. */
	endOf(host: string): End | undefined;
	/** Takes the client's connection over for one end, the TLS handshake still to come. */
	connect(end: End, socket: Socket): void;
	/** Answers a request for one end that has come without a tunnel. */
	answer(end: End, request: IncomingMessage, response: ServerResponse): void;
	/** Whether this connection is to break off during its handshake. */
	breaksHandshake(end: End): boolean;
	/** Told about each request that gets no further than the proxy, with its status, or null
	 * where the connection was broken off. */
	refused(request: IncomingMessage, status: number | null): void;
}

/**
 * A forward proxy for HTTPS (RFC 9110 CONNECT) that reaches the sandbox's own two ends and nothing
 * else: nothing that a client sends through it leaves the machine.
 */
export function createProxy(rules: ProxyRules): Server {
	// A request for a plain-HTTP address arrives here; there is no such address to reach.
	const proxy = createServer((request, response) => {
		// Up to about n8n 1.100 a proxy is asked for the https address itself, and not for a tunnel.
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
		// A client may leave at any time; the end that serves it notices by itself.
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
