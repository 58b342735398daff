import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
} from 'n8n-workflow';

import { connect, pauseFor, sendToS3 } from '../../transport/connect';
import { AlreadyUploaded } from '../../upload/alreadyUploaded';
import { simplified } from '../../records/patientAttachment';
import { Processing } from '../../upload/processing';
import { RecordCreation } from '../../upload/recordCreation';
import { runError, runUploads, type Outcome } from '../../upload/runUploads';
import { uploadFile } from '../../upload/uploadFile';
import { UploadMemory } from '../../upload/uploadMemory';
import type { Operation } from '../operations';
import { patientIdField } from '../patientId';
import { errorText, nodeError } from '../report';
import { simplifyField } from '../simplify';
import { optionsOf, planUploads, refuseClosedPatients, type UploadPlan } from './uploadPlan';

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
	const goOn = context.continueOnFail();
	const api = await connect(context);
	const pause = pauseFor(context);
	const run = Number(context.evaluateExpression('{{ $runIndex }}', 0));
	const memory = new UploadMemory(context.getContext('node'), run);

	// All items are checked before the first file is sent, so that a slip in one of them does not
	// leave the others uploaded and the workflow stopped.
	const plans: UploadPlan[] = [];
	for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
		const plan = await planUploads(context, itemIndex, api.shard, memory);
		if (plan.error && !goOn) throw nodeError(context, plan.error, itemIndex);
		plans.push(plan);
	}
	await refuseClosedPatients(api, plans, memory);
	const refused = goOn ? undefined : plans.find(({ error }) => error);
	if (refused) throw nodeError(context, refused.error!, refused.itemIndex);
	const uploads = plans.flatMap((plan) => (plan.error ? [] : plan.uploads));

	const creation = new RecordCreation(api, pause, memory);
	for (const one of uploads) creation.resume(one);
	const tools = { api, sendToS3: sendToS3(context), pause, memory, creation };
	// What is about the run as a whole is taken from its first item.
	const { concurrency, maxWait, onTimeout } = optionsOf(context, 0);
	const processing = new Processing(
		api,
		pause,
		(Number(maxWait) || 300) * 1000,
		onTimeout ?? 'error',
	);
	const alreadyUploaded = new AlreadyUploaded(api, processing);
	const outcomes = await runUploads(uploads, {
		concurrency: Math.min(Math.max(Math.trunc(Number(concurrency)) || 4, 1), 20),
		goOn,
		send: async (one) => {
			const store = async () => await uploadFile(tools, one);
			return optionsOf(context, one.itemIndex).ifAlreadyUploaded === 'skip'
				? await alreadyUploaded.unlessThere(one, store)
				: await store();
		},
		processed: async (record, { itemIndex }) =>
			context.getNodeParameter('waitForProcessing', itemIndex, true)
				? await processing.finished(record)
				: record,
		stopWaiting: () => processing.stop(),
	});
	const failure = goOn ? undefined : runError(outcomes);
	if (failure) throw nodeError(context, failure.error, failure.itemIndex);

	const results = outcomes.values();
	return plans.flatMap(({ itemIndex, uploads: planned, error }) => {
		const pairedItem = { item: itemIndex };
		if (error) return [{ json: { error: errorText(error, itemIndex) }, pairedItem }];
		const simplify = context.getNodeParameter('simplify', itemIndex, true);
		return planned.map(() => ({
			json: output(results.next().value!, Boolean(simplify)),
			pairedItem,
		}));
	});
}

function output(
	{ upload: { itemIndex, file }, record, error }: Outcome,
	simplify: boolean,
): IDataObject {
	if (error || !record) return { error: errorText(error!, itemIndex, file.name) };
	return simplify ? simplified(record) : record;
}

export const upload: Operation = {
	name: 'Upload',
	value: 'upload',
	action: 'Upload patient attachment',
	description: "Put a file on a patient's record",
	fields,
	execute,
};
