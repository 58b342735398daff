import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';

import { until } from '../../n8n/until.cts';
import { openMailbox, type Mailbox } from '../../sandbox/mailbox.cts';
import { SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { putOnRecord } from '../engine/records.cts';
import { openBrowser, signIn } from './browser.cts';
import { CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';
import { importExample, type Choices } from './examples.cts';
import { leaveScreenshot } from './failures.cts';

// A dependency of n8n's own nodes: the Compression node uses it.
const { unzipSync } = createRequire(require.resolve('n8n-nodes-base/package.json'))('fflate') as {
	unzipSync: (zip: Uint8Array) => Record<string, Uint8Array>;
};

/** Every five seconds: n8n takes no schedule that is shorter than a minute, but several schedules. */
const OFTEN = {
	item: Array.from({ length: 12 }, (_, at) => ({
		mode: 'custom',
		cronExpression: `${at * 5} * * * * *`,
	})),
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
	const workflow = await importExample('notify-when-processed', clinic, page, {
		credentials,
		parameters: { 'A file was processed': { pollTimes: OFTEN } },
	});
	await clinic.publish(workflow);
	const mailed = async (count: number) =>
		await until(`staff have ${count} mails`, () => staff.mails.length >= count || undefined, 100);

	const processed = await putOnRecord(clinic.sandbox, { name: 'a.pdf', content: pdf('a') });
	const unreadable = await putOnRecord(clinic.sandbox, { name: 'b.pdf', content: 'not a PDF' });
	await mailed(2);
	const later = await putOnRecord(clinic.sandbox, { name: 'c.pdf', content: pdf('c') });
	await mailed(3);
	await clinic.n8n.call('POST', `/rest/workflows/${workflow}/deactivate`);

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

it('an example asks a patient with a new appointment for papers, once, and puts them on the record', async () => {
	staff.mails.length = 0;
	const workflow = await importExample('appointment-to-papers', clinic, page, {
		credentials,
		parameters: { 'An appointment was booked': { pollTimes: OFTEN } },
	});
	await clinic.publish(workflow);
	const { clinic: cliniko } = clinic.sandbox;
	const startsAt = Date.now() + 24 * 3_600_000;
	// Two patients at once, one of them with two appointments, and one who cannot be asked.
	const silent = cliniko.addPatient({ firstName: 'Silent', email: null }).id;
	const other = cliniko.addPatient({ firstName: 'Other', email: 'other@mail.example' }).id;
	for (const patientId of [SANDBOX_PATIENT_ID, SANDBOX_PATIENT_ID, other, silent]) {
		cliniko.addAppointment({ patientId, startsAt, endsAt: startsAt + 1_800_000 });
	}
	// A visit that is entered afterwards.
	const late = cliniko.addPatient({ firstName: 'Late', email: 'late@mail.example' }).id;
	cliniko.addAppointment({ patientId: late, startsAt: Date.now() - 60_000, endsAt: Date.now() });
	await until('all are asked', () => staff.mails.length >= 3 || undefined, 100);
	const asked = (address: string | null) => staff.mails.filter(({ to }) => to.includes(address!));
	const emailOf = (id: string) => cliniko.patients.get(id)!.email;
	expect(asked(emailOf(other))).toHaveLength(1);
	expect(staff.mails.filter(({ text }) => text.includes(`Patient: ${silent}`))).toHaveLength(1);
	const [mail, ...more] = asked(emailOf(SANDBOX_PATIENT_ID));
	expect(more).toEqual([]);

	const { pathname, search } = new URL(/http\S+/.exec(mail!.text)![0]);
	const withoutSignature = await fetch(`${clinic.n8n.url}${pathname}`);
	expect(withoutSignature.ok).toBe(false);
	// A new context, since a patient is not signed in to n8n.
	const phone = await (await browser.newContext()).newPage();
	const send = async (name: string, content: Buffer) => {
		// n8n answers at once, and waits for more once the file is on the record.
		await until('the form is there', async () => {
			await phone.goto(`${clinic.n8n.url}${pathname}${search}`, { timeout: 5000 }).catch(() => {});
			return (await phone.locator('input[type=file]').count()) || undefined;
		});
		expect(await phone.content()).toContain('Files for Zoë');
		expect(await phone.content()).not.toMatch(/O.Hara|1987/);
		await phone
			.locator('input[type=file]')
			.setInputFiles([{ name, mimeType: 'application/pdf', buffer: content }]);
		await phone.getByRole('button', { name: 'Submit' }).click();
		await phone.getByText('We have what you sent').waitFor();
	};
	const stored = async (name: string) =>
		await until('the file is on the record', () => {
			const files = recorded(clinic.sandbox).filter((file) => file.name === name);
			return files.length > 0 ? files : undefined;
		});
	const onRecord = (name: string, content: Buffer) => [
		{ patient: SANDBOX_PATIENT_ID, name, sha256: sha256(content) },
	];
	await send('Referral.pdf', pdf('referral'));
	expect(await stored('Referral.pdf')).toEqual(onRecord('Referral.pdf', pdf('referral')));
	expect(staff.mails).toHaveLength(3);

	// The same link takes more, also after a file that could not be stored.
	const refusal = { reply: { status: 403, body: '{}' } };
	clinic.sandbox.faults.add({ on: 'presign', act: 'before', do: refusal });
	await send('Report.pdf', pdf('report'));
	const told = await until('the front desk is told', () => staff.mails[3]);
	expect(told.attachments.map(({ name, content }) => [name, sha256(content)])).toEqual([
		['Report.pdf', sha256(pdf('report'))],
	]);
	await send('More.pdf', pdf('more'));
	expect(await stored('More.pdf')).toEqual(onRecord('More.pdf', pdf('more')));
	await phone.context().close();
	expect(staff.mails).toHaveLength(4);
}, 300_000);
