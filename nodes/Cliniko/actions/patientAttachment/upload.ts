import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { ContentDigests } from '../../download/contentDigest';
import { ClinikoError } from '../../errors';
import { RecordCreation } from '../../once/recordCreation';
import type { RecordSearch } from '../../once/recordSearch';
import { UploadMemory } from '../../once/uploadMemory';
import { simplified } from '../../records/patientAttachment';
import { ownUserId } from '../../records/user';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { connect, contentFromS3, pauseFor, sendToS3 } from '../../transport/connect';
import { AlreadyUploaded } from '../../upload/alreadyUploaded';
import { Processing } from '../../upload/processing';
import { runError, runUploads } from '../../upload/runUploads';
import type { Upload } from '../../upload/upload';
import { uploadFile } from '../../upload/uploadFile';
import type { Operation } from '../operations';
import { patientIdField } from '../patientId';
import { errorText, nodeError } from '../report';
import { simplifyField } from '../simplify';
import { planUploads, refuseClosedPatients, runSettings, type RunSettings } from './uploadPlan';

const fields: INodeProperties[] = [
	patientIdField('The patient whose record the file belongs on'),
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		default: 'data',
		required: true,
		hint: 'The name of the input field containing the file to be uploaded',
		placeholder: 'e.g. data or attachment_*',
		description:
			'For several files, give their names with commas between, or a pattern such as attachment_* or *. Each file becomes an attachment of its own. As a tool of an AI agent, the file has to be in the agent’s own input: a model cannot pass a file.',
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
	simplifyField,
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
				typeOptions: { minValue: 1, maxValue: 20, numberPrecision: 0 },
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

async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const items = context.getInputData();
	if (items.length === 0) return [];
	const continueOnFail = context.continueOnFail();
	const pause = pauseFor(context);
	const run = Number(context.evaluateExpression('{{ $runIndex }}', 0));
	const memory = new UploadMemory(context.getContext('node'), run);

	let api: ClinikoApi;
	let settings: RunSettings;
	try {
		api = await connect(context);
		settings = runSettings(context);
	} catch (error) {
		if (!continueOnFail) throw nodeError(context, error as Error, 0);
		return items.map((_, itemIndex) => failed(context, error as Error, itemIndex, [], memory));
	}
	const { concurrency, maxWait, onTimeout } = settings;
	const plans = await planUploads(context, api.shard, memory);
	const stopAtFirst = () => {
		const refused = continueOnFail ? undefined : plans.find(({ error }) => error);
		if (refused) throw nodeError(context, refused.error!, refused.itemIndex);
	};
	stopAtFirst();
	await refuseClosedPatients(api, plans, memory);
	stopAtFirst();

	const digests = new ContentDigests(api, contentFromS3(context));
	let user: Promise<string | undefined> | undefined;
	const search: RecordSearch = {
		api,
		pause,
		digestOf: async (record) => await digests.of(record),
		ownUser: async () => await (user ??= ownUserId(api)),
	};
	const tools = {
		api,
		sendToS3: sendToS3(context),
		pause,
		memory,
		creation: new RecordCreation(search, memory),
		alreadyUploaded: new AlreadyUploaded(search),
	};
	const processing = new Processing(api, pause, maxWait, onTimeout);
	const outcomes = await runUploads(
		plans.flatMap(({ uploads, error }) => (error ? [] : uploads)),
		{
			concurrency,
			continueOnFail,
			send: async (one) => await uploadFile(tools, one),
			processed: async (record) => await processing.finished(record),
			stopWaiting: () => processing.stop(),
		},
	);
	const failure = continueOnFail ? undefined : runError(outcomes, memory);
	if (failure) throw nodeError(context, failure.error, failure.itemIndex);

	const results = outcomes.values();
	return plans.flatMap(({ itemIndex, uploads, simplify, error }) => {
		if (error) return [failed(context, error, itemIndex, uploads, memory)];
		return uploads.map((one) => {
			const { record, error: reason } = results.next().value!;
			if (!record || reason) return failed(context, reason!, itemIndex, [one], memory);
			memory.handedOn(one.identity);
			return { json: simplify ? simplified(record) : record, pairedItem: { item: itemIndex } };
		});
	});
}

/**
 * The item of files that failed: the reason for people, and beside it `details`, which a workflow can
 * branch on. `stored` is `yes`, `no` or `unknown`. `safe_to_retry` says that sending the file again,
 * even in a new execution, cannot store it twice.
 *
 * With "On Error: Continue (using error output)" n8n tells such items by their keys: from about 2.4x on
 * `error` and `details` are fine, before that it looks for an `error` beside `json`. That one must not
 * be copied along, because newer n8n would keep nothing of the item but its message.
 */
function failed(
	context: IExecuteFunctions,
	error: Error,
	itemIndex: number,
	uploads: Upload[],
	memory: UploadMemory,
): INodeExecutionData {
	const known = uploads.map(({ identity }) => memory.recall(identity));
	const attachments = known.flatMap((one) => (one && 'attachment' in one ? one.attachment : []));
	// A record that was stored and is not found any more is nothing to rely on.
	const isGone = error instanceof ClinikoError && error.httpCode === 404;
	const isStored = attachments.length > 0 && attachments.length === uploads.length && !isGone;
	// Which files a faulty item would have had is not known.
	const isSafe = uploads.length > 0 ? known.every((one) => one === undefined) : !memory.resumes;
	const [file] = uploads.length === 1 ? uploads.map((one) => one.file.name) : [];
	const item = {
		json: {
			error: errorText(error, itemIndex, file),
			details: {
				stored: isStored ? 'yes' : isSafe ? 'no' : 'unknown',
				attachment_id: attachments[0] ?? null,
				safe_to_retry: isSafe,
			},
		},
		// For whoever sends the file another way.
		binary: context.getInputData()[itemIndex]?.binary,
		pairedItem: { item: itemIndex },
	};
	return context.getNode().onError === 'continueErrorOutput'
		? Object.defineProperty(item, 'error', {
				value: nodeError(context, error, itemIndex),
				writable: true,
			})
		: item;
}

export const upload: Operation = {
	name: 'Upload',
	value: 'upload',
	action: 'Upload patient attachment',
	description: "Put a file on a patient's record",
	fields,
	execute,
};
