import { join } from 'node:path';
import type { BinaryDataService, WorkflowExecute } from 'n8n-core';
import * as n8nWorkflow from 'n8n-workflow';
import type { INode, IRunExecutionData, Workflow } from 'n8n-workflow';

/*
 * What n8n-core and n8n-workflow had in another form before: each function does it in the form that
 * the installed ones have.
 */

type Old<F> = F extends (...args: never[]) => infer R ? (...args: unknown[]) => R : never;

/** Opens n8n's binary data store. Up to n8n 1.9x its settings are passed to it. */
export async function openBinaryData(service: BinaryDataService): Promise<void> {
	const mode = process.env.N8N_DEFAULT_BINARY_DATA_MODE;
	const localStoragePath = join(process.env.N8N_USER_FOLDER!, '.n8n', 'binaryData');
	const settings =
		service.init.length > 0 ? [{ mode, availableModes: [mode], localStoragePath }] : [];
	await (service.init as Old<typeof service.init>).apply(service, settings);
}

/** The data of a run that has not started. Up to n8n 1.12x there is no function for it. */
export function emptyRun(): IRunExecutionData {
	if ('createEmptyRunExecutionData' in n8nWorkflow)
		return n8nWorkflow.createEmptyRunExecutionData();
	return {
		startData: {},
		resultData: { runData: {} },
		executionData: {
			contextData: {},
			nodeExecutionStack: [],
			metadata: {},
			waitingExecution: {},
			waitingExecutionSource: {},
		},
	} as never;
}

/** Starts a run. Up to n8n 2.x the workflow and the first node are two arguments. */
export function startRun(
	execute: WorkflowExecute,
	workflow: Workflow,
	startNode: INode | undefined,
): ReturnType<WorkflowExecute['run']> {
	const separate = execute.run.length > 1;
	const args = separate ? [workflow, startNode] : [{ workflow, startNode }];
	return (execute.run as Old<typeof execute.run>).apply(execute, args);
}
