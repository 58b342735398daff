import path from 'node:path';
import type { INode } from 'n8n-workflow';
import type { Page } from 'playwright-core';

import type { ClinicWithN8n, Workflow } from './clinic.cts';

const FOLDER = path.join(__dirname, '../../examples');

/** What the user of an example configures: credentials by node type, parameters by node. */
export interface Choices {
	credentials: Record<string, INode['credentials']>;
	parameters?: Record<string, INode['parameters']>;
}

/**
 * Imports an example in the editor, as the README of the examples describes, and configures it.
 *
 * @returns the workflow's id
 */
export async function importExample(
	name: string,
	{ n8n }: ClinicWithN8n,
	page: Page,
	{ credentials, parameters = {} }: Choices,
): Promise<string> {
	await page.goto(`${n8n.url}/workflow/new`);
	await page.locator('[data-test-id=workflow-menu]').click();
	await page.getByRole('menuitem', { name: 'Import' }).click();
	const chooser = page.waitForEvent('filechooser');
	await page.getByRole('menuitem', { name: 'From file' }).click();
	await (await chooser).setFiles(path.join(FOLDER, `${name}.json`));
	await page
		.getByText('Read me first')
		.or(page.locator('[data-test-id=canvas-node]'))
		.first()
		.waitFor();
	await page.keyboard.press('Control+s');
	await page.waitForURL((url) => /\/workflow\/\w+$/.test(url.href));
	const id = /\w+$/.exec(page.url())![0];
	// While the editor has the workflow open, n8n rejects other changes to it.
	await page.goto(`${n8n.url}/home/workflows`);
	const workflow = await n8n.call<Workflow & { versionId: string }>('GET', `/rest/workflows/${id}`);
	await n8n.call('PATCH', `/rest/workflows/${id}`, {
		versionId: workflow.versionId,
		connections: workflow.connections,
		nodes: workflow.nodes.map((node) => ({
			...node,
			credentials: credentials[node.type!],
			parameters: { ...node.parameters, ...parameters[node.name!] },
		})),
	});
	return id;
}
