import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { file, pdf, recorded, sha256, useClinic } from './clinic.cts';

const clinic = useClinic();

/** Endless white space, which is valid at the start of JSON and prevents an idle timeout. */
async function* trickle(): AsyncGenerator<string> {
	for (;;) {
		yield ' ';
		await setTimeout(500, undefined, { ref: false });
	}
}

it('waits no more than a minute for a reply that trickles, and finds what it has created', async () => {
	let closedAfter: number | undefined;
	clinic.sandbox.faults.add({
		on: 'create',
		act: 'after',
		do: {
			rewrite: ({ status, headers }) => {
				const began = Date.now();
				const stream = Readable.from(trickle());
				stream.once('close', () => (closedAfter = Date.now() - began));
				return { status, headers, body: '', stream };
			},
		},
	});
	const { error, took } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')) } }],
	});

	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox)).toEqual([
		{ patient: SANDBOX_PATIENT_ID, name: 'a.pdf', sha256: sha256(pdf('a')) },
	]);
	expect(took).toBeGreaterThan(55_000);
	// The connection does not remain open.
	expect(closedAfter).toBeLessThan(65_000);
}, 150_000);
