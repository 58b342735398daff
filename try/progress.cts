import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';

import type { Report } from '../n8n/install.cts';

/**
 * Shows each step with the time that has passed and the time that is usual: in one line that changes
 * on a terminal, in a line at the beginning and one at the end otherwise.
 */
export function progressOn(output: Pick<WriteStream, 'write' | 'isTTY'>): Report {
	return async (what, usually, step) => {
		const began = Date.now();
		const line = () => `${what}: ${time(Date.now() - began)} (usually ${time(usually * 1000)})`;
		const show = (text: string) => {
			cursorTo(output as WriteStream, 0);
			clearLine(output as WriteStream, 1);
			output.write(text);
		};
		if (output.isTTY) show(line());
		else output.write(`${what} (usually ${time(usually * 1000)})\n`);
		const ticking = output.isTTY ? setInterval(() => show(line()), 1000) : undefined;
		let end = 'stopped';
		try {
			const result = await step();
			end = 'done';
			return result;
		} finally {
			clearInterval(ticking);
			const text = `${what}: ${end} after ${time(Date.now() - began)}\n`;
			if (output.isTTY) show(text);
			else output.write(text);
		}
	};
}

/** `7 s` or `2 min 05 s` */
function time(ms: number): string {
	const seconds = Math.round(ms / 1000);
	if (seconds < 60) return `${seconds} s`;
	return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
