import type { IDataObject } from 'n8n-workflow';

import type { StartFile } from '../../engine/engine.cts';
import { SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, file, pdf, recorded, sha256, useClinic } from './clinic.cts';

const clinic = useClinic();

const requestsTo = (part: string) =>
	clinic.sandbox.requests.filter(({ host, path }) => `${host}${path}`.includes(part));

it('puts a PDF on the patient’s record once, byte for byte, and gives the finished record', async () => {
	const letter = pdf('referral');
	const { output, error } = await clinic.run({
		items: [{ files: { data: file('Referral letter.pdf', letter) } }],
		parameters: { description: 'From the form' },
	});
	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox)).toEqual([
		{ patient: SANDBOX_PATIENT_ID, name: 'Referral letter.pdf', sha256: sha256(letter) },
	]);
	const [id] = [...clinic.sandbox.clinic.attachments.keys()];
	expect(output).toEqual([
		{
			json: {
				id,
				patient_id: SANDBOX_PATIENT_ID,
				filename: 'Referral letter.pdf',
				description: 'From the form',
				content_type: 'application/pdf',
				size: letter.length,
				processing_completed: true,
				created_at: expect.any(String),
				processed_at: expect.any(String),
				content_url: `https://api.au1.cliniko.com/v1/patient_attachments/${id}/content`,
			},
			pairedItem: { item: 0 },
		},
	]);
});

it('gives the record as Cliniko does when it is not to be simplified', async () => {
	const { output } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')) } }],
		parameters: { simplify: false },
	});
	expect(output[0]?.json).toMatchObject({
		patient: { links: { self: expect.stringContaining(`/patients/${SANDBOX_PATIENT_ID}`) } },
		user: { links: { self: expect.any(String) } },
		updated_at: expect.any(String),
	});
});

it('takes two Cliniko calls for a file, and for all one look at the patients and one poll', async () => {
	const items = Array.from({ length: 12 }, (_, at) => ({
		files: { data: file(`${at}.pdf`, pdf(`${at}`)) },
	}));
	const { output } = await clinic.run({ items });
	expect(output).toHaveLength(12);
	expect(requestsTo('/v1/patients?')).toHaveLength(1);
	expect(requestsTo('attachment_presigned_post')).toHaveLength(12);
	expect(
		requestsTo('/v1/patient_attachments').filter(({ method }) => method === 'POST'),
	).toHaveLength(12);
	expect(
		requestsTo('/v1/patient_attachments').filter(({ method }) => method === 'GET').length,
	).toBeLessThanOrEqual(2);
});

it('sends the key and the contact to Cliniko only, and not to S3', async () => {
	await clinic.run({ items: [{ files: { data: file('a.pdf', pdf('a')) } }] });
	const s3 = requestsTo('amazonaws.com');
	expect(s3).toHaveLength(1);
	expect(s3[0]?.headers).not.toHaveProperty('authorization');
	const api = requestsTo('api.au1.cliniko.com');
	expect(api).toHaveLength(4);
	for (const { headers } of api) {
		expect(headers.authorization).toMatch(/^Basic /);
		expect(headers['user-agent']).toBe('n8n-nodes-cliniko (front.desk@clinic.example)');
		expect(headers.accept).toBe('application/json');
	}
});

it('sends the exact length and never chunks, for small and large files', async () => {
	const large = Buffer.alloc(6 * 1024 * 1024, 'x');
	await clinic.run({
		items: [
			{ files: { small: file('a.pdf', pdf('a')), large: file('b.txt', large, 'text/plain') } },
		],
		parameters: { binaryPropertyName: '*' },
	});
	for (const { headers, bytesReceived } of requestsTo('amazonaws.com')) {
		expect(headers).not.toHaveProperty('transfer-encoding');
		expect(Number(headers['content-length'])).toBe(bytesReceived);
	}
	expect(
		recorded(clinic.sandbox)
			.map(({ sha256: digest }) => digest)
			.sort(),
	).toEqual([sha256(pdf('a')), sha256(large)].sort());
});

it('makes an attachment of each file that an e-mail trigger gives', async () => {
	const { output } = await clinic.run({
		items: [
			{
				files: {
					attachment_0: file('Röntgen links.pdf', pdf('0')),
					attachment_1: file('insurance.pdf', pdf('1')),
					logo: file('logo.png', 'png', 'image/png'),
				},
			},
			{ files: { attachment_0: file('second mail.pdf', pdf('2')) } },
		],
		parameters: { binaryPropertyName: 'attachment_*' },
	});
	expect(output.map(({ json, pairedItem }) => [json.filename, pairedItem])).toEqual([
		['Röntgen links.pdf', { item: 0 }],
		['insurance.pdf', { item: 0 }],
		['second mail.pdf', { item: 1 }],
	]);
	expect(clinic.sandbox.clinic.attachments.size).toBe(3);
});

it('keeps the order of the items though a large file takes longer than the ones after it', async () => {
	const items = [6 * 1024 * 1024, 10, 20, 30].map((size, at) => ({
		json: { at },
		files: { data: file(`${at}.txt`, Buffer.alloc(size, 'x'), 'text/plain') },
	}));
	const { output, outputOf } = await clinic.run({
		items,
		after: { Answer: { parameters: { value: '={{ $("Files").item.json.at }}' } } },
	});
	expect(output.map(({ json }) => json.filename)).toEqual(['0.txt', '1.txt', '2.txt', '3.txt']);
	expect(outputOf('Answer').map(({ json }) => json.value)).toEqual([0, 1, 2, 3]);
});

it('takes patient and description from expressions, item by item', async () => {
	const patients = [SANDBOX_PATIENT_ID, SANDBOX_OTHER_PATIENT_ID];
	const { output } = await clinic.run({
		items: patients.map((patient) => ({
			json: { patient, note: `for ${patient}` },
			files: { data: file('a.pdf', pdf(patient)) },
		})),
		parameters: {
			patientId: by('id', '={{ $json.patient }}'),
			description: '={{ $json.note }}',
		},
	});
	expect(output.map(({ json }) => [json.patient_id, json.description])).toEqual(
		patients.map((patient) => [patient, `for ${patient}`]),
	);
	expect(recorded(clinic.sandbox)).toEqual(
		expect.arrayContaining(
			patients.map((patient) => ({ patient, name: 'a.pdf', sha256: sha256(pdf(patient)) })),
		),
	);
});

it('takes a file of an earlier node that the node before has dropped', async () => {
	const { output, error } = await clinic.run({
		items: [{ files: { data: file('form.pdf', pdf('form')) } }],
		between: { parameters: { value: 'no file goes through here' } },
		parameters: { binaryPropertyName: '={{ $("Files").item.binary.data }}' },
	});
	expect(error).toBeUndefined();
	expect(output[0]?.json).toMatchObject({ filename: 'form.pdf', size: pdf('form').length });
});

it('finds the files of a workflow whose binary mode is combined', async () => {
	const { output, error } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')), more: file('b.pdf', pdf('b')) } }],
		parameters: { binaryPropertyName: 'data, _files.more' },
		settings: { binaryMode: 'combined' },
	});
	expect(error).toBeUndefined();
	expect(output.map(({ json }) => json.filename)).toEqual(['a.pdf', 'b.pdf']);
});

it('takes the patient from the address of the patient’s page', async () => {
	const { output } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')) } }],
		parameters: {
			patientId: {
				__rl: true,
				mode: 'url',
				value: `https://sunrise-physio.au1.cliniko.com/patients/${SANDBOX_OTHER_PATIENT_ID}/treatment_notes`,
			},
		},
	});
	expect(output[0]?.json.patient_id).toBe(SANDBOX_OTHER_PATIENT_ID);
});

it('gives the fresh record at once when it is not to wait', async () => {
	const { output } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')) } }],
		parameters: { waitForProcessing: false },
	});
	expect(output[0]?.json).toMatchObject({ processing_completed: false, filename: null });
	expect(clinic.sandbox.requests).toHaveLength(4);
});

it('gives the record as it stands after the longest wait, if asked to continue', async () => {
	clinic.sandbox.settings.processingMs = 600_000;
	const { output } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')) } }],
		parameters: { options: { maxWait: 1, onTimeout: 'continue' } },
	});
	expect(output[0]?.json).toMatchObject({ id: expect.any(String), processing_completed: false });
});

it('renames a file, and names one that has no name', async () => {
	const { output } = await clinic.run({
		items: [
			{ json: { name: 'Referral.pdf' }, files: { data: file('scan0001.pdf', pdf('a')) } },
			{ json: { name: '' }, files: { data: file(undefined, pdf('b')) } },
		],
		parameters: { options: { fileName: '={{ $json.name }}' } },
	});
	expect(output.map(({ json }) => json.filename)).toEqual(['Referral.pdf', 'data.pdf']);
});

it('passes over items without a file, if asked to', async () => {
	const { output, error } = await clinic.run({
		items: [
			{ json: {} },
			{ files: { data: file('a.pdf', pdf('a')) } },
			{ files: { other: file('b.pdf', pdf('b')) } },
		],
		parameters: { options: { ifNoFile: 'skip' } },
	});
	expect(error).toBeUndefined();
	expect(output.map(({ json, pairedItem }) => [json.filename, pairedItem])).toEqual([
		['a.pdf', { item: 1 }],
	]);
});

it('does not store a file again that a second sending of the form brings, if asked to skip it', async () => {
	const form = {
		items: [{ files: { data: file('form.pdf', pdf('form')) } }],
		parameters: { options: { ifAlreadyUploaded: 'skip' } },
	};
	const first = await clinic.run(form);
	const second = await clinic.run({
		...form,
		items: [
			...form.items,
			{ files: { data: file('form.pdf', pdf('form, but longer')) } },
			{ files: { data: file('form.pdf', pdf('form, but longer')) } },
		],
	});
	expect(clinic.sandbox.clinic.attachments.size).toBe(2);
	expect(second.output[0]?.json).toEqual(first.output[0]?.json);
	expect(second.output[1]?.json.id).toBe(second.output[2]?.json.id);
});

it('stores the same file twice where nobody asked to skip it', async () => {
	await clinic.run({
		items: [{ files: { a: file('form.pdf', pdf('form')), b: file('form.pdf', pdf('form')) } }],
		parameters: { binaryPropertyName: 'a,b' },
	});
	expect(clinic.sandbox.clinic.attachments.size).toBe(2);
});

it.each([
	['it is told to', 6, 2, 2],
	['20, whatever an expression says', 30, 100, 20],
])('sends no more files at once than %s', async (_, count, concurrency, limit) => {
	clinic.sandbox.settings.latencyMs = 50;
	const items = Array.from({ length: count }, (_file, at) => ({
		files: { data: file(`${at}.pdf`, pdf(`${at}`)) },
	}));
	await clinic.run({
		items,
		parameters: { waitForProcessing: false, options: { concurrency } },
	});
	const steps = clinic.sandbox.requests.map(({ path, method }) =>
		path.includes('presigned') ? 1 : path.startsWith('/v1') && method === 'POST' ? -1 : 0,
	);
	let underWay = 0;
	const most = steps.map((step) => (underWay += step));
	// The next presigned post may arrive while a record is still being created.
	expect(Math.max(...most)).toBeLessThanOrEqual(limit + 1);
	expect(steps.filter((step) => step === 1)).toHaveLength(count);
});

it('does nothing when no item comes', async () => {
	const { output, error } = await clinic.run({ items: [] });
	expect(error).toBeUndefined();
	expect(output).toEqual([]);
	expect(clinic.sandbox.requests).toEqual([]);
});

it('sends the policy’s Content-Type where it has a condition on one', async () => {
	clinic.sandbox.settings.policyConditions = ({ conditions }) =>
		conditions.push(['starts-with', '$Content-Type', '']);
	const { error } = await clinic.run({ items: [{ files: { data: file('a.pdf', pdf('a')) } }] });
	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox)).toHaveLength(1);
});

it('sends on a form field that nobody has heard of', async () => {
	clinic.sandbox.settings.policyConditions = ({ conditions, fields }) => {
		conditions.push({ 'x-amz-security-token': 'tok+en/==' });
		fields['x-amz-security-token'] = 'tok+en/==';
	};
	const { error } = await clinic.run({ items: [{ files: { data: file('a.pdf', pdf('a')) } }] });
	expect(error).toBeUndefined();
});

it('joins the upload address with one slash where Cliniko gives none', async () => {
	clinic.sandbox.settings.trailingSlash = false;
	const { error } = await clinic.run({ items: [{ files: { data: file('a & b.pdf', pdf('a')) } }] });
	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox).map(({ name }) => name)).toEqual(['a & b.pdf']);
});

it('looks patients up by what is typed, with what tells namesakes apart', async () => {
	clinic.sandbox.settings.comparison = 'insensitive';
	const { results } = await clinic.engine.call('listSearch', {
		method: 'searchPatients',
		credential: CREDENTIAL,
		filter: "zoë o'hara",
	});
	expect(results).toEqual([
		{ name: `Zoë O'Hara (born 1987-05-31, ID ${SANDBOX_PATIENT_ID})`, value: SANDBOX_PATIENT_ID },
	]);
});

it('tells Cliniko the encoded address of a file where it refuses the plain one', async () => {
	clinic.sandbox.settings.uploadUrlChecked = 'at creation';
	clinic.sandbox.settings.uploadUrlForm = 'encoded';
	const { error } = await clinic.run({
		items: [{ files: { data: file('Ärztebrief 2 & 3.pdf', pdf('a')) } }],
	});
	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox).map(({ name }) => name)).toEqual(['Ärztebrief 2 & 3.pdf']);
});

it('stores a file under a name that every way of reading its address leads to', async () => {
	const { error, output } = await clinic.run({
		items: [{ files: { data: file('50% #2 + ä?.pdf', pdf('a')) } }],
	});
	expect(error).toBeUndefined();
	expect(output[0]?.json.filename).toBe('50- -2 - ä-.pdf');
	const [record] = clinic.sandbox.clinic.attachments.values();
	const [, key] = /\.com\/(.*)/.exec(record!.uploadUrl)!;
	expect(key).toMatch(/\/50- -2 - ä-\.pdf$/);
	expect(decodeURIComponent(new URL(record!.uploadUrl).pathname)).toBe(`/${key}`);
});

it('leaves it to S3 to put the name into the key where the policy cannot be read', async () => {
	clinic.sandbox.settings.policyConditions = (draft) => {
		draft.conditions = draft.conditions.map((condition) =>
			Array.isArray(condition) && condition[1] === '$key'
				? [condition[0], 'key', condition[2]]
				: condition,
		);
	};
	const { error } = await clinic.run({
		items: [{ files: { data: file('Ärztebrief 2 & 3.pdf', pdf('a')) } }],
	});
	expect(error).toBeUndefined();
	expect(recorded(clinic.sandbox).map(({ name }) => name)).toEqual(['Ärztebrief 2 & 3.pdf']);
});

describe('The files of a form, after Find,', () => {
	const REFERRALS = { Referral_0: file('a.pdf', pdf('a')), Referral_1: file('b.pdf', pdf('b')) };

	const submit = async (
		binaryPropertyName: string,
		{
			files = REFERRALS,
			find = {},
		}: { files?: Record<string, StartFile>; find?: IDataObject } = {},
	) =>
		await clinic.run({
			items: [
				{
					json: {
						lastName: 'O’Hara',
						Referral: Object.values(files).map(({ fileName, mimeType, base64 = '' }) => ({
							filename: fileName,
							mimetype: mimeType,
							size: Buffer.from(base64, 'base64').length,
						})),
					},
					files,
				},
			],
			between: {
				type: 'n8n-nodes-cliniko.cliniko',
				credentials: { clinikoApi: { id: 'cliniko', name: 'Cliniko' } },
				parameters: {
					resource: 'patient',
					operation: 'find',
					lastName: '={{ $json.lastName }}',
					dateOfBirth: '1987-05-31',
					...find,
				} as never,
			},
			parameters: { patientId: by('id', '={{ $json.id }}'), binaryPropertyName },
		});

	it.each([
		['the field’s name', 'Referral'],
		['a pattern', '*'],
		['all files of the form', "={{ $('Files').item.binary }}"],
		['what was dragged from the form’s JSON', "={{ $('Files').item.json.Referral }}"],
	])('are uploaded by %s', async (_, wanted) => {
		const { error, output } = await submit(wanted);
		expect(error).toBeUndefined();
		expect(output.map(({ json }) => json.filename)).toEqual(['a.pdf', 'b.pdf']);
		expect(recorded(clinic.sandbox)).toHaveLength(2);
	});

	it('are passed on to the front desk too, where nobody matches', async () => {
		const { outputOf } = await submit('*', { find: { lastName: 'Nobody', ifNotOne: 'item' } });
		const [item] = outputOf('Between');
		expect(item?.json.matched).toBe(0);
		expect(Object.keys(item?.binary ?? {})).toEqual(['Referral_0', 'Referral_1']);
	});

	it('are not passed on where that is not wanted, and the message says where they are', async () => {
		const options = { includeInputFiles: false };
		const { error } = await submit('Referral', { find: { options } });
		expect(error?.message).toBe('The item has no file, so there is none in "Referral". [item 0]');
		const [, expression] = /to the expression (\{\{.*\}\})\.$/.exec(error?.description ?? '') ?? [];
		expect(error?.description).toContain('The node "Files" has files in: Referral_0, Referral_1.');
		// What the message says to do helps.
		const again = await submit(`=${expression}`, { find: { options } });
		expect(again.output).toHaveLength(2);
	});

	it.each([
		[
			'a file that nobody sent',
			"={{ $('Files').item.binary.Letter }}",
			'The expression in Input Binary Field gives no file for this item. [item 0]',
		],
		[
			'text that was dragged behind other text',
			"=data {{ $('Files').item.json.Referral }}",
			'Input Binary Field gives the text [object Object] instead of a file. [item 0]',
		],
		['a name that is misspelt', 'Referal', 'The item has no file in "Referal". [item 0]'],
	])('are named where the field asks for %s', async (_, wanted, message) => {
		const { error } = await submit(wanted);
		expect(error?.message).toBe(message);
		expect(error?.description).toContain('The item’s files are in: Referral_0, Referral_1.');
		expect(recorded(clinic.sandbox)).toEqual([]);
	});

	it('are missing where nobody sent one, and the message asks for that', async () => {
		const { error } = await submit("={{ $('Files').item.binary }}", { files: {} });
		expect(error?.message).toBe(
			'The expression in Input Binary Field gives no file for this item. [item 0]',
		);
		expect(error?.description).toContain('Check that a file was sent');
	});
});
