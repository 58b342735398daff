import type { IDataObject, INode, INodeExecutionData } from 'n8n-workflow';

import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, node, type ClinicWithN8n, type UploadRun } from './clinic.cts';

export interface ErrorLoop {
	items: UploadRun['items'];
	/** Parameters of the Cliniko node. */
	parameters?: IDataObject;
	/** Settings of the Cliniko node itself. */
	settings?: Partial<INode>;
	/** A node between the error output and the input, if any. */
	through?: Partial<INode> & Pick<INode, 'type'>;
	credential?: IDataObject;
	/** In ms. */
	cancelAfter?: number;
}

/**
 * Runs a workflow in which the Cliniko node's error output leads back into it; returns the output
 * of all iterations.
 */
export async function runErrorLoop(
	{ engine }: ClinicWithN8n,
	{ items, parameters, settings, through, credential, cancelAfter = 40_000 }: ErrorLoop,
) {
	const to = (name: string) => [{ node: name, type: 'main' as const, index: 0 }];
	const { run } = await engine.call('run', {
		workflow: {
			nodes: [
				node('Files', 'engine.files'),
				node('Cliniko', 'n8n-nodes-cliniko.cliniko', {
					credentials: { clinikoApi: { id: 'cliniko', name: 'Cliniko' } },
					onError: 'continueErrorOutput',
					...settings,
					parameters: {
						patientId: by('id', SANDBOX_PATIENT_ID),
						...parameters,
					} as never,
				}),
				...(through ? [node('Through', through.type, through)] : []),
			],
			connections: {
				Files: { main: [to('Cliniko')] },
				Cliniko: { main: [[], to(through ? 'Through' : 'Cliniko')] },
				...(through && { Through: { main: [to('Cliniko')] } }),
			},
		},
		items,
		credentials: { cliniko: credential ?? CREDENTIAL },
		cancelAfter,
	});
	const runs = run.data.resultData.runData.Cliniko ?? [];
	const output = (index: number): INodeExecutionData[] =>
		runs.flatMap(({ data }) => data?.main?.[index] ?? []);
	return { status: run.status, succeeded: output(0), failed: output(1) };
}
