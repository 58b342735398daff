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

/** The state of the clinic after a run. */
export interface Outcome {
	records: Recorded[];
	/** Requests to Cliniko's API, in total and by purpose. */
	calls: { presign: number; create: number; processing: number; other: number; all: number };
	/** How many of them were answered with 429. */
	refused: number;
}

/** The sandbox settings that a measure may change. They are sent to the sandbox's process. */
export type ClinicSettings = Partial<
	Pick<Settings, 'latencyMs' | 'processingMs' | 'requestsPerWindow' | 'rateLimitWindowMs'>
>;

export interface ClinicCalls {
	/** Environment variables for a client process. */
	env(): Record<string, string>;
	/** Clears the clinic and the bucket, and applies these settings. */
	prepare(settings: ClinicSettings): void;
	outcome(): Outcome;
}

/** The sandbox, in a process of its own. */
export interface Clinic extends Remote<ClinicCalls> {
	readonly env: Record<string, string>;
}

/** Starts the sandbox: no latency, no processing time and no rate limit unless `prepare` says so. */
export async function openClinic(): Promise<Clinic> {
	const remote = await startRemote<ClinicCalls>(path.join(__dirname, 'clinic-host.cts'));
	return { ...remote, env: await remote.call('env') };
}
