import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A message that was sent. */
export interface Mail {
	from: string;
	to: string[];
	subject: string;
	text: string;
	attachments: Array<{ name: string; content: Buffer }>;
}

/** A mail server on this machine that takes every message. */
export interface Mailbox {
	/** The messages so far, in order of arrival. */
	mails: Mail[];
	/** What n8n's SMTP credential has to hold. */
	credential: {
		host: string;
		port: number;
		secure: boolean;
		disableStartTls: boolean;
		user: string;
		password: string;
	};
	close: () => Promise<void>;
}

interface Parsed {
	subject?: string;
	text?: string;
	attachments: Array<{ filename?: string; content: Buffer }>;
}

// It comes with n8n's own nodes, and has no types.
const { simpleParser } = createRequire(require.resolve('n8n-nodes-base/package.json'))(
	'mailparser',
) as { simpleParser: (source: Buffer) => Promise<Parsed> };

/** As much of SMTP (RFC 5321) as a sender without a password needs. */
export async function openMailbox(): Promise<Mailbox> {
	const mails: Mail[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
		let received = '';
		let content: string | undefined;
		let from = '';
		let to: string[] = [];
		const say = (line: string) => socket.write(`${line}\r\n`);
		const address = (line: string) => /<(.*?)>/.exec(line)?.[1] ?? '';

		async function take(line: string): Promise<void> {
			if (content !== undefined) {
				if (line !== '.') {
					content += `${line.replace(/^\./, '')}\r\n`;
					return;
				}
				const source = Buffer.from(content, 'latin1');
				const { subject = '', text = '', attachments } = await simpleParser(source);
				mails.push({
					from,
					to,
					subject,
					text,
					attachments: attachments.map((one) => ({
						name: one.filename ?? '',
						content: one.content,
					})),
				});
				content = undefined;
				to = [];
				say('250 taken');
				return;
			}
			const [command = ''] = line.toUpperCase().split(/[ :]/);
			if (command === 'MAIL') from = address(line);
			if (command === 'RCPT') to.push(address(line));
			if (command === 'DATA') content = '';
			if (command === 'QUIT') socket.end('221 bye\r\n');
			else if (command === 'DATA') say('354 go on');
			else say(['EHLO', 'HELO', 'MAIL', 'RCPT'].includes(command) ? '250 go on' : '502 not known');
		}

		let turn = Promise.resolve();
		socket.setEncoding('latin1');
		socket.on('error', () => {});
		socket.on('data', (data) => {
			received += String(data);
			const lines = received.split('\r\n');
			received = lines.pop() ?? '';
			for (const line of lines) turn = turn.then(async () => await take(line));
		});
		say('220 mailbox');
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		mails,
		credential: {
			host: '127.0.0.1',
			port: (server.address() as AddressInfo).port,
			secure: false,
			disableStartTls: true,
			user: '',
			password: '',
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
