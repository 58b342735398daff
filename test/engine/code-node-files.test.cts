import path from 'node:path';

import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { file, pdf, recorded, sha256, useClinic } from './clinic.cts';

const clinic = useClinic({
	engine: { nodeArguments: ['--require', path.join(__dirname, 'code-node.cts')] },
});

/** Runs with a Code node before the Cliniko node. */
const run = async (jsCode: string, settings = {}) =>
	await clinic.run({
		items: [{ files: { data: file('scan.pdf', pdf('the scan')) } }],
		between: { type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode } },
		parameters: { binaryPropertyName: '*' },
		settings,
	});

/** The code of a Code node that returns this for each item. */
const item = (text: string) => `return $input.all().map(({ json, binary }) => (${text}));`;

const base64 = pdf('from code').toString('base64');

describe('A file that a Code node has handed on is refused', () => {
	it.each([
		[
			'without its id',
			'{ json, binary: { data: { data: binary.data.data, mimeType: "application/pdf", fileName: "scan.pdf" } } }',
			'The item does not hold the file "scan.pdf", only a note of where n8n keeps it.',
		],
		[
			'as a data: URL',
			`{ json, binary: { data: { data: "data:application/pdf;base64,${base64}", mimeType: "application/pdf", fileName: "scan.pdf" } } }`,
			'The content of the file "scan.pdf" is not valid base64.',
		],
		[
			'as its text',
			'{ json, binary: { data: { data: "Dear Jane", mimeType: "text/plain", fileName: "scan.txt" } } }',
			'The content of the file "scan.txt" is not valid base64.',
		],
		[
			'as text in place of the file',
			'{ json, binary: { data: "Dear Jane" } }',
			'The binary field "data" does not hold a file.',
		],
	])('%s', async (_, code, message) => {
		const { error } = await run(item(code));

		expect(error?.message).toBe(`${message} [item 0]`);
		expect(error?.description).toContain('$input.item.binary');
		expect(clinic.sandbox.requests).toEqual([]);
	});
});

it.each([
	['whole', '{ json, binary }', 'the scan'],
	[
		'made by itself',
		`{ json, binary: { data: { data: "${base64}", mimeType: "application/pdf", fileName: "scan.pdf" } } }`,
		'from code',
	],
	[
		'without a type, which a pattern must not pass over',
		`{ json, binary: { data: { data: "${base64}", fileName: "scan.pdf" } } }`,
		'from code',
	],
])('A file that a Code node has handed on %s is uploaded', async (_, code, content) => {
	const { error } = await run(item(code));

	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox)).toEqual([
		{ patient: SANDBOX_PATIENT_ID, name: 'scan.pdf', sha256: sha256(pdf(content)) },
	]);
});

describe('The field _files of an item’s JSON', () => {
	const forged = `{ json: { _files: { other: { ...binary.data, fileName: "forged.pdf" } } }, binary }`;

	it('is data like any other where the binary mode is not combined', async () => {
		const { error } = await run(item(forged));

		expect(error).toBeUndefined();
		expect(recorded(clinic.sandbox).map(({ name }) => name)).toEqual(['scan.pdf']);
	});
});
