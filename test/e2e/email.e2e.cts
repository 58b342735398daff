import type { Browser } from 'playwright-core';

import { until } from '../../n8n/until.cts';
import { openMailbox, type Mailbox } from '../../sandbox/mailbox.cts';
import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { openBrowser, signIn } from './browser.cts';
import { byName, CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';
import { importExample } from './examples.cts';
import { openInbox, type Inbox } from './inbox.cts';

const FILES: Array<[string, Buffer]> = [
	['Überweisung Müller.pdf', pdf('referral')],
	['scan.jpg', Buffer.from([0xff, 0xd8, 0xff, 0, 13, 10])],
	['notes.txt', Buffer.from('The knee.\r\n')],
];

let clinic: ClinicWithN8n;
let inbox: Inbox;
let frontDesk: Mailbox;
let browser: Browser;
let workflow: string;

beforeAll(async () => {
	clinic = await openClinic('email');
	inbox = await openInbox();
	frontDesk = await openMailbox();
	browser = await openBrowser();
	workflow = await importExample(
		'email-attachments-to-record',
		clinic,
		await signIn(browser, clinic.n8n),
		{
			credentials: {
				'n8n-nodes-base.emailReadImap': await clinic.addCredential(
					'IMAP',
					'imap',
					inbox.credential,
				),
				'n8n-nodes-cliniko.cliniko': await clinic.addCredential(
					'Cliniko',
					'clinikoApi',
					CREDENTIAL,
				),
				'n8n-nodes-base.emailSend': await clinic.addCredential(
					'SMTP',
					'smtp',
					frontDesk.credential,
				),
			},
		},
	);
	await clinic.publish(workflow);
});
afterEach(() => clinic.sandbox.reset());
afterAll(async () => {
	await browser?.close();
	await clinic?.close();
	await frontDesk?.close();
	await inbox?.close();
});

it('all three files of a message end on its sender’s record, an umlaut in a name and all', async () => {
	inbox.deliver(message('=?utf-8?Q?Zo=C3=AB?= <zoe.ohara@mail.example>', FILES));
	const [execution] = await clinic.executions(workflow, 1);
	expect(execution!.status).toBe('success');
	expect(recorded(clinic.sandbox).sort(byName)).toEqual(
		FILES.map(([name, content]) => ({
			patient: SANDBOX_PATIENT_ID,
			name,
			sha256: sha256(content),
		})).sort(byName),
	);
	expect(frontDesk.mails).toEqual([]);
});

it('a message without a file is passed over', async () => {
	inbox.deliver(message('zoe.ohara@mail.example', []));
	const [, execution] = await clinic.executions(workflow, 2);
	expect(execution!.status).toBe('success');
	expect(inbox.read()).toBe(2);
	expect(clinic.sandbox.requests).toEqual([]);
	expect(frontDesk.mails).toEqual([]);
});

it('the files of an unknown sender go to the front desk', async () => {
	inbox.deliver(message('stranger@mail.example', FILES));
	const mail = await until('the front desk has mail', () => frontDesk.mails[0]);
	expect(mail.text).toContain('Sender: stranger@mail.example');
	expect(mail.attachments.map(({ name, content }) => [name, sha256(content)])).toEqual(
		FILES.map(([name, content]) => [name, sha256(content)]),
	);
	expect(recorded(clinic.sandbox)).toEqual([]);
});

/** A message as mail programs write it, with non-ASCII file names as in RFC 2231. */
function message(from: string, files: Array<[string, Buffer]>): string {
	const attachments = files.map(
		([name, content]) => `--part
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}
Content-Transfer-Encoding: base64

${content.toString('base64')}
`,
	);
	return `From: ${from}
To: intake@clinic.example
Subject: What you asked for
Date: Mon, 23 Nov 2026 09:30:00 +1100
Message-ID: <${Date.now()}@mail.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=part

--part
Content-Type: text/plain; charset=utf-8

Please find it attached.
${attachments.join('')}--part--
`;
}
