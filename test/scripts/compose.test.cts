/** There is no Docker here: what can be checked of try/compose.yaml without it is checked here. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

import { SETTINGS } from '../../n8n/n8n.cts';
import { dependencies } from '../../n8n/package.json';
import { startSandbox } from '../../sandbox/sandbox.cts';
import { environmentIn } from '../../try/clinic.cts';

interface Service {
	image?: string;
	ports?: string[];
	volumes: string[];
	command?: string[];
	network_mode?: string;
	environment: Record<string, string>;
}

const { clinic, n8n } = (
	parse(readFileSync(path.join(__dirname, '../../try/compose.yaml'), 'utf8')) as {
		services: Record<'clinic' | 'n8n', Service>;
	}
).services;

it('runs the n8n of npm run try', () => {
	expect(n8n.image).toBe(`docker.n8n.io/n8nio/n8n:${dependencies.n8n}`);
});

it('can be reached from this machine only', () => {
	expect(clinic.ports).toEqual(['127.0.0.1:8899:8899', '127.0.0.1:5678:5678']);
	expect(n8n.ports).toBeUndefined();
	expect(n8n.network_mode).toBe('service:clinic');
});

it('gives n8n the folder that the clinic prepares', () => {
	const volume = `n8n:${clinic.command!.at(-1)}`;
	expect([clinic.volumes, n8n.volumes]).toEqual([[volume], ['n8n:/home/node/.n8n']]);
});

it('gives n8n the environment of npm run try, but lets it listen outside the container', async () => {
	const sandbox = await startSandbox();
	await sandbox.close();
	const expected: Record<string, string> = { ...SETTINGS, ...environmentIn(sandbox.env) };
	for (const [name, value] of Object.entries(expected)) {
		if (value === sandbox.proxyUrl) expected[name] = 'http://127.0.0.1:8899';
		if (value === sandbox.caFile) expected[name] = '/home/node/.n8n/ca.pem';
	}
	expect(n8n.environment).toEqual({ ...expected, N8N_LISTEN_ADDRESS: '0.0.0.0' });
});
