import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream';

import type { Clinic, PatientAttachment } from '../clinic/clinic.cts';
import { frontDeskPage, type Around } from './page.cts';

const STYLE = readFileSync(join(__dirname, 'page.css'), 'utf8');
const SCRIPT = readFileSync(join(__dirname, 'page.js'), 'utf8');

/** The types that a browser shows and that cannot hold a program; others are downloaded. */
const SHOWN_TYPES = ['application/pdf', 'image/gif', 'image/jpeg', 'image/png', 'text/plain'];

/** The only style and script that may run, so that none which a patient sends does. */
const PAGE_POLICY = [
	"default-src 'none'",
	`style-src '${digestOf(STYLE)}'`,
	`script-src '${digestOf(SCRIPT)}'`,
	"connect-src 'self'",
	"form-action 'self'",
	"base-uri 'none'",
	"frame-ancestors 'none'",
].join('; ');

const HEADERS = {
	'Cache-Control': 'no-store',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff',
};

/**
 * Serves the front desk's page at `/` and the files at `/files/<id>`, for browsers on this machine.
 *
 * @param around read at each request
 */
export function createFrontDesk(clinic: Clinic, around: Around): RequestListener {
	return (request, response) => {
		const [path, query] = request.url!.split('?', 2);
		const file = clinic.attachments.get(/^\/files\/(\d+)$/.exec(path!)?.[1] ?? '');
		// A name that leads to this machine by somebody else's DNS would make the page readable to
		// that site.
		if (!isOwnHost(request)) refuse(response, 403, 'Open this page as 127.0.0.1 or localhost.');
		else if (request.method !== 'GET') refuse(response, 405, 'This page can only be read.');
		else if (path === '/') {
			const search = new URLSearchParams(query).get('search') ?? '';
			const page = frontDeskPage({ clinic, search, ...around }, STYLE, SCRIPT);
			response.writeHead(200, {
				...HEADERS,
				'Content-Security-Policy': PAGE_POLICY,
				'Content-Type': 'text/html; charset=utf-8',
			});
			response.end(page.text);
		} else if (file?.processedAt) sendFile(file, response);
		else refuse(response, 404, 'There is nothing at this address.');
	};
}

function isOwnHost({ headers, socket }: IncomingMessage): boolean {
	return ['127.0.0.1', 'localhost'].some((name) => headers.host === `${name}:${socket.localPort}`);
}

function sendFile(file: PatientAttachment, response: ServerResponse): void {
	const { filename, contentType, stored } = file;
	const isShown = SHOWN_TYPES.includes(contentType!);
	const charset = contentType === 'text/plain' ? '; charset=utf-8' : '';
	response.writeHead(200, {
		...HEADERS,
		'Content-Security-Policy': "default-src 'none'; sandbox",
		'Content-Type': isShown ? `${contentType}${charset}` : 'application/octet-stream',
		'Content-Disposition': `${isShown ? 'inline' : 'attachment'}; filename*=UTF-8''${encoded(filename!)}`,
		'Content-Length': stored.size,
	});
	pipeline(createReadStream(stored.path), response, () => undefined);
}

function refuse(response: ServerResponse, status: number, message: string): void {
	response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
	response.end(`${message}\n`);
}

/** A file's name as RFC 8187 has it in a header. */
function encoded(filename: string): string {
	return encodeURIComponent(filename).replace(
		/['()*]/g,
		(character) => `%${character.charCodeAt(0).toString(16)}`,
	);
}

/** As a Content-Security-Policy names an inline style or script. */
function digestOf(text: string): string {
	return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
