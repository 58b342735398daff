/**
 * The Cliniko node as a tool of n8n's own AI agent. The model is a script, because what is tested is
 * what a model is offered and gets to know, and what happens in Cliniko.
 */
import type { IDataObject, INode } from 'n8n-workflow';

import { until } from '../../n8n/until.cts';
import { SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { pdf } from '../engine/clinic.cts';
import { putOnRecord } from '../engine/records.cts';
import { CREDENTIAL, openClinic, type ClinicWithN8n } from './clinic.cts';
import { startModel, type ScriptedModel } from './model.cts';

/** What n8n's editor writes into a field that is left to the model. */
const fromModel = (key: string, type = 'string') => `={{ $fromAI('${key}', \`\`, '${type}') }}`;

const byId = (key: string) => ({ __rl: true, mode: 'id', value: fromModel(key) });

const TOOLS: Record<string, IDataObject> = {
	'Find patient': {
		resource: 'patient',
		operation: 'find',
		firstName: fromModel('First_Name'),
		lastName: fromModel('Last_Name'),
		dateOfBirth: fromModel('Date_of_Birth'),
		options: { ifEmpty: 'leaveOut' },
	},
	'Get many patient attachments': {
		resource: 'patientAttachment',
		operation: 'getMany',
		patientId: byId('Patient'),
		simplify: 'selectedFields',
		outputFields: ['filename'],
	},
	'Get patient attachment': {
		resource: 'patientAttachment',
		operation: 'get',
		attachmentId: byId('Attachment'),
	},
	'Download patient attachment': {
		resource: 'patientAttachment',
		operation: 'download',
		attachmentId: byId('Attachment'),
	},
};

let clinic: ClinicWithN8n;
let model: ScriptedModel;

beforeAll(async () => {
	clinic = await openClinic('agent');
	model = await startModel();
	const cliniko = await clinic.addCredential('Cliniko', 'clinikoApi', CREDENTIAL);
	const openAi = await clinic.addCredential('Model', 'openAiApi', model.credential);
	const node = (name: string, type: string, rest: Partial<INode>): Partial<INode> => ({
		id: name,
		name,
		type,
		position: [0, 0],
		...rest,
	});
	const workflow = await clinic.save({
		name: 'Agent',
		// As in every workflow that the editor makes: in the old order an agent does not wait for its tools.
		settings: { executionOrder: 'v1' },
		nodes: [
			node('Webhook', 'n8n-nodes-base.webhook', {
				typeVersion: 2.1,
				webhookId: 'agent',
				parameters: { httpMethod: 'POST', path: 'agent', responseMode: 'lastNode', options: {} },
			}),
			node('Agent', '@n8n/n8n-nodes-langchain.agent', {
				typeVersion: 3,
				parameters: { promptType: 'define', text: '={{ $json.body.prompt }}', options: {} },
			}),
			node('Model', '@n8n/n8n-nodes-langchain.lmChatOpenAi', {
				// The last version that uses chat completions by default.
				typeVersion: 1.2,
				parameters: { model: { __rl: true, mode: 'id', value: 'scripted' }, options: {} },
				credentials: openAi,
			}),
			...Object.entries(TOOLS).map(([name, parameters]) =>
				node(name, 'n8n-nodes-cliniko.clinikoTool', {
					typeVersion: 1,
					parameters: { descriptionType: 'auto', ...parameters } as INode['parameters'],
					credentials: cliniko,
				}),
			),
		],
		connections: {
			Webhook: { main: [[{ node: 'Agent', type: 'main', index: 0 }]] },
			Model: {
				ai_languageModel: [[{ node: 'Agent', type: 'ai_languageModel', index: 0 }]],
			},
			...Object.fromEntries(
				Object.keys(TOOLS).map((name) => [
					name,
					{ ai_tool: [[{ node: 'Agent', type: 'ai_tool', index: 0 }]] },
				]),
			),
		},
	});
	await clinic.publish(workflow);
});
afterEach(() => clinic.sandbox.reset());
afterAll(async () => {
	await clinic?.close();
	await model?.close();
});

/** @returns the agent's answer */
async function ask(prompt: string): Promise<string> {
	// n8n registers a webhook shortly after the workflow is published.
	const reply = await until('the webhook answers', async () => {
		const response = await fetch(`${clinic.n8n.url}/webhook/agent`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ prompt }),
		});
		return response.status === 404 ? undefined : response;
	});
	const body = await reply.text();
	expect([reply.status, body]).toEqual([200, expect.any(String)]);
	return (JSON.parse(body) as { output: string }).output;
}

/** The items that a tool gave, which n8n hands to the model as JSON. */
const items = (reply: string) => JSON.parse(reply) as IDataObject[];

const called = () => clinic.sandbox.requests.map(({ path }) => path.split('?')[0]);

const SECRET = 'What only the file says';

it('an agent finds a patient, lists the files and describes one, without the file itself', async () => {
	const { id } = await putOnRecord(clinic.sandbox, {
		name: 'Referral letter.pdf',
		content: pdf(SECRET),
		description: 'From Dr Quist',
	});
	model.follow((replies) => {
		if (replies.length === 0) {
			const patient = { First_Name: 'Zoe', Last_Name: "O'Hara", Date_of_Birth: '1987-05-31' };
			return { tool: 'Find_patient', arguments: patient };
		}
		if (replies.length === 1) {
			const Patient = String(items(replies[0]!)[0]?.id);
			return { tool: 'Get_many_patient_attachments', arguments: { Patient } };
		}
		const [file] = items(replies[1]!);
		const tool = ['Get_patient_attachment', 'Download_patient_attachment'][replies.length - 2];
		if (tool) return { tool, arguments: { Attachment: String(file!.id) } };
		return replies.join('\n');
	});

	const [found, listed, described, downloaded] = (await ask('Which files has Zoë O’Hara?')).split(
		'\n',
	);
	expect(items(found!)).toMatchObject([{ matched: 1, id: SANDBOX_PATIENT_ID, first_name: 'Zoë' }]);
	const record = {
		id,
		patient_id: SANDBOX_PATIENT_ID,
		filename: 'Referral letter.pdf',
		description: 'From Dr Quist',
	};
	expect(items(listed!)).toEqual([{ id, filename: record.filename }]);
	expect(items(described!)).toMatchObject([record]);
	expect(items(downloaded!)).toMatchObject([record]);

	const sent = model.requests.join('\n');
	expect(sent).toContain('Referral letter.pdf');
	expect(sent).not.toContain(SECRET);
	expect(sent).not.toContain(pdf(SECRET).toString('base64').slice(0, 40));
});

it('a model reads what each tool does, and which values it takes', () => {
	const offered = model
		.tools()
		.map(({ name, description, parameters }) => [
			name,
			description,
			Object.keys(parameters.properties),
		]);
	expect(offered).toEqual([
		['Download_patient_attachment', 'Download patient attachment in Cliniko', ['Attachment']],
		['Find_patient', 'Find patient in Cliniko', ['First_Name', 'Last_Name', 'Date_of_Birth']],
		['Get_many_patient_attachments', 'Get many patient attachments in Cliniko', ['Patient']],
		['Get_patient_attachment', 'Get patient attachment in Cliniko', ['Attachment']],
	]);
});

it('where several patients match, a model gets none of them, and reads what would tell them apart', async () => {
	model.follow((replies) =>
		replies.length === 0
			? {
					tool: 'Find_patient',
					arguments: { First_Name: 'Zoe', Last_Name: "O'Hara", Date_of_Birth: '' },
				}
			: replies[0]!,
	);
	const answer = await ask('Which files has Zoe O’Hara?');
	expect(answer).toContain('2 patients match (First Name, Last Name): IDs');
	expect(answer).toContain('Date of Birth');
	expect(answer).not.toContain('first_name');
	expect(called()).not.toContain('/v1/patient_attachments');
});
