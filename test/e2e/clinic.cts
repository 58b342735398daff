import { cpSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { IConnections, INode, IWorkflowSettings } from 'n8n-workflow';

import {
	SANDBOX_API_KEY,
	startSandbox,
	type Sandbox,
	type SandboxOptions,
} from '../../sandbox/sandbox.cts';
import { leaveLog } from './failures.cts';
import { startN8n, type N8n } from './n8n.cts';
import { OWNER } from './owner.cts';
import { until } from './until.cts';

/** What the credential for the sandbox's clinic holds. */
export const CREDENTIAL = { apiKey: SANDBOX_API_KEY, contactEmail: OWNER.email };

/** A workflow as n8n's API takes it. */
export interface Workflow {
	name: string;
	nodes: Array<Partial<INode>>;
	connections: IConnections;
	settings?: IWorkflowSettings;
}

/** A workflow of these nodes, each connected to the one before; what is left out is plain. */
export function chain(
	name: string,
	nodes: Array<Pick<INode, 'name' | 'type' | 'typeVersion'> & Partial<INode>>,
): Workflow {
	return {
		name,
		nodes: nodes.map((node, at) => ({
			id: node.name,
			position: [at * 200, 0],
			parameters: {},
			...node,
		})),
		connections: Object.fromEntries(
			nodes
				.slice(1)
				.map((node, at) => [
					nodes[at]!.name,
					{ main: [[{ node: node.name, type: 'main', index: 0 }]] },
				]),
		),
	};
}

/** Sorts by name: the files of an item are sent at once, and end on the record in any order. */
export function byName(one: { name: string | null }, other: { name: string | null }): number {
	return String(one.name) < String(other.name) ? -1 : 1;
}

/** A run of a workflow in n8n's list of executions. */
export interface Execution {
	id: string;
	status: string;
	retryOf?: string;
}

/** How far n8n has come with waking a workflow's triggers. */
interface Publication {
	status: string;
	triggers: Array<{ errorMessage: string | null }>;
}

/** A real n8n and the sandbox, connected. */
export interface ClinicWithN8n {
	sandbox: Sandbox;
	n8n: N8n;
	/** The folder in which n8n keeps its `.n8n`. */
	folder: string;
	/** Makes a credential; a node names it by what comes back. */
	addCredential: (
		name: string,
		type: string,
		data: object,
	) => Promise<NonNullable<INode['credentials']>>;
	/** Saves a workflow and returns its id. */
	save: (workflow: Workflow) => Promise<string>;
	/** Publishes a workflow: from now on its trigger is awake. */
	publish: (workflow: string) => Promise<void>;
	/** Waits until so many runs of the workflow are over, and returns them, oldest first. */
	executions: (workflow: string, count: number) => Promise<Execution[]>;
	close: () => Promise<void>;
}

/**
 * Starts both, n8n from a copy of the prepared folder, and signs in. Processing takes no time
 * unless told otherwise.
 *
 * @param name names n8n's log, which is left behind if a test fails
 */
export async function openClinic(
	name: string,
	options: { sandbox?: SandboxOptions; env?: Record<string, string> } = {},
): Promise<ClinicWithN8n> {
	const sandbox = await startSandbox({ processingMs: 0, ...options.sandbox });
	const made = process.env.E2E_FOLDER!;
	const folder = mkdtempSync(path.join(made, 'n8n-'));
	cpSync(path.join(made, 'prepared'), folder, { recursive: true });
	const env = { ...sandbox.env, NO_PROXY: 'localhost,127.0.0.1', ...options.env };
	const n8n = await startSignedIn(folder, env).catch(async (error: Error) => {
		await sandbox.close();
		throw error;
	});
	return {
		sandbox,
		n8n,
		folder,
		async addCredential(credentialName, type, data) {
			const { id } = await n8n.call<{ id: string }>('POST', '/rest/credentials', {
				name: credentialName,
				type,
				data,
			});
			return { [type]: { id, name: credentialName } };
		},
		async save(workflow) {
			const { id } = await n8n.call<{ id: string }>('POST', '/rest/workflows', {
				settings: {},
				...workflow,
			});
			return id;
		},
		async publish(workflow) {
			const at = `/rest/workflows/${workflow}`;
			const { versionId } = await n8n.call<{ versionId: string }>('GET', at);
			await n8n.call('POST', `${at}/activate`, { versionId });
			// n8n wakes the triggers after it has answered.
			await until('the workflow is published', async () => {
				const { status, triggers } = await n8n.call<Publication>('GET', `${at}/publication-status`);
				const failed = triggers.map(({ errorMessage }) => errorMessage).filter(Boolean);
				if (failed.length > 0) throw new Error(`Not published: ${failed.join(', ')}`);
				return status === 'published' || undefined;
			});
		},
		async executions(workflow, count) {
			const filter = encodeURIComponent(JSON.stringify({ workflowId: workflow }));
			return await until(`${count} executions are over`, async () => {
				const { results } = await n8n.call<{ results: Execution[] }>(
					'GET',
					`/rest/executions?filter=${filter}`,
				);
				const over = results.filter(({ status }) => !['new', 'running'].includes(status));
				return over.length < count ? undefined : over.reverse();
			});
		},
		async close() {
			await n8n.close();
			await sandbox.close();
			leaveLog(name, n8n.log());
		},
	};
}

async function startSignedIn(folder: string, env: Record<string, string>): Promise<N8n> {
	const n8n = await startN8n({ folder, env });
	const { email, password } = OWNER;
	try {
		await n8n.call('POST', '/rest/login', { emailOrLdapLoginId: email, password });
		return n8n;
	} catch (error) {
		await n8n.close();
		throw error;
	}
}
