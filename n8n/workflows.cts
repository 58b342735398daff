import type { IConnections, INode, IWorkflowSettings } from 'n8n-workflow';

import type { N8nApi } from './api.cts';
import { until } from './until.cts';

/** A workflow in the format of n8n's API. */
export interface Workflow {
	name: string;
	nodes: Array<Partial<INode>>;
	connections: IConnections;
	settings?: IWorkflowSettings;
}

/** The state of publishing a workflow, which activates its triggers. */
interface Publication {
	status: string;
	triggers: Array<{ errorMessage: string | null }>;
}

/** Creates a credential; nodes refer to it by what this returns. */
export async function addCredential(
	n8n: N8nApi,
	name: string,
	type: string,
	data: object,
): Promise<NonNullable<INode['credentials']>> {
	const { id } = await n8n.call<{ id: string }>('POST', '/rest/credentials', { name, type, data });
	return { [type]: { id, name } };
}

/** Saves a workflow and returns its id. */
export async function saveWorkflow(n8n: N8nApi, workflow: Workflow): Promise<string> {
	const { id } = await n8n.call<{ id: string }>('POST', '/rest/workflows', {
		settings: {},
		...workflow,
	});
	return id;
}

/** Publishes a workflow, which activates its trigger. */
export async function publish(n8n: N8nApi, workflow: string): Promise<void> {
	const at = `/rest/workflows/${workflow}`;
	const { versionId } = await n8n.call<{ versionId: string }>('GET', at);
	await n8n.call('POST', `${at}/activate`, { versionId });
	// n8n activates the triggers after it has replied.
	await until('the workflow is published', async () => {
		const { status, triggers } = await n8n.call<Publication>('GET', `${at}/publication-status`);
		const failed = triggers.map(({ errorMessage }) => errorMessage).filter(Boolean);
		if (failed.length > 0) throw new Error(`Not published: ${failed.join(', ')}`);
		return status === 'published' || undefined;
	});
}
