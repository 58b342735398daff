import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { file, useClinic } from './clinic.cts';

const FILES = 4;

const clinic = useClinic({ engine: { binaryMode: 'filesystem' } });

/** The files of n8n's store that the engine's process has open. */
function openFiles(): string[] {
	const folder = `/proc/${clinic.engine.pid}/fd`;
	return readdirSync(folder).flatMap((descriptor) => {
		try {
			const path = readlinkSync(`${folder}/${descriptor}`);
			return path.includes('/binaryData/') || path.includes('/storage/') ? [path] : [];
		} catch {
			// Closed in the meantime.
			return [];
		}
	});
}

const run = async (cancelAfter?: number) =>
	await clinic.run({
		items: Array.from({ length: FILES }, (_, at) => ({
			files: { data: file(`${at}.txt`, Buffer.alloc(20_000_000, 'x'), 'text/plain') },
		})),
		node: { onError: 'continueRegularOutput' },
		parameters: { options: { concurrency: FILES } },
		cancelAfter,
	});

const BODY = { on: 's3', times: Infinity, act: 'body', afterBytes: 500_000 } as const;

describe('No file of n8n’s store stays open', () => {
	it.each<[string, () => void, number | undefined]>([
		[
			'S3 refuses and closes the connection while it is sent',
			() => {
				clinic.sandbox.settings.earlyRefusal = true;
				clinic.sandbox.settings.policyConditions = ({ conditions }) =>
					conditions.push({ 'x-amz-meta-clinic': 'x' });
			},
			undefined,
		],
		[
			'the connection breaks off while it is sent',
			() => clinic.sandbox.faults.add({ ...BODY, do: { reset: true } }),
			undefined,
		],
		[
			'S3 answers while it is sent',
			() => clinic.sandbox.faults.add({ ...BODY, do: { reply: { status: 400 } } }),
			undefined,
		],
		[
			'the execution is cancelled while it is sent',
			() => clinic.sandbox.faults.add({ ...BODY, do: { hang: true } }),
			4000,
		],
	])('where %s', async (_, prepare, cancelAfter) => {
		prepare();
		let most = 0;
		const watch = setInterval(() => (most = Math.max(most, openFiles().length)), 20);
		try {
			await run(cancelAfter);
		} finally {
			clearInterval(watch);
		}
		// Time for streams to close.
		await setTimeout(500);

		expect(most).toBeGreaterThan(0);
		expect(openFiles()).toEqual([]);
	});
});
