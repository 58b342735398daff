import type { Browser, Page } from 'playwright-core';

import { until } from '../../n8n/until.cts';
import { openMailbox, type Mailbox } from '../../sandbox/mailbox.cts';
import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { openBrowser, signIn } from './browser.cts';
import { byName, CREDENTIAL, openClinic, type ClinicWithN8n, type Workflow } from './clinic.cts';
import { importExample } from './examples.cts';
import { leaveScreenshot } from './failures.cts';

const FILES = [
	{ name: 'Überweisung – Müller.pdf', mimeType: 'application/pdf', buffer: pdf('referral') },
	{
		name: 'scan (1).jpg',
		mimeType: 'image/jpeg',
		buffer: Buffer.from([0xff, 0xd8, 0xff, 0, 13, 10]),
	},
];

let clinic: ClinicWithN8n;
let frontDesk: Mailbox;
let browser: Browser;
let page: Page;
let workflow: string;
/** The form's URL. */
let form: string;

beforeAll(async () => {
	clinic = await openClinic('form');
	frontDesk = await openMailbox();
	browser = await openBrowser();
	workflow = await importExample(
		'intake-form-to-record',
		clinic,
		await signIn(browser, clinic.n8n),
		{
			credentials: {
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
	const { nodes } = await clinic.n8n.call<Workflow>('GET', `/rest/workflows/${workflow}`);
	const { webhookId } = nodes.find(({ name }) => name === 'Intake form')!;
	form = `${clinic.n8n.url}/form/${webhookId}`;
	// A new context, since a patient is not signed in to n8n.
	page = await (await browser.newContext()).newPage();
});
afterEach(async () => await leaveScreenshot(page));
afterAll(async () => {
	await browser?.close();
	await frontDesk?.close();
	await clinic?.close();
});

/** Fills in the form and submits it. */
async function send(firstName: string): Promise<void> {
	await page.goto(form);
	await page.getByLabel('First name').fill(firstName);
	await page.getByLabel('Last name').fill('O’Hara');
	await page.getByLabel('Date of birth').fill('1987-05-31');
	await page.getByLabel('E-mail').fill('zoe.ohara@mail.example');
	await page.locator('input[type=file]').setInputFiles(FILES);
	await page.getByRole('button', { name: 'Send' }).click();
}

it('both files of a form end on the record of the patient who fits, and the person is thanked', async () => {
	await send('Zoë');
	await page.getByText('Thank you. We have what you sent').waitFor();
	const [execution] = await clinic.executions(workflow, 1);
	expect(execution!.status).toBe('success');
	expect(recorded(clinic.sandbox).sort(byName)).toEqual(
		FILES.map(({ name, buffer }) => ({
			patient: SANDBOX_PATIENT_ID,
			name,
			sha256: sha256(buffer),
		})).sort(byName),
	);
	expect(frontDesk.mails).toEqual([]);
});

it('they go to the front desk where nobody fits, and the person sees the same', async () => {
	clinic.sandbox.reset();
	await send('Zora');
	await page.getByText('Thank you. We have what you sent').waitFor();
	const mail = await until('the front desk has mail', () => frontDesk.mails[0]);
	expect(mail.text).toContain('Name: Zora O’Hara');
	// n8n's form does not keep the order of its files.
	expect(
		mail.attachments.map(({ name, content }) => ({ name, sha256: sha256(content) })).sort(byName),
	).toEqual(FILES.map(({ name, buffer }) => ({ name, sha256: sha256(buffer) })).sort(byName));
	expect(recorded(clinic.sandbox)).toEqual([]);
});
