import { readFileSync, writeFileSync } from 'node:fs';

/** Ticks of /proc in a second: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS = 100;

/** What a process has used. */
export interface Usage {
	/** Processor time of all its threads, in seconds, to a hundredth. */
	processor: number;
	/** The most memory it held at a time above what it held when the observation began, in MB. */
	memory: number;
}

/**
 * Watches a process from outside, through /proc: whatever measured inside would be measured as well.
 * The kernel itself keeps the highest resident set; it is told to begin anew.
 *
 * @returns ends the observation
 */
export function observe(pid: number): () => Usage {
	const before = processorTime(pid);
	const idle = memory(pid, 'VmRSS');
	writeFileSync(`/proc/${pid}/clear_refs`, '5');
	return () => ({
		processor: processorTime(pid) - before,
		memory: Math.max(memory(pid, 'VmHWM') - idle, 0),
	});
}

/** User and system time in seconds. */
function processorTime(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	// The second field is the name in parentheses, which may hold spaces.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** In MB of a million bytes. */
function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const kB = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
	return (Number(kB) * 1024) / 1e6;
}
