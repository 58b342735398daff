import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';

import { until } from '../../n8n/until.cts';
import { pdf, sha256 } from '../engine/clinic.cts';
import { accessibilityFaults } from './accessibility.cts';
import { openBrowser, signIn } from './browser.cts';
import { leaveLog, leaveScreenshot } from './failures.cts';

const ROOT = path.join(__dirname, '../..');

let folder: string;
let script: ChildProcess;
let output = '';
let browser: Browser;
let desk: Page;
let form: Page;

/** What the script has printed after a label. */
const printed = (label: string): string =>
	new RegExp(`^ +${label} +(.+)$`, 'm').exec(output)?.[1] ?? '';

beforeAll(async () => {
	folder = mkdtempSync(path.join(process.env.E2E_FOLDER!, 'try-'));
	script = spawn(process.execPath, ['--require', 'tsx/cjs', 'try/try.cts'], {
		cwd: ROOT,
		env: { ...process.env, TMPDIR: folder, TSX_DISABLE_CACHE: '1' },
	});
	script.stdout!.on('data', (data) => (output += String(data)));
	script.stderr!.on('data', (data) => (output += String(data)));
	await until(
		'the script is ready',
		() => {
			if (script.exitCode !== null) throw new Error(output);
			return output.includes('Ctrl+C') || undefined;
		},
		280,
	);
	browser = await openBrowser();
	desk = await browser.newPage();
	await desk.goto(printed('Front desk'));
}, 300_000);
afterEach(async () => await leaveScreenshot(desk));
afterAll(async () => {
	await browser?.close();
	script?.kill();
	leaveLog('try', output);
});

interface Name {
	firstName: string;
	lastName: string;
}

interface Person extends Name {
	dateOfBirth: string;
	email: string;
}

interface SentFile {
	name: string;
	mimeType: string;
	buffer: Buffer;
}

const YAEL = {
	firstName: 'יעל',
	lastName: 'כהן',
	dateOfBirth: '1983-10-14',
	email: 'yael@mail.example',
};
const LAYLA = {
	firstName: 'ليلى',
	lastName: 'الحسيني',
	dateOfBirth: '1968-03-21',
	email: 'layla@mail.example',
};

/** Opens the form by the front desk's link, in a tab of its own. */
async function openForm(): Promise<void> {
	const opened = desk.waitForEvent('popup');
	await desk.getByRole('link', { name: 'Fill in the intake form' }).click();
	form = await opened;
}

/** Opens the form, fills it in and sends it. */
async function send(person: Person, files: SentFile[]): Promise<void> {
	await openForm();
	await form.getByLabel('First name').fill(person.firstName);
	await form.getByLabel('Last name').fill(person.lastName);
	await form.getByLabel('Date of birth').fill(person.dateOfBirth);
	await form.getByLabel('E-mail').fill(person.email);
	await form.locator('input[type=file]').setInputFiles(files);
	await form.getByRole('button', { name: 'Send' }).click();
	await form.getByText('Thank you. We have what you sent').waitFor();
}

/** The part of the front desk's page that is about a patient. */
const recordOf = ({ firstName, lastName }: Name) =>
	desk.getByRole('region', { name: `${firstName} ${lastName}`, exact: true });

/** The bytes that the browser gets from a file's link. */
async function openFile(person: Name, name: string): Promise<Buffer> {
	const address = await recordOf(person).getByRole('link', { name }).getAttribute('href');
	const bytes = await desk.evaluate<number[]>(
		`fetch('${address}').then(async (file) => [...new Uint8Array(await file.arrayBuffer())])`,
	);
	return Buffer.from(bytes);
}

it('the form is filled in for a patient already: only the file has to be added', async () => {
	await openForm();
	const buffer = pdf('referral');
	await form
		.locator('input[type=file]')
		.setInputFiles([{ name: 'Referral.pdf', mimeType: 'application/pdf', buffer }]);
	await form.getByRole('button', { name: 'Send' }).click();
	const zoe = { firstName: 'Zoë', lastName: "O'Hara" };
	await recordOf(zoe).getByRole('link', { name: 'Referral.pdf' }).waitFor();
	expect(await openFile(zoe, 'Referral.pdf')).toEqual(buffer);
});

it.each([
	[YAEL, ['הפניה לאורתופד 2026.pdf', '紹介状（田中）.pdf']],
	[LAYLA, ['تقرير طبي.pdf']],
])(
	'a file that %j sends with the form appears at the front desk by itself',
	async (person, names) => {
		const files = names.map((name) => ({
			name,
			mimeType: 'application/pdf',
			buffer: pdf(`content of ${name}`),
		}));
		await send(person, files);
		for (const { name, buffer } of files) {
			await recordOf(person).getByRole('link', { name }).waitFor();
			expect(sha256(await openFile(person, name))).toBe(sha256(buffer));
		}
		await desk.getByRole('status').getByText('arrived at').waitFor();
	},
);

it('a page with a script that somebody sends is downloaded, not run', async () => {
	const buffer = Buffer.from('<script>document.title = "taken over"</script>');
	await send(YAEL, [{ name: 'report.html', mimeType: 'text/html', buffer }]);
	const link = recordOf(YAEL).getByRole('link', { name: 'report.html' });
	const address = new URL((await link.getAttribute('href'))!, desk.url()).href;
	const page = await browser.newPage();
	const downloaded = page.waitForEvent('download');
	await page.goto(address).catch((error: Error) => expect(error.message).toContain('Download'));
	expect(readFileSync(await (await downloaded).path())).toEqual(buffer);
	expect(page.url()).toBe('about:blank');
	await page.close();
});

it('the front desk gets the files of somebody who is no patient by e-mail', async () => {
	await send({ ...YAEL, firstName: 'Nobody' }, [
		{ name: 'scan.pdf', mimeType: 'application/pdf', buffer: pdf('scan') },
	]);
	const mail = desk.getByRole('article').filter({ hasText: 'please file by hand' });
	await mail.getByText('Name: Nobody').waitFor();
	await mail.getByText('scan.pdf').waitFor();
});

/** The rules of WCAG 2.2, levels A and AA. Others ask for landmarks, which n8n's page does not have. */
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

it('axe finds no fault with the front desk, in light and in dark colours', async () => {
	expect(await desk.locator('.new').count()).toBeGreaterThan(0);
	for (const colorScheme of ['light', 'dark'] as const) {
		await desk.emulateMedia({ colorScheme });
		expect(await accessibilityFaults(desk)).toEqual([]);
	}
});

it('axe finds no fault with the form, before and after it is sent', async () => {
	const faults = async () => await accessibilityFaults(form, WCAG);
	expect(await faults()).toEqual([]);
	await form.goto(printed('Intake form'));
	await form.getByLabel('First name').waitFor();
	expect(await faults()).toEqual([]);
});

it('a search stays while files arrive', async () => {
	await desk.getByLabel('Patient or file').fill('הפניה');
	await desk.getByRole('button', { name: 'Search' }).click();
	await recordOf(YAEL).getByRole('link', { name: 'הפניה לאורתופד' }).waitFor();
	const name = 'הפניה שנייה.pdf';
	await send(YAEL, [{ name, mimeType: 'application/pdf', buffer: pdf(name) }]);
	await recordOf(YAEL).getByRole('link', { name }).waitFor();
	expect(await recordOf(LAYLA).count()).toBe(0);
	await desk.getByRole('link', { name: 'Show all' }).click();
	await recordOf(LAYLA).waitFor();
});

it('the owner signs in with what was printed, and finds the examples, two of them published', async () => {
	const page = await signIn(
		browser,
		{ url: printed('n8n').replace(/\/$/, '') },
		{ email: printed('E-mail'), password: printed('Password') },
	);
	const workflows = page.locator('[data-test-id=resources-list-item-workflow]');
	const published = workflows.filter({ hasText: 'Published' });
	// n8n draws the list more than once.
	await until('the examples are listed', async () => {
		const counts = [await workflows.count(), await published.count()];
		return counts.join() === '4,2' || undefined;
	});
	await page.close();
});

it('Ctrl+C ends it all and leaves nothing behind', async () => {
	const running = descendantsOf(script.pid!);
	expect(running.length).toBeGreaterThan(0);
	expect(readdirSync(folder)).not.toEqual([]);
	script.kill('SIGINT');
	const [code] = await once(script, 'exit');
	expect(code).toBe(0);
	expect(running.filter((pid) => commandOf(pid) !== undefined)).toEqual([]);
	expect(readdirSync(folder)).toEqual([]);
	await desk.getByText('The sandbox does not answer.').waitFor();
});

function descendantsOf(pid: number): number[] {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
	const pids = children === '' ? [] : children.split(' ').map(Number);
	return pids.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The command line of a process; undefined if there is no such process. */
function commandOf(pid: number): string | undefined {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
	} catch {
		return undefined;
	}
}
