/**
 * The engine's own process: n8n-core, with the package loaded as n8n loads it. It is one of its own
 * because Node reads NODE_EXTRA_CA_CERTS only when it starts, and because n8n-core keeps its settings
 * in globals.
 */
import 'reflect-metadata';
import { inspect } from 'node:util';
import { Container } from '@n8n/di';
import {
	BinaryDataService,
	ExecuteContext,
	ExecutionLifecycleHooks,
	LoadOptionsContext,
	PackageDirectoryLoader,
	RoutingNode,
	WorkflowExecute,
} from 'n8n-core';
import {
	createEmptyRunExecutionData,
	Workflow,
	type ICredentialDataDecryptedObject,
	type IDataObject,
	type ICredentialType,
	type ILoadOptionsFunctions,
	type INode,
	type INodeType,
	type INodeTypes,
	type IRunExecutionData,
	type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';

import { credentialsHelper } from './credentials.cts';
import type { Calls, Loaded, RunReply, RunRequest } from './protocol.cts';
import { answer, files } from './start-nodes.cts';

const packageFolder = process.env.ENGINE_PACKAGE ?? process.cwd();
const packageName = 'n8n-nodes-cliniko';

let executions = 0;

async function start(): Promise<void> {
	await Container.get(BinaryDataService).init();
	const loader = new PackageDirectoryLoader(packageFolder);
	await loader.loadAll();
	const credentialType = (name: string): ICredentialType => {
		const loaded = loader.credentialTypes[name];
		if (!loaded) throw new Error(`The package has no credential type ${name}`);
		return loaded.type;
	};
	const types: Record<string, INodeType> = {
		'engine.files': files,
		'engine.answer': answer,
		...Object.fromEntries(
			Object.entries(loader.nodeTypes).map(([name, { type }]) => [
				`${packageName}.${name}`,
				type as INodeType,
			]),
		),
	};
	const nodeTypes = nodeTypesOf(types);

	const calls: {
		[K in keyof Calls]: (request: Calls[K]['request']) => Promise<Calls[K]['reply']>;
	} = {
		loaded: async () => loaded(loader),
		run: async (request) => await runWorkflow(nodeTypes, credentialType, request),
		testCredential: async (data) => await testCredential(credentialType, data),
		listSearch: async ({ method, credential, filter, paginationToken }) =>
			await listSearch(nodeTypes, credentialType, credential, method, filter, paginationToken),
	};
	process.on(
		'message',
		({ id, kind, request }: { id: number; kind: keyof Calls; request: never }) => {
			calls[kind](request).then(
				(reply) => process.send?.({ id, reply }),
				(error: Error) => process.send?.({ id, error: error.stack ?? String(error) }),
			);
		},
	);
	process.send?.({ ready: true });
}

function loaded({ types }: PackageDirectoryLoader): Loaded {
	return {
		nodes: Object.fromEntries(
			types.nodes.map(({ name, displayName, iconUrl, codex }) => [
				name,
				{ displayName, icon: iconUrl, codex },
			]),
		),
		credentials: Object.fromEntries(
			types.credentials.map(({ name, displayName, iconUrl, supportedNodes }) => [
				name,
				{ displayName, icon: iconUrl, supportedNodes },
			]),
		),
	};
}

async function runWorkflow(
	nodeTypes: INodeTypes,
	credentialType: (name: string) => ICredentialType,
	{ workflow: file, items, credentials, write, cancelAfter, retryOf }: RunRequest,
): Promise<RunReply> {
	const executionId = String(++executions);
	const workflow = new Workflow({
		id: 'engine',
		name: 'Engine',
		nodes: file.nodes.map((node) =>
			node.type === 'engine.files' ? { ...node, parameters: { items: items as never } } : node,
		),
		connections: file.connections,
		active: false,
		nodeTypes,
		settings: file.settings ?? {},
	});
	const startNode = Object.values(workflow.nodes).find(({ type }) => type === 'engine.files');
	const additionalData = additionalDataFor(credentialType, (id) => credentials[id]);
	additionalData.executionId = executionId;
	additionalData.hooks = new ExecutionLifecycleHooks('trigger', executionId, {
		...file,
		id: 'engine',
		name: 'Engine',
		active: false,
		isArchived: false,
		createdAt: new Date(),
		updatedAt: new Date(),
		activeVersionId: null,
	} as never);
	const before = process.memoryUsage.rss();
	let peak = before;
	const memory = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
	const began = Date.now();
	try {
		const execute = new WorkflowExecute(
			additionalData,
			retryOf ? 'retry' : 'trigger',
			retryOf ? prepareRetry(retryOf) : createEmptyRunExecutionData(),
		);
		const running = retryOf
			? execute.processRunExecutionData(workflow)
			: execute.run({ workflow, startNode });
		const cancel = cancelAfter && setTimeout(() => running.cancel(), cancelAfter);
		const run = await running;
		if (cancel) clearTimeout(cancel);
		const written = write
			? inspect(run, { depth: null, maxStringLength: null, maxArrayLength: null })
			: '';
		return { run, written, took: Date.now() - began, grew: peak - before };
	} finally {
		clearInterval(memory);
	}
}

/** What n8n does with a failed execution that is retried: the failed node runs again, with its input. */
function prepareRetry(failed: IRunExecutionData): IRunExecutionData {
	const { resultData } = failed;
	delete resultData.error;
	const runs = resultData.runData[resultData.lastNodeExecuted ?? ''] ?? [];
	if (runs.at(-1)?.error !== undefined) runs.pop();
	return failed;
}

/** Runs the credential's test the way n8n's own tester does: as a request of a node made for it. */
async function testCredential(
	credentialType: (name: string) => ICredentialType,
	data: IDataObject,
): Promise<Calls['testCredential']['reply']> {
	const { test } = credentialType('clinikoApi');
	const node = nodeWith('engine.test');
	const type = {
		description: {
			...answer.description,
			name: node.type,
			credentials: [{ name: 'clinikoApi', required: true }],
			properties: [
				{
					displayName: 'Temp',
					name: 'temp',
					type: 'string',
					routing: { request: test!.request },
					default: '',
				},
			],
		},
	} as INodeType;
	const workflow = new Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: nodeTypesOf({ [node.type]: type }),
	});
	const additionalData = additionalDataFor(credentialType, () => data);
	const context = new ExecuteContext(
		workflow,
		node,
		additionalData,
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node, data: {}, source: null },
		[],
	);
	try {
		await new RoutingNode(context, type, {
			id: '1',
			name: 'Cliniko',
			type: 'clinikoApi',
			data: data as ICredentialDataDecryptedObject,
		}).runNode();
		return { status: 'OK', message: 'Connection successful!' };
	} catch (error) {
		const { message, cause } = error as Error & { cause?: { response?: { status: number } } };
		const rule = test!.rules?.find(
			({ type: kind, properties }) =>
				kind === 'responseCode' && properties.value === cause?.response?.status,
		);
		return { status: 'Error', message: rule?.properties.message ?? message };
	}
}

async function listSearch(
	nodeTypes: INodeTypes,
	credentialType: (name: string) => ICredentialType,
	credential: IDataObject,
	method: string,
	filter?: string,
	paginationToken?: string,
): Promise<Calls['listSearch']['reply']> {
	const node = nodeWith(`${packageName}.cliniko`);
	const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
	const additionalData = additionalDataFor(credentialType, () => credential);
	const context = new LoadOptionsContext(workflow, node, additionalData, '');
	const { methods } = nodeTypes.getByNameAndVersion(node.type, 1);
	return (await methods!.listSearch![method]!.call(
		context as ILoadOptionsFunctions,
		filter,
		paginationToken,
	)) as Calls['listSearch']['reply'];
}

function nodeWith(type: string): INode {
	return {
		id: '1',
		name: 'Node',
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { clinikoApi: { id: '1', name: 'Cliniko' } },
	};
}

function nodeTypesOf(types: Record<string, INodeType>): INodeTypes {
	return {
		getByName: (name) => types[name]!,
		getByNameAndVersion: (name) => types[name]!,
		getKnownTypes: () => ({}),
	};
}

function additionalDataFor(
	credentialType: (name: string) => ICredentialType,
	dataOf: (id: string) => IDataObject | undefined,
): IWorkflowExecuteAdditionalData {
	const url = 'http://localhost:5678';
	return {
		credentialsHelper: credentialsHelper(credentialType, dataOf),
		restApiUrl: url,
		instanceBaseUrl: url,
		formWaitingBaseUrl: `${url}/form-waiting`,
		webhookBaseUrl: url,
		webhookWaitingBaseUrl: `${url}/webhook-waiting`,
		webhookTestBaseUrl: url,
		variables: {},
		currentNodeExecutionIndex: 0,
		setExecutionStatus: () => {},
		logAiEvent: () => {},
	} as unknown as IWorkflowExecuteAdditionalData;
}

process.on('disconnect', () => process.exit(0));

start().catch((error) => {
	console.error(error);
	process.exit(1);
});
