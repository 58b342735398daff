import { createHash } from 'node:crypto';
import type { IDataObject, INode, INodeExecutionData } from 'n8n-workflow';

import {
	startEngine,
	type Engine,
	type EngineOptions,
	type RunReply,
	type StartFile,
	type StartItem,
} from '../../engine/engine.cts';
import {
	optionsFrom,
	SANDBOX_API_KEY,
	SANDBOX_PATIENT_ID,
	startSandbox,
	type Sandbox,
	type SandboxOptions,
} from '../../sandbox/sandbox.cts';
import { withCheckedOutput } from './output-schemas.cts';

export const CREDENTIAL = {
	apiKey: SANDBOX_API_KEY,
	shard: '',
	customShard: '',
	contactEmail: 'front.desk@clinic.example',
};

let accounts = 0;

/**
 * The credential of a user whom no other test has: the process remembers the patients that it has
 * created for each key, and the sandbox gives their ids again after a reset.
 */
export function newCredential({ clinic }: Sandbox) {
	const key = Buffer.from(`key ${++accounts}`).toString('hex');
	return { ...CREDENTIAL, apiKey: clinic.addUser({ apiKey: `MS0x${key}-au1` }).apiKey };
}

/** A workflow that ends in the Cliniko node. */
export interface UploadRun {
	items: StartItem[];
	parameters?: IDataObject;
	/** Settings of the node itself, such as `onError`. */
	node?: Partial<INode>;
	/** Nodes that follow, by name; the first is connected to the Cliniko node. */
	after?: Record<string, Partial<INode>>;
	/** A node between the files and the Cliniko node. */
	between?: Partial<INode>;
	settings?: IDataObject;
	credential?: IDataObject;
	cancelAfter?: number;
	write?: boolean;
	/** Retries this run, as from n8n's list of executions. */
	retryOf?: UploadResult;
}

export interface UploadResult extends RunReply {
	output: INodeExecutionData[];
	/** The second output, with "On Error: Continue (using error output)". */
	errorOutput: INodeExecutionData[];
	/** The error that stopped the workflow. */
	error?: { message: string; description?: string };
	outputOf: (node: string) => INodeExecutionData[];
}

/** n8n's engine with the sandbox. */
export interface ClinicWithN8n {
	sandbox: Sandbox;
	engine: Engine;
	run: (run: UploadRun) => Promise<UploadResult>;
	close: () => Promise<void>;
}

/**
 * The sandbox's default settings in tests: the unkind ones, since it is unknown which of them are
 * true of Cliniko. `CLINIKO_SANDBOX` replaces them for a whole run: with `kind`, or with single
 * settings such as `CLINIKO_SANDBOX=listOrder=unstable,listLagMs=500`, the others being kind. See
 * sandbox/options.cts.
 */
const SETTINGS = optionsFrom(process.env.CLINIKO_SANDBOX ?? 'unkind');

/** For tests of the records' contents: Cliniko returns everything unchanged and at once. */
export const PLAIN: SandboxOptions = {
	descriptions: 'kept',
	comparison: 'insensitive',
	listLagMs: 0,
	createdAtBehindMs: 0,
	clockSpreadMs: 0,
	emptyValues: 'null',
	listsShowMerged: true,
	listOrder: 'stable',
};

export interface ClinicOptions {
	sandbox?: SandboxOptions;
	engine?: EngineOptions;
}

/**
 * The clinic of a test file or of a `describe` block: opened before its tests, reset after each of
 * them and closed at the end. The object can be used from the first test on.
 */
export function useClinic(options?: ClinicOptions): ClinicWithN8n {
	const clinic = {} as ClinicWithN8n;
	beforeAll(async () => void Object.assign(clinic, await openClinic(options)));
	afterEach(() => clinic.sandbox.reset());
	afterAll(async () => await clinic.close());
	return clinic;
}

/** Starts both. Processing takes no time by default. */
export async function openClinic(options: ClinicOptions = {}): Promise<ClinicWithN8n> {
	const sandbox = await startSandbox({ processingMs: 0, ...SETTINGS, ...options.sandbox });
	const env = { ...sandbox.env, ...options.engine?.env };
	const started = await startEngine({ ...options.engine, env }).catch(async (error: Error) => {
		await sandbox.close();
		throw error;
	});
	const engine = withCheckedOutput(started);
	return {
		sandbox,
		engine,
		run: async (run) => await runUpload(engine, run),
		close: async () => {
			await engine.close();
			await sandbox.close();
		},
	};
}

/** Lists as a database may return them that guarantees no order. */
export const UNSTABLE_LISTS = {
	listOrder: 'unstable',
	sortsById: false,
	clockSpreadMs: 5000,
	requestsPerWindow: 10_000,
} as const;

/** The value of a resource locator, the parameter with the modes "From List", "By ID" and so on. */
export function by<T>(mode: string, value: T) {
	return { __rl: true, mode, value };
}

/** Collects the longer fields of all presigned posts: policy, signature, key, date. */
export function collectFormValues({ faults }: Sandbox, into: string[], longerThan: number): void {
	faults.add({
		on: 'presign',
		times: 99,
		act: 'after',
		do: {
			rewrite: (reply) => {
				const { fields } = JSON.parse(reply.body) as { fields: Record<string, string> };
				into.push(...Object.values(fields).filter((value) => value.length > longerThan));
				return reply;
			},
		},
	});
}

/** A node of a workflow, with its name as its id. */
export function node(name: string, type: string, rest: Partial<INode> = {}): INode {
	return { id: name, name, type, typeVersion: 1, position: [0, 0], parameters: {}, ...rest };
}

async function runUpload(engine: Engine, run: UploadRun): Promise<UploadResult> {
	const path = [
		node('Files', 'engine.files'),
		...(run.between ? [node('Between', 'engine.answer', run.between)] : []),
		node('Cliniko', 'n8n-nodes-cliniko.cliniko', {
			credentials: { clinikoApi: { id: 'cliniko', name: 'Cliniko' } },
			...run.node,
			parameters: {
				patientId: by('id', SANDBOX_PATIENT_ID),
				...run.parameters,
			} as never,
		}),
		...Object.entries(run.after ?? {}).map(([name, rest]) => node(name, 'engine.answer', rest)),
	];
	const connections = Object.fromEntries(
		path
			.slice(1)
			.map(({ name }, at) => [
				path[at]!.name,
				{ main: [[{ node: name, type: 'main' as const, index: 0 }]] },
			]),
	);
	const reply = await engine.call('run', {
		workflow: { nodes: path, connections, settings: run.settings },
		items: run.items,
		credentials: { cliniko: run.credential ?? CREDENTIAL },
		cancelAfter: run.cancelAfter,
		write: run.write,
		// n8n keeps it as JSON in its database.
		retryOf: run.retryOf && JSON.parse(JSON.stringify(run.retryOf.run.data)),
	});
	const { runData, error } = reply.run.data.resultData;
	const main = (name: string, index: number) => runData[name]?.at(-1)?.data?.main?.[index] ?? [];
	return {
		...reply,
		output: main('Cliniko', 0),
		errorOutput: main('Cliniko', 1),
		error: error && { message: error.message, description: error.description ?? undefined },
		outputOf: (name) => main(name, 0),
	};
}

export function file(
	fileName: string | undefined,
	content: Buffer | string,
	mimeType = 'application/pdf',
): StartFile {
	return { base64: Buffer.from(content).toString('base64'), fileName, mimeType };
}

/** A PDF's header and footer, with some text to tell files apart. */
export function pdf(text: string): Buffer {
	return Buffer.from(`%PDF-1.4\n${text}\n%%EOF\n`);
}

export function sha256(content: Buffer | string): string {
	return createHash('sha256').update(content).digest('hex');
}

/** The attachments on record: patient, file name and digest. */
export function recorded({
	clinic,
}: Sandbox): Array<{ patient: string; name: string | null; sha256?: string }> {
	return [...clinic.attachments.values()].map((record) => ({
		patient: record.patientId,
		name: record.filename,
		sha256: record.stored?.sha256,
	}));
}

/** The digest of the attachment that an item refers to. */
export function contentOf({ clinic }: Sandbox, { json }: INodeExecutionData): string | undefined {
	return clinic.attachments.get(String(json.id))?.stored.sha256;
}
