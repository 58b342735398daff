import type { N8nApi } from '../n8n/api.cts';
import type { Owner } from '../n8n/prepare.cts';
import { openMailbox, type Mailbox } from '../sandbox/mailbox.cts';
import {
	SANDBOX_PATIENT_ID,
	startSandbox,
	type Patient,
	type Sandbox,
	type SandboxOptions,
} from '../sandbox/sandbox.cts';
import type { CleanUps } from './run.cts';

/** Opens the sandbox and the mailbox, whose mails the front desk shows. */
export async function openClinic(
	options: SandboxOptions,
	cleanUps: CleanUps,
): Promise<{ sandbox: Sandbox; mailbox: Mailbox }> {
	const sandbox = await startSandbox(options);
	cleanUps.push(async () => await sandbox.close());
	const mailbox = await openMailbox();
	cleanUps.push(async () => await mailbox.close());
	sandbox.frontDesk.mails = mailbox.mails;
	return { sandbox, mailbox };
}

/**
 * The environment of the n8n, beside the settings that are the same for all n8n.
 *
 * @param sandbox the sandbox's own
 */
export function environmentIn(sandbox: Sandbox['env']): Record<string, string> {
	return {
		...sandbox,
		NO_PROXY: 'localhost,127.0.0.1',
		// An example has a Code node.
		N8N_RUNNERS_MODE: 'internal',
	};
}

/** Prints what there is to see, and links to it from the front desk. */
export function announce(
	sandbox: Sandbox,
	n8n: Pick<N8nApi, 'url'>,
	owner: Owner,
	form: string,
): void {
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
