import type { IExecuteFunctions } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { pickFiles } from '../../upload/binaryFields';
import { sourceFile } from '../../upload/sourceFile';
import type { Upload } from '../../upload/uploadFile';
import type { UploadMemory } from '../../upload/uploadMemory';
import { patientIdOf } from '../patientId';

/** Cliniko's own limit (OpenAPI, `UploadedPatientAttachment.description`). */
const LONGEST_DESCRIPTION = 255;

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
		);
		if (picked.length === 0) return { itemIndex, uploads: [] };
		const patientId = patientIdOf(context, itemIndex, shard);
		const description = describe(context.getNodeParameter('description', itemIndex, ''));
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

function describe(value: unknown): string {
	const description = String(value ?? '');
	const length = [...description].length;
	if (length > LONGEST_DESCRIPTION) {
		throw new ClinikoError(
			`The description has ${length} characters, and Cliniko takes at most ${LONGEST_DESCRIPTION}.`,
			'Shorten Description. With an expression, .slice(0, 255) at its end cuts it.',
		);
	}
	return description;
}
