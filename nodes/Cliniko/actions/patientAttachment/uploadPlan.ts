import type { IExecuteFunctions } from 'n8n-workflow';

import { descriptionOf } from '../../records/description';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { pickFiles } from '../../upload/binaryFields';
import { closedPatients } from '../../upload/closedPatients';
import { sourceFile } from '../../upload/sourceFile';
import type { Upload } from '../../upload/uploadFile';
import type { UploadMemory } from '../../upload/uploadMemory';
import { patientIdOf } from '../patientId';

/** What the collection "Options" holds; what is left out has the default. */
export interface UploadOptions {
	fileName?: string;
	concurrency?: number;
	ifAlreadyUploaded?: 'upload' | 'skip';
	ifNoFile?: 'error' | 'skip';
	onTimeout?: 'error' | 'continue';
	maxWait?: number;
}

/** What an item asks for: files to upload, or the reason why that cannot be. */
export interface UploadPlan {
	itemIndex: number;
	uploads: Upload[];
	error?: Error;
}

export function optionsOf(context: IExecuteFunctions, itemIndex: number): UploadOptions {
	return context.getNodeParameter('options', itemIndex, {});
}

/**
 * Reads and checks the parameters of an item. Nothing is sent.
 *
 * @param shard that the credential is for
 * @returns a plan with an `error`, instead of throwing, if something is not right
 */
export async function planUploads(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
	memory: UploadMemory,
): Promise<UploadPlan> {
	try {
		const options = optionsOf(context, itemIndex);
		const picked = pickFiles(
			context.getNodeParameter('binaryPropertyName', itemIndex),
			context.getInputData()[itemIndex]!,
			options.ifNoFile ?? 'error',
			// n8n 1.85 to 1.123 have neither this function nor this setting.
			context.getWorkflowSettings?.().binaryMode,
		);
		if (picked.length === 0) return { itemIndex, uploads: [] };
		const patientId = patientIdOf(context, itemIndex, shard);
		const description = descriptionOf(context.getNodeParameter('description', itemIndex, ''));
		const { getBinaryMetadata: metadata, getBinaryStream: stream } = context.helpers;
		const store = { metadata, stream };
		const uploads: Upload[] = [];
		for (const [at, { name, data }] of picked.entries()) {
			const file = await sourceFile(name, data, String(options.fileName ?? ''), store);
			const identity = memory.identityOf(
				itemIndex,
				at,
				patientId,
				description,
				file.name,
				file.size,
				file.source,
			);
			uploads.push({ itemIndex, patientId, description, file, identity });
		}
		return { itemIndex, uploads };
	} catch (error) {
		return { itemIndex, uploads: [], error: error as Error };
	}
}

/**
 * Gives an `error` to the plans whose patient must not get a file. What an earlier try has stored
 * counts as stored, whatever has become of the patient since.
 *
 * @param plans are changed in place
 */
export async function refuseClosedPatients(
	api: ClinikoApi,
	plans: UploadPlan[],
	memory: UploadMemory,
): Promise<void> {
	const open = plans.filter(({ uploads }) =>
		uploads.some(({ identity }) => memory.recall(identity) === undefined),
	);
	const patientOf = ({ uploads }: UploadPlan) => uploads[0]!.patientId;
	try {
		const closed = await closedPatients(api, open.map(patientOf));
		for (const plan of open) plan.error = closed.get(patientOf(plan));
	} catch (error) {
		for (const plan of open) plan.error = error as Error;
	}
}
