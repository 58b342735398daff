/**
 * The engine's process: n8n-core, with the package loaded as n8n loads it. It needs its own process
 * because Node reads NODE_EXTRA_CA_CERTS only at start, and because n8n-core keeps its settings in
 * globals.
 */
import 'reflect-metadata';

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { Container } from '@n8n/di';
import {
	BinaryDataService,
	ExecuteContext,
	ExecutionLifecycleHooks,
	LoadOptionsContext,
	PackageDirectoryLoader,
	PollContext,
	RoutingNode,
	WorkflowExecute,
} from 'n8n-core';
import {
	NodeHelpers,
	Workflow,
	type ICredentialDataDecryptedObject,
	type ICredentialType,
	type IDataObject,
	type ILoadOptionsFunctions,
	type INode,
	type INodeType,
	type INodeTypes,
	type IRunExecutionData,
	type IVersionedNodeType,
	type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';

import { credentialsHelper } from './credentials.cts';
import { emptyRun, openBinaryData, startRun } from './older-cores.cts';
import type { Calls, Loaded, PollRequest, RunReply, RunRequest } from './protocol.cts';
import * as startNodes from './start-nodes.cts';

const packageFolder = process.env.ENGINE_PACKAGE ?? process.cwd();
const packageName = 'n8n-nodes-cliniko';

let executions = 0;

async function start(): Promise<void> {
	await openBinaryData(Container.get(BinaryDataService));
	const loader = new PackageDirectoryLoader(packageFolder);
	await loader.loadAll();
	const credentialType = (name: string): ICredentialType => {
		const loaded = loader.credentialTypes[name];
		if (!loaded) throw new Error(`The package has no credential type ${name}`);
		return loaded.type;
	};
	const engineNodes: Record<string, INodeType> = {
		...startNodes,
		...(process.env.ENGINE_NODES && require(process.env.ENGINE_NODES)),
	};
	const types: Record<string, INodeType> = {
		...Object.fromEntries(
			Object.entries(engineNodes).map(([name, type]) => [`engine.${name}`, type]),
		),
		...Object.fromEntries(
			Object.entries(loader.nodeTypes).map(([name, { type }]) => [
				`${packageName}.${name}`,
				type as INodeType,
			]),
		),
	};
	const nodeTypes = nodeTypesOf(types);
	const pollContexts = new Map<string, PollContext>();

	const calls: {
		[K in keyof Calls]: (request: Calls[K]['request']) => Promise<Calls[K]['reply']>;
	} = {
		loaded: async () => loaded(loader),
		run: async (request) => await runWorkflow(nodeTypes, credentialType, request),
		testCredential: async (data) => await testCredential(credentialType, data),
		poll: async (request) => await poll(nodeTypes, credentialType, pollContexts, request),
		listSearch: async (request) => await listSearch(nodeTypes, credentialType, request),
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
	{ workflow: file, items, startNode: start, credentials, write, cancelAfter, retryOf }: RunRequest,
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
	const startNode = Object.values(workflow.nodes).find(({ name, type }) =>
		start ? name === start : type === 'engine.files',
	);
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
			retryOf ? prepareRetry(retryOf, workflow) : emptyRun(),
		);
		const running = retryOf
			? execute.processRunExecutionData(workflow)
			: startRun(execute, workflow, startNode);
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

/**
 * Prepares the retry of a failed execution as n8n does: the failed node runs again with the same
 * input and its current settings.
 */
function prepareRetry(failed: IRunExecutionData, workflow: Workflow): IRunExecutionData {
	const { resultData, executionData } = failed;
	for (const waiting of executionData?.nodeExecutionStack ?? []) {
		waiting.node = workflow.getNode(waiting.node.name) ?? waiting.node;
	}
	delete resultData.error;
	const runs = resultData.runData[resultData.lastNodeExecuted ?? ''] ?? [];
	if (runs.at(-1)?.error !== undefined) runs.pop();
	return failed;
}

/** Tests the credential as n8n does: with a request from a temporary node. */
async function testCredential(
	credentialType: (name: string) => ICredentialType,
	data: IDataObject,
): Promise<Calls['testCredential']['reply']> {
	const { test } = credentialType('clinikoApi');
	const node = nodeWith('engine.test');
	const type = {
		description: {
			...startNodes.answer.description,
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
		emptyRun(),
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

/** n8n polls with the same context for as long as a workflow is active. */
async function poll(
	nodeTypes: INodeTypes,
	credentialType: (name: string) => ICredentialType,
	contexts: Map<string, PollContext>,
	{ activation, activationMode, mode = 'trigger', parameters, credential, staticData }: PollRequest,
): Promise<Calls['poll']['reply']> {
	let context = contexts.get(activation);
	if (!context) {
		const node = { ...nodeWith(`${packageName}.clinikoTrigger`), parameters: parameters as never };
		const workflow = new Workflow({
			id: 'engine',
			nodes: [node],
			connections: {},
			active: true,
			nodeTypes,
			staticData: { [`node:${node.name}`]: structuredClone(staticData ?? {}) },
		});
		const additionalData = additionalDataFor(credentialType, () => credential);
		context = new PollContext(workflow, node, additionalData, mode, activationMode);
		contexts.set(activation, context);
	}
	const { type } = context.getNode();
	const items = await nodeTypes.getByNameAndVersion(type, 1).poll!.call(context);
	const left = context.getWorkflowStaticData('node');
	return { items: items?.[0] ?? null, staticData: JSON.parse(JSON.stringify(left)) as IDataObject };
}

async function listSearch(
	nodeTypes: INodeTypes,
	credentialType: (name: string) => ICredentialType,
	{ method, credential, filter, paginationToken, parameters }: Calls['listSearch']['request'],
): Promise<Calls['listSearch']['reply']> {
	const node = nodeWith(`${packageName}.cliniko`);
	// As in n8n: with the current values of the fields.
	node.parameters = (parameters ?? {}) as never;
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

/** Our own node types, and n8n's, which are loaded on demand. */
function nodeTypesOf(types: Record<string, INodeType>): INodeTypes {
	const typeOf = (name: string): INodeType | IVersionedNodeType => (types[name] ??= baseNode(name));
	return {
		getByName: typeOf,
		getByNameAndVersion: (name, version) => NodeHelpers.getVersionedNodeType(typeOf(name), version),
		getKnownTypes: () => ({}),
	};
}

function baseNode(type: string): INodeType {
	const folder = path.dirname(require.resolve('n8n-nodes-base/package.json'));
	const known = JSON.parse(
		readFileSync(path.join(folder, 'dist/known/nodes.json'), 'utf8'),
	) as Record<string, { className: string; sourcePath: string }>;
	const node = known[type.replace('n8n-nodes-base.', '')];
	if (!node || !type.startsWith('n8n-nodes-base.'))
		throw new Error(`There is no node type ${type}`);
	const module = require(path.join(folder, node.sourcePath)) as Record<string, new () => INodeType>;
	return new module[node.className]!();
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
