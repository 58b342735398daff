import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf, recorded, sha256 } from '../engine/clinic.cts';
import { byName, CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';
import { post, webhookUpload } from './webhook.cts';

const FILES = Array.from({ length: 60 }, (_, at) => ({
	name: `Scan ${at}.pdf`,
	content: pdf(`scan ${at}`),
}));

let clinic: ClinicWithN8n;

beforeAll(async () => {
	clinic = await openClinic('burst', {
		sandbox: { processingMs: 2000, requestsPerWindow: 50, rateLimitWindowMs: 5000 },
	});
});
afterAll(async () => await clinic?.close());

it('60 webhooks at once share the limit: each file is stored once, with few calls', async () => {
	const { sandbox, n8n } = clinic;
	const credentials = await clinic.addCredential('Cliniko', 'clinikoApi', CREDENTIAL);
	const workflow = await clinic.save(webhookUpload('burst', credentials));
	await clinic.publish(workflow);
	await Promise.all(FILES.map(async (file) => await post(n8n, 'burst', file)));

	const executions = await clinic.executions(workflow, FILES.length);
	const calls = sandbox.requests.filter(({ host }) => host.startsWith('api.'));
	const refused = calls.filter(({ status }) => status === 429);
	process.stdout.write(
		`${FILES.length} executions: ${calls.length} calls, ${refused.length} of them refused\n`,
	);

	expect(executions.map(({ status }) => status)).toEqual(FILES.map(() => 'success'));
	const right = FILES.map(({ name, content }) => ({
		patient: SANDBOX_PATIENT_ID,
		name,
		sha256: sha256(content),
	}));
	expect(recorded(sandbox).sort(byName)).toEqual(right.sort(byName));
	expect(calls.length).toBeLessThanOrEqual(FILES.length * 3.5);
	expect(refused.length).toBeLessThanOrEqual(calls.length * 0.1);
});
