/**
 * Updates a gzipped lockfile after a change to the `package.json` beside it:
 *
 *   npm run lock:e2e -- ../../n8n
 *   npm run lock:e2e -- hosts/2.0
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { readLock } from '../../n8n/install.cts';

for (const folder of process.argv.slice(2)) {
	const manifest = path.join(__dirname, folder);
	const file = path.join(manifest, 'package-lock.json');
	writeFileSync(file, readLock(manifest));
	try {
		execFileSync(
			'npm',
			['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved'],
			{ cwd: manifest, stdio: 'inherit' },
		);
		writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
	} finally {
		rmSync(file);
	}
}
