import type { IDataObject } from 'n8n-workflow';

import {
	BUCKET_HOST,
	SANDBOX_API_KEY,
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	type Fault,
} from '../../sandbox/sandbox.cts';
import {
	by,
	collectFormValues,
	CREDENTIAL,
	file,
	newCredential,
	pdf,
	useClinic,
	type UploadResult,
} from './clinic.cts';
import { putOnRecord } from './records.cts';

const TOKEN = 'A-token-of-the-form-that-nobody-may-read';
const SHORT = 'sh0rt-v4lue';
const PATIENT = { name: 'Philippa Featherstonehaugh', email: 'philippa@featherstonehaugh.example' };

/** The fields of all presigned posts of a run. */
let formValues: string[];

const clinic = useClinic({
	engine: { env: { N8N_LOG_LEVEL: 'debug', N8N_LOG_OUTPUT: 'console' } },
});

beforeEach(() => {
	formValues = [];
	clinic.sandbox.settings.policyConditions = ({ conditions, fields }) => {
		conditions.push({ 'x-amz-security-token': TOKEN });
		fields['x-amz-security-token'] = TOKEN;
	};
});

const inFull = JSON.stringify({
	message: `${PATIENT.name} <${PATIENT.email}>`,
	key: SANDBOX_API_KEY,
});

/** A server's reply that must not be passed on: a page of its own, or the request repeated. */
const page = `<html><body>${PATIENT.name} ${PATIENT.email} ${SANDBOX_API_KEY}</body></html>`;
const echo = JSON.stringify({
	message: `The key ${SANDBOX_API_KEY} of ${PATIENT.email} is not welcome`,
});

const faults: Array<[string, Fault | undefined, IDataObject?]> = [
	['all goes well', undefined],
	[
		'the key is refused with an echo of it',
		{ on: 'presign', act: 'before', do: { reply: { status: 401, body: echo } } },
	],
	[
		'the role is refused',
		{ on: 'presign', act: 'before', do: { reply: { status: 403, body: echo } } },
	],
	[
		'Cliniko has a fault',
		{ on: 'presign', times: 9, act: 'before', do: { reply: { status: 500, body: inFull } } },
	],
	[
		'Cliniko answers with a page',
		{ on: 'presign', times: 9, act: 'before', do: { reply: { status: 200, body: page } } },
	],
	[
		'Cliniko closes the connection',
		{ on: 'presign', times: 9, act: 'before', do: { reset: true } },
	],
	[
		'Cliniko redirects',
		{
			on: 'presign',
			act: 'before',
			do: {
				reply: { status: 302, headers: { location: `https://evil.example/?${SANDBOX_API_KEY}` } },
			},
		},
	],
	[
		'Cliniko does not accept the record',
		{
			on: 'create',
			act: 'before',
			do: {
				reply: {
					status: 422,
					body: JSON.stringify({
						message: 'Validation Failed',
						errors: { upload_url: `${TOKEN} is invalid` },
					}),
				},
			},
		},
	],
	['S3 closes the connection', { on: 's3', times: 9, act: 'body', do: { reset: true } }],
	[
		'S3 refuses with the form’s values',
		{
			on: 's3',
			act: 'before',
			do: {
				reply: {
					status: 403,
					body: `<Error><Code>AccessDenied</Code><Message>Policy Condition failed: ["eq", "$x-amz-security-token", "${SHORT}"]</Message><AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><StringToSign>${TOKEN}</StringToSign></Error>`,
				},
			},
		},
	],
	[
		'S3 answers with a page',
		{ on: 's3', times: 9, act: 'after', do: { rewrite: (reply) => ({ ...reply, body: page }) } },
	],
	[
		'the poll is refused',
		{ on: 'poll', act: 'before', do: { reply: { status: 403, body: echo } } },
	],
	['the shard is wrong', undefined, { shard: 'uk1' }],
	['the shard is none', undefined, { shard: 'other', customShard: `${SANDBOX_API_KEY}/` }],
];

describe.each(faults)('when %s', (what, fault, credential) => {
	it.each(['stopWorkflow', 'continueErrorOutput'] as const)(
		'n8n stores and logs no key, no form value and no patient (%s)',
		async (onError) => {
			if (fault) clinic.sandbox.faults.add({ ...fault });
			collectFormValues(clinic.sandbox, formValues, 10);
			const logged = clinic.engine.log().length;
			const result = await clinic.run({
				items: [{ files: { data: file('a.pdf', pdf('a')) } }],
				node: { onError },
				write: true,
				credential: credential && { ...CREDENTIAL, ...credential },
			});
			expectOutcome(result, what, onError);
			const kept = result.written + clinic.engine.log().slice(logged);
			const secrets = [
				SANDBOX_API_KEY,
				Buffer.from(`${SANDBOX_API_KEY}:`).toString('base64'),
				'Authorization',
				TOKEN,
				SHORT,
				PATIENT.name,
				PATIENT.email,
				CREDENTIAL.contactEmail,
				...formValues,
			];
			expect(secrets.filter((secret) => kept.includes(secret))).toEqual([]);
		},
		60_000,
	);
});

const EVER = 99;
const answer = (status: number, body: string, headers: Record<string, string> = {}) => ({
	reply: { status, headers, body },
});
const signed = `https://${BUCKET_HOST}/a.pdf?X-Amz-Signature=${'0af1'.repeat(16)}`;

/** An operation with a fault. */
const operations: Array<[operation: string, what: string, fault?: Fault]> = [
	['get', 'all goes well'],
	['getMany', 'all goes well'],
	['download', 'all goes well'],
	['update', 'all goes well'],
	['archive', 'all goes well'],
	['get', 'the key is refused', { on: 'poll', act: 'before', do: answer(401, echo) }],
	[
		'get',
		'Cliniko has a fault',
		{ on: 'poll', times: EVER, act: 'before', do: answer(500, inFull) },
	],
	['getMany', 'the role is refused', { on: 'get', act: 'before', do: answer(403, echo) }],
	['getMany', 'a page comes', { on: 'get', times: EVER, act: 'before', do: answer(200, page) }],
	['update', 'it is refused', { on: 'other', act: 'before', do: answer(422, echo) }],
	['update', 'a page comes', { on: 'other', times: EVER, act: 'before', do: answer(200, page) }],
	['archive', 'it is refused', { on: 'other', act: 'before', do: answer(403, echo) }],
	[
		'archive',
		'Cliniko has a fault',
		{ on: 'other', times: EVER, act: 'before', do: answer(503, inFull) },
	],
	[
		'download',
		'Cliniko redirects to an insecure address',
		{
			on: 'get',
			act: 'before',
			do: answer(303, page, { location: signed.replace('https', 'http') }),
		},
	],
	['download', 'Cliniko refuses', { on: 'get', act: 'before', do: answer(403, echo) }],
	[
		'download',
		'S3 answers with a page',
		{ on: 'other', times: EVER, act: 'before', do: answer(500, page) },
	],
	[
		'download',
		'S3 says what was signed',
		{
			on: 'other',
			times: EVER,
			act: 'before',
			do: answer(
				403,
				`<Error><Code>SignatureDoesNotMatch</Code><Message>${signed} is not ours</Message><AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId></Error>`,
			),
		},
	],
	[
		'download',
		'S3 closes the connection',
		{ on: 'other', times: EVER, act: 'before', do: { reset: true } },
	],
	[
		'download',
		'the connection breaks in the file',
		{ on: 'other', times: EVER, act: 'reply', afterBytes: 5, do: { reset: true } },
	],
];

describe.each(operations)('at %s, when %s', (operation, _, fault) => {
	it.each(['stopWorkflow', 'continueErrorOutput'] as const)(
		'n8n stores and logs no key, no signed address and no patient (%s)',
		async (onError) => {
			const { id } = await putOnRecord(clinic.sandbox, { name: 'a.pdf', content: pdf('a') });
			const logged = clinic.engine.log().length;
			if (fault) clinic.sandbox.faults.add({ ...fault });
			const result = await clinic.run({
				items: [{}],
				parameters: {
					operation,
					patientId: {
						__rl: true,
						mode: 'id',
						value: SANDBOX_PATIENT_ID,
					},
					attachmentId: by('id', id),
					description: 'new',
				},
				node: { onError },
				write: true,
			});
			const failed = result.error?.message ?? result.errorOutput[0]?.json.error;
			expect(failed).toEqual(fault ? expect.any(String) : undefined);
			if (!fault) expect(result.output).toHaveLength(1);
			expect(clinic.sandbox.faults.unused).toEqual([]);

			const kept = result.written + clinic.engine.log().slice(logged);
			const signatures = clinic.sandbox.requests.flatMap(
				({ path }) => /X-Amz-Signature=(\w+)/.exec(path)?.[1] ?? [],
			);
			const secrets = [
				SANDBOX_API_KEY,
				Buffer.from(`${SANDBOX_API_KEY}:`).toString('base64'),
				'Authorization',
				'X-Amz-',
				'AKI',
				'0af1'.repeat(16),
				...signatures,
				PATIENT.name,
				PATIENT.email,
				"O'Hara",
				CREDENTIAL.contactEmail,
			];
			expect(secrets.filter((secret) => kept.includes(secret))).toEqual([]);
			if (operation === 'download' && fault?.on !== 'get') {
				expect(signatures.length).toBeGreaterThan(0);
			}
		},
		60_000,
	);
});

const quoting = (who: string) =>
	answer(
		422,
		JSON.stringify({
			message: `${who} is not accepted`,
			errors: { last_name: 'FEATHERSTONEHAUGH is taken', email: `${PATIENT.email} is taken` },
		}),
	);

/** What is done with a patient, with a fault. */
const ofPatients: Array<[operation: string, what: string, fault: Fault | undefined]> = [
	['create', 'all goes well', undefined],
	['upsert', 'all goes well', undefined],
	['update', 'all goes well', undefined],
	['create', 'it is refused', { on: 'createPatient', act: 'before', do: quoting(PATIENT.name) }],
	['upsert', 'it is refused', { on: 'createPatient', act: 'before', do: quoting(PATIENT.name) }],
	[
		'update',
		'it is refused',
		{ on: 'updatePatient', act: 'before', do: quoting(`${PATIENT.name}, formerly O’Hara`) },
	],
	['create', 'the key is refused', { on: 'patients', act: 'before', do: answer(401, echo) }],
	['update', 'the key is refused', { on: 'get', act: 'before', do: answer(401, echo) }],
	[
		'update',
		'Cliniko has a fault',
		{ on: 'updatePatient', times: EVER, act: 'before', do: answer(500, inFull) },
	],
];

it.each(ofPatients)(
	'at "%s" of a patient, when %s, no key is stored or logged, and no message or log names anybody',
	async (operation, _, fault) => {
		const [firstName = '', lastName = ''] = PATIENT.name.split(' ');
		const logged = clinic.engine.log().length;
		if (fault) clinic.sandbox.faults.add({ ...fault });
		const { email } = PATIENT;
		const result = await clinic.run({
			items: [{ json: { firstName, lastName, email } }],
			credential: newCredential(clinic.sandbox),
			parameters: {
				resource: 'patient',
				operation,
				patientId: by('id', SANDBOX_OTHER_PATIENT_ID),
				firstName: '={{ $json.firstName }}',
				lastName: '={{ $json.lastName }}',
				email: '={{ $json.email }}',
				additionalFields: { email: '={{ $json.email }}' },
				updateFields: {
					firstName: '={{ $json.firstName }}',
					lastName: '={{ $json.lastName }}',
					email: '={{ $json.email }}',
				},
			},
			node: { onError: 'continueErrorOutput' },
			write: true,
		});
		const failed = result.errorOutput.map(({ json }) => json.error);
		expect(failed).toEqual(fault ? [expect.any(String)] : []);
		expect(result.output).toHaveLength(fault ? 0 : 1);
		const log = clinic.engine.log().slice(logged);
		const keys = clinic.sandbox.requests.map(({ headers }) => headers.authorization ?? '');
		const secrets = [...keys, SANDBOX_API_KEY, 'Authorization', CREDENTIAL.contactEmail];
		expect(secrets.filter((one) => (result.written + log).includes(one))).toEqual([]);
		const context = JSON.stringify(result.run.data.executionData?.contextData);
		expect(`${failed.join()} ${log} ${context}`).not.toMatch(
			/philippa|featherstonehaugh|hara|Zoë/i,
		);
	},
	60_000,
);

const CASE_NAME = `${PATIENT.name}’s knee`;

/** What is done with a case whose name and notes tell something about a patient, with a fault. */
const ofCases: Array<[operation: string, what: string, fault: Fault | undefined]> = [
	['create', 'all goes well', undefined],
	['update', 'all goes well', undefined],
	['upload', 'all goes well', undefined],
	['create', 'it is refused', { on: 'createCase', act: 'before', do: quoting(CASE_NAME) }],
	['create', 'the key is refused', { on: 'get', act: 'before', do: answer(401, echo) }],
	['update', 'it is refused', { on: 'updateCase', act: 'before', do: quoting(CASE_NAME) }],
	[
		'update',
		'Cliniko has a fault',
		{ on: 'updateCase', times: EVER, act: 'before', do: answer(500, inFull) },
	],
	['upload', 'the case is refused', { on: 'cases', act: 'before', do: answer(403, echo) }],
	['upload', 'the link is refused', { on: 'updateCase', act: 'before', do: answer(422, echo) }],
	[
		'upload',
		'a page comes for the link',
		{ on: 'updateCase', times: EVER, act: 'before', do: answer(200, page) },
	],
];

it.each(ofCases)(
	'at "%s" of a case, when %s, no key is stored or logged, and no message or log names anybody',
	async (operation, _, fault) => {
		const { sandbox, engine } = clinic;
		const { id } = sandbox.clinic.addCase({
			patientId: SANDBOX_PATIENT_ID,
			name: CASE_NAME,
		});
		const logged = engine.log().length;
		if (fault) sandbox.faults.add({ ...fault });
		const resource = operation === 'upload' ? 'patientAttachment' : 'patientCase';
		const notes = '={{ $json.notes }}';
		const result = await clinic.run({
			items: [
				{
					json: { name: CASE_NAME, notes: PATIENT.email },
					files: { data: file('a.pdf', pdf(`case ${_}`)) },
				},
			],
			credential: newCredential(sandbox),
			parameters: {
				resource,
				operation,
				patientId: by('id', SANDBOX_PATIENT_ID),
				caseId: by('id', id),
				name: '={{ $json.name }}',
				additionalFields: { notes },
				updateFields: { notes },
				options: { linkToCase: by('list', 'onlyOpen') },
			},
			node: { onError: 'continueErrorOutput' },
			write: true,
		});
		const failed = result.errorOutput.map(({ json }) => json.error);
		expect(failed).toEqual(fault ? [expect.any(String)] : []);
		expect(result.output).toHaveLength(fault ? 0 : 1);
		const log = engine.log().slice(logged);
		const keys = sandbox.requests.map(({ headers }) => headers.authorization ?? '');
		const secrets = [...keys.filter(Boolean), SANDBOX_API_KEY, 'Authorization'];
		secrets.push(CREDENTIAL.contactEmail);
		expect(secrets.filter((one) => (result.written + log).includes(one))).toEqual([]);
		const context = JSON.stringify(result.run.data.executionData?.contextData);
		expect(`${failed.join()} ${log} ${context}`).not.toMatch(
			/philippa|featherstonehaugh|hara|Zoë|AWS4/i,
		);
	},
	60_000,
);

/** What goes wrong while appointments, with a note that names a patient, and their names are read. */
const ofAppointments: Array<[what: string, fault: Fault, isFailure: boolean]> = [
	['the role is refused', { on: 'get', act: 'before', do: answer(403, echo) }, true],
	['a page comes', { on: 'get', times: EVER, act: 'before', do: answer(200, page) }, true],
	['the names are refused', { on: 'names', times: 3, act: 'before', do: answer(403, echo) }, false],
	[
		'a page comes for the names',
		{ on: 'names', times: 5, act: 'before', do: answer(200, page) },
		false,
	],
];

it.each(ofAppointments)(
	'at appointments, when %s, no key is stored or logged, and no message or log names anybody',
	async (_, fault, isFailure) => {
		const { sandbox, engine } = clinic;
		sandbox.clinic.addAppointment({ patientId: SANDBOX_PATIENT_ID, notes: PATIENT.name });
		const logged = engine.log().length;
		sandbox.faults.add({ ...fault });
		const result = await clinic.run({
			items: [{ json: {} }],
			credential: newCredential(sandbox),
			parameters: { resource: 'appointment', operation: 'getMany' },
			node: { onError: 'continueErrorOutput' },
			write: true,
		});
		const failed = result.errorOutput.map(({ json }) => json.error);
		expect(failed).toEqual(isFailure ? [expect.any(String)] : []);
		expect(result.output).toHaveLength(isFailure ? 0 : 1);
		expect(sandbox.faults.unused).toEqual([]);
		const log = engine.log().slice(logged);
		const keys = sandbox.requests.map(({ headers }) => headers.authorization ?? '');
		const secrets = [...keys.filter(Boolean), SANDBOX_API_KEY, 'Authorization'];
		secrets.push(CREDENTIAL.contactEmail);
		expect(secrets.filter((one) => (result.written + log).includes(one))).toEqual([]);
		const context = JSON.stringify(result.run.data.executionData?.contextData);
		expect(`${failed.join()} ${log} ${context}`).not.toMatch(
			/philippa|featherstonehaugh|hara|Zoë/i,
		);
	},
	60_000,
);

it('the search knows the form’s values and finds what is there', async () => {
	collectFormValues(clinic.sandbox, formValues, 10);
	const { written } = await clinic.run({
		items: [{ files: { data: file('a.pdf', pdf('a')) } }],
		write: true,
	});
	expect(formValues.length).toBeGreaterThan(5);
	expect(written).toContain('a.pdf');
	expect(clinic.engine.log()).toContain('Cliniko');
});

function expectOutcome(
	{ output, errorOutput, error }: UploadResult,
	what: string,
	onError: string,
): void {
	if (what === 'all goes well') {
		expect(output).toHaveLength(1);
		expect(error).toBeUndefined();
		return;
	}
	// An error in the credential stops the node, whatever its items are set to.
	const whole = what.startsWith('the shard');
	if (onError === 'stopWorkflow' || whole) {
		expect(error?.message ?? output[0]?.json.error ?? errorOutput[0]?.json.error).toEqual(
			expect.any(String),
		);
	} else {
		const items = onError === 'continueRegularOutput' ? output : errorOutput;
		expect(items[0]?.json.error).toEqual(expect.any(String));
	}
}
