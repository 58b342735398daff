/**
 * Runs the rows of the fault table. A row mostly waits, so many run at once: each lane has a
 * sandbox and an engine, and takes the next row when it has finished one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { INodeExecutionData } from 'n8n-workflow';

import {
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	SANDBOX_SCHEDULER_USER_ID,
	SANDBOX_USER_ID,
	type Fault,
	type RecordedRequest,
	type Sandbox,
	type StoredObject,
} from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, file, openClinic, pdf, sha256, type ClinicWithN8n } from './clinic.cts';
import type { CredentialRow, FileName, Meanwhile, Row } from './fault-table.cts';
import { storeFile } from './records.cts';

export interface RowFile {
	name: FileName;
	patientId: string;
	content: Buffer;
	sha256: string;
}

/** An attachment in the sandbox at the end of a row. */
export interface Kept {
	id: string;
	patientId: string;
	sha256: string;
	/** As Cliniko returns it, which may have cleaned it. */
	filename: string | null;
}

/** The outcome of a row. */
export interface Outcome {
	files: RowFile[];
	/** One per item. */
	output: INodeExecutionData[];
	/** The error that stopped the workflow. */
	error?: { message: string; description?: string };
	attachments: Kept[];
	/** Whether Cliniko cleans file names. */
	cleansNames: boolean;
	requests: RecordedRequest[];
	/** Faults that never applied. */
	unused: Fault[];
	/** Everything that n8n would store of the node's run, as JSON, and the engine's log. */
	written: string;
	/** Duration in seconds. */
	took: number;
}

/** The outcome of a credential's test. */
export interface Tested {
	status: 'OK' | 'Error';
	message: string;
	requests: RecordedRequest[];
	unused: Fault[];
}

const DESCRIPTION = 'From the form';
const HOUR = 3_600_000;

/** A unit of work for a lane, with its approximate duration in seconds. */
export interface Job {
	takes: number;
	run: (clinic: ClinicWithN8n) => Promise<void>;
}

/** Runs all rows, longest first. */
export async function runRows(
	rows: Row[],
	credentialRows: CredentialRow[],
	lanes: number,
): Promise<{ outcomes: Map<Row, Outcome>; tested: Map<CredentialRow, Tested> }> {
	const outcomes = new Map<Row, Outcome>();
	const tested = new Map<CredentialRow, Tested>();
	const jobs: Job[] = [
		...rows.map((row, number) => ({
			takes: row.takes ?? 3,
			run: async (clinic: ClinicWithN8n) =>
				void outcomes.set(row, await runRow(clinic, row, number)),
		})),
		...credentialRows.map((row) => ({
			takes: row.takes ?? 1,
			run: async (clinic: ClinicWithN8n) => void tested.set(row, await runTest(clinic, row)),
		})),
	];
	await runJobs(jobs, lanes);
	return { outcomes, tested };
}

/** Runs all jobs in this many lanes, longest first; the sandbox is reset after each. */
export async function runJobs(jobs: Job[], lanes: number): Promise<void> {
	const queue = [...jobs].sort((a, b) => b.takes - a.takes).values();
	const lane = async (clinic: ClinicWithN8n): Promise<void> => {
		try {
			for (const { run } of queue) {
				await run(clinic);
				clinic.sandbox.reset();
			}
		} finally {
			await clinic.close();
		}
	};
	// Starting an engine takes CPU time, so the first lanes begin without waiting for the others.
	const running: Array<Promise<void>> = [];
	const open = async (): Promise<void> => {
		while (running.length < lanes) {
			const at = running.push(Promise.resolve()) - 1;
			running[at] = lane(await openClinic());
		}
	};
	await Promise.all([open(), open()]);
	await Promise.all(running);
}

/** Each is a process of about 150 MB that is idle most of the time. */
const LANES = 12;

/**
 * Runs the rows of a table before the tests of a file, as far as their tests are to run.
 *
 * @param usually the approximate duration of a row, in seconds
 * @returns the outcomes, and how many of something there are in all of them
 */
export function useRows<Row extends { what: string; takes?: number }, Result>(
	rows: Row[],
	usually: number,
	run: (clinic: ClinicWithN8n, row: Row, number: number) => Promise<Result>,
) {
	const outcomes = new Map<Row, Result>();
	beforeAll(async () => {
		const { testNamePattern } = globalThis as { testNamePattern?: RegExp | null };
		const wanted = rows.filter(({ what }) => testNamePattern?.test(what) ?? true);
		const jobs = wanted.map((row, number) => ({
			takes: row.takes ?? usually,
			run: async (clinic: ClinicWithN8n) => void outcomes.set(row, await run(clinic, row, number)),
		}));
		await runJobs(jobs, Math.min(LANES, wanted.length));
	}, 900_000);
	const sum = (count: (row: Row, outcome: Result) => number) =>
		[...outcomes].reduce((total, [row, outcome]) => total + count(row, outcome), 0);
	return { outcomes, sum };
}

/**
 * For tests that mostly wait: they run at the same time, before the other tests of the file, each in a
 * clinic of its own.
 *
 * @returns takes the place of jest's `it`
 */
export function useWaitingTests() {
	const rows: Array<{ what: string; test: (clinic: ClinicWithN8n) => Promise<void> }> = [];
	const { outcomes } = useRows(
		rows,
		60,
		async (clinic, { test }) => await test(clinic).catch((error: Error) => error),
	);
	return (what: string, test: (clinic: ClinicWithN8n) => Promise<void>): void => {
		const row = { what, test };
		rows.push(row);
		it(what, () => {
			if (!outcomes.has(row)) throw new Error('It did not run; run it by its own name.');
			const error = outcomes.get(row);
			if (error) throw error;
		});
	};
}

async function runRow(
	{ sandbox, engine, run }: ClinicWithN8n,
	row: Row,
	number: number,
): Promise<Outcome> {
	const files = (row.files ?? ['letter.pdf']).map((name, at): RowFile => {
		const content = contentOf(name, at, number);
		const patientId = row.twoPatients && at === 1 ? SANDBOX_OTHER_PATIENT_ID : SANDBOX_PATIENT_ID;
		return { name, patientId, content, sha256: sha256(content) };
	});
	prepare(sandbox, row);
	await arrange(sandbox, files[0]!, row.meanwhile ?? {});
	const logged = engine.log().length;
	const began = Date.now();
	const {
		output,
		error,
		run: ran,
	} = await run({
		items: files.map(({ name, content, patientId }) => ({
			json: { patientId },
			files: { data: file(name, content) },
		})),
		parameters: {
			patientId: by('id', '={{ $json.patientId }}'),
			description: DESCRIPTION,
			options: row.options ?? {},
		},
		node: row.goOn && { onError: 'continueRegularOutput' },
	});
	return {
		files,
		output,
		error,
		attachments: [...sandbox.clinic.attachments.values()].map((record) => ({
			id: record.id,
			patientId: record.patientId,
			sha256: record.stored.sha256,
			filename: record.filename,
		})),
		cleansNames: sandbox.settings.fileNames === 'cleaned',
		requests: [...sandbox.requests],
		unused: sandbox.faults.unused,
		written:
			JSON.stringify([ran.data.resultData.runData.Cliniko, ran.data.resultData.error]) +
			engine.log().slice(logged),
		took: (Date.now() - began) / 1000,
	};
}

async function runTest({ sandbox, engine }: ClinicWithN8n, row: CredentialRow): Promise<Tested> {
	prepare(sandbox, row);
	const reply = await engine.call('testCredential', CREDENTIAL);
	return { ...reply, requests: [...sandbox.requests], unused: sandbox.faults.unused };
}

export function prepare(
	{ faults, settings }: Sandbox,
	row: Pick<Row, 'faults' | 'tls' | 'skew' | 'settings'>,
): void {
	Object.assign(settings, row.settings);
	faults.clockSkewMs = (row.skew ?? 0) * HOUR;
	for (const fault of row.faults ?? []) faults.add(withMoments(fault, Date.now()));
	for (const end of ['api', 's3'] as const) faults.tls(end, row.tls?.[end] ?? 0, row.tls?.skip);
}

/** Converts headers such as `in 2` to times, in seconds since 1970. */
function withMoments(fault: Fault, now: number): Fault {
	const { reply } = fault.do;
	if (!reply) return fault;
	const headers = Object.entries(reply.headers ?? {}).map(([name, value]) => {
		const wait = /^in (-?\d+)$/.exec(value)?.[1];
		return [name, wait === undefined ? value : `${Math.ceil(now / 1000) + Number(wait)}`];
	});
	return {
		...fault,
		do: { ...fault.do, reply: { ...reply, headers: Object.fromEntries(headers) } },
	};
}

/** Sets up what the row says about Cliniko. */
async function arrange(sandbox: Sandbox, ours: RowFile, what: Meanwhile): Promise<void> {
	const { clinic, storage, settings } = sandbox;
	const put = (name: string, content: Buffer) => storeFile(sandbox, ours.patientId, name, content);
	const record = (object: StoredObject, userId = SANDBOX_USER_ID) =>
		clinic.addAttachment(
			{
				patientId: ours.patientId,
				userId,
				description: DESCRIPTION,
				uploadUrl: `https://store.example/${object.key}`,
			},
			object,
		);

	if (what.there) {
		record(put(ours.name, ours.content));
		// Waits until lists show it.
		await sleep(settings.listLagMs);
	}
	let created = false;
	settings.onRequest = ({ method, path }) => {
		if (created || method !== 'POST' || path !== '/v1/patient_attachments') return;
		created = true;
		if (what.gone) clinic.attachments.clear();
		if (what.late !== undefined) {
			const [sent] = [...storage.objects.values()];
			setTimeout(() => record(sent!), what.late);
		}
		if (what.foreign) {
			const { name, like, fresh, by } = what.foreign;
			const other = like === 'size' ? Buffer.from(ours.content).reverse() : pdf('somebody else’s');
			const usual = settings.processingMs;
			if (fresh) settings.processingMs = HOUR;
			const user = by === 'another user' ? SANDBOX_SCHEDULER_USER_ID : SANDBOX_USER_ID;
			record(put(name, like === 'bytes' ? ours.content : other), user);
			settings.processingMs = usual;
		}
	};
}

/**
 * Contents that differ for each file of each row, since a process remembers what it has stored,
 * with the same size for each name.
 */
function contentOf(name: FileName, at: number, row: number): Buffer {
	const own = `${at} of row ${String(row).padStart(3, '0')}`;
	if (name === 'fake.pdf') return Buffer.from(`no PDF ${own}`);
	const size = { 'scan.pdf': 1024 ** 2, 'film.mp4': 6 * 1024 ** 2 }[name as string] ?? 0;
	return Buffer.concat([pdf(`${name} ${own}`), Buffer.alloc(size, `${at}`)]);
}
