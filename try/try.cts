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
import { openMailbox } from '../sandbox/mailbox.cts';
import { SANDBOX_PATIENT_ID, startSandbox, type Patient } from '../sandbox/sandbox.cts';
import { importExamples } from './examples.cts';
import { makeHome } from './home.cts';
import { progressOn } from './progress.cts';

/** What has to be ended or deleted, in the order in which it was begun. */
type CleanUps = Array<() => unknown>;

async function main(): Promise<void> {
	const stop = new AbortController();
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(signal, () => stop.abort());
	}
	const cleanUps: CleanUps = [];
	try {
		await run(stop.signal, cleanUps);
	} catch (error) {
		if (!stop.signal.aborted) throw error;
	} finally {
		if (stop.signal.aborted) console.log('\nEnding n8n and the sandbox.');
		for (const cleanUp of cleanUps.reverse()) await cleanUp();
	}
}

/** Returns when it is aborted. Whatever it starts, it adds to `cleanUps`. */
async function run(signal: AbortSignal, cleanUps: CleanUps): Promise<void> {
	if (process.platform !== 'linux')
		throw new Error('npm run try works on Linux only, or in WSL on Windows.');
	const report = progressOn(process.stdout);

	const folder = mkdtempSync(path.join(tmpdir(), 'cliniko-try-'));
	cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
	const home = path.join(folder, 'home');
	const owner = await makeHome(home, report, signal);

	const sandbox = await startSandbox({ folder: path.join(folder, 'sandbox') });
	cleanUps.push(async () => await sandbox.close());
	const mailbox = await openMailbox();
	cleanUps.push(async () => await mailbox.close());
	sandbox.frontDesk.mails = mailbox.mails;

	const { n8n, form } = await report('Starting n8n with the examples', 12, async () => {
		const env = {
			...sandbox.env,
			NO_PROXY: 'localhost,127.0.0.1',
			// An example has a Code node.
			N8N_RUNNERS_MODE: 'internal',
		};
		const started = await startN8n({ folder: home, env, signal });
		cleanUps.push(async () => await started.close());
		await signIn(started, owner);
		return { n8n: started, form: await importExamples(started, mailbox) };
	});
	const patient = sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!;
	sandbox.frontDesk.links = [
		{
			text: `Fill in the intake form as ${patient.firstName} ${patient.lastName}`,
			href: `${form}?${filledInFor(patient)}`,
		},
		{ text: 'Look at the workflows in n8n', href: n8n.url },
	];

	console.log(`
Ready. The front desk shows the clinic's patients, and their files as they arrive.

  Front desk   ${sandbox.proxyUrl}/
  Intake form  ${form}
  n8n          ${n8n.url}/
    E-mail     ${owner.email}
    Password   ${owner.password}

Open the intake form from the front desk, add a file and send it: it appears on the patient's record.
The form also takes the details of any other patient who has an e-mail address. What you send stays on this machine. Ctrl+C ends everything and deletes it.`);
	openInBrowser(`${sandbox.proxyUrl}/`);

	await Promise.race([once(signal, 'abort'), n8n.ended]);
	if (!signal.aborted) throw new Error(`n8n has ended by itself:\n${n8n.log()}`);
}

/** n8n fills a form in with what its address says, by the labels of the fields. */
function filledInFor({ firstName, lastName, dateOfBirth, email }: Patient): URLSearchParams {
	return new URLSearchParams({
		'First name': firstName,
		'Last name': lastName,
		'Date of birth': dateOfBirth!,
		'E-mail': email!,
	});
}

/** Only for a person at a desktop. It does not matter if there is no browser. */
function openInBrowser(address: string): void {
	const { DISPLAY, WAYLAND_DISPLAY } = process.env;
	if (!process.stdout.isTTY || !(DISPLAY ?? WAYLAND_DISPLAY)) return;
	spawn('xdg-open', [address], { stdio: 'ignore', detached: true })
		.on('error', () => undefined)
		.unref();
}

main().catch((error: Error) => {
	console.error(error.message);
	process.exitCode = 1;
});
