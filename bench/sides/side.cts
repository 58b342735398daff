import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import type { Clinic, ClinicSettings, Outcome } from '../clinic.cts';
import type { BenchFile } from '../files.cts';
import type { Usage } from '../process.cts';

export type SideName = 'node' | 'chain' | 'requests' | 'reference' | 'curl';

export interface Job {
	files: BenchFile[];
	/** Whether to wait until Cliniko has processed the files. */
	wait: boolean;
	/** Concurrency, for sides that support it; default 4. */
	concurrency?: number;
}

/** A side's report on a job. */
export interface Report extends Usage {
	/** From the first request to the last reply. */
	seconds: number;
	/** What stopped the job. */
	error?: string;
}

/** One of the ways to put files on a patient's record. */
export interface Side {
	name: SideName;
	upload(job: Job): Promise<Report>;
	close(): Promise<void>;
}

/** A job whose results have been checked. */
export interface Run extends Report, Outcome {
	/** Files that are missing from the patient's record, or differ from what was sent. */
	lost: number;
}

/** A file that is there twice, or on another patient's record. It ends the bench. */
export class Misfiled extends Error {}

/**
 * Runs a job, then checks the records.
 *
 * @throws Misfiled
 */
export async function run(
	clinic: Clinic,
	settings: ClinicSettings,
	side: Side,
	job: Job,
): Promise<Run> {
	await clinic.call('prepare', settings);
	return await checked(clinic, side, job, await side.upload(job));
}

/**
 * Runs an execution for each file of a job, all at once, then checks the records.
 *
 * @returns the time until the last execution ended, and how many failed
 * @throws Misfiled
 */
export async function runBurst(
	clinic: Clinic,
	settings: ClinicSettings,
	side: Side,
	job: Job,
): Promise<Run & { failed: number }> {
	await clinic.call('prepare', settings);
	const began = Date.now();
	const reports = await Promise.all(
		job.files.map(async (file) => await side.upload({ ...job, files: [file] })),
	);
	const seconds = (Date.now() - began) / 1000;
	const errors = reports.flatMap(({ error }) => error ?? []);
	const report = { seconds, processor: NaN, memory: NaN, error: errors[0] };
	return { ...(await checked(clinic, side, job, report)), failed: errors.length };
}

async function checked(clinic: Clinic, side: Side, job: Job, report: Report): Promise<Run> {
	const outcome = await clinic.call('outcome');
	const left = new Map(job.files.map(({ name, sha256 }) => [`${name} ${sha256}`, true]));
	for (const { patientId, name, sha256, processed } of outcome.records) {
		const known = left.delete(`${name} ${sha256}`);
		if (!known || patientId !== SANDBOX_PATIENT_ID) {
			throw new Misfiled(
				`${side.name} put ${name} on patient ${patientId}: ${outcome.records.length} records for ${job.files.length} files`,
			);
		}
		if (job.wait && !processed) report.error ??= `${name} is not processed`;
	}
	return { ...report, ...outcome, lost: left.size };
}
