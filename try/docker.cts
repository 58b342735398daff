/**
 * What the clinic of compose.yaml runs: prepares n8n's folder and opens the sandbox, for an n8n that
 * is started then.
 *
 *   node --require tsx/cjs try/docker.cts FOLDER
 *
 * FOLDER is n8n's `.n8n`. It is emptied first, and at the end.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { apiOf, isReady } from '../n8n/api.cts';
import { makeOwner } from '../n8n/prepare.cts';
import { packPackage } from '../n8n/registry.cts';
import { until } from '../n8n/until.cts';
import { openCertificateAuthority } from '../sandbox/certificates.cts';
import { announce, openClinic } from './clinic.cts';
import { importExamples } from './examples.cts';
import { newOwner } from './owner.cts';
import { progressOn } from './progress.cts';
import { untilStopped, type CleanUps } from './run.cts';

/** The user and the group that n8n's image runs as. */
const N8N_USER = '1000:1000';

/** Returns when it is aborted. Whatever it starts, it adds to `cleanUps`. */
async function run(signal: AbortSignal, cleanUps: CleanUps): Promise<void> {
	const n8nFolder = process.argv[2];
	if (!n8nFolder) throw new Error('Which folder is n8n’s?');
	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-try-'));
	cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));

	const ofSandbox = path.join(folder, 'sandbox');
	mkdirSync(ofSandbox, { mode: 0o700 });
	const authority = await openCertificateAuthority(ofSandbox);
	empty(n8nFolder);
	cleanUps.push(() => empty(n8nFolder));
	copyFileSync(authority.file, path.join(n8nFolder, 'ca.pem'));
	installPackage(path.join(n8nFolder, 'nodes'), packPackage(folder));
	execFileSync('chown', ['-R', N8N_USER, n8nFolder]);

	// Last, because n8n is started as soon as the front desk's page can be opened.
	const { sandbox, mailbox } = await openClinic(
		{ folder: ofSandbox, port: 8899, address: '0.0.0.0' },
		cleanUps,
	);
	const n8n = apiOf('http://127.0.0.1:5678');
	const owner = newOwner();
	const form = await progressOn(process.stdout)('Starting n8n with the examples', 30, async () => {
		const ready = async () => {
			signal.throwIfAborted();
			return (await isReady(n8n.url)) || undefined;
		};
		await until('n8n is ready', ready, 600);
		await makeOwner(n8n, owner);
		return await importExamples(n8n, mailbox);
	});
	announce(sandbox, n8n, owner, form);
	await once(signal, 'abort');
}

/** The folder itself stays, because it is a volume. */
function empty(folder: string): void {
	for (const name of readdirSync(folder)) {
		rmSync(path.join(folder, name), { recursive: true, force: true });
	}
}

/** Installs it where n8n finds its community nodes. n8n has the peer dependency already. */
function installPackage(folder: string, tarball: string): void {
	mkdirSync(folder);
	execFileSync(
		'npm',
		[
			'install',
			'--offline',
			'--legacy-peer-deps',
			'--no-package-lock',
			'--prefix',
			folder,
			tarball,
		],
		{ stdio: ['ignore', 'ignore', 'inherit'] },
	);
}

untilStopped(run);
