import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface Mail {
	from: string;
	to: string[];
	subject: string;
	text: string;
	attachments: Array<{ name: string; content: Buffer }>;
}

/** A local mail server. */
export interface Mailbox {
	/** The messages accepted so far, in order of arrival. */
	mails: Mail[];
	/** Which messages are refused; none by default. */
	refuses: (mail: Mail) => boolean;
	/** Data for n8n's SMTP credential. */
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

// A dependency of n8n's own nodes, without types.
const { simpleParser } = createRequire(require.resolve('n8n-nodes-base/package.json'))(
	'mailparser',
) as { simpleParser: (source: Buffer) => Promise<Parsed> };

/** Starts an SMTP server that requires no password. */
export async function openMailbox(): Promise<Mailbox> {
	const mailbox: Pick<Mailbox, 'mails' | 'refuses'> = { mails: [], refuses: () => false };
	const server = new SMTPServer({
		disabledCommands: ['AUTH', 'STARTTLS'],
		disableReverseLookup: true,
		closeTimeout: 1,
		onData(stream, { envelope }, callback) {
			const receive = async () => {
				const { subject = '', text = '', attachments } = await simpleParser(await buffer(stream));
				const mail: Mail = {
					from: envelope.mailFrom ? envelope.mailFrom.address : '',
					to: envelope.rcptTo.map(({ address }) => address),
					subject,
					text,
					attachments: attachments.map(({ filename = '', content }) => ({
						name: filename,
						content,
					})),
				};
				if (mailbox.refuses(mail)) {
					throw Object.assign(new Error('Try again later'), { responseCode: 451 });
				}
				mailbox.mails.push(mail);
			};
			receive().then(() => callback(), callback);
		},
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return Object.assign(mailbox, {
		credential: {
			host: '127.0.0.1',
			port: (server.server.address() as AddressInfo).port,
			secure: false,
			disableStartTls: true,
			user: '',
			password: '',
		},
		close: async () => await new Promise<void>((resolve) => server.close(() => resolve())),
	});
}
