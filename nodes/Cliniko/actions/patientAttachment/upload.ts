import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
} from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { connect, pauseFor, sendToS3 } from '../../transport/connect';
import { AlreadyUploaded } from '../../upload/alreadyUploaded';
import { pickFiles } from '../../upload/binaryFields';
import { simplified } from '../../upload/patientAttachment';
import { Processing } from '../../upload/processing';
import { runError, runUploads } from '../../upload/runUploads';
import { sourceFile } from '../../upload/sourceFile';
import { uploadFile, type Upload } from '../../upload/uploadFile';
import type { Operation } from '../operations';
import { patientIdField, patientIdOf } from '../patientId';
import { errorText, nodeError } from '../report';

/** Cliniko's own limit (OpenAPI, `UploadedPatientAttachment.description`). */
const LONGEST_DESCRIPTION = 255;

const fields: INodeProperties[] = [
	patientIdField,
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		default: 'data',
		required: true,
		hint: 'The name of the input field containing the file to be uploaded',
		placeholder: 'e.g. data or attachment_*',
		description:
			'For several files, give their names with commas between, or a pattern such as attachment_* or *. Each file becomes an attachment of its own.',
	},
	{
		displayName: 'Description',
		name: 'description',
		type: 'string',
		default: '',
		placeholder: 'e.g. Referral from the web form',
		description: 'Shown beside the file in Cliniko. At most 255 characters.',
	},
	{
		displayName: 'Wait for Processing',
		name: 'waitForProcessing',
		type: 'boolean',
		default: true,
		description:
			'Whether to wait until Cliniko has processed the file. Only then does the record have its file name, type and size.',
	},
	{
		displayName: 'Simplify',
		name: 'simplify',
		type: 'boolean',
		default: true,
		description: 'Whether to return a simplified version of the response instead of the raw data',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'File Name',
				name: 'fileName',
				type: 'string',
				default: '',
				placeholder: 'e.g. Referral.pdf',
				description: "Replaces the file's own name. Keep the ending, such as .pdf.",
			},
			{
				displayName: 'Files at Once',
				name: 'concurrency',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 10, numberPrecision: 0 },
				default: 4,
				description: 'How many files are sent at the same time',
			},
			{
				displayName: 'If Already Uploaded',
				name: 'ifAlreadyUploaded',
				type: 'options',
				default: 'upload',
				description:
					"What to do if a file with the same name and size is on the patient's record already",
				options: [
					{ name: 'Upload Again', value: 'upload' },
					{
						name: 'Skip',
						value: 'skip',
						description: 'Return the attachment that is there already',
					},
				],
			},
			{
				displayName: 'If Item Has No File',
				name: 'ifNoFile',
				type: 'options',
				default: 'error',
				description: 'What to do with an item that does not have the file',
				options: [
					{ name: 'Stop', value: 'error', description: 'Stop with a message' },
					{ name: 'Skip', value: 'skip', description: 'Pass over the item' },
				],
			},
			{
				displayName: 'If Processing Takes Longer',
				name: 'onTimeout',
				type: 'options',
				default: 'error',
				description: 'What to do if Cliniko is not done after the longest wait',
				options: [
					{ name: 'Stop', value: 'error', description: 'Stop with a message' },
					{
						name: 'Continue',
						value: 'continue',
						description: 'Return the record as it stands',
					},
				],
			},
			{
				displayName: 'Longest Wait',
				name: 'maxWait',
				type: 'number',
				typeOptions: { minValue: 1, numberPrecision: 0 },
				default: 300,
				description: 'How long to wait for the processing of a file, in seconds',
			},
		],
	},
];

/** What the collection "Options" holds; what is left out has the default. */
interface UploadOptions {
	fileName?: string;
	concurrency?: number;
	ifAlreadyUploaded?: 'upload' | 'skip';
	ifNoFile?: 'error' | 'skip';
	onTimeout?: 'error' | 'continue';
	maxWait?: number;
}

/** What an item asks for: files to upload, or the reason why that cannot be. */
interface Plan {
	itemIndex: number;
	uploads: Upload[];
	error?: Error;
}

async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const items = context.getInputData();
	if (items.length === 0) return [];
	const goOn = context.continueOnFail();
	const api = await connect(context);
	const pause = pauseFor(context);
	const send = sendToS3(context);

	// All items are checked before the first file is sent, so that a slip in one of them does not
	// leave the others uploaded and the workflow stopped.
	const plans: Plan[] = [];
	for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
		const plan = await planItem(context, itemIndex, api.shard);
		if (plan.error && !goOn) throw nodeError(context, plan.error, itemIndex);
		plans.push(plan);
	}

	const options = context.getNodeParameter('options', 0, {}) as UploadOptions;
	const processing = new Processing(
		api,
		pause,
		(options.maxWait ?? 300) * 1000,
		options.onTimeout ?? 'error',
	);
	const alreadyUploaded = new AlreadyUploaded(api, processing);
	const outcomes = await runUploads(
		plans.flatMap(({ uploads }) => uploads),
		{
			concurrency: Math.min(Math.max(Math.trunc(options.concurrency ?? 4), 1), 10),
			goOn,
			send: async (upload) => {
				const store = async () => await uploadFile(api, send, upload);
				return options.ifAlreadyUploaded === 'skip'
					? await alreadyUploaded.unlessThere(upload, store)
					: await store();
			},
			processed: context.getNodeParameter('waitForProcessing', 0, true)
				? async (record) => await processing.finished(record)
				: undefined,
		},
	);
	const failure = goOn ? undefined : runError(outcomes);
	if (failure) throw nodeError(context, failure.error, failure.itemIndex);

	const simplify = context.getNodeParameter('simplify', 0, true);
	const results = outcomes.values();
	return plans.flatMap(({ itemIndex, uploads, error }) => {
		const pairedItem = { item: itemIndex };
		if (error) return [{ json: { error: errorText(error, itemIndex) }, pairedItem }];
		return uploads.map(() => {
			const outcome = results.next().value!;
			const json: IDataObject =
				outcome.error || !outcome.record
					? { error: errorText(outcome.error!, itemIndex, outcome.upload.file.name) }
					: simplify
						? simplified(outcome.record)
						: outcome.record;
			return { json, pairedItem };
		});
	});
}

async function planItem(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
): Promise<Plan> {
	try {
		const item = context.getInputData()[itemIndex]!;
		const options = context.getNodeParameter('options', itemIndex, {}) as UploadOptions;
		const picked = pickFiles(
			context.getNodeParameter('binaryPropertyName', itemIndex),
			item,
			options.ifNoFile ?? 'error',
		);
		if (picked.length === 0) return { itemIndex, uploads: [] };
		const patientId = patientIdOf(context, itemIndex, shard);
		const description = describe(context.getNodeParameter('description', itemIndex, ''));
		const { getBinaryMetadata: metadata, getBinaryStream: stream } = context.helpers;
		const store = { metadata, stream };
		const uploads: Upload[] = [];
		for (const { name, data } of picked) {
			const file = await sourceFile(name, data, String(options.fileName ?? ''), store);
			uploads.push({ itemIndex, patientId, description, file });
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

export const upload: Operation = {
	name: 'Upload',
	value: 'upload',
	action: 'Upload patient attachment',
	description: "Put a file on a patient's record",
	fields,
	execute,
};
