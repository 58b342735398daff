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
	await page.goto(`${n8n.url}/signin`);
	await page.locator('input[name=emailOrLdapLoginId]').fill(owner.email);
	await page.locator('input[type=password]').fill(owner.password);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/home/**');
	return page;
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
