import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';

import { startN8n } from '../../n8n/n8n.cts';
import { signIn } from '../../n8n/prepare.cts';
import cleanUp from '../../test/e2e/clean-up.cts';
import { OWNER } from '../../test/e2e/owner.cts';
import prepare from '../../test/e2e/prepare.cts';
import type { Bench, Row } from '../measure.cts';
import { shown } from '../results.cts';
import { rounds } from '../rounds.cts';
import { figureOf } from '../statistics.cts';

const PACKAGE = 'n8n-nodes-cliniko';

/**
 * How long n8n takes to become ready, with this package installed and without it. The first run
 * installs the n8n of the end-to-end tests, which takes some minutes.
 */
export async function n8nStart({ quick, folder }: Bench): Promise<Row[]> {
	await prepare();
	try {
		const installed = path.join(process.env.E2E_FOLDER!, 'prepared');
		const removed = path.join(folder, 'n8n');
		cpSync(installed, removed, { recursive: true });
		await removePackage(removed);
		if (!hasPackage(installed) || hasPackage(removed)) throw new Error('Both would be the same');
		const start = (n8nFolder: string) => async () => {
			const began = performance.now();
			const n8n = await startN8n({ folder: n8nFolder });
			const seconds = (performance.now() - began) / 1000;
			await n8n.close();
			return seconds;
		};
		await start(removed)();
		const starts = await rounds(quick ? 1 : 5, {
			with: start(installed),
			without: start(removed),
		});
		const [withIt, without] = [figureOf(starts.with), figureOf(starts.without)];
		const difference = withIt.median - without.median;
		return [
			{
				measure: 'n8n’s start, with the package and without it',
				unit: 's',
				sides: { node: `${shown(withIt)}, ${shown(without)}` },
				aim: 'a difference below the spread',
				met: difference <= Math.max(withIt.spread, without.spread),
			},
		];
	} finally {
		cleanUp();
	}
}

function hasPackage(n8nFolder: string): boolean {
	return existsSync(path.join(n8nFolder, '.n8n/nodes/node_modules', PACKAGE));
}

async function removePackage(folder: string): Promise<void> {
	const n8n = await startN8n({ folder });
	try {
		await signIn(n8n, OWNER);
		await n8n.call('DELETE', `/rest/community-packages?name=${PACKAGE}`);
	} finally {
		await n8n.close();
	}
}
