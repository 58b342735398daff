import type { Browser, BrowserContext, Page } from 'playwright-core';

import { startN8n, type N8n } from '../../n8n/n8n.cts';
import { signIn as signInToApi } from '../../n8n/prepare.cts';
import { until } from '../../n8n/until.cts';
import { openMailbox, type Mailbox } from '../../sandbox/mailbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { openBrowser, signIn, takePicture } from './browser.cts';
import {
	CREDENTIAL,
	openClinic,
	type ClinicWithN8n,
	type Execution,
	type Workflow,
} from './clinic.cts';
import { importExample } from './examples.cts';
import { leaveScreenshot } from './failures.cts';
import { OWNER } from './owner.cts';

const FRONT_DESK = { username: 'front desk', password: 'a good password' };
const PASSWORD = {
	authorization: `Basic ${btoa(`${FRONT_DESK.username}:${FRONT_DESK.password}`)}`,
};
const FILE = { name: 'Referral.pdf', mimeType: 'application/pdf', buffer: pdf('referral') };
const SHA256 = sha256(FILE.buffer);

let clinic: ClinicWithN8n;
let mailbox: Mailbox;
let browser: Browser;
let intake: string;
let decision: string;
/** The path of the intake form. */
let form: string;
/** Without a password, as a patient's browser is. */
let anybody: BrowserContext;
/** Of the front desk. */
let desk: Page;
/** Another one, if n8n was started again. */
let again: N8n | undefined;

beforeAll(async () => {
	clinic = await openClinic('intake');
	mailbox = await openMailbox();
	browser = await openBrowser();
	const page = await signIn(browser, clinic.n8n);
	const credentials = {
		'n8n-nodes-cliniko.cliniko': await clinic.addCredential('Cliniko', 'clinikoApi', CREDENTIAL),
		'n8n-nodes-base.emailSend': await clinic.addCredential('SMTP', 'smtp', mailbox.credential),
		'n8n-nodes-base.wait': await clinic.addCredential('Desk', 'httpBasicAuth', {
			user: FRONT_DESK.username,
			password: FRONT_DESK.password,
		}),
	};
	decision = await importExample('doubtful-match-to-decision', clinic, page, { credentials });
	await clinic.publish(decision);
	intake = await importExample('new-patient-intake', clinic, page, {
		credentials,
		parameters: {
			'Ask the front desk': { workflowId: { __rl: true, mode: 'id', value: decision } },
		},
	});
	await clinic.publish(intake);
	const { nodes } = await clinic.n8n.call<Workflow>('GET', `/rest/workflows/${intake}`);
	form = `/form/${nodes.find(({ name }) => name === 'Intake form')!.webhookId}`;
	anybody = await browser.newContext();
	desk = await (await browser.newContext({ httpCredentials: FRONT_DESK })).newPage();
});
beforeEach(() => {
	clinic.sandbox.reset();
	mailbox.mails.length = 0;
});
afterEach(async () => await leaveScreenshot(desk));
afterAll(async () => {
	await browser?.close();
	await again?.close();
	await mailbox?.close();
	await clinic?.close();
});

/** Fills in the intake form as a patient and submits it. */
async function send(person: { firstName: string; born?: string; mobile?: string }): Promise<void> {
	const page = await anybody.newPage();
	await page.goto(`${(again ?? clinic.n8n).url}${form}`);
	await page.getByLabel('First name').fill(person.firstName);
	await page.getByLabel('Last name').fill('Miller');
	await page.getByLabel('Date of birth').fill(person.born ?? '2015-02-03');
	await page.getByLabel('E-mail').fill('family@mail.example');
	await page.getByLabel('Mobile').fill(person.mobile ?? '');
	await page.locator('input[type=file]').setInputFiles([FILE]);
	await page.getByRole('button', { name: 'Send' }).click();
	await page.getByText('Thank you. We have what you sent').waitFor();
	await page.close();
}

/** The link in the mail that the front desk gets for the n-th case of this test. */
async function link(count = 1): Promise<string> {
	const mail = await until('a case is mailed', () => mailbox.mails[count - 1]);
	expect(mail.subject).toBe('Whose files are these? Please decide');
	expect(mail.attachments.map(({ content }) => sha256(content))).toEqual([SHA256]);
	expect(mail.text).not.toContain('Miller');
	const url = new URL(/http\S+/.exec(mail.text)![0]);
	return `${(again ?? clinic.n8n).url}${url.pathname}${url.search}`;
}

async function decide(url: string, choice: RegExp): Promise<void> {
	// No person is so quick that the workflow which has handed over does not wait yet.
	await until('the intake waits', async () => {
		const statuses = (await executionsOf(intake)).map(({ status }) => status);
		return statuses.some((one) => ['new', 'running'].includes(one)) ? undefined : true;
	});
	await desk.goto(url);
	const option = desk.locator('option').filter({ hasText: choice });
	await desk.getByLabel('Patient').selectOption((await option.textContent())!);
	await desk.getByRole('button', { name: 'Submit' }).click();
	await desk.getByText('The workflow goes on').waitFor();
}

/** Patients named Miller: two that are the same in all that a form asks. */
function addMillers(): string[] {
	const twin = { firstName: 'Ida', lastName: 'Miller', dateOfBirth: '2015-02-03' };
	return ['Carlton', 'Fitzroy'].map(
		(city) => clinic.sandbox.clinic.addPatient({ ...twin, details: { city } }).id,
	);
}

function millers() {
	return [...clinic.sandbox.clinic.patients.values()].filter(
		({ lastName }) => lastName === 'Miller',
	);
}

/** Waits until this many files are on a record and processed, and returns them. */
async function filed(count = 1) {
	return await until(`${count} files are on a record`, () => {
		const files = recorded(clinic.sandbox).filter(({ name }) => name !== null);
		return files.length >= count ? files : undefined;
	});
}

it('a new patient is created once, a patient who is known is found, and the file is on the record', async () => {
	await send({ firstName: 'Ida', mobile: '0491 570 006' });
	const [first] = await filed();
	const [ida] = millers();
	expect(first).toEqual({ patient: ida!.id, name: FILE.name, sha256: SHA256 });
	expect(ida!.details.patient_phone_numbers).toMatchObject([{ number: '0491 570 006' }]);

	await send({ firstName: 'IDA' });
	await until('the second form is done', async () => {
		return (await clinic.executions(intake, 2)).length === 2 || undefined;
	});
	expect(millers()).toHaveLength(1);
	expect(recorded(clinic.sandbox).map(({ patient }) => patient)).toEqual([ida!.id]);
	expect(mailbox.mails).toEqual([]);
});

it('a doubtful case waits for a person, shows nobody’s data without the password, and survives a restart', async () => {
	const [, second] = addMillers();
	await send({ firstName: 'Ida', mobile: '<img src="https://evil.example">{{ 7*7 }}' });
	const url = await link();
	expect(recorded(clinic.sandbox)).toEqual([]);

	for (const headers of [{}, { authorization: `Basic ${btoa('front desk:wrong')}` }]) {
		const reply = await fetch(url, { headers: headers as Record<string, string> });
		expect(reply.status).toBe(401);
		expect(await reply.text()).not.toMatch(/Miller|Ida|2015|Carlton/);
	}
	await desk.goto(url);
	await desk.getByText('What was given').waitFor();
	expect(await desk.locator('option').allTextContents()).toEqual(
		expect.arrayContaining([
			expect.stringMatching(/^Ida Miller, .*born 2015-02-03, Carlton \(ID \d+\)$/),
			expect.stringMatching(/^Ida Miller, .*born 2015-02-03, Fitzroy \(ID \d+\)$/),
			'New patient',
			'Put aside',
		]),
	);
	await desk.getByText('<img src="https://evil.example">{{ 7*7 }}').waitFor();
	await desk.getByText('Referral.pdf').waitFor();
	expect(await desk.locator('li', { hasText: /\(ID \d+\)$/ }).count()).toBe(2);
	const unsigned = new URL(url);
	unsigned.searchParams.set('signature', '0'.repeat(64));
	const answer = await fetch(unsigned, { headers: PASSWORD });
	expect(answer.status).toBeGreaterThanOrEqual(400);
	expect(await answer.text()).not.toMatch(/Miller|Carlton/);
	await desk.getByRole('button', { name: 'Submit' }).click();
	await desk.getByText('This field is required').waitFor();

	await clinic.n8n.kill();
	again = await startN8n({
		folder: clinic.folder,
		env: { ...clinic.sandbox.env, NO_PROXY: 'localhost,127.0.0.1' },
	});
	await signInToApi(again, OWNER);
	const moved = new URL(url);
	moved.port = new URL(again.url).port;
	await decide(moved.href, /Fitzroy/);
	expect(await filed()).toEqual([{ patient: second, name: FILE.name, sha256: SHA256 }]);
	expect(millers()).toHaveLength(2);

	// The form is sent once more, as by another person who has it open. n8n may leave it unanswered.
	await fetch(moved, {
		method: 'POST',
		headers: PASSWORD,
		signal: AbortSignal.timeout(5000),
	}).catch(() => undefined);
	expect(await untilOpen(decision, 0)).toMatchObject([{ status: 'success' }]);
	expect(await filed()).toHaveLength(1);
});

it('a person may say that the patient is new, or put the case aside, and cases do not mix', async () => {
	const known = addMillers();
	await send({ firstName: 'Ida', mobile: '0491 570 110' });
	const first = await link(1);
	await send({ firstName: 'Ida', mobile: '0491 570 157' });
	const second = await link(2);
	expect(second).not.toBe(first);
	await desk.goto(first);
	await takePicture(desk.locator('.card').first(), 'decision');

	await decide(second, /Put aside/);
	await untilOpen(decision, 1);
	expect(recorded(clinic.sandbox)).toEqual([]);
	expect(millers()).toHaveLength(2);

	await decide(first, /New patient/);
	const [file] = await filed();
	const added = millers().find(({ id }) => !known.includes(id))!;
	expect(file).toEqual({ patient: added.id, name: FILE.name, sha256: SHA256 });
	expect(added.details.patient_phone_numbers).toMatchObject([{ number: '0491 570 110' }]);
	await untilOpen(decision, 0);
	expect(millers()).toHaveLength(3);
	expect(mailbox.mails).toHaveLength(2);
});

it('the same form sent twice is one patient and one file, though a person decides both', async () => {
	const known = addMillers();
	await send({ firstName: 'Ida', mobile: '0491 570 110' });
	const first = await link(1);
	await send({ firstName: 'Ida', mobile: '0491 570 110' });
	const second = await link(2);
	await decide(first, /New patient/);
	await filed();
	await decide(second, /New patient/);
	await untilOpen(decision, 0);
	const added = millers().filter(({ id }) => !known.includes(id));
	expect(added).toHaveLength(1);
	expect(recorded(clinic.sandbox).map(({ patient }) => patient)).toEqual([added[0]!.id]);
});

it('the front desk gets the files if the decision cannot be carried out any more', async () => {
	const [first] = addMillers();
	await send({ firstName: 'Ida' });
	const url = await link();
	clinic.sandbox.clinic.patients.get(first!)!.archivedAt = Date.now();
	await decide(url, /Carlton/);
	const mail = await until('the front desk has mail', () => mailbox.mails[1]);
	expect(mail.subject).toBe('Intake form: please file by hand');
	expect(mail.text).toContain('is archived in Cliniko');
	expect(mail.attachments.map(({ content }) => sha256(content))).toEqual([SHA256]);
	expect(recorded(clinic.sandbox)).toEqual([]);
});

it('the front desk gets the files of a form that Cliniko cannot take', async () => {
	await send({ firstName: '?' });
	const mail = await until('the front desk has mail', () => mailbox.mails[0]);
	expect(mail.subject).toBe('Intake form: please file by hand');
	expect(mail.text).toContain('First Name has no letters');
	expect(mail.attachments.map(({ content }) => sha256(content))).toEqual([SHA256]);
});

/** Waits until this many executions of the workflow are still open, and returns all of them. */
async function untilOpen(workflow: string, count: number): Promise<Execution[]> {
	return await until(`${count} executions are open`, async () => {
		const executions = await executionsOf(workflow);
		const open = executions.filter(({ status }) => ['new', 'running', 'waiting'].includes(status));
		return open.length === count ? executions : undefined;
	});
}

async function executionsOf(workflow: string): Promise<Execution[]> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: workflow }));
	const url = `/rest/executions?limit=100&filter=${filter}`;
	return (await (again ?? clinic.n8n).call<{ results: Execution[] }>('GET', url)).results;
}
