import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INode } from 'n8n-workflow';

import type { N8n } from '../../n8n/n8n.cts';
import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { chain, type Workflow } from './clinic.cts';

/** A workflow that uploads each file that is posted to `/webhook/<name>`. */
export function webhookUpload(
	name: string,
	credentials: INode['credentials'],
	parameters: IDataObject = {},
): Workflow {
	return chain(name, [
		{
			name: 'Webhook',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			webhookId: name,
			parameters: { path: name, httpMethod: 'POST' },
		},
		{
			name: 'Cliniko',
			type: 'n8n-nodes-cliniko.cliniko',
			typeVersion: 1,
			credentials,
			parameters: {
				patientId: { __rl: true, mode: 'id', value: SANDBOX_PATIENT_ID },
				...parameters,
			} as INode['parameters'],
		},
	]);
}

/** Posts a file to a webhook, once that is active: shortly after the workflow is published. */
export async function post(
	{ url }: N8n,
	webhook: string,
	{ name, content }: { name: string; content: Buffer },
): Promise<void> {
	for (const lastMoment = Date.now() + 10_000; ; await sleep(100)) {
		const body = new FormData();
		body.set('data', new File([content], name, { type: 'application/pdf' }));
		const { status } = await fetch(`${url}/webhook/${webhook}`, { method: 'POST', body });
		if (status === 200) return;
		if (status !== 404 || Date.now() > lastMoment) throw new Error(`The webhook said ${status}`);
	}
}
