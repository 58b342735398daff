/**
 * Runs a real n8n that has this package and the example workflows, beside a stand-in for Cliniko:
 *
 *   npm run try
 *
 * All of it is on this machine only, and is gone when it ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startN8n } from '../n8n/n8n.cts';
import { signIn } from '../n8n/prepare.cts';
import { announce, environmentIn, openClinic } from './clinic.cts';
import { importExamples } from './examples.cts';
import { makeHome } from './home.cts';
import { progressOn } from './progress.cts';
import { untilStopped, type CleanUps } from './run.cts';

/** Returns when it is aborted. Whatever it starts, it adds to `cleanUps`. */
async function run(signal: AbortSignal, cleanUps: CleanUps): Promise<void> {
	if (process.platform !== 'linux')
		throw new Error('npm run try works on Linux only, or in WSL. For Docker, see CONTRIBUTING.md.');
	const report = progressOn(process.stdout);

	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-try-'));
	cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
	const home = path.join(folder, 'home');
	const owner = await makeHome(home, report, signal);

	const { sandbox, mailbox } = await openClinic({ folder: path.join(folder, 'sandbox') }, cleanUps);

	const { n8n, form } = await report('Starting n8n with the examples', 12, async () => {
		const env = environmentIn(sandbox.env);
		const started = await startN8n({ folder: home, env, signal });
		cleanUps.push(async () => await started.close());
		await signIn(started, owner);
		return { n8n: started, form: await importExamples(started, mailbox) };
	});
	announce(sandbox, n8n, owner, form);
	openInBrowser(`${sandbox.proxyUrl}/`);

	await Promise.race([once(signal, 'abort'), n8n.ended]);
	if (!signal.aborted) throw new Error(`n8n has ended by itself:\n${n8n.log()}`);
}

/** Only for a person at a desktop. It does not matter if there is no browser. */
function openInBrowser(address: string): void {
	const { DISPLAY, WAYLAND_DISPLAY } = process.env;
	if (!process.stdout.isTTY || !(DISPLAY ?? WAYLAND_DISPLAY)) return;
	spawn('xdg-open', [address], { stdio: 'ignore', detached: true })
		.on('error', () => undefined)
		.unref();
}

untilStopped(run);
