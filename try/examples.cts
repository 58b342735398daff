import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { INode } from 'n8n-workflow';

import type { N8nApi } from '../n8n/api.cts';
import { addCredential, publish, saveWorkflow, type Workflow } from '../n8n/workflows.cts';
import type { Mailbox } from '../sandbox/mailbox.cts';
import { SANDBOX_API_KEY, SANDBOX_PATIENT_ID } from '../sandbox/sandbox.cts';

const FOLDER = path.join(__dirname, '../examples');

/** Those that need nothing else, and so can run at once. */
const PUBLISHED = ['intake-form-to-record', 'notify-when-processed'];

/** Those that start by hand, or need a mailbox of somebody's own. */
const SAVED = ['patient-attachments-to-zip', 'email-attachments-to-record'];

/**
 * Imports the example workflows, with credentials for the sandbox's clinic and its mailbox.
 *
 * @param n8n signed in
 * @returns the address of the intake form
 */
export async function importExamples(n8n: N8nApi, mailbox: Mailbox): Promise<string> {
	const cliniko = await addCredential(n8n, 'Cliniko (sandbox)', 'clinikoApi', {
		apiKey: SANDBOX_API_KEY,
		contactEmail: 'front.desk@clinic.example',
	});
	const credentials: Record<string, INode['credentials']> = {
		'n8n-nodes-cliniko.cliniko': cliniko,
		'n8n-nodes-cliniko.clinikoTrigger': cliniko,
		'n8n-nodes-base.emailSend': await addCredential(
			n8n,
			'Mail (sandbox)',
			'smtp',
			mailbox.credential,
		),
	};
	let form = '';
	for (const name of [...SAVED, ...PUBLISHED]) {
		const workflow = JSON.parse(
			readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'),
		) as Workflow;
		for (const node of workflow.nodes) {
			node.credentials = credentials[node.type!];
			if (node.name === 'List the files')
				node.parameters!.patientId = { __rl: true, mode: 'id', value: SANDBOX_PATIENT_ID };
			if (node.type === 'n8n-nodes-base.formTrigger') form = `${n8n.url}/form/${node.webhookId}`;
		}
		const id = await saveWorkflow(n8n, workflow);
		if (PUBLISHED.includes(name)) await publish(n8n, id);
	}
	return form;
}
