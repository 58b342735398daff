import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';

import { until } from '../../n8n/until.cts';
import { openMailbox, type Mailbox } from '../../sandbox/mailbox.cts';
import { SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf, sha256 } from '../engine/clinic.cts';
import { putOnRecord } from '../engine/records.cts';
import { openBrowser, signIn } from './browser.cts';
import { CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';
import { importExample, type Choices } from './examples.cts';
import { leaveScreenshot } from './failures.cts';

// A dependency of n8n's own nodes: the Compression node uses it.
const { unzipSync } = createRequire(require.resolve('n8n-nodes-base/package.json'))('fflate') as {
	unzipSync: (zip: Uint8Array) => Record<string, Uint8Array>;
};

let clinic: ClinicWithN8n;
let staff: Mailbox;
let browser: Browser;
let page: Page;
let credentials: Choices['credentials'];

beforeAll(async () => {
	// One of them has a Code node, which needs a task runner.
	clinic = await openClinic('examples', { env: { N8N_RUNNERS_MODE: 'internal' } });
	staff = await openMailbox();
	browser = await openBrowser();
	page = await signIn(browser, clinic.n8n);
	const cliniko = await clinic.addCredential('Cliniko', 'clinikoApi', CREDENTIAL);
	credentials = {
		'n8n-nodes-cliniko.cliniko': cliniko,
		'n8n-nodes-cliniko.clinikoTrigger': cliniko,
		'n8n-nodes-base.emailSend': await clinic.addCredential('SMTP', 'smtp', staff.credential),
	};
});
beforeEach(() => clinic.sandbox.reset());
afterEach(async () => await leaveScreenshot(page));
afterAll(async () => {
	await browser?.close();
	await staff?.close();
	await clinic?.close();
});

it('each example is imported and run by one of these tests', () => {
	const tests = readdirSync(__dirname)
		.filter((name) => name.endsWith('.e2e.cts'))
		.map((name) => readFileSync(path.join(__dirname, name), 'utf8'));
	const examples = readdirSync(path.join(__dirname, '../../examples')).filter((name) =>
		name.endsWith('.json'),
	);
	expect(examples.length).toBeGreaterThan(3);
	for (const example of examples) {
		const name = path.parse(example).name;
		expect([name, tests.some((test) => test.includes(`'${name}'`))]).toEqual([name, true]);
	}
});

it('an example gives all files of a patient in one zip, to be downloaded in the editor', async () => {
	await putOnRecord(clinic.sandbox, { name: 'Überweisung.pdf', content: pdf('referral') });
	await putOnRecord(clinic.sandbox, { name: 'scan.pdf', content: pdf('first') });
	await putOnRecord(clinic.sandbox, { name: 'scan.pdf', content: pdf('second') });
	await putOnRecord(clinic.sandbox, {
		name: 'of somebody else.pdf',
		content: pdf('other'),
		patientId: SANDBOX_OTHER_PATIENT_ID,
	});
	const workflow = await importExample('patient-attachments-to-zip', clinic, page, {
		credentials,
		parameters: {
			'List the files': { patientId: { __rl: true, mode: 'id', value: SANDBOX_PATIENT_ID } },
		},
	});
	await page.goto(`${clinic.n8n.url}/workflow/${workflow}`);
	await page.locator('[data-test-id=execute-workflow-button]').click();
	const node = page.locator('[data-test-id=canvas-node]').filter({ hasText: 'Make the zip' });
	await node.locator('[data-test-id=canvas-node-status-success]').waitFor();
	await node.dblclick();
	const download = page.waitForEvent('download');
	await page.locator('[data-test-id=output-panel] [data-test-id=ndv-download-binary-data]').click();
	const zip = await download;
	expect(zip.suggestedFilename()).toBe(`Files of patient ${SANDBOX_PATIENT_ID}.zip`);
	const unzipped = unzipSync(readFileSync(await zip.path()));
	expect(
		Object.entries(unzipped).map(([name, content]) => [name, sha256(Buffer.from(content))]),
	).toEqual(
		expect.arrayContaining([
			['Überweisung.pdf', sha256(pdf('referral'))],
			['scan.pdf', expect.any(String)],
			['scan (2).pdf', expect.any(String)],
		]),
	);
	expect(Object.keys(unzipped)).toHaveLength(3);
});

it('an example tells staff once of each file that Cliniko has processed or could not read', async () => {
	await putOnRecord(clinic.sandbox, { name: 'before.pdf', content: pdf('before') });
	const workflow = await importExample('notify-when-processed', clinic, page, { credentials });
	await clinic.publish(workflow);
	// The trigger polls once a minute.
	const mailed = async (count: number) =>
		await until(`staff have ${count} mails`, () => staff.mails.length >= count || undefined, 100);

	const processed = await putOnRecord(clinic.sandbox, { name: 'a.pdf', content: pdf('a') });
	const unreadable = await putOnRecord(clinic.sandbox, { name: 'b.pdf', content: 'not a PDF' });
	await mailed(2);
	const later = await putOnRecord(clinic.sandbox, { name: 'c.pdf', content: pdf('c') });
	await mailed(3);

	const told = staff.mails.map(({ subject, text }) => [
		subject,
		/Attachment: (\d+)/.exec(text)?.[1],
	]);
	expect(told.slice(0, 2)).toEqual(
		expect.arrayContaining([
			['Cliniko: a file was processed', processed.id],
			['Cliniko: a file could not be read', unreadable.id],
		]),
	);
	expect(told.slice(2)).toEqual([['Cliniko: a file was processed', later.id]]);
}, 300_000);
