import type { Browser, Page } from 'playwright-core';

import {
	SANDBOX_API_KEY,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
} from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { holds, openBrowser, partsOf, signIn, takePicture } from './browser.cts';
import { chain, openClinic, type ClinicWithN8n } from './clinic.cts';
import { leaveScreenshot } from './failures.cts';
import { OWNER } from './owner.cts';

const LETTER = pdf('Dear colleague');

let clinic: ClinicWithN8n;
let browser: Browser;
let page: Page;
beforeAll(async () => {
	clinic = await openClinic('editor');
	browser = await openBrowser();
	page = await signIn(browser, clinic.n8n);
	const workflow = await clinic.save(
		chain('Referral', [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
			{
				name: 'Letter',
				type: 'n8n-nodes-base.set',
				typeVersion: 3.4,
				parameters: {
					assignments: {
						assignments: [
							{ id: 'data', name: 'data', type: 'string', value: LETTER.toString('base64') },
						],
					},
				},
			},
			{
				name: 'Referral',
				type: 'n8n-nodes-base.convertToFile',
				typeVersion: 1.1,
				parameters: {
					operation: 'toBinary',
					sourceProperty: 'data',
					binaryPropertyName: 'Referral',
					options: { fileName: 'Referral letter.pdf', mimeType: 'application/pdf' },
				},
			},
		]),
	);
	await page.goto(`${clinic.n8n.url}/workflow/${workflow}`);
});
afterEach(async () => await leaveScreenshot(page));
afterAll(async () => {
	await browser?.close();
	await clinic?.close();
});

const part = partsOf(() => page);

const dialog = () => part('editCredential-modal');
const save = async () => await part('credential-save-button', dialog()).click();
const field = (name: string) => part(`parameter-input-${name}`, dialog()).locator('input');
const chooseShard = async (name: string) => {
	await part('parameter-input-shard', dialog()).click();
	await page.getByRole('option', { name }).click();
};

it('the node is found in the panel by what it does, and added from there', async () => {
	await part('canvas-handle-plus').last().click();
	await page.keyboard.type('upload patient attachment');
	await part('node-creator-item-name').getByText('Cliniko', { exact: true }).click();
	const action = part('node-creator').getByText('Upload patient attachment', { exact: true });
	await action.waitFor();
	await takePicture(part('node-creator'), 'node-panel');
	await action.click();
	await part('ndv').waitFor();
	await holds(part('parameter-input-resource').locator('input'), 'Patient Attachment');
	await holds(part('parameter-input-operation').locator('input'), 'Upload');
});

it('the credential’s test says of a wrong key what to do about it', async () => {
	await page.getByText('Connect to Cliniko').click();
	await field('apiKey').fill('not-a-key-au1');
	await field('contactEmail').fill(OWNER.email);
	await save();
	await dialog().getByText('More details').click();
	await dialog()
		.getByText(
			'Cliniko refused this API key. Make a new one in Cliniko under My Info > Manage API Keys and paste it here whole',
		)
		.waitFor();
});

it('the credential’s test says of a wrong shard what to do about it', async () => {
	await field('apiKey').fill(SANDBOX_API_KEY);
	await chooseShard('UK1');
	await save();
	await dialog()
		.getByText(
			'The API key ends in -au1, but Shard in the Cliniko API credential is set to uk1: set it to Detect From API Key.',
		)
		.waitFor();
});

it('the credential’s test passes with the right settings', async () => {
	await chooseShard('Detect From API Key');
	await save();
	await dialog().waitFor({ state: 'hidden' });
	await part('credential-edit-button').click();
	await dialog().getByText('Connection tested successfully').waitFor();
	await dialog().getByText('Retry', { exact: true }).waitFor();
	await takePicture(dialog(), 'credential');
	expect(await field('apiKey').getAttribute('type')).toBe('password');
	await dialog().getByRole('button', { name: 'Close this dialog' }).click();
	await dialog().waitFor({ state: 'hidden' });
});

it('the patient is picked from a list that can be searched', async () => {
	await part('rlc-input').click();
	await part('rlc-item').getByText('José María').waitFor();
	expect(await part('rlc-item').count()).toBe(9);
	await page.keyboard.type('zoë');
	await part('rlc-item').getByText('José María').waitFor({ state: 'hidden' });
	await part('rlc-item').first().waitFor();
	expect(await part('rlc-item').allInnerTexts()).toEqual([
		`Zoë O'Hara (born 1987-05-31, ID ${SANDBOX_PATIENT_ID})`,
		`Zoe O’Hara (born 1991-11-02, ID ${SANDBOX_OTHER_PATIENT_ID})`,
	]);
	await part('rlc-item').first().click();
	await holds(part('rlc-input'), `Zoë O'Hara (born 1987-05-31, ID ${SANDBOX_PATIENT_ID})`);
});

it('the step uploads the file and shows the record', async () => {
	await part('parameter-input-binaryPropertyName').locator('input').fill('Referral');
	await page.keyboard.press('Tab');
	await takePicture(part('ndv'), 'settings');
	await part('node-execute-button').click();
	await part('node-run-status-success').waitFor();
	await part('radio-button-json', part('output-panel')).click();
	const [id] = clinic.sandbox.clinic.attachments.keys();
	const output = part('output-panel');
	for (const value of [id!, SANDBOX_PATIENT_ID, 'Referral letter.pdf', 'application/pdf'])
		await output.getByText(value).first().waitFor();
	await takePicture(part('ndv'), 'result');
	expect(recorded(clinic.sandbox)).toEqual([
		{ patient: SANDBOX_PATIENT_ID, name: 'Referral letter.pdf', sha256: sha256(LETTER) },
	]);
});
