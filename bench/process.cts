import { readFileSync, writeFileSync } from 'node:fs';

/** /proc counts time in ticks of USER_HZ, which is 100 on every Linux that Node supports. */
const TICKS = 100;

export interface Usage {
	/** CPU time of all threads, in seconds, to a hundredth. */
	processor: number;
	/** Peak memory above the level at the start of the observation, in MB. */
	memory: number;
}

/**
 * Observes a process from outside, through /proc, so that measuring does not add to the figures.
 * Resets the peak of the resident set that the kernel keeps.
 *
 * @returns a function that ends the observation
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

/** User and system time, in seconds. */
function processorTime(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	// The second field is the name in parentheses, which may hold spaces.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** In MB (10^6 bytes). */
function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const kB = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
	return (Number(kB) * 1024) / 1e6;
}
