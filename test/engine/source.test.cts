import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { file, openClinic, pdf, recorded, sha256, useClinic } from './clinic.cts';

const LARGE = Buffer.alloc(6 * 1024 * 1024, 'x');

describe('a file in n8n’s store', () => {
	const clinic = useClinic();

	it.each([
		['gone', /cannot be read from n8n's store/],
		['shorter', /does not have the \d+ bytes that n8n reports/],
		['longer', /does not have the \d+ bytes that n8n reports/],
	] as const)(
		'that is %s than it was becomes a message and no attachment',
		async (damage, message) => {
			for (const content of [pdf('small'), LARGE]) {
				const { error } = await clinic.run({
					items: [{ files: { data: { ...file('scan.txt', content, 'text/plain'), damage } } }],
				});
				expect(error?.message).toMatch(message);
				expect(error?.message).toContain('"scan.txt"');
				expect(error?.description).toMatch(/Run the workflow again/);
			}
			expect(clinic.sandbox.clinic.attachments.size).toBe(0);
			expect(clinic.sandbox.storage.objects.size).toBe(0);
		},
	);

	it('gets a new presigned post where the old one runs out while it waits its turn', async () => {
		clinic.sandbox.settings.presignLifetimeMs = 11_000;
		clinic.sandbox.faults.add({
			on: 's3',
			act: 'before',
			do: { delayMs: 2500, reply: { status: 503 } },
		});
		const { error } = await clinic.run({ items: [{ files: { data: file('a.pdf', pdf('a')) } }] });
		expect(error).toBeUndefined();
		expect(clinic.sandbox.requests.filter(({ path }) => path.includes('presigned'))).toHaveLength(
			2,
		);
	});

	it('is sent again, and once only, where S3 says that the post has expired', async () => {
		clinic.sandbox.faults.add({
			on: 's3',
			times: 9,
			act: 'before',
			do: {
				reply: {
					status: 403,
					body: '<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>',
				},
			},
		});
		const { error } = await clinic.run({ items: [{ files: { data: file('a.pdf', pdf('a')) } }] });
		expect(error?.message).toContain(
			'status 403, AccessDenied: Invalid according to Policy: Policy expired.',
		);
		expect(clinic.sandbox.requests.map(({ method, status }) => [method, status])).toEqual([
			// The patient, then the presigned post.
			['GET', 200],
			['GET', 200],
			['POST', 403],
			['GET', 200],
			['POST', 403],
		]);
	});

	it('is refused with S3’s own reason though S3 closes the connection while it is sent', async () => {
		clinic.sandbox.settings.earlyRefusal = true;
		clinic.sandbox.settings.policyConditions = ({ conditions }) =>
			conditions.push({ 'x-amz-meta-clinic': 'a secret value' });
		const { error } = await clinic.run({
			items: [{ files: { data: file('scan.txt', Buffer.alloc(40_000_000, 'x'), 'text/plain') } }],
		});
		expect(error?.message).toContain('status 403, AccessDenied: Invalid according to Policy');
		expect(JSON.stringify(error)).not.toContain('a secret value');
	});
});

it('is uploaded whole from the memory of an n8n that keeps files there', async () => {
	const clinic = await openClinic({ engine: { binaryMode: 'default' } });
	try {
		const { error } = await clinic.run({
			items: [
				{ files: { data: file('a.pdf', pdf('a')), large: file('b.txt', LARGE, 'text/plain') } },
			],
			parameters: { binaryPropertyName: '*' },
		});
		expect(error).toBeUndefined();
		expect(recorded(clinic.sandbox)).toEqual(
			expect.arrayContaining([
				{ patient: SANDBOX_PATIENT_ID, name: 'a.pdf', sha256: sha256(pdf('a')) },
				{ patient: SANDBOX_PATIENT_ID, name: 'b.txt', sha256: sha256(LARGE) },
			]),
		);
	} finally {
		await clinic.close();
	}
});
