import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { INode } from 'n8n-workflow';

import {
	startEngine,
	type EngineOptions,
	type RunReply,
	type StartItem,
	type WorkflowFile,
} from '../../engine/engine.cts';
import { SANDBOX_API_KEY, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import type { Clinic } from '../clinic.cts';
import { observe } from '../process.cts';
import type { Job, Report, Side } from './side.cts';

const CREDENTIAL = { apiKey: SANDBOX_API_KEY, shard: '', contactEmail: 'bench@clinic.example' };

/** The node that provides the files, in every workflow here. */
const FILES = 'Files';
const FILES_NODE: INode = {
	id: '1',
	name: FILES,
	type: 'engine.files',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

/**
 * This package in n8n's own engine.
 *
 * @param engine options for its process, for profiles and other builds
 */
export async function startNode(clinic: Clinic, engine: EngineOptions = {}): Promise<Side> {
	return await startInN8n('node', clinic, engine, nodeWorkflow);
}

/** The workflow that people build from n8n's own nodes, in the same engine. */
export async function startChain(clinic: Clinic, engine: EngineOptions = {}): Promise<Side> {
	return await startInN8n('chain', clinic, engine, chainWorkflow);
}

/**
 * Only the three requests of an upload, sent with n8n's request helper: a lower bound for any node.
 */
export async function startRequests(clinic: Clinic): Promise<Side> {
	const nodes = path.join(__dirname, 'requests-node.cts');
	return await startInN8n('requests', clinic, { nodes }, requestsWorkflow);
}

/** Only stores the files in n8n, which every side in n8n has to do. */
export async function startStore(clinic: Clinic): Promise<Side> {
	return await startInN8n('node', clinic, {}, () => ({ nodes: [FILES_NODE], connections: {} }));
}

async function startInN8n(
	name: 'node' | 'chain' | 'requests',
	clinic: Clinic,
	options: EngineOptions,
	workflowFor: (job: Job) => WorkflowFile,
): Promise<Side> {
	const engine = await startEngine({ ...options, env: clinic.env });
	return {
		name,
		upload: async (job) => {
			const items: StartItem[] = job.files.map(({ path: file, name: fileName }) => ({
				json: { patientId: SANDBOX_PATIENT_ID },
				files: { data: { path: file, fileName, mimeType: 'application/pdf' } },
			}));
			const finish = observe(engine.pid);
			const { run } = await engine.call('run', {
				workflow: workflowFor(job),
				items,
				credentials: { cliniko: CREDENTIAL },
			});
			return { ...finish(), ...timeOf(run) };
		},
		close: async () => await engine.close(),
	};
}

/** The time since the files were in n8n's store: storing them is not part of an upload. */
function timeOf(run: RunReply['run']): Pick<Report, 'seconds' | 'error'> {
	const { runData, error } = run.data.resultData;
	const ends = (name: string) =>
		runData[name]!.map(({ startTime, executionTime }) => startTime + executionTime);
	const end = Math.max(...Object.keys(runData).flatMap(ends));
	return { seconds: (end - ends(FILES)[0]!) / 1000, error: error?.message };
}

function nodeWorkflow({ wait, concurrency }: Job): WorkflowFile {
	return {
		nodes: [
			FILES_NODE,
			{
				id: '2',
				name: 'Cliniko',
				type: 'n8n-nodes-cliniko.cliniko',
				typeVersion: 1,
				position: [200, 0],
				parameters: {
					patientId: { __rl: true, mode: 'id', value: '={{ $json.patientId }}' },
					description: 'From the bench',
					waitForProcessing: wait,
					options: concurrency ? { concurrency } : {},
				},
				credentials: { clinikoApi: { id: 'cliniko', name: 'Cliniko' } },
			},
		],
		connections: { [FILES]: { main: [[{ node: 'Cliniko', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	};
}

function requestsWorkflow(job: Job): WorkflowFile {
	const workflow = nodeWorkflow(job);
	const requests = { type: 'engine.requests', parameters: { concurrency: job.concurrency } };
	return {
		...workflow,
		nodes: workflow.nodes.map((node) => (node === FILES_NODE ? node : { ...node, ...requests })),
	};
}

function chainWorkflow({ wait }: Job): WorkflowFile {
	const chain = JSON.parse(
		readFileSync(path.join(__dirname, '../chain.json'), 'utf8'),
	) as WorkflowFile;
	if (!wait) delete chain.connections['Create Record'];
	return chain;
}
