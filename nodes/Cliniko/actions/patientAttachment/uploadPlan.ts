import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { isTokenOf, type Position, type UploadMemory } from '../../once/uploadMemory';
import { descriptionOf } from '../parameters/description';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { pickFiles } from '../../upload/binaryFields';
import { closedPatients } from '../../upload/closedPatients';
import { textOf } from '../parameters/text';
import { contentOf, sourceFile } from '../../upload/sourceFile';
import type { Upload } from '../../upload/upload';
import { patientIdOf } from '../parameters/patientId';

/** What the collection "Options" holds; what is left out has the default. */
interface UploadOptions {
	fileName?: unknown;
	concurrency?: unknown;
	ifAlreadyUploaded?: 'upload' | 'skip';
	ifNoFile?: 'error' | 'skip';
	onTimeout?: 'error' | 'continue';
	maxWait?: unknown;
}

/** What is about the run as a whole; taken from its first item. */
export interface RunSettings {
	/** How many files are sent at the same time. */
	concurrency: number;
	/** The longest wait for the processing of a file, in ms. */
	maxWait: number;
	onTimeout: 'error' | 'continue';
}

/** What an item asks for: files to upload, or the reason why that cannot be. */
export interface UploadPlan {
	itemIndex: number;
	uploads: Upload[];
	simplify: boolean;
	/** The upload that the item stands for, if it is an error item of this node that comes back. */
	token?: string;
	error?: Error;
}

function optionsOf(context: IExecuteFunctions, itemIndex: number): UploadOptions {
	return context.getNodeParameter('options', itemIndex, {});
}

/**
 * Reads the settings of the run.
 *
 * @throws ClinikoError if Longest Wait is no time; what n8n throws over an expression
 */
export function runSettings(context: IExecuteFunctions): RunSettings {
	const { concurrency, maxWait = 300, onTimeout = 'error' } = optionsOf(context, 0);
	const seconds = typeof maxWait === 'string' && maxWait.trim() !== '' ? Number(maxWait) : maxWait;
	if (typeof seconds !== 'number' || !(seconds > 0) || seconds === Infinity) {
		throw new ClinikoError(
			'Longest Wait is not a number of seconds above 0.',
			'Set it to how long the processing of a file may take, such as 300, or remove the option.',
		);
	}
	return {
		concurrency: Math.min(Math.max(Math.trunc(Number(concurrency)) || 4, 1), 20),
		maxWait: seconds * 1000,
		onTimeout,
	};
}

/**
 * Reads and checks all parameters of all items. Nothing is sent, so that a slip in one item does not
 * leave the files of the others uploaded.
 *
 * @param shard that the credential is for
 * @returns a plan for each item; with an `error` in it, instead of throwing, if something is not right
 */
export async function planUploads(
	context: IExecuteFunctions,
	shard: string,
	memory: UploadMemory,
): Promise<UploadPlan[]> {
	const plans: UploadPlan[] = [];
	for (const itemIndex of context.getInputData().keys()) {
		plans.push(await planItem(context, itemIndex, shard));
	}
	const positions: Position[] = [];
	for (const { uploads, token } of plans) {
		for (const [position, { patientId, itemIndex, file }] of uploads.entries()) {
			const content = memory.knowsContents ? await contentOf(file) : undefined;
			positions.push({ patientId, source: file.source, itemIndex, position, token, content });
		}
	}
	const identities = memory.identify(positions).values();
	for (const upload of plans.flatMap(({ uploads }) => uploads)) {
		upload.identity = identities.next().value!;
	}
	return plans;
}

async function planItem(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): Promise<UploadPlan> {
	const plan: UploadPlan = { itemIndex, uploads: [], simplify: true };
	try {
		const options = optionsOf(context, itemIndex);
		plan.simplify = Boolean(context.getNodeParameter('simplify', itemIndex, true));
		const waitForProcessing = Boolean(
			context.getNodeParameter('waitForProcessing', itemIndex, true),
		);
		const item = context.getInputData()[itemIndex]!;
		// An error item that comes back in a loop stands for one file; the item's others have their own.
		plan.token = tokenIn(item);
		const ifNoFile = options.ifNoFile ?? 'error';
		const pick = (ifMissing: 'error' | 'skip') =>
			pickFiles(
				context.getNodeParameter('binaryPropertyName', itemIndex),
				item,
				ifMissing,
				// n8n 1.85 to 1.123 have neither this function nor this setting.
				context.getWorkflowSettings?.().binaryMode,
			);
		const picked = pick(plan.token === undefined ? ifNoFile : 'skip');
		if (picked.length === 0) pick(ifNoFile);
		if (picked.length === 0) return plan;
		const patientId = patientIdOf(context, itemIndex, shard);
		const description = descriptionOf(context.getNodeParameter('description', itemIndex, ''));
		const { getBinaryMetadata: metadata, getBinaryStream: stream } = context.helpers;
		for (const field of picked) {
			const rename = textOf(options.fileName, 'File Name');
			plan.uploads.push({
				itemIndex,
				field,
				patientId,
				description,
				file: await sourceFile(field.name, field.data, rename, { metadata, stream }),
				identity: '',
				skipIfThere: options.ifAlreadyUploaded === 'skip',
				waitForProcessing,
			});
		}
		const { token } = plan;
		if (token === undefined) return plan;
		const failed = plan.uploads.filter(({ file }) => isTokenOf(token, patientId, file.source));
		if (failed.length > 0) plan.uploads = failed;
		// The item's JSON, which may come from anywhere, does not stand for any of these files.
		else pick(ifNoFile);
		return plan;
	} catch (error) {
		return { ...plan, uploads: [], error: error as Error };
	}
}

/** What an error item of an earlier run of the node says of the upload that failed. */
function tokenIn({ json }: INodeExecutionData): string | undefined {
	const details = json.details as IDataObject | null | undefined;
	return json.error !== undefined && typeof details?.file === 'string' ? details.file : undefined;
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
	const pending = plans.filter(({ uploads }) =>
		uploads.some(({ identity }) => memory.recall(identity) === undefined),
	);
	const patientOf = ({ uploads }: UploadPlan) => uploads[0]!.patientId;
	try {
		const closed = await closedPatients(api, pending.map(patientOf));
		for (const plan of pending) plan.error = closed.get(patientOf(plan));
	} catch (error) {
		for (const plan of pending) plan.error = error as Error;
	}
}
