import path from 'node:path';

import type { Settings } from '../sandbox/sandbox.cts';
import { startRemote, type Remote } from './remote.cts';

/** An attachment on a patient's record. */
export interface Recorded {
	patientId: string;
	name: string;
	sha256: string;
	processed: boolean;
}

/** What a run has left behind at the clinic. */
export interface Outcome {
	records: Recorded[];
	/** Requests to Cliniko's API, by what they were for, and all of them. */
	calls: { presign: number; create: number; processing: number; other: number; all: number };
	/** How many of them the rate limit refused. */
	refused: number;
}

/** The settings that a measure may change; they cross to another process. */
export type ClinicSettings = Partial<
	Pick<Settings, 'latencyMs' | 'processingMs' | 'requestsPerWindow' | 'rateLimitWindowMs'>
>;

export interface ClinicCalls {
	/** What a client process has to be started with. */
	env(): Record<string, string>;
	/** Empties the clinic and the bucket, and sets what is to hold until the next time. */
	prepare(settings: ClinicSettings): void;
	outcome(): Outcome;
}

/** The stand-in Cliniko and S3, in a process of their own. */
export interface Clinic extends Remote<ClinicCalls> {
	readonly env: Record<string, string>;
}

/** Starts the sandbox: no latency, no processing time and no rate limit unless `prepare` says so. */
export async function openClinic(): Promise<Clinic> {
	const remote = await startRemote<ClinicCalls>(path.join(__dirname, 'clinic-host.cts'));
	return { ...remote, env: await remote.call('env') };
}
