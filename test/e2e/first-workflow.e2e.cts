/** The README's first workflow, built by hand in n8n's editor with the README's own words. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';

import { until } from '../../n8n/until.cts';
import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { drag, openBrowser, partsOf, signIn } from './browser.cts';
import { byName, CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';
import { leaveScreenshot } from './failures.cts';

const FILES = ['Referral.pdf', 'Scan.pdf'].map((name) => ({
	name,
	mimeType: 'application/pdf',
	buffer: pdf(name),
}));

const [, README] = /^## Your first workflow\n([^]*?)^### /m.exec(
	readFileSync(path.join(__dirname, '../../README.md'), 'utf8'),
)!;

/** A name in n8n that the README must have. */
function said(name: string): string {
	if (!README!.includes(`**${name}**`) && !README!.includes(`\`${name}\``)) {
		throw new Error(`The README’s first workflow does not mention ${name}`);
	}
	return name;
}

let clinic: ClinicWithN8n;
let browser: Browser;
let page: Page;
/** The address of the form while n8n listens for it. */
let form: string;

beforeAll(async () => {
	clinic = await openClinic('first-workflow');
	browser = await openBrowser();
	await clinic.addCredential('Cliniko account', 'clinikoApi', CREDENTIAL);
	page = await signIn(browser, clinic.n8n);
	await page.goto(`${clinic.n8n.url}/workflow/new`);
});
afterEach(async () => await leaveScreenshot(page));
afterAll(async () => {
	await browser?.close();
	await clinic?.close();
});

const part = partsOf(() => page);
const field = (name: string) => part(`parameter-input-${name}`).locator('input');
async function execute(): Promise<void> {
	const button = part('node-execute-button', part('ndv'));
	await button.getByText(said('Execute step')).waitFor();
	await button.click();
}

/** Adds a Cliniko node behind the last one. */
async function addCliniko(action: string): Promise<void> {
	await part('ndv-close-button').click();
	await part('canvas-handle-plus').last().click();
	await part('node-creator').waitFor();
	await page.keyboard.type(said('Cliniko'));
	await part('node-creator-item-name').getByText('Cliniko', { exact: true }).click();
	await part('node-creator').getByText(said(action), { exact: true }).click();
	await part('ndv').waitFor();
	// Where there are files, n8n shows them first.
	await part('ndv-input-panel').getByText(said('Schema'), { exact: true }).click();
}

/** Drags a field of the input onto a parameter. */
async function dragField(name: string, parameter: string): Promise<void> {
	const from = part('run-data-schema-node-name', part('ndv-input-panel')).filter({
		hasText: new RegExp(`^${said(name)}$`),
	});
	const onto = part(`parameter-input-${parameter}`);
	await drag(from.first(), onto);
	await onto.getByText('{{').waitFor();
}

it('the form is made', async () => {
	await part('canvas-plus-button').or(part('canvas-add-button')).first().click();
	said('Add first step');
	await part('node-creator').getByText(said('On form submission'), { exact: true }).click();
	await part('parameter-input-formTitle').waitFor();
	await part('ndv').getByText(said('Form Title')).first().waitFor();
	await field('formTitle').fill('Send us your referral');
	const elements = [['First name'], ['Last name'], ['Date of birth', 'Date'], ['Referral', 'File']];
	for (const [at, [name, type]] of elements.entries()) {
		await page.getByRole('button', { name: said('Add Form Element') }).click();
		await field('fieldLabel').nth(at).fill(said(name!));
		if (!type) continue;
		await part('ndv').getByText(said('Element Type')).nth(at).waitFor();
		await part('parameter-input-fieldType').nth(at).click();
		await page.getByRole('option', { name: type, exact: true }).click();
	}
	form = await until(
		'the form has an address',
		async () => /\/form-test\/[\w-]+/.exec(await part('ndv').innerText())?.[0],
	);
});

it('it is filled in once, with two files, so that n8n knows its fields', async () => {
	await execute();
	await page.getByText('Listening for a test form submission').waitFor();
	const patient = await (await browser.newContext()).newPage();
	await patient.goto(`${clinic.n8n.url}${form}`);
	await patient.getByLabel('First name').fill('Zoë');
	await patient.getByLabel('Last name').fill("O'Hara");
	await patient.getByLabel('Date of birth').fill('1987-05-31');
	await patient.locator('input[type=file]').setInputFiles(FILES);
	await patient.getByRole('button', { name: 'Submit' }).click();
	await patient.getByText('Your response has been recorded').waitFor();
	await part('output-panel').getByText('Referral_1').waitFor();
});

it('Find gets the fields by dragging, finds the patient and passes the files on', async () => {
	await addCliniko('Find patient');
	await dragField('First name', 'firstName');
	await dragField('Last name', 'lastName');
	await dragField('Date of birth', 'dateOfBirth');
	for (const label of ['First Name', 'Last Name', 'Date of Birth']) {
		await part('ndv').getByText(said(label), { exact: true }).first().waitFor();
	}
	await execute();
	await part('node-run-status-success').waitFor();
	await part('output-panel').getByText('Referral_1').waitFor();
});

it('Upload puts both files on the patient’s record without an expression being written', async () => {
	await addCliniko('Upload patient attachment');
	await dragField('id', 'patientId');
	said('Patient');
	await until(
		'the patient is given by ID',
		async () =>
			(await part('rlc-mode-selector').locator('input').inputValue()) === said('By ID') ||
			undefined,
	);
	await part('ndv').getByText(said('Input Binary Field'), { exact: true }).waitFor();
	await field('binaryPropertyName').fill(said('Referral'));
	await page.keyboard.press('Tab');
	await execute();
	await part('node-run-status-success').waitFor();
	expect(recorded(clinic.sandbox).sort(byName)).toEqual(
		FILES.map(({ name, buffer }) => ({
			patient: SANDBOX_PATIENT_ID,
			name,
			sha256: sha256(buffer),
		})).sort(byName),
	);
});

it('a form’s field that is dragged onto the file’s field is not taken for the file, and the message helps', async () => {
	await field('binaryPropertyName').fill('data');
	await page.keyboard.press('Tab');
	await part('run-data-schema-header', part('ndv-input-panel'))
		.filter({ hasText: 'On form submission' })
		.click();
	await dragField('Referral', 'binaryPropertyName');
	await execute();
	const output = part('output-panel');
	await part('node-error-message', output)
		.getByText('Input Binary Field gives the text [object Object]')
		.waitFor();
	await output.getByText('The item’s files are in: Referral_0, Referral_1.').waitFor();
	expect(recorded(clinic.sandbox)).toHaveLength(2);
});
