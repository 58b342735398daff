/** What the editor shows of the package before anything has run. */
import type { Browser, Page } from 'playwright-core';

import { drag, holds, openBrowser, partsOf, signIn } from './browser.cts';
import { chain, openClinic, type ClinicWithN8n } from './clinic.cts';
import { leaveScreenshot } from './failures.cts';

const CLINIKO = { type: 'n8n-nodes-cliniko.cliniko', typeVersion: 1 };

let clinic: ClinicWithN8n;
let browser: Browser;
let page: Page;
beforeAll(async () => {
	clinic = await openClinic('first-look');
	browser = await openBrowser();
	page = await signIn(browser, clinic.n8n);
});
beforeEach(async () => {
	// One of its own for each test: n8n keeps one read-only for a while after it was left.
	const workflow = await clinic.save(
		chain('First look', [
			{ name: 'New file', type: 'n8n-nodes-cliniko.clinikoTrigger', typeVersion: 1 },
			{ name: 'Patient', ...CLINIKO, parameters: { resource: 'patient', operation: 'find' } },
			{ name: 'File', ...CLINIKO, parameters: { options: { maxWait: 10 } } },
		]),
	);
	await page.goto(`${clinic.n8n.url}/workflow/${workflow}`);
	await node('File').waitFor();
});
afterEach(async () => await leaveScreenshot(page));
afterAll(async () => {
	await browser?.close();
	await clinic?.close();
});

const part = partsOf(() => page);

const node = (name: string) =>
	page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);

/** A field of the step Patient in the input panel. */
const field = (name: string) =>
	part('run-data-schema-node-name', part('ndv-input-panel')).and(
		page.locator(`[data-node-name="Patient"][data-path=".${name}"]`),
	);

async function open(name: string): Promise<void> {
	await node(name).dblclick();
	await part('ndv').waitFor();
}

it('each step says on the canvas what it does', async () => {
	await node('New file').getByText('On attachment created', { exact: true }).waitFor();
	await node('Patient').getByText('Find patient', { exact: true }).waitFor();
	await node('File').getByText('Upload patient attachment', { exact: true }).waitFor();
});

it('the fields of a step that has not run can be dragged into the next', async () => {
	await open('File');
	for (const name of ['matched', 'first_name', 'date_of_birth', 'patient_ids']) {
		await field(name).waitFor();
	}
	const patient = part('parameter-input-patientId');
	await drag(field('id'), patient);
	await patient.getByText('{{ $json.id }}').waitFor();
	await holds(part('rlc-mode-selector', patient).locator('input'), 'By ID');
});

it('a setting that does nothing with another is pointed out', async () => {
	await open('File');
	await part('parameter-input-waitForProcessing').click();
	await part('ndv').getByText('do nothing while Wait for Processing is off').first().waitFor();
});

const panel = () => part('node-creator');
const entries = () => part('node-creator-item-name', panel());

async function openPanel(): Promise<void> {
	await part('canvas-handle-plus').last().click();
	await panel().waitFor();
}

it('the node is the first that n8n finds by what it does', async () => {
	await openPanel();
	for (const typed of ['upload file to patient', 'attach file', 'medical record', 'new patient']) {
		await part('node-creator-search-bar').fill(typed);
		await entries().first().getByText('Cliniko', { exact: true }).waitFor();
	}
	await panel().getByText('Put files on patients’ records in Cliniko, find patients').waitFor();
});

it('the actions are in the order in which people need them', async () => {
	await openPanel();
	await page.keyboard.type('cliniko');
	await entries().getByText('Cliniko', { exact: true }).click();
	await panel().getByText('Upload patient attachment', { exact: true }).waitFor();
	await entries().getByText('Cliniko', { exact: true }).waitFor({ state: 'detached' });
	expect(await entries().allInnerTexts()).toEqual([
		'Upload patient attachment',
		'Download patient attachment',
		'Get many patient attachments',
		'Get patient attachment',
		'Update patient attachment',
		'Archive patient attachment',
		'Find patient',
		'Create or update patient',
		'Create patient',
		'Update patient',
		'Get many patients',
		'Get patient',
		'Get many appointments',
		'Get many patient cases',
		'Get patient case',
		'Create patient case',
		'Update patient case',
		'Archive patient case',
		'Get many medical alerts',
		'Create medical alert',
		'Create communication',
		'Find contact',
	]);
});
