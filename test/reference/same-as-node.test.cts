import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { SANDBOX_API_KEY, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { CREDENTIAL, openClinic, type ClinicWithN8n } from '../engine/clinic.cts';
import { dispatcherFor, uploadPatientAttachment } from './uploader.cts';

const MIB = 1024 * 1024;

/** File name, type, size in bytes, and the name on the record where the node cleans it. */
const files: Array<[string, string, number, string?]> = [
	['plain.txt', 'text/plain', 1],
	['Referral letter.txt', 'text/plain', 100],
	['two  spaces.txt', 'text/plain', 100],
	['Ärztebrief Müller.txt', 'text/plain', 100],
	['žluťoučký kůň 😀.txt', 'text/plain', 100],
	['日本語.txt', 'text/plain', 100],
	['b&c=d,e.txt', 'text/plain', 100],
	['a+b;c.txt', 'text/plain', 100, 'a-b-c.txt'],
	['50% #2?.txt', 'text/plain', 100, '50- -2-.txt'],
	['%41%2Fx.txt', 'text/plain', 100, '-41-2Fx.txt'],
	["O'Hara (1) [2] {3}.txt", 'text/plain', 100],
	['<b>&amp;.txt', 'text/plain', 100, '<b>&amp-.txt'],
	['007', 'text/plain', 100],
	['no ending', 'application/octet-stream', 100],
	['.hidden', 'application/octet-stream', 100],
	['buffered.bin', 'application/octet-stream', 5 * MIB - 1],
	['exactly.bin', 'application/octet-stream', 5 * MIB],
	['streamed.bin', 'application/octet-stream', 5 * MIB + 1],
	['large.bin', 'application/octet-stream', 64 * MIB],
];

const nameOnRecord = files.map(([name, , , cleaned]) => cleaned ?? name);

let clinic: ClinicWithN8n;
let folder: string;

beforeAll(async () => {
	clinic = await openClinic();
	folder = mkdtempSync(path.join(tmpdir(), 'same-as-node-'));
});

afterEach(() => clinic.sandbox.reset());

afterAll(async () => {
	await clinic.close();
	rmSync(folder, { recursive: true, force: true });
});

/** What is on the records: all that does not differ from one upload to the next. */
function stored() {
	return [...clinic.sandbox.clinic.attachments.values()]
		.map(({ filename, size, contentType, description, patientId, stored: object }) => ({
			record: { filename, size, contentType, description, patientId },
			keyEndsWith: object.key.split('/').at(-1),
			bytes: object.sha256,
			storedAs: object.contentType,
			fields: Object.keys(object.fields),
		}))
		.sort((a, b) => String(a.record.filename).localeCompare(String(b.record.filename)));
}

it('leaves the same keys, bytes, form fields and records as an independent uploader does', async () => {
	const paths = files.map(([, , size], at) => {
		const file = path.join(folder, String(at));
		writeFileSync(file, Buffer.alloc(size, `${at} `));
		return file;
	});

	const { output, error } = await clinic.run({
		items: files.map(([fileName, mimeType], at) => ({
			files: { data: { path: paths[at], fileName, mimeType } },
		})),
		parameters: { description: 'Ünïcode "description"' },
	});
	expect(error).toBeUndefined();
	expect(output.map(({ json }) => json.filename)).toEqual(nameOnRecord);
	const byNode = stored();
	clinic.sandbox.reset();

	const dispatcher = dispatcherFor(clinic.sandbox.env);
	for (const [at, [, contentType]] of files.entries()) {
		await uploadPatientAttachment(
			{
				apiKey: SANDBOX_API_KEY,
				contactEmail: CREDENTIAL.contactEmail,
				patientId: SANDBOX_PATIENT_ID,
				file: { path: paths[at]! },
				fileName: nameOnRecord[at]!,
				contentType,
				description: 'Ünïcode "description"',
			},
			{ dispatcher, pollMs: 10 },
		);
	}
	await dispatcher.close();
	expect(byNode).toEqual(stored());
	expect(byNode).toHaveLength(files.length);
}, 120_000);

it('refuses the empty file that the guide would let pass', async () => {
	const { error } = await clinic.run({
		items: [
			{ files: { data: { base64: '', fileName: 'empty.pdf', mimeType: 'application/pdf' } } },
		],
	});
	expect(error?.message).toContain('"empty.pdf" is empty');
	expect(clinic.sandbox.clinic.attachments.size).toBe(0);
});
