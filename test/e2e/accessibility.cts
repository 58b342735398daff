import { source, type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What is wrong with a page for people who use it with a screen reader, a keyboard or poor eyes, as
 * far as axe sees it.
 *
 * @param rules the tags of axe's rules; all of them by default
 */
export async function accessibilityFaults(page: Page, rules?: string[]): Promise<string[]> {
	// Unlike a script element, this is not subject to the page's Content-Security-Policy.
	await page.evaluate(source);
	const options = JSON.stringify({ runOnly: rules });
	const { violations } = (await page.evaluate(`axe.run(${options})`)) as AxeResults;
	return violations.flatMap(({ id, help, nodes }) =>
		nodes.map(({ html }) => `${id}: ${help}: ${html}`),
	);
}
