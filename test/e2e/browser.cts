import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

import type { N8n } from '../../n8n/n8n.cts';
import type { Owner } from '../../n8n/prepare.cts';
import { until } from '../../n8n/until.cts';
import { program } from './debian.cts';
import { OWNER } from './owner.cts';

const PICTURES = path.join(__dirname, '../../docs/pictures');

/** Starts Chromium, with access to this machine only. */
export async function openBrowser(): Promise<Browser> {
	return await chromium.launch({
		executablePath: program('chromium'),
		args: [
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
			'--no-proxy-server',
			'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
		],
	});
}

/** Opens a page and signs in as the owner of this n8n. */
export async function signIn(
	browser: Browser,
	n8n: Pick<N8n, 'url'>,
	owner: Pick<Owner, 'email' | 'password'> = OWNER,
): Promise<Page> {
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	page.setDefaultTimeout(20_000);
	// n8n's first page is several MB of scripts, which a busy machine reads from its disk.
	page.setDefaultNavigationTimeout(90_000);
	await page.goto(`${n8n.url}/signin`);
	await page.locator('input[name=emailOrLdapLoginId]').fill(owner.email);
	await page.locator('input[type=password]').fill(owner.password);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/home/**');
	return page;
}

/**
 * Finds elements by the test ids that n8n's own tests use, in the page or within another element.
 *
 * @param page called each time, since a test file opens its page later
 */
export function partsOf(page: () => Page) {
	return (name: string, within: Page | Locator = page()): Locator =>
		within.locator(`[data-test-id="${name}"]`);
}

/** Drags with the mouse as a person does: n8n's editor shows the target only while it is crossed. */
export async function drag(from: Locator, onto: Locator): Promise<void> {
	const { mouse } = from.page();
	await from.hover();
	await mouse.down();
	const to = (await onto.boundingBox())!;
	await mouse.move(to.x + 20, to.y + 5, { steps: 8 });
	await mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 4 });
	await mouse.up();
}

/** Waits until an input field has this value: the editor fills its fields late. */
export async function holds(field: Locator, value: string): Promise<void> {
	await until(
		`the field holds ${value}`,
		async () => (await field.inputValue()) === value || undefined,
		20,
	);
}

/** Takes a picture for the README if UPDATE_PICTURES=1. */
export async function takePicture(of: Locator, name: string): Promise<void> {
	if (process.env.UPDATE_PICTURES !== '1') return;
	mkdirSync(PICTURES, { recursive: true });
	await of.page().mouse.move(0, 0);
	// Waits for panels and buttons to finish their animations.
	await of.page().waitForTimeout(500);
	await of.screenshot({
		path: path.join(PICTURES, `${name}.png`),
		// Hides n8n's notifications.
		style: '.el-notification { display: none !important }',
	});
}
