import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import cleanUp from './clean-up.cts';
import { installDebianPackages } from './install.cts';
import { startN8n } from './n8n.cts';
import { OWNER } from './owner.cts';
import { startRegistry } from './registry.cts';

/**
 * Jest's global setup: prepares a folder with an n8n that has an owner and this package, installed
 * by n8n itself from a registry. Each test file starts with a copy of it.
 */
export default async function prepare(): Promise<void> {
	installDebianPackages();
	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-e2e-'));
	process.env.E2E_FOLDER = folder;
	const registry = await startRegistry(path.join(folder, 'registry'));
	const n8n = await startN8n({ folder: path.join(folder, 'prepared'), env: registry.env });
	try {
		await n8n.call('POST', '/rest/owner/setup', OWNER);
		await n8n.call('POST', '/rest/community-packages', { name: 'n8n-nodes-cliniko' });
	} catch (error) {
		cleanUp();
		throw error;
	} finally {
		await n8n.close();
		await registry.close();
	}
}
