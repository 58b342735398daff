import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { caseToLink } from '../../cases/caseLink';
import { ClinikoError } from '../../errors';
import { isTokenOf, type Position, type UploadMemory } from '../../once/uploadMemory';
import { simplified, type PatientAttachment } from '../../records/patientAttachment';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import type { Pause } from '../../transport/pause';
import { inactivePatients } from '../../upload/inactivePatients';
import { contentOf, sourceFile } from '../../upload/sourceFile';
import type { Upload } from '../../upload/upload';
import { caseLinkIn } from '../parameters/caseId';
import { descriptionOf } from '../parameters/description';
import { inputFiles } from '../parameters/inputFiles';
import { outputOf } from '../parameters/output';
import { patientIdOf } from '../parameters/patientId';
import { textOf } from '../parameters/text';

/** The collection "Options"; an option that is left out has its default. */
interface UploadOptions {
	fileName?: unknown;
	concurrency?: unknown;
	ifAlreadyUploaded?: 'upload' | 'skip';
	ifNoFile?: 'error' | 'skip';
	linkToCase?: unknown;
	onTimeout?: 'error' | 'continue';
	maxWait?: unknown;
}

/** The settings of the whole run, taken from its first item. */
export interface RunSettings {
	/** How many units may be sent at the same time, and how many units a streamed file takes. */
	concurrency: number;
	streamWeight: number;
	/** The maximum wait until a file is processed, in ms. */
	maxWait: number;
	onTimeout: 'error' | 'continue';
}

/** The uploads of an item, or the reason why it cannot be uploaded. */
export interface UploadPlan {
	itemIndex: number;
	uploads: Upload[];
	/** How its attachments are returned. */
	show: (record: PatientAttachment) => IDataObject;
	/** The case to link to: an id, or `ONLY_OPEN`. */
	caseLink?: string;
	/** The token of the upload, if the item is an error item of this node that a loop brings back. */
	token?: string;
	error?: Error;
}

/** The maximum number of files that are sent at the same time. */
const MAX_FILES = 20;

/**
 * Without the option Files at Once: 20 small files or 4 streamed ones. A streamed file fills its buffers,
 * whatever its size, while a small one is mostly waiting for replies.
 */
const AUTOMATIC = { concurrency: MAX_FILES, streamWeight: MAX_FILES / 4 };

function optionsOf(context: IExecuteFunctions, itemIndex: number): UploadOptions {
	return context.getNodeParameter('options', itemIndex, {});
}

/**
 * Reads the settings of the run.
 *
 * @throws ClinikoError if Longest Wait is invalid; an error of n8n's if an expression fails
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
	const chosen = Math.trunc(Number(concurrency));
	return {
		...(chosen
			? { concurrency: Math.min(Math.max(chosen, 1), MAX_FILES), streamWeight: 1 }
			: AUTOMATIC),
		maxWait: seconds * 1000,
		onTimeout,
	};
}

/**
 * Reads and validates the parameters of all items. Sends nothing, so that a mistake in one item is
 * found before the files of the others are uploaded.
 *
 * @param shard the credential's shard
 * @returns a plan for each item; does not throw, but sets `error` in the plan of an invalid item
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
	const plan: UploadPlan = { itemIndex, uploads: [], show: simplified };
	try {
		const options = optionsOf(context, itemIndex);
		plan.show = outputOf(context, itemIndex, simplified);
		const waitForProcessing = Boolean(
			context.getNodeParameter('waitForProcessing', itemIndex, true),
		);
		const item = context.getInputData()[itemIndex]!;
		// The error item of a loop stands for one file; each other file has its own item.
		plan.token = tokenIn(item);
		const ifNoFile = options.ifNoFile ?? 'error';
		const pick = (ifMissing: 'error' | 'skip') => inputFiles(context, itemIndex, ifMissing);
		const picked = pick(plan.token === undefined ? ifNoFile : 'skip');
		if (picked.length === 0) pick(ifNoFile);
		if (picked.length === 0) return plan;
		const patientId = patientIdOf(context, itemIndex, shard);
		plan.caseLink = caseLinkIn(options.linkToCase, shard);
		const description = descriptionOf(context.getNodeParameter('description', itemIndex, ''));
		const { getBinaryMetadata: metadata, getBinaryStream: stream } = context.helpers;
		for (const field of picked) {
			const rename = textOf(options.fileName, 'File Name');
			plan.uploads.push({
				itemIndex,
				field,
				patientId,
				description,
				file: await sourceFile(field.name, field.data, rename, { metadata, stream }).catch(
					(error: unknown) => Promise.reject(withOthers(error, picked.length)),
				),
				identity: '',
				skipIfThere: options.ifAlreadyUploaded === 'skip',
				waitForProcessing,
			});
		}
		const { token } = plan;
		if (token === undefined) return plan;
		const failed = plan.uploads.filter(({ file }) => isTokenOf(token, patientId, file.source));
		if (failed.length > 0) plan.uploads = failed;
		// The token is not for any of these files: the JSON may come from anywhere.
		else pick(ifNoFile);
		return plan;
	} catch (error) {
		return { ...plan, uploads: [], error: error as Error };
	}
}

/** One file that cannot be sent keeps back the others of its item, which its error does not say. */
function withOthers(error: unknown, files: number): unknown {
	if (!(error instanceof ClinikoError) || files === 1) return error;
	const message = `${error.message} None of the ${files} files of this item was sent.`;
	return new ClinikoError(message, error.description ?? '', error.httpCode);
}

/** The token in an error item of an earlier run of this node. */
function tokenIn({ json }: INodeExecutionData): string | undefined {
	const details = json.details as IDataObject | null | undefined;
	return json.error !== undefined && typeof details?.file === 'string' ? details.file : undefined;
}

/**
 * Sets `error` in the plans whose patient is archived or merged. Files that an earlier attempt has
 * stored count as stored, even if the patient has been archived since.
 *
 * @param plans are changed in place
 */
export async function refuseInactivePatients(
	api: ClinikoApi,
	pause: Pause,
	plans: UploadPlan[],
	memory: UploadMemory,
): Promise<void> {
	const pending = plans.filter(({ uploads }) =>
		uploads.some(({ identity }) => memory.recall(identity) === undefined),
	);
	const patientOf = ({ uploads }: UploadPlan) => uploads[0]!.patientId;
	try {
		const inactive = await inactivePatients(api, pause, pending.map(patientOf));
		for (const plan of pending) plan.error = inactive.get(patientOf(plan));
	} catch (error) {
		for (const plan of pending) plan.error = error as Error;
	}
}

/**
 * Finds the cases that the files are to be linked to, and sets `error` in the plans that have none. Sends
 * a request for each patient and case.
 *
 * @param plans are changed in place
 */
export async function findCases(
	api: ClinikoApi,
	plans: UploadPlan[],
	memory: UploadMemory,
): Promise<void> {
	const found = new Map<string, Promise<string>>();
	const find = async ({ uploads, caseLink }: UploadPlan): Promise<string> => {
		const { patientId } = uploads[0]!;
		const key = `${patientId} ${caseLink}`;
		const one = found.get(key) ?? caseToLink(api, patientId, caseLink!);
		found.set(key, one);
		return await one;
	};
	const pending = plans.filter(({ uploads, caseLink, error }) => uploads[0] && caseLink && !error);
	await Promise.all(
		pending.map(async (plan) => {
			try {
				const caseId = await find(plan);
				for (const upload of plan.uploads) upload.caseId = caseId;
			} catch (error) {
				plan.error = withStored(error as ClinikoError, plan, memory);
			}
		}),
	);
}

/** Adds to an error which files of the item an earlier attempt has stored. */
function withStored(
	error: ClinikoError,
	{ uploads }: UploadPlan,
	memory: UploadMemory,
): ClinikoError {
	const stored = uploads.flatMap(({ identity }) => {
		const known = memory.recall(identity);
		return known && 'attachment' in known ? known.attachment : [];
	});
	if (stored.length === 0) return error;
	return new ClinikoError(
		`${error.message} The file is stored, as attachment ${stored.join(', ')}, but may not be linked to a case.`,
		`Do not upload it again. ${error.description}`,
	);
}
