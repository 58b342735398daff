import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { RecordedRequest } from './recorded-request.cts';
import { SANDBOX_API_KEY, SANDBOX_SCHEDULER_API_KEY, startSandbox } from './sandbox.cts';

/** `npm run sandbox`: runs the sandbox for your own n8n until Ctrl-C. */
async function main(): Promise<void> {
	const { values } = parseArgs({ options: { port: { type: 'string', default: '8899' } } });
	const sandbox = await startSandbox({
		port: Number(values.port),
		// The same in every run, so that a running n8n keeps trusting the sandbox's certificates.
		folder: join(tmpdir(), 'cliniko-sandbox'),
		onRequest: (request) => console.log(lineOf(request)),
	});
	console.log(`A stand-in Cliniko is running. Nothing that is sent to it leaves this machine, and
nothing is kept when it ends.

1. Start n8n with these in its environment. Only that n8n is affected; while they are set, its
   other HTTPS requests are refused, so use an n8n that does nothing else.

  HTTPS_PROXY=${sandbox.proxyUrl}
  NO_PROXY=localhost,127.0.0.1
  NODE_EXTRA_CA_CERTS=${sandbox.caFile}

2. Make a "Cliniko API" credential with

  API key         ${SANDBOX_API_KEY}
  Contact e-mail  any address, such as you@clinic.example

   (${SANDBOX_SCHEDULER_API_KEY} belongs to a user who may not
   upload files.)

3. Upload to one of the patients on the front desk's page, which shows the files as they arrive:

  ${sandbox.proxyUrl}

Requests appear below. Ctrl-C ends the sandbox.
`);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void sandbox.close());
	}
}

/** Time, method, host, path and status. No headers, which contain the key, and no signed query. */
function lineOf({ at, method, host, path, status }: RecordedRequest): string {
	const time = new Date(at).toTimeString().slice(0, 8);
	const shown = path.replace(/(X-Amz-Signature=)[^&]*/, '$1…');
	const address = method === 'CONNECT' ? shown : `${host}${shown}`;
	return `${time}  ${method} ${address}  ${status ?? 'no reply'}`;
}

main().catch((error: Error) => {
	console.error(`The sandbox could not start: ${error.message}`);
	process.exitCode = 1;
});
