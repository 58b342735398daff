import { cpSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { INode } from 'n8n-workflow';

import { startN8n, type N8n } from '../../n8n/n8n.cts';
import { signIn } from '../../n8n/prepare.cts';
import { until } from '../../n8n/until.cts';
import { addCredential, publish, saveWorkflow, type Workflow } from '../../n8n/workflows.cts';
import {
	SANDBOX_API_KEY,
	startSandbox,
	type Sandbox,
	type SandboxOptions,
} from '../../sandbox/sandbox.cts';
import { leaveLog } from './failures.cts';
import { OWNER } from './owner.cts';

export type { Workflow } from '../../n8n/workflows.cts';

/** Credential data for the sandbox's clinic. */
export const CREDENTIAL = { apiKey: SANDBOX_API_KEY, contactEmail: OWNER.email };

/** A workflow with these nodes connected in a line; omitted properties get defaults. */
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

/** Sort order by name: an item's files are sent concurrently and are recorded in any order. */
export function byName(one: { name: string | null }, other: { name: string | null }): number {
	return String(one.name) < String(other.name) ? -1 : 1;
}

/** An execution of a workflow, as n8n lists it. */
export interface Execution {
	id: string;
	status: string;
	retryOf?: string;
}

/** A real n8n that uses the sandbox. */
export interface ClinicWithN8n {
	sandbox: Sandbox;
	n8n: N8n;
	/** The folder in which n8n keeps its `.n8n`. */
	folder: string;
	/** Creates a credential; nodes refer to it by what this returns. */
	addCredential: (
		name: string,
		type: string,
		data: object,
	) => Promise<NonNullable<INode['credentials']>>;
	/** Saves a workflow and returns its id. */
	save: (workflow: Workflow) => Promise<string>;
	/** Publishes a workflow, which activates its trigger. */
	publish: (workflow: string) => Promise<void>;
	/**
	 * Waits until this many executions of the workflow have finished, and returns them, oldest first.
	 */
	executions: (workflow: string, count: number) => Promise<Execution[]>;
	close: () => Promise<void>;
}

/**
 * Starts both, n8n with a copy of the prepared folder, and signs in. Processing takes no time by
 * default.
 *
 * @param name of n8n's log file, which is kept if a test fails
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
		addCredential: async (...credential) => await addCredential(n8n, ...credential),
		save: async (workflow) => await saveWorkflow(n8n, workflow),
		publish: async (workflow) => await publish(n8n, workflow),
		async executions(workflow, count) {
			const filter = encodeURIComponent(JSON.stringify({ workflowId: workflow }));
			return await until(`${count} executions are over`, async () => {
				const { results } = await n8n.call<{ results: Execution[] }>(
					'GET',
					`/rest/executions?limit=100&filter=${filter}`,
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
	try {
		await signIn(n8n, OWNER);
		return n8n;
	} catch (error) {
		await n8n.close();
		throw error;
	}
}
