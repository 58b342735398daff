import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { CaseLinks } from '../../cases/caseLink';
import { ContentDigests } from '../../download/contentDigest';
import { RecordCreator } from '../../once/createRecordOnce';
import type { RecordSearch } from '../../once/recordSearch';
import { UploadMemory } from '../../once/uploadMemory';
import { simplified, type SimplifiedAttachment } from '../../records/patientAttachment';
import { ownUserId } from '../../requests/ownUser';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { Priority } from '../../transport/cliniko/requestQueue';
import { Limiter } from '../../transport/limiter';
import { connect, contentFromS3, pauseFor, runIndexOf, sendToS3 } from '../../transport/n8n';
import { AlreadyUploaded } from '../../upload/alreadyUploaded';
import { Processing } from '../../upload/processing';
import { contentOf } from '../../upload/sourceFile';
import { uploadFile, type UploadTools } from '../../upload/uploadFile';
import { uploadFiles } from '../../upload/uploadFiles';
import type { Operation } from '../operation';
import { caseLinkField } from '../parameters/caseId';
import { outputFields } from '../parameters/output';
import { patientIdField } from '../parameters/patientId';
import { nodeError } from '../report';
import { failedItem, runError, withEarlierTries } from './uploadFailure';
import {
	findCases,
	planUploads,
	refuseInactivePatients,
	runSettings,
	type RunSettings,
	type UploadPlan,
} from './uploadPlan';

const fields: INodeProperties[] = [
	patientIdField('The patient whose record the file belongs on'),
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		default: 'data',
		required: true,
		hint: 'The name of a field with a file, a pattern such as *, or an expression that gives the file',
		placeholder: 'e.g. data or attachment_*',
		description:
			'The fields are in the Binary tab of the input. For several files, give their names with commas between, or a pattern such as attachment_* or *. A name also stands for its numbered fields: Referral for Referral_0, Referral_1. Each file becomes an attachment of its own. As a tool of an AI agent, the file has to be in the agent’s own input: a model cannot pass a file.',
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
	...outputFields(simplified),
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
				description:
					'The maximum number of files that are sent at the same time. Without this option: 20 small files, or 4 of more than 1 MB.',
			},
			{
				displayName: 'If Already Uploaded',
				name: 'ifAlreadyUploaded',
				type: 'options',
				default: 'upload',
				description:
					"What to do if the same file is on the patient's record already: the same name and content",
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
					{ name: 'Skip', value: 'skip', description: 'Ignore the item' },
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
			caseLinkField,
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

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAttachment & { patient_case_id?: string };

async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const items = context.getInputData();
	if (items.length === 0) return [];
	const continueOnFail = context.continueOnFail();
	const pause = pauseFor(context);
	const memory = new UploadMemory(context.getContext('node'), runIndexOf(context));

	let api: ClinikoApi;
	let settings: RunSettings;
	try {
		api = await connect(context);
		settings = runSettings(context);
	} catch (error) {
		if (!continueOnFail) {
			throw nodeError(context, withEarlierTries(error as Error, memory), 0);
		}
		return items.map((_, at) => failedItem(context, error as Error, at, [], memory));
	}
	const { concurrency, streamWeight, maxWait, onTimeout } = settings;
	const plans = await planUploads(context, api.shard, memory);
	const stopAtFirst = () => {
		const refused = continueOnFail ? undefined : plans.find(({ error }) => error);
		if (!refused) return;
		throw nodeError(context, withEarlierTries(refused.error!, memory), refused.itemIndex);
	};
	stopAtFirst();
	await refuseInactivePatients(api, pause, plans, memory);
	await findCases(api, plans, memory);
	stopAtFirst();

	// What is compared, created or looked for belongs to a file that is in S3 already.
	const urgent = api.withPriority(Priority.finish);
	const digests = new ContentDigests(urgent, contentFromS3(context));
	let user: Promise<string | undefined> | undefined;
	const search: RecordSearch = {
		api: urgent,
		pause,
		digestOf: async (record) => (await digests.of(record)).sha256,
		ownUser: async () => await (user ??= ownUserId(urgent)),
	};
	const limiter = new Limiter(concurrency, !continueOnFail);
	const processing = new Processing(api, pause, maxWait, onTimeout);
	const tools: UploadTools = {
		api,
		sendToS3: sendToS3(context),
		pause,
		limiter,
		streamWeight,
		memory,
		recordCreator: new RecordCreator(search, memory),
		alreadyUploaded: new AlreadyUploaded({
			api,
			pause,
			digestOf: async (record) => await digests.of(record),
		}),
		processing,
		linkToCase: async (caseId, attachmentId) =>
			await CaseLinks.of(api).add(urgent, pause, caseId, attachmentId),
	};
	const outcomes = await uploadFiles(
		plans.flatMap(({ uploads, error }) => (error ? [] : uploads)),
		async (one) => await uploadFile(tools, one),
		() => {
			if (continueOnFail) return;
			// Uploads in progress are finished: if they were cut off, their outcome would be unknown.
			limiter.stop();
			processing.stop();
		},
	);
	for (const { upload: failed, error } of continueOnFail ? outcomes : []) {
		if (!error || !memory.recall(failed.identity)) continue;
		// A loop may save the file again under another id before it comes back.
		const content = await contentOf(failed.file);
		if (content) memory.failed(failed.identity, failed.patientId, content);
	}
	const failure = continueOnFail ? undefined : runError(outcomes, memory);
	if (failure) throw nodeError(context, failure.error, failure.itemIndex);

	hintAtIgnored(context, plans);
	const results = outcomes.values();
	return plans.flatMap(({ itemIndex, uploads, show, error }) => {
		if (error) return [failedItem(context, error, itemIndex, uploads, memory)];
		return uploads.map((one) => {
			const { record, error: reason } = results.next().value!;
			if (!record || reason) {
				return failedItem(context, reason!, itemIndex, [one], memory, record);
			}
			memory.handedOn(one.identity);
			const { caseId } = one;
			const json = {
				...show(record),
				...(caseId !== undefined && { patient_case_id: caseId }),
			};
			return { json, pairedItem: { item: itemIndex } };
		});
	});
}

/** Tells a person in the editor how many items were ignored: a misspelt field has the same effect. */
function hintAtIgnored(context: IExecuteFunctions, plans: UploadPlan[]): void {
	const ignored = plans.filter(({ uploads, error }) => uploads.length === 0 && !error).length;
	if (ignored === 0) return;
	context.addExecutionHints({
		message: `${ignored} of ${plans.length} items had no file in Input Binary Field and were ignored, as If Item Has No File says.`,
		location: 'outputPane',
	});
}

export const upload: Operation = {
	name: 'Upload',
	value: 'upload',
	action: 'Upload patient attachment',
	description: "Put a file on a patient's record",
	fields,
	hints: [
		{
			when: '!$parameter["waitForProcessing"] && ["maxWait", "onTimeout"].some((name) => $parameter["options"][name] !== undefined)',
			message:
				'Longest Wait and If Processing Takes Longer do nothing while Wait for Processing is off.',
		},
		{
			when: '!$parameter["waitForProcessing"] && $parameter["options"]["ifAlreadyUploaded"] === "skip"',
			message:
				'With If Already Uploaded set to Skip, this step may still wait up to 30 seconds, although Wait for Processing is off: Cliniko does not show what other new files of the patient are before it has processed them.',
		},
		{
			when: '["concurrency", "maxWait", "onTimeout"].some((name) => String($rawParameter["options"][name]).startsWith("="))',
			message:
				'Files at Once, Longest Wait and If Processing Takes Longer apply to all items: an expression there is read for the first item only.',
		},
	],
	execute,
};
