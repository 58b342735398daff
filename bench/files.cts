import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';

/** A file on disk that is to be uploaded. */
export interface BenchFile {
	path: string;
	name: string;
	/** In bytes. */
	size: number;
	sha256: string;
}

const BLOCK = 1024 * 1024;

/** Writes files of random, unique content with a PDF header. */
export function writeFiles(folder: string, count: number, size: number): BenchFile[] {
	const block = randomBytes(Math.min(size, BLOCK));
	block.write('%PDF-1.4\n');
	return Array.from({ length: count }, (_, at) => {
		const name = `Scan ${size}-${at + 1}.pdf`;
		const target = path.join(folder, name);
		const sha256 = createHash('sha256');
		const file = openSync(target, 'w');
		for (let written = 0; written < size; written += block.length) {
			// The same random block with a counter in it, so that a gigabyte is written quickly.
			block.writeUInt32LE(at, 16);
			block.writeUInt32LE(written / BLOCK, 20);
			const piece = block.subarray(0, size - written);
			sha256.update(piece);
			writeSync(file, piece);
		}
		closeSync(file);
		return { path: target, name, size, sha256: sha256.digest('hex') };
	});
}
