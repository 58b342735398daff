import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { N8nApi } from './api.cts';
import { startN8n } from './n8n.cts';
import { startRegistry } from './registry.cts';

/** The first account of an n8n, which owns it. */
export interface Owner {
	email: string;
	firstName: string;
	lastName: string;
	/** At least 8 characters, with a capital and a digit. */
	password: string;
}

/**
 * Prepares a folder for an n8n that has an owner and this package, installed by n8n itself from a
 * registry. The package must be built.
 *
 * @param folder n8n's folder, see `startN8n`
 */
export async function prepareN8n(
	folder: string,
	owner: Owner,
	signal?: AbortSignal,
): Promise<void> {
	const forRegistry = mkdtempSync(path.join(tmpdir(), 'cliniko-registry-'));
	const registry = await startRegistry(forRegistry);
	try {
		const n8n = await startN8n({ folder, env: registry.env, signal });
		try {
			await makeOwner(n8n, owner);
			await n8n.call('POST', '/rest/community-packages', { name: 'n8n-nodes-cliniko' });
		} finally {
			await n8n.close();
		}
	} finally {
		await registry.close();
		rmSync(forRegistry, { recursive: true, force: true });
	}
}

/** Makes the first account of a new n8n, and signs in for all later calls. */
export async function makeOwner(n8n: N8nApi, owner: Owner): Promise<void> {
	await n8n.call('POST', '/rest/owner/setup', owner);
}

/** Signs in for all later calls. */
export async function signIn(n8n: N8nApi, { email, password }: Owner): Promise<void> {
	await n8n.call('POST', '/rest/login', { emailOrLdapLoginId: email, password });
}
