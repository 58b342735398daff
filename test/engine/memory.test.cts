import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openClinic, recorded } from './clinic.cts';

const MB = 1024 * 1024;
const SIZE = 512 * MB;

/**
 * n8n's engine itself needs half of this heap. Buffers are not on the heap, so the limit below is
 * what shows whether the file was buffered.
 */
const HEAP_MB = 160;

/** A streamed file takes about 45 MB, whatever its size; buffered, this one takes 1500. */
const MOST_MB = 160;

it('streams a file of 512 MB through a process that could not hold it', async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'memory-'));
	const clinic = await openClinic({
		engine: { binaryMode: 'filesystem', nodeArguments: [`--max-old-space-size=${HEAP_MB}`] },
	});
	try {
		const scan = path.join(folder, 'MRI.pdf');
		const file = openSync(scan, 'w');
		writeSync(file, '%PDF-1.4\n');
		closeSync(file);
		truncateSync(scan, SIZE);
		const { error, output, grew } = await clinic.run({
			items: [
				{ files: { data: { path: scan, fileName: 'MRI.pdf', mimeType: 'application/pdf' } } },
			],
		});
		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.size)).toEqual([SIZE]);
		expect(recorded(clinic.sandbox)).toHaveLength(1);
		expect(grew / MB).toBeLessThan(MOST_MB);
	} finally {
		await clinic.close();
		rmSync(folder, { recursive: true, force: true });
	}
}, 180_000);
