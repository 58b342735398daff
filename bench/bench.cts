/**
 * Compares this node with the alternatives: npm run bench. The README in this folder describes the
 * method and has the results.
 *
 * npm run bench                    everything, about fifteen minutes
 * npm run bench -- --write         the same, and writes the results into the README
 * npm run bench -- --quick         small sizes, three minutes: shows that the bench works
 * npm run bench -- --only NAME     one measure: large, small, processing, limit, burst, growth, package,
 * start
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { openClinic } from './clinic.cts';
import type { Measure, Row } from './measure.cts';
import { burst } from './measures/burst.cts';
import { growth } from './measures/growth.cts';
import { largeFile } from './measures/large-file.cts';
import { n8nStart } from './measures/n8n-start.cts';
import { packageCost } from './measures/package.cts';
import { processing } from './measures/processing.cts';
import { rateLimit } from './measures/rate-limit.cts';
import { smallFiles } from './measures/small-files.cts';
import { machine, table } from './results.cts';

const MEASURES: Record<string, Measure> = {
	large: largeFile,
	small: smallFiles,
	processing,
	limit: rateLimit,
	burst,
	growth,
	package: packageCost,
	start: n8nStart,
};

/**
 * Disk space in bytes: the large file is stored three times, as the source, in n8n's store and in
 * S3.
 */
const ROOM = 4e9;

/** A mistake in the command line; its message is all that the user sees. */
class UsageError extends Error {}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			write: { type: 'boolean', default: false },
			quick: { type: 'boolean', default: false },
			only: { type: 'string' },
		},
	});
	const { write, quick, only } = values;
	if (process.platform !== 'linux')
		throw new UsageError('The bench reads /proc, so it needs Linux.');
	if (only !== undefined && !(only in MEASURES)) {
		throw new UsageError(`There is no measure ${only}: ${Object.keys(MEASURES).join(', ')}.`);
	}
	if (write && (quick || only)) throw new UsageError('Only a whole run is worth writing down.');

	const began = Date.now();
	const measuredOn = machine();
	console.log(`${measuredOn}\n`);
	// Every process keeps its files here; in memory, so that disk speed does not count.
	process.env.TMPDIR = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();
	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-bench-'));
	process.env.TMPDIR = folder;
	const clinic = await openClinic();
	const rows: Row[] = [];
	try {
		for (const name of only ? [only] : Object.keys(MEASURES)) {
			console.log(name);
			rows.push(...(await MEASURES[name]!({ clinic, quick, folder })));
		}
	} finally {
		await clinic.close();
		rmSync(folder, { recursive: true, force: true });
	}
	// The aims are for the full sizes only.
	const judged = quick ? rows.map((row) => ({ ...row, aim: undefined, met: undefined })) : rows;
	const results = `${table(judged)}\n\n${measuredOn}, ${((Date.now() - began) / 60_000).toFixed(0)} minutes.`;
	console.log(`\n${results}`);
	if (write) writeResults(results);
}

function hasRoom(folder: string): boolean {
	try {
		const { bavail, bsize } = statfsSync(folder);
		return bavail * bsize > ROOM && freemem() > 2 * ROOM;
	} catch {
		return false;
	}
}

function writeResults(results: string): void {
	const file = path.join(__dirname, 'README.md');
	const text = readFileSync(file, 'utf8');
	const between = /(<!-- results -->\n)[^]*(\n<!-- \/results -->)/;
	writeFileSync(
		file,
		text.replace(between, (_, start, end) => `${start}\n${results}\n${end}`),
	);
}

main().catch((error: Error) => {
	console.error(error instanceof UsageError ? error.message : error);
	process.exitCode = 1;
});
