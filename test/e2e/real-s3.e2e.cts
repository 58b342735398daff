import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import {
	ACCESS_KEY_ID,
	BUCKET,
	REGION,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	SECRET_ACCESS_KEY,
	type PolicyCondition,
	type Reply,
} from '../../sandbox/sandbox.cts';
import { file, openClinic, pdf, recorded, sha256, type ClinicWithN8n } from '../engine/clinic.cts';
import { Client } from '../sandbox/client.cts';
import { noRadosgw, startRadosgw, type Radosgw } from './radosgw.cts';

const MIB = 1024 ** 2;

const LARGE = 512 * MIB;

/**
 * The node, n8n's engine and the sandbox's API with Ceph's S3 server, which differs from AWS in
 * some ways that matter here: most errors have an empty `Message`; a modified policy is
 * `AccessDenied` instead of `SignatureDoesNotMatch`; a failed condition is not quoted; `Location`
 * has no scheme; the digest in `ETag` has no quotes; a file name ends at a semicolon, quoted or
 * not. It checks a form after 4 MiB, reads the rest, and accepts keys of any length.
 */
const title = noRadosgw ? `On a real S3 (left out: ${noRadosgw})` : 'On a real S3';
(noRadosgw ? describe.skip : describe)(title, () => {
	let s3: Radosgw;
	let clinic: ClinicWithN8n;

	beforeAll(async () => {
		s3 = await startRadosgw({
			bucket: BUCKET,
			region: REGION,
			accessKeyId: ACCESS_KEY_ID,
			secretAccessKey: SECRET_ACCESS_KEY,
		});
		clinic = await openClinic({ sandbox: { s3Endpoint: s3.endpoint } });
	}, 120_000);

	afterEach(() => clinic?.sandbox.reset());

	afterAll(async () => {
		await clinic?.close();
		await s3?.close();
	});

	/** The bucket's copy of the only attachment, or of the one with this name. */
	const inBucket = async ({ sandbox }: ClinicWithN8n, name?: string) => {
		const records = [...sandbox.clinic.attachments.values()];
		const record = records.find(({ filename }) => name === undefined || filename === name);
		const { status, body } = await s3.get(record?.stored.key ?? 'none');
		const hash = createHash('sha256');
		let size = 0;
		for await (const chunk of body!) {
			size += chunk.length;
			hash.update(chunk);
		}
		return { status, size, sha256: hash.digest('hex') };
	};
	const stored = (content: Buffer) => ({
		status: 200,
		size: content.length,
		sha256: sha256(content),
	});

	describe('the bytes in the bucket are those of the file', () => {
		const names = [
			['Referral letter.pdf'],
			['Überweisung für Frau Müller.pdf'],
			['日本語 žluťoučký.pdf'],
			['Scan 😀 👩🏽.pdf'],
			['👨‍👩‍👧 ❤️.pdf', '👨👩👧 ❤.pdf'],
			["O'Brien & Co, Sons (final) [v1] {a}!*.pdf"],
			['a+b c%20d%2Fe&f=g,h?.pdf', 'a-b c-20d-2Fe&f=g,h-.pdf'],
			['<b>$HOME`~^|@:,.pdf'],
			['.hidden'],
			['scan'],
			['a..b.pdf'],
			[`${'a'.repeat(251)}.pdf`],
			[`${'ü'.repeat(125)}.pdf`],
			['the "final" one.pdf', "the 'final' one.pdf"],
			['C:\\fakepath\\2026/03/scan.pdf', 'C:-fakepath-2026-03-scan.pdf'],
			['a ${filename} b.pdf', 'a filename b.pdf'],
			['a\r\nb.pdf', 'a b.pdf'],
		] as Array<[string, string?]>;

		it.each(names)('%j', async (given, kept = given) => {
			const content = pdf(`of ${given}`);
			const { error, output } = await clinic.run({
				items: [{ files: { data: file(given, content) } }],
			});

			expect(error).toBeUndefined();
			expect(output[0]?.json).toMatchObject({ filename: kept, size: content.length });
			expect(await inBucket(clinic)).toEqual(stored(content));
			const [record] = clinic.sandbox.clinic.attachments.values();
			expect(record?.stored.key.split('/').at(-1)).toBe(kept);
		});

		it('for several that are sent at once', async () => {
			const contents = Array.from({ length: 12 }, (_, at) => Buffer.alloc(at * MIB + 1, `${at}`));
			const { error, output } = await clinic.run({
				items: contents.map((content, at) => ({ files: { data: file(`${at}.txt`, content) } })),
			});

			expect(error).toBeUndefined();
			expect(output).toHaveLength(12);
			for (const [at, content] of contents.entries()) {
				expect(await inBucket(clinic, `${at}.txt`)).toEqual(stored(content));
			}
		});

		it('for one of 512 MiB, in an n8n that has a heap of 128', async () => {
			const folder = mkdtempSync(join(tmpdir(), 'large-'));
			const path = join(folder, 'large.dcm');
			const digest = await writeFile(path, LARGE);
			const small = await openClinic({
				sandbox: { s3Endpoint: s3.endpoint },
				engine: { nodeArguments: ['--max-old-space-size=128'] },
			});
			try {
				const { error, grew } = await small.run({
					items: [{ files: { data: { path, fileName: 'CT scan.dcm' } } }],
				});

				expect(error).toBeUndefined();
				expect(await inBucket(small)).toEqual({ status: 200, size: LARGE, sha256: digest });
				expect(recorded(small.sandbox)).toEqual([
					{ patient: SANDBOX_PATIENT_ID, name: 'CT scan.dcm', sha256: digest },
				]);
				// Buffers are not on the heap.
				expect(grew).toBeLessThan(LARGE / 2);
			} finally {
				await small.close();
				rmSync(folder, { recursive: true });
			}
		}, 240_000);
	});

	it('gives a file out at the address that the API names, and not when that is changed', async () => {
		const name = "Ärztin's (2) & 50.pdf";
		await clinic.run({ items: [{ files: { data: file(name, pdf('out')) } }] });
		const [id] = clinic.sandbox.clinic.attachments.keys();
		const client = new Client(clinic.sandbox);
		try {
			const { status, headers } = await client.api(`/patient_attachments/${id}/content`);
			expect(status).toBe(303);
			const location = String(headers.location);
			expect(await client.send(location)).toMatchObject({
				status: 200,
				text: pdf('out').toString(),
			});
			expect(await client.send(location.replace('%20', '_'))).toMatchObject({ status: 403 });
		} finally {
			await client.close();
		}
	});

	describe('a form that was not signed like this is refused by the server, and the node says why', () => {
		/** Modifies each presigned post before the node receives it. */
		const forge = (change: (fields: Record<string, string>) => void) =>
			clinic.sandbox.faults.add({
				on: 'presign',
				act: 'after',
				times: 9,
				do: {
					rewrite(reply: Reply) {
						const post = JSON.parse(reply.body) as { fields: Record<string, string> };
						change(post.fields);
						return { ...reply, body: JSON.stringify(post) };
					},
				},
			});

		const refused = async (content: Buffer, code: RegExp) => {
			const before = await s3.keys();
			const { error } = await clinic.run({ items: [{ files: { data: file('a.pdf', content) } }] });
			expect(error?.message).toMatch(code);
			expect(error?.description).toContain('It is not on the patient’s record');
			expect(await s3.keys()).toEqual(before);
			expect(clinic.sandbox.clinic.attachments.size).toBe(0);
			const posts = clinic.sandbox.requests.filter(({ host }) => host.startsWith(BUCKET));
			expect(posts.map(({ status }) => status)).toContain(
				Number(/status (\d+)/.exec(error!.message)![1]),
			);
		};

		const sizes = [
			['a small file', 100],
			['a large one', 24 * MIB],
		] as const;

		describe.each(sizes)('%s', (_, size) => {
			const content = Buffer.alloc(size, 'x');

			it('with a policy that was changed after the signing', async () => {
				forge((fields) => {
					const policy = JSON.parse(Buffer.from(fields.policy!, 'base64').toString());
					policy.conditions = policy.conditions.filter(
						(condition: PolicyCondition) =>
							!(condition instanceof Array && condition[0] === 'content-length-range'),
					);
					fields.policy = Buffer.from(JSON.stringify(policy)).toString('base64');
				});
				await refused(content, /status 403, AccessDenied|status 403, SignatureDoesNotMatch/);
			});

			it('with a policy that has expired', async () => {
				// The signer's clock is slow, so only the server can notice.
				clinic.sandbox.faults.clockSkewMs = -2 * 3_600_000;
				await refused(content, /status 403, AccessDenied.*expired/);
			});

			it('into another patient’s folder', async () => {
				forge((fields) => {
					fields.key = fields.key!.replace(SANDBOX_PATIENT_ID, SANDBOX_OTHER_PATIENT_ID);
				});
				await refused(content, /status 403, AccessDenied/);
			});

			it('and is larger than it allows', async () => {
				// The node uses the last range, the server the narrowest.
				clinic.sandbox.settings.policyConditions = ({ conditions }) =>
					conditions.unshift(['content-length-range', 0, 50]);
				await refused(content, /status 400, EntityTooLarge/);
			});
		});
	});
});

/** Writes a file of this size, with no two MiB alike, and returns its digest. */
async function writeFile(path: string, size: number): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(function* () {
		for (let written = 0; written < size; written += MIB) {
			const block = Buffer.alloc(MIB, `${written} `);
			hash.update(block);
			yield block;
		}
	}, createWriteStream(path));
	return hash.digest('hex');
}
