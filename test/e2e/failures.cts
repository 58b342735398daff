import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

const FOLDER = path.join(__dirname, 'failures');

/** Set by environment.cts. */
const seen = globalThis as { testHasFailed?: boolean; hasFailed?: boolean };

/** Keeps a server's log if a test of this file has failed. */
export function leaveLog(name: string, log: string): void {
	if (seen.hasFailed) leave(`${name}.log`, log);
}

/** Keeps a screenshot of the page, if there is one and the current test has failed. */
export async function leaveScreenshot(page: Page | undefined): Promise<void> {
	if (!seen.testHasFailed || !page) return;
	leave(`${expect.getState().currentTestName}.png`, await page.screenshot());
}

function leave(name: string, content: string | Buffer): void {
	mkdirSync(FOLDER, { recursive: true });
	const file = path.join(FOLDER, name.replace(/[^\w.-]+/g, '-'));
	writeFileSync(file, content);
	process.stderr.write(`See ${path.relative(process.cwd(), file)}\n`);
}
