import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

import { freePort } from '../../n8n/free-port.cts';
import { until } from '../../n8n/until.cts';
import { program } from './debian.cts';
import { leaveLog } from './failures.cts';

const PASSWORD = 'sesame';

/** An IMAP mailbox on a server of its own. */
export interface Inbox {
	/** Data of an n8n credential of type `imap` for it. */
	readonly credential: object;
	/** Delivers a new message, unread. */
	deliver(message: string): void;
	/** How many of its messages have been read. */
	read(): number;
	close(): Promise<void>;
}

/** Starts Dovecot 2.3 on 127.0.0.1 with an empty mailbox. */
export async function openInbox(): Promise<Inbox> {
	const dovecot = program('dovecot');
	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-inbox-'));
	const inbox = path.join(folder, 'mail');
	const port = await freePort();
	const owner = ownerOfMail();
	for (const made of [folder, inbox, ...['new', 'cur', 'tmp'].map((at) => path.join(inbox, at))]) {
		mkdirSync(made, { recursive: true });
		chownSync(made, owner.uid, owner.gid);
	}
	const file = path.join(folder, 'dovecot.conf');
	writeFileSync(file, settings(folder, port, owner));

	const server = spawn(dovecot, ['-F', '-c', file], { stdio: 'ignore' });
	const ended = once(server, 'exit');
	const log = (): string => {
		const written = path.join(folder, 'log');
		return existsSync(written) ? readFileSync(written, 'utf8') : '';
	};
	await until('Dovecot listens', () => {
		if (server.exitCode !== null) throw new Error(`Dovecot did not start:\n${log()}`);
		return log().includes('starting up') || undefined;
	});
	let delivered = 0;
	return {
		credential: {
			user: 'intake',
			password: PASSWORD,
			host: '127.0.0.1',
			port,
			secure: false,
		},
		deliver(message) {
			const name = `${++delivered}.e2e`;
			const whole = path.join(inbox, 'tmp', name);
			writeFileSync(whole, message.replace(/\r?\n/g, '\r\n'));
			chownSync(whole, owner.uid, owner.gid);
			renameSync(whole, path.join(inbox, 'new', name));
		},
		// Maildir keeps flags in the file name; S means "seen".
		read: () => readdirSync(path.join(inbox, 'cur')).filter((name) => /:2,.*S/.test(name)).length,
		async close() {
			server.kill('SIGTERM');
			await ended;
			leaveLog('dovecot', log());
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

interface Owner {
	uid: number;
	gid: number;
	/** The user name, if everything has to run as this user. */
	name?: string;
}

/** Dovecot does not open mail as root; Debian's `mail` user, whose id is 8, is used instead. */
function ownerOfMail(): Owner {
	const { uid, gid, username } = userInfo();
	return uid === 0 ? { uid: 8, gid: 8 } : { uid, gid, name: username };
}

function settings(folder: string, port: number, { uid, gid, name }: Owner): string {
	const users = name && `default_internal_user = ${name}\ndefault_login_user = ${name}`;
	return `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${folder}/mail
first_valid_uid = 1
mailbox_idle_check_interval = 1 s
${users ?? ''}
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
`;
}
