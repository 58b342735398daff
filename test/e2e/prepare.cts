import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { prepareN8n } from '../../n8n/prepare.cts';
import cleanUp from './clean-up.cts';
import { installDebianPackages } from './debian.cts';
import { OWNER } from './owner.cts';

/** Jest's global setup: prepares a folder of n8n, of which each test file starts with a copy. */
export default async function prepare(): Promise<void> {
	installDebianPackages();
	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-e2e-'));
	process.env.E2E_FOLDER = folder;
	try {
		await prepareN8n(path.join(folder, 'prepared'), OWNER);
	} catch (error) {
		cleanUp();
		throw error;
	}
}
