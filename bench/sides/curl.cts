import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

import { SANDBOX_API_KEY, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import type { Clinic } from '../clinic.cts';
import type { BenchFile } from '../files.cts';
import type { Side } from './side.cts';

const API = 'https://api.au1.cliniko.com/v1';

/**
 * The three requests of an upload with curl, one process each: a lower bound.
 *
 * @returns undefined if curl is not installed
 */
export function startCurl({ env }: Clinic): Side | undefined {
	try {
		execFileSync('curl', ['--version'], { stdio: 'ignore' });
	} catch {
		return undefined;
	}
	const curl = async (...options: string[]): Promise<string> => {
		const always = ['--silent', '--show-error', '--fail', '--noproxy', ''];
		const route = ['--proxy', env.HTTPS_PROXY!, '--cacert', env.NODE_EXTRA_CA_CERTS!];
		return (await promisify(execFile)('curl', [...always, ...route, ...options])).stdout;
	};
	const cliniko = async (...options: string[]): Promise<Record<string, unknown>> => {
		const user = ['--user', `${SANDBOX_API_KEY}:`, '--user-agent', 'curl (bench@clinic.example)'];
		const reply = await curl(...user, '--header', 'Accept: application/json', ...options);
		return JSON.parse(reply) as Record<string, unknown>;
	};
	const upload = async ({ path, name }: BenchFile): Promise<void> => {
		const post = await cliniko(`${API}/patients/${SANDBOX_PATIENT_ID}/attachment_presigned_post`);
		const url = String(post.url);
		const fields = Object.entries(post.fields as Record<string, string>).flatMap((field) => [
			'--form-string',
			field.join('='),
		]);
		const file = `file=@"${path}";type=application/pdf;filename="${name}"`;
		const xml = await curl(...fields, '--form', file, url);
		const key = /<Key>(.*?)<\/Key>/.exec(xml)?.[1];
		const record = { patient_id: SANDBOX_PATIENT_ID, upload_url: `${url}${key}` };
		const json = ['--header', 'Content-Type: application/json', '--data', JSON.stringify(record)];
		await cliniko(...json, `${API}/patient_attachments`);
	};
	return {
		name: 'curl',
		upload: async ({ files }) => {
			const began = performance.now();
			for (const file of files) await upload(file);
			const seconds = (performance.now() - began) / 1000;
			// The processes exit too early to be observed.
			return { seconds, processor: NaN, memory: NaN };
		},
		close: async () => {},
	};
}
