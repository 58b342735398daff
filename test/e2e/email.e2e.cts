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
let referrals: string;

beforeAll(async () => {
	clinic = await openClinic('email');
	inbox = await openInbox();
	frontDesk = await openMailbox();
	browser = await openBrowser();
	const page = await signIn(browser, clinic.n8n);
	const credentials = {
		'n8n-nodes-base.emailReadImap': await clinic.addCredential('IMAP', 'imap', inbox.credential),
		'n8n-nodes-cliniko.cliniko': await clinic.addCredential('Cliniko', 'clinikoApi', CREDENTIAL),
		'n8n-nodes-base.emailSend': await clinic.addCredential('SMTP', 'smtp', frontDesk.credential),
	};
	workflow = await importExample('email-attachments-to-record', clinic, page, { credentials });
	await clinic.publish(workflow);
	referrals = await importExample('referral-to-case', clinic, page, { credentials });
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

it('a referral becomes a case with its files, and the practitioner is told', async () => {
	// It reads the same mailbox.
	await clinic.n8n.call('POST', `/rest/workflows/${workflow}/deactivate`);
	frontDesk.mails.length = 0;
	await clinic.publish(referrals);
	const subject = '=?utf-8?Q?Referral=3A_O=E2=80=99Hara=2C_Zo=C3=AB=2C_31=2F05=2F1987?=';
	inbox.deliver(message('gp@practice.example', FILES, subject));
	const mail = await until('the practitioner has mail', () => frontDesk.mails[0]);
	const [opened, ...others] = clinic.sandbox.clinic.cases.values();
	expect(others).toEqual([]);
	expect(mail.subject).toBe('Cliniko: a referral came in');
	expect(mail.text).toContain(`Case: ${opened!.id}`);
	expect(recorded(clinic.sandbox).map(({ patient, name }) => [patient, name])).toEqual(
		expect.arrayContaining(FILES.map(([name]) => [SANDBOX_PATIENT_ID, name])),
	);
	expect(opened!.linked.at(-1)!.ids).toHaveLength(FILES.length);
	expect(frontDesk.mails).toHaveLength(1);
});

/** A message as mail programs write it, with non-ASCII file names as in RFC 2231. */
function message(
	from: string,
	files: Array<[string, Buffer]>,
	subject = 'What you asked for',
): string {
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
Subject: ${subject}
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
