import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
	NodeHelpers,
	type INode,
	type INodeExecutionData,
	type INodeTypeDescription,
} from 'n8n-workflow';

import type { StartFile, StartItem, WorkflowFile } from '../../engine/engine.cts';
import { openMailbox, type Mail, type Mailbox } from '../../sandbox/mailbox.cts';
import { SANDBOX_OTHER_PATIENT_ID, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { by, CREDENTIAL, file, pdf, PLAIN, recorded, sha256, useClinic } from './clinic.cts';
import { descriptionsOf } from './node-types.cts';

// A dependency of n8n's own nodes: the Compression node uses it.
const { unzipSync } = createRequire(require.resolve('n8n-nodes-base/package.json'))('fflate') as {
	unzipSync: (zip: Uint8Array) => Record<string, Uint8Array>;
};

const FOLDER = path.join(__dirname, '../../examples');
const STICKY = 'n8n-nodes-base.stickyNote';

interface Example extends WorkflowFile {
	name: string;
	settings: { executionOrder?: string };
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

function example(name: string): Example {
	return JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as Example;
}

const allNodes = files.flatMap((name) => example(path.parse(name).name).nodes);
const descriptions = descriptionsOf(allNodes);

function descriptionOf({ type, typeVersion }: INode): INodeTypeDescription {
	const at = allNodes.findIndex((one) => one.type === type && one.typeVersion === typeVersion);
	const description = descriptions[at];
	if (!description) throw new Error(`n8n has no ${type} in the version ${typeVersion}`);
	return description;
}

describe.each(files)('the example %s', (fileName) => {
	const { name, nodes, connections, settings, ...rest } = example(path.parse(fileName).name);

	it('has nothing in it but a name, nodes, connections and the execution order', () => {
		expect(rest).toEqual({});
		expect(name).toMatch(/^[A-Z]/);
		expect(settings).toEqual({ executionOrder: 'v1' });
		expect(nodes.filter(({ credentials }) => credentials)).toEqual([]);
		expect(JSON.stringify(nodes)).not.toMatch(/\p{Extended_Pictographic}/u);
		for (const list of [nodes.map(({ id }) => id), nodes.map((one) => one.name)]) {
			expect(new Set(list).size).toBe(nodes.length);
		}
	});

	it.each(nodes.map((node) => [node.name, node] as const))(
		'has in "%s" a type, a version and parameters that n8n knows',
		(_name, node) => {
			const description = descriptionOf(node);
			const known = NodeHelpers.getNodeParameters(
				description.properties,
				node.parameters,
				true,
				false,
				node,
				description,
			);
			expect(known).toMatchObject(node.parameters);
			const issues = NodeHelpers.getNodeParametersIssues(
				description.properties,
				node,
				description,
			)?.parameters;
			// The user has to choose the patient.
			expect(Object.keys(issues ?? {})).toEqual(
				node.name === 'List the files' ? ['patientId'] : [],
			);
		},
	);

	it('connects all its nodes, from the trigger on', () => {
		const reached = new Set<string>();
		const visit = (at: string): void => {
			if (reached.has(at)) return;
			reached.add(at);
			for (const { node, index } of Object.values(connections[at]?.main ?? []).flatMap(
				(one) => one ?? [],
			)) {
				const target = nodes.find((one) => one.name === node)!;
				const inputs = target.type.endsWith('.merge')
					? Number(target.parameters.numberInputs ?? 2)
					: 1;
				expect(index).toBeLessThan(inputs);
				visit(node);
			}
		};
		// A workflow may start runs of its own.
		for (const { type, name: trigger } of nodes) {
			if (/(?:Trigger|emailReadImap)$/.test(type)) visit(trigger);
		}
		const boxes = nodes.filter(({ type }) => type !== STICKY).map((one) => one.name);
		expect([...reached].sort()).toEqual(boxes.sort());
		expect(boxes).toEqual(expect.arrayContaining(Object.keys(connections)));
	});

	it('has a note that names every node in which something is to be set, beside the nodes', () => {
		const notes = nodes.filter(({ type }) => type === STICKY);
		expect(notes).toHaveLength(1);
		const content = String(notes[0]!.parameters.content);
		expect(content).toMatch(/What it does/);
		expect(content).toMatch(/What to set/);
		for (const [, named] of content.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)) {
			expect(nodes.map((one) => one.name)).toContain(named);
		}
		const toSet = nodes.filter((node) => (descriptionOf(node).credentials ?? []).length > 0);
		const always = toSet.filter(
			({ type, parameters }) =>
				!type.endsWith('.formTrigger') &&
				!(type.endsWith('.emailSend') && !parameters.toEmail) &&
				// One that waits for a time has no page to protect.
				!(type.endsWith('.wait') && !parameters.resume),
		);
		for (const one of always) {
			if (content.includes('Both e-mail boxes') && one.type.endsWith('.emailSend')) continue;
			expect(content).toContain(`*${one.name}*`);
		}
		const { width, height } = notes[0]!.parameters as { width: number; height: number };
		const areas = nodes.map(({ type, position: [x, y] }) =>
			type === STICKY ? [x, y, x + width, y + height] : [x, y, x + 100, y + 100],
		) as Array<[number, number, number, number]>;
		for (const [at, [left, top, right, bottom]] of areas.entries()) {
			for (const other of areas.slice(at + 1)) {
				const apart =
					right <= other[0] || other[2] <= left || bottom <= other[1] || other[3] <= top;
				expect(apart).toBe(true);
			}
		}
	});
});

it('has all examples in its table, and no others', () => {
	const readme = readFileSync(path.join(FOLDER, 'README.md'), 'utf8');
	const named = [...readme.matchAll(/^\| \[`?([\w-]+\.json)`?\]\(([\w-]+\.json)\)/gm)];
	expect(named.map(([, text]) => text).sort()).toEqual([...files].sort());
	for (const [, text, target] of named) expect(target).toBe(text);
	expect(files.length).toBeGreaterThanOrEqual(4);
});

describe('in n8n’s engine', () => {
	let mailbox: Mailbox;

	const clinic = useClinic({
		sandbox: PLAIN,
		engine: { nodeArguments: ['--require', path.join(__dirname, 'code-node.cts')] },
	});

	beforeAll(async () => void (mailbox = await openMailbox()));
	afterEach(() => {
		mailbox.mails.length = 0;
		mailbox.refuses = () => false;
	});
	afterAll(async () => await mailbox.close());

	/** Runs an example with the items that its trigger would output. */
	async function run(
		name: string,
		items: StartItem[],
		options: {
			/** Changes to nodes, by name. */
			change?: Record<string, Partial<INode>>;
			/** A node to add after the last one. */
			after?: INode;
			/** The trigger, if there are several. */
			start?: string;
		} = {},
	) {
		const workflow = example(name);
		const trigger =
			workflow.nodes.find((node) => node.name === options.start) ?? triggerOf(workflow.nodes);
		const nodes = workflow.nodes.map((node): INode => {
			if (node === trigger) return { ...node, type: 'engine.files', typeVersion: 1 };
			const names = (descriptionOf(node).credentials ?? []).map((one) => one.name);
			const credentials = Object.fromEntries(names.map((one) => [one, { id: one, name: one }]));
			const { parameters, ...rest } = options.change?.[node.name] ?? {};
			return { ...node, credentials, ...rest, parameters: { ...node.parameters, ...parameters } };
		});
		const { after } = options;
		const { connections } = workflow;
		if (after) {
			connections[nodes.at(-1)!.name] = { main: [[{ node: after.name, type: 'main', index: 0 }]] };
			nodes.push(after);
		}
		const reply = await clinic.engine.call('run', {
			workflow: { ...workflow, nodes, connections },
			items,
			startNode: trigger.name,
			credentials: {
				clinikoApi: CREDENTIAL,
				smtp: mailbox.credential,
			},
		});
		const { runData, error } = reply.run.data.resultData;
		return {
			error,
			ran: Object.keys(runData),
			output: (node: string): INodeExecutionData[] => runData[node]?.at(-1)?.data?.main?.[0] ?? [],
		};
	}

	const zoe = { patient: SANDBOX_PATIENT_ID };

	/** The output of the Form Trigger: labels as keys, and files named after their field's label. */
	const form = (
		person: Partial<typeof ZOE & { Mobile: string }>,
		of: Record<string, StartFile>,
		second = 0,
	) => ({
		json: {
			...ZOE,
			...person,
			Files: Object.values(of).map(({ fileName, mimeType }) => ({
				filename: fileName,
				mimetype: mimeType,
			})),
			submittedAt: `2026-11-22T09:30:0${second}.000+11:00`,
			formMode: 'production',
		},
		files: of,
	});
	const two = {
		Files_0: file('Referral – Müller.pdf', pdf('referral')),
		Files_1: file('scan.txt', 'scan', 'text/plain'),
	};

	describe('intake form to record', () => {
		it('puts all files on the record of the one patient who fits, and tells nobody', async () => {
			const { error } = await run('intake-form-to-record', [form({}, two)]);
			expect(error).toBeUndefined();
			expect(records()).toEqual([
				{ ...zoe, name: 'Referral – Müller.pdf', sha256: sha256(pdf('referral')) },
				{ ...zoe, name: 'scan.txt', sha256: sha256('scan') },
			]);
			expect(described()).toEqual([
				'From the intake form, 2026-11-22',
				'From the intake form, 2026-11-22',
			]);
			expect(mailbox.mails).toEqual([]);
		});

		it('takes a single file too, which n8n gives under another name', async () => {
			await run('intake-form-to-record', [form({}, { Files: file('a.pdf', pdf('a')) })]);
			expect(records()).toEqual([{ ...zoe, name: 'a.pdf', sha256: sha256(pdf('a')) }]);
		});

		it('puts nothing on the record twice where the form is sent twice', async () => {
			for (let time = 0; time < 2; time++) await run('intake-form-to-record', [form({}, two)]);
			expect(records()).toHaveLength(2);
			expect(mailbox.mails).toEqual([]);
		});

		it.each([
			['another e-mail address', { 'E-mail': 'somebody@mail.example' }],
			['another date of birth', { 'Date of birth': '1987-05-30' }],
			['another first name', { 'First name': 'Zora' }],
			['another last name', { 'Last name': 'Harper' }],
			['no e-mail address', { 'E-mail': '' }],
		])('sends the files to the front desk where the form has %s', async (_what, person) => {
			const { error } = await run('intake-form-to-record', [form(person, two)]);
			expect(error).toBeUndefined();
			expect(records()).toEqual([]);
			expect(mailbox.mails).toMatchObject([
				{ to: ['front.desk@your-clinic.example'], subject: 'Intake form: please file by hand' },
			]);
			expect(attachedTo(mailbox.mails[0])).toEqual([
				['Referral – Müller.pdf', sha256(pdf('referral'))],
				['scan.txt', sha256('scan')],
			]);
			expect(mailbox.mails[0]!.text).toMatch(/No patient matches|E(-m|m)ail is empty/);
			expect(mailbox.mails[0]!.text).toContain(
				`Date of birth: ${{ ...ZOE, ...person }['Date of birth']}`,
			);
		});

		it('sends the files to the front desk where several patients match', async () => {
			twin();
			await run('intake-form-to-record', [form({}, two)]);
			expect(records()).toEqual([]);
			expect(mailbox.mails).toHaveLength(1);
			expect(mailbox.mails[0]!.text).toContain('2 patients match');
			expect(attachedTo(mailbox.mails[0])).toHaveLength(2);
		});

		it('sends all files to the front desk, and says which, where some cannot be stored', async () => {
			clinic.sandbox.faults.add({
				on: 's3',
				times: 2,
				act: 'before',
				do: { reply: { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } },
			});
			const { error } = await run('intake-form-to-record', [
				form({}, { ...two, Files_2: file('c.pdf', pdf('c')) }),
			]);
			expect(error).toBeUndefined();
			expect(records()).toHaveLength(1);
			expect(mailbox.mails).toHaveLength(1);
			const { text } = mailbox.mails[0]!;
			expect(text.match(/AccessDenied/g)).toHaveLength(2);
			expect(attachedTo(mailbox.mails[0])).toHaveLength(3);
		});

		it.each(['Find the patient', 'Put the files on the record'])(
			'sends the files to the front desk where the credential of "%s" is of no use',
			async (name) => {
				const credentials = { clinikoApi: { id: 'none', name: 'None' } };
				await run('intake-form-to-record', [form({}, two)], {
					change: { [name]: { credentials } },
				});
				expect(records()).toEqual([]);
				expect(mailbox.mails).toHaveLength(1);
				expect(attachedTo(mailbox.mails[0])).toHaveLength(2);
			},
		);

		it('answers the person before it looks for a patient, in words that tell nothing', () => {
			const { nodes } = example('intake-form-to-record');
			expect(triggerOf(nodes).parameters).toMatchObject({
				responseMode: 'onReceived',
				options: { respondWithOptions: { values: { respondWith: 'text' } } },
			});
			// A page at the end of the form would show whether somebody is a patient, or appear later.
			expect(nodes.filter(({ type }) => type.endsWith('.form'))).toEqual([]);
		});
	});

	describe('e-mail attachments to record', () => {
		/** The output of the Email Trigger (IMAP) with the format "Resolved". */
		const message = (from: string[], of?: Record<string, StartFile>): StartItem => ({
			json: {
				text: 'Please find attached',
				subject: `From ${from.join(' and ')}`,
				from: {
					value: from.map((address) => ({ address, name: 'Somebody' })),
					text: from.map((address) => `Somebody <${address}>`).join(', '),
				},
				headers: { from: `From: ${from.join(', ')}` },
			},
			files: of,
		});
		const attached = (...contents: string[]) =>
			Object.fromEntries(
				contents.map((content, at) => [
					`attachment_${at}`,
					file(`${content}.txt`, content, 'text/plain'),
				]),
			);
		const zoes = 'zoe.ohara@mail.example';
		const pepes = 'pepe+clinic@mail.example';

		it('puts the files on the record of the patient with the sender’s address', async () => {
			const { error } = await run('email-attachments-to-record', [
				message([zoes.toUpperCase()], attached('one', 'two')),
			]);
			expect(error).toBeUndefined();
			expect(records()).toEqual([
				{ ...zoe, name: 'one.txt', sha256: sha256('one') },
				{ ...zoe, name: 'two.txt', sha256: sha256('two') },
			]);
			expect(described()).toEqual(Array(2).fill(`E-mailed by ${zoes.toUpperCase()}`));
			expect(mailbox.mails).toEqual([]);
		});

		it('passes over messages without files', async () => {
			const { error, ran } = await run('email-attachments-to-record', [message([zoes])]);
			expect(error).toBeUndefined();
			expect(ran).toEqual(['Mailbox', 'Who sent it', 'Any files?']);
			expect(clinic.sandbox.requests).toEqual([]);
			expect(mailbox.mails).toEqual([]);
		});

		it('puts nothing on the record twice where a message comes twice', async () => {
			for (let time = 0; time < 2; time++) {
				await run('email-attachments-to-record', [message([zoes], attached('one'))]);
			}
			expect(records()).toHaveLength(1);
		});

		it.each([
			['nobody has the address', ['nobody@mail.example'], 'No patient matches'],
			['there are several senders', [zoes, pepes], 'Email is empty'],
			['there is no sender', [], 'Email is empty'],
			['the sender is no address', ['undisclosed'], 'not one e-mail address'],
		])('forwards the files to the front desk where %s', async (_what, from, why) => {
			const { error } = await run('email-attachments-to-record', [
				message(from, attached('one', 'two')),
			]);
			expect(error).toBeUndefined();
			expect(records()).toEqual([]);
			expect(mailbox.mails).toMatchObject([{ to: ['front.desk@your-clinic.example'] }]);
			expect(mailbox.mails[0]!.text).toContain(why);
			expect(attachedTo(mailbox.mails[0])).toEqual([
				['one.txt', sha256('one')],
				['two.txt', sha256('two')],
			]);
		});

		it('keeps apart the files of messages that come at once, whatever becomes of each', async () => {
			clinic.sandbox.clinic.addPatient({ email: 'sam@mail.example' });
			for (let one = 0; one < 2; one++) {
				clinic.sandbox.clinic.addPatient({ email: 'family@mail.example' });
			}
			const { error } = await run('email-attachments-to-record', [
				message(['nobody@mail.example'], attached('of nobody')),
				message([zoes]),
				message([pepes], attached('of pepe 1', 'of pepe 2')),
				message(['family@mail.example'], attached('of a family 1', 'of a family 2')),
				message(['sam@mail.example'], attached('of sam', '')),
				message([zoes], attached('of zoe')),
				message(['also.nobody@mail.example'], attached('of nobody either')),
			]);
			expect(error).toBeUndefined();
			const pepe = { patient: '1234567890123456783' };
			// One of Sam's two files is empty, so neither was sent.
			expect(records()).toEqual([
				{ ...pepe, name: 'of pepe 1.txt', sha256: sha256('of pepe 1') },
				{ ...pepe, name: 'of pepe 2.txt', sha256: sha256('of pepe 2') },
				{ ...zoe, name: 'of zoe.txt', sha256: sha256('of zoe') },
			]);
			expect(
				mailbox.mails.map(({ subject, text, attachments }) => [
					subject,
					/Sender: (.*)/.exec(text)?.[1],
					/No patient|patients match|is empty/.exec(text)?.[0],
					attachments.map(({ content }) => content.toString()),
				]),
			).toEqual([
				[FILE_BY_HAND, 'nobody@mail.example', 'No patient', ['of nobody']],
				[FILE_BY_HAND, 'family@mail.example', 'patients match', ['of a family 1', 'of a family 2']],
				[FILE_BY_HAND, 'sam@mail.example', 'is empty', ['of sam', '']],
				[FILE_BY_HAND, 'also.nobody@mail.example', 'No patient', ['of nobody either']],
			]);
		});

		it.each(['Find the patient', 'Put the files on the record'])(
			'forwards all files to the front desk where the credential of "%s" is of no use',
			async (name) => {
				const credentials = { clinikoApi: { id: 'none', name: 'None' } };
				await run(
					'email-attachments-to-record',
					[message([zoes], attached('of zoe')), message([pepes], attached('of pepe'))],
					{ change: { [name]: { credentials } } },
				);
				expect(records()).toEqual([]);
				expect(mailbox.mails.flatMap(({ attachments }) => attachments)).toMatchObject([
					{ name: 'of zoe.txt' },
					{ name: 'of pepe.txt' },
				]);
			},
		);
	});

	describe('referral to case', () => {
		const referral = (subject: string, ...contents: string[]): StartItem => ({
			json: { subject, from: { value: [{ address: 'gp@practice.example', name: 'GP' }] } },
			files: Object.fromEntries(
				contents.map((content, at) => [
					`attachment_${at}`,
					file(`${content}.txt`, content, 'text/plain'),
				]),
			),
		});
		const zoes = 'Referral: O’Hara, Zoë, 31/05/1987';
		const cases = () => [...clinic.sandbox.clinic.cases.values()];
		const told = (subject: RegExp) => mailbox.mails.filter((mail) => subject.test(mail.subject));

		it('opens a case, puts the files on the record, links them, and tells the practitioner once', async () => {
			const { error } = await run('referral-to-case', [referral(zoes, 'one', 'two')]);
			expect(error).toBeUndefined();
			expect(records()).toEqual([
				{ ...zoe, name: 'one.txt', sha256: sha256('one') },
				{ ...zoe, name: 'two.txt', sha256: sha256('two') },
			]);
			const [opened, ...others] = cases();
			expect(others).toEqual([]);
			expect(opened).toMatchObject({
				patientId: SANDBOX_PATIENT_ID,
				name: expect.stringMatching(/^Referral of \d+ \w{3} \d{4}$/),
				details: { referral: true, notes: 'E-mailed by gp@practice.example' },
			});
			const year = (date: unknown) => Number(String(date).slice(0, 4));
			expect(year(opened!.expiryDate) - year(opened!.details.issue_date)).toBe(1);
			expect(new Set(opened!.linked.at(-1)!.ids)).toEqual(
				new Set(clinic.sandbox.clinic.attachments.keys()),
			);
			expect(mailbox.mails).toHaveLength(1);
			const { text, to } = mailbox.mails[0]!;
			expect(to).toEqual(['practitioner@your-clinic.example']);
			expect(text).toContain(`Case: ${opened!.id}`);
			expect(text).not.toMatch(/O.Hara|Zo[eë]/);
		});

		it.each([
			['says nothing of a patient', 'Your patient', /are empty/],
			['has the month first', 'Referral: O’Hara, Zoë, 05/31/1987', /Date of Birth/],
			['has a day that is not there', 'Referral: O’Hara, Zoë, 31/02/1987', /Date of Birth/],
			['has another date of birth', 'Referral: O’Hara, Zoë, 30/05/1987', /No patient matches/],
			['has no date of birth', 'Referral: O’Hara, Zoë', /are empty/],
			['has nothing', undefined, /are empty/],
		])('sends the files to the front desk where the subject %s', async (_what, subject, why) => {
			const { error } = await run('referral-to-case', [referral(subject as string, 'one', 'two')]);
			expect(error).toBeUndefined();
			expect([records(), cases()]).toEqual([[], []]);
			expect(mailbox.mails).toMatchObject([{ to: ['front.desk@your-clinic.example'] }]);
			expect(mailbox.mails[0]!.text).toMatch(why);
			expect(attachedTo(mailbox.mails[0])).toHaveLength(2);
		});

		it('sends the files to the front desk where the case cannot be opened', async () => {
			clinic.sandbox.faults.add({
				on: 'createCase',
				act: 'before',
				do: { reply: { status: 403, body: '{}' } },
			});
			const { error } = await run('referral-to-case', [referral(zoes, 'one', 'two')]);
			expect(error).toBeUndefined();
			expect([records(), cases()]).toEqual([[], []]);
			expect(mailbox.mails).toHaveLength(1);
			expect(mailbox.mails[0]!.text).toContain('role may add and change cases');
			expect(attachedTo(mailbox.mails[0])).toHaveLength(2);
		});

		it('says that a file is stored where it cannot be linked, and tells of the others', async () => {
			clinic.sandbox.faults.add({
				on: 'updateCase',
				act: 'before',
				do: { reply: { status: 403, body: '{}' } },
			});
			const { error } = await run('referral-to-case', [referral(zoes, 'one', 'two')]);
			expect(error).toBeUndefined();
			expect(records()).toHaveLength(2);
			expect(told(/please look at it/)[0]!.text).toMatch(
				/is stored, as attachment \d+, but may not be/,
			);
			expect(told(/a referral came in/)).toHaveLength(1);
		});

		it('tells the front desk of a referral without a file, and of no other message', async () => {
			await run('referral-to-case', [referral('Your REFERRAL for Zoë'), referral('Hello')]);
			expect(mailbox.mails).toMatchObject([{ to: ['front.desk@your-clinic.example'] }]);
			expect(mailbox.mails[0]!.text).toMatch(/It has no file[^]*Subject: Your REFERRAL for Zoë/);
			expect(clinic.sandbox.requests).toEqual([]);
		});

		it('tells the front desk of a file that people can hardly open, too', async () => {
			const item = referral(zoes, 'one');
			item.files!.attachment_1 = file('winmail.dat', 'x', 'application/ms-tnef');
			await run('referral-to-case', [item]);
			expect(told(/a referral came in/)).toHaveLength(1);
			const [mail, ...others] = told(/please look at it/);
			expect(others).toEqual([]);
			expect(mail!.text).toContain('people can hardly open "winmail.dat"');
			expect(attachedTo(mail)).toHaveLength(2);
		});

		it('says that one empty file kept back the others', async () => {
			await run('referral-to-case', [referral(zoes, 'one', '')]);
			expect(records()).toEqual([]);
			expect(told(/please look at it/)[0]!.text).toContain(
				'None of the 2 files of this item was sent',
			);
		});

		it('reads a subject of any length without holding up n8n', async () => {
			const subject = `Referral:${' '.repeat(100_000)}x`;
			const { error } = await run('referral-to-case', [referral(subject, 'one')]);
			expect(error).toBeUndefined();
			expect(told(/please look at it/)).toHaveLength(1);
		});

		it('keeps messages apart that come at once', async () => {
			const pepes = 'referral :  Pérez , José ,  1.2.1990';
			const { id } = clinic.sandbox.clinic.addPatient({
				firstName: 'José',
				lastName: 'Pérez',
				dateOfBirth: '1990-02-01',
			});
			const { error } = await run('referral-to-case', [
				referral(zoes, 'one'),
				referral('Hello', 'two'),
				referral(pepes, 'three'),
			]);
			expect(error).toBeUndefined();
			expect(records()).toEqual(
				expect.arrayContaining([
					{ ...zoe, name: 'one.txt', sha256: sha256('one') },
					{ patient: id, name: 'three.txt', sha256: sha256('three') },
				]),
			);
			expect(told(/a referral came in/)).toHaveLength(2);
			expect(attachedTo(told(/please look at it/)[0])).toEqual([['two.txt', sha256('two')]]);
		});
	});

	describe('appointment to papers', () => {
		/** The run that an appointment gets, as the form's time is over at once. */
		const ask = async (starts: number, change: Record<string, Partial<INode>> = {}) =>
			await run(
				'appointment-to-papers',
				[
					{
						json: {
							id: '7',
							patient_id: SANDBOX_PATIENT_ID,
							starts_at: new Date(Date.now() + starts).toISOString(),
						},
					},
				],
				{
					start: 'One appointment',
					change: {
						...change,
						Papers: { type: 'n8n-nodes-base.noOp', typeVersion: 1 },
						'Wait for more': PASSES_NOTHING,
					},
				},
			);
		const DAY = 24 * 3_600_000;

		it('names the child in the e-mail to its parents, and says how long the link works', async () => {
			const { error, ran } = await ask(2 * DAY);
			expect(error).toBeUndefined();
			expect(ran.at(-1)).toBe('Wait for more');
			expect(mailbox.mails).toHaveLength(1);
			const { text, to } = mailbox.mails[0]!;
			expect(to).toEqual(['zoe.ohara@mail.example']);
			expect(text).toMatch(/appointment for Zoë on \d+ \w+\./);
			expect(text).toMatch(/signature=/);
			expect(text).toMatch(/until \d+ \w+\. After that, nothing that you send there reaches us/);
			expect(text).not.toMatch(/O.Hara/);
		});

		it('tells the front desk when nothing has come, and waits on', async () => {
			const { error, ran } = await ask(-60_000);
			expect(error).toBeUndefined();
			expect(ran.at(-1)).toBe('Wait for more');
			expect(mailbox.mails[1]?.text).toMatch(/Nothing has come through the form/);
		});

		it('waits until the end of the seventh day', async () => {
			const { ran } = await ask(-7 * DAY - 1000);
			expect(ran.at(-1)).toBe('Wait for more');
		});

		it('ends then, and tells nobody a second time', async () => {
			const { ran } = await ask(-8 * DAY);
			expect(ran.at(-1)).toBe('Is the link open?');
			expect(mailbox.mails).toHaveLength(1);
		});

		it('tells the front desk of a patient who has no e-mail address', async () => {
			clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!.email = null;
			const { error, ran } = await ask(2 * DAY);
			expect(error).toBeUndefined();
			expect(ran.at(-1)).toBe('Is the link open?');
			expect(mailbox.mails).toMatchObject([{ to: ['front.desk@your-clinic.example'] }]);
			expect(mailbox.mails[0]!.text).toContain('has no e-mail address');
		});

		it('tells the front desk without the files before it waits on', async () => {
			mailbox.refuses = ({ text }) =>
				text.includes('Nothing has come') && !text.includes('could not be sent');
			const { ran } = await ask(-60_000);
			expect(ran.indexOf('Tell them without the files')).toBeGreaterThan(0);
			expect(ran.at(-1)).toBe('Wait for more');
		});

		it('asks nobody where n8n does not sign the link', async () => {
			const unsigned = ({ parameters }: INode): Partial<INode> => ({
				parameters: JSON.parse(
					JSON.stringify(parameters).replaceAll(
						'$execution.resumeFormUrl',
						"'https://n8n.example/1'",
					),
				),
			});
			const change = Object.fromEntries(
				example('appointment-to-papers').nodes.map((one) => [one.name, unsigned(one)]),
			);
			const { error } = await ask(2 * DAY, change);
			expect(error).toBeUndefined();
			expect(mailbox.mails).toMatchObject([{ to: ['front.desk@your-clinic.example'] }]);
			expect(mailbox.mails[0]!.text).toContain('does not sign the links');
		});
	});

	describe('when the mail server refuses an e-mail', () => {
		const isToDesk = ({ to }: Mail) => to.includes('front.desk@your-clinic.example');

		beforeEach(() => void (mailbox.refuses = ({ attachments }) => attachments.length > 0));

		const letter = (subject: string, ...contents: string[]): StartItem => ({
			json: { subject, from: { value: [{ address: 'gp@practice.example' }] } },
			files: Object.fromEntries(
				contents.map((content, at) => [`attachment_${at}`, file(`${content}.txt`, content)]),
			),
		});

		it.each(['email-attachments-to-record', 'referral-to-case'])(
			'%s tells the front desk of each message without its files',
			async (name) => {
				const items = [letter('Hello', 'one'), letter('Hi', 'two')];
				const { error } = await run(name, items, { change: SOON });
				expect(error).toBeUndefined();
				expect(mailbox.mails.map(({ text }) => /[Ss]ubject: (\w+)/.exec(text)?.[1])).toEqual([
					'Hello',
					'Hi',
				]);
				expect(mailbox.mails.every(isToDesk)).toBe(true);
			},
		);

		it.each(['intake-form-to-record', 'new-patient-intake'])(
			'%s tells the front desk without the files',
			async (name) => {
				clinic.sandbox.faults.add({
					on: 'presign',
					act: 'before',
					do: { reply: { status: 403, body: '{}' } },
				});
				const { error } = await run(name, [form({}, two)], { change: NO_OTHER_WORKFLOW });
				expect(error).toBeUndefined();
				expect(mailbox.mails[0]?.text).toMatch(/could not be sent.*\n\nName: Zoë O'Hara/s);
			},
		);

		it('a referral that the practitioner does not hear of is told to the front desk', async () => {
			mailbox.refuses = (mail) => !isToDesk(mail);
			await run(
				'referral-to-case',
				[letter('Referral: O’Hara, Zoë, 31/05/1987', 'one'), letter('Hello', 'two')],
				{ change: SOON },
			);
			expect(mailbox.mails.map(({ text }) => text)).toEqual(
				expect.arrayContaining([
					expect.stringMatching(/It is filed, and the practitioner does not know.*case: \d+/),
					expect.stringMatching(/Subject: Hello/),
				]),
			);
		});

		it.each(['email-attachments-to-record', 'referral-to-case'])(
			'%s sends those that are not refused, once, and fails for the one that is',
			async (name) => {
				mailbox.refuses = ({ attachments, text }) =>
					attachments.length > 0 || text.includes('Hello');
				const items = ['Hi', 'Hello', 'Good day'].map((subject) => letter(subject, subject));
				const { error } = await run(name, items, { change: SOON });
				expect(error?.message).toMatch(/could not be sent, and nobody is told/);
				expect(mailbox.mails.map(({ text }) => /[Ss]ubject: (.+)/.exec(text)?.[1])).toEqual([
					'Hi',
					'Good day',
				]);
			},
		);

		it('staff hear of each processed file at the second attempt', async () => {
			let refused = 0;
			mailbox.refuses = () => refused++ < 2;
			const processed = (id: string, content_type: string) => ({
				json: { id, patient_id: '1', content_type },
			});
			await run(
				'notify-when-processed',
				[processed('7', 'application/pdf'), processed('8', 'invalid/invalid')],
				{ change: SOON },
			);
			expect(
				mailbox.mails
					.map(({ subject, text }) => [subject, /Attachment: (\d)/.exec(text)?.[1]])
					.sort(),
			).toEqual([
				['Cliniko: a file could not be read', '8'],
				['Cliniko: a file was processed', '7'],
			]);
		});
	});

	describe('new-patient intake', () => {
		const intake = async (person: Parameters<typeof form>[0]) =>
			await run('new-patient-intake', [form(person, two)], { change: NO_OTHER_WORKFLOW });
		const newcomer = { 'First name': 'Nia', 'Last name': 'Newman', Mobile: '0491 570 006' };

		it('creates a patient who is new, once, and puts all files on the record', async () => {
			for (let time = 0; time < 2; time++) {
				const { error } = await intake(newcomer);
				expect(error).toBeUndefined();
			}
			const created = [...clinic.sandbox.clinic.patients.values()].filter(
				({ lastName }) => lastName === 'Newman',
			);
			expect(created).toHaveLength(1);
			expect(records()).toMatchObject([
				{ patient: created[0]!.id, name: 'Referral – Müller.pdf' },
				{ patient: created[0]!.id, name: 'scan.txt' },
			]);
			expect(mailbox.mails).toEqual([]);
		});

		it('finds a patient who is known, and adds the mobile number that was missing', async () => {
			const { error } = await intake({ Mobile: '0491 570 156' });
			expect(error).toBeUndefined();
			expect(records().map(({ patient }) => patient)).toEqual([
				SANDBOX_PATIENT_ID,
				SANDBOX_PATIENT_ID,
			]);
			const { details } = clinic.sandbox.clinic.patients.get(SANDBOX_PATIENT_ID)!;
			expect(JSON.stringify(details)).toContain('0491 570 156');
		});

		it('sends the files to the front desk where a case cannot be handed over', async () => {
			twin();
			const { error, ran } = await intake({});
			expect(error).toBeUndefined();
			expect(ran).toContain('Ask the front desk');
			expect(records()).toEqual([]);
			expect(attachedTo(mailbox.mails[0])).toHaveLength(2);
		});

		it('sends the files to the front desk where Cliniko would not take the patient', async () => {
			const { error } = await intake({ 'First name': '?' });
			expect(error).toBeUndefined();
			expect(records()).toEqual([]);
			expect(mailbox.mails[0]!.text).toContain('First Name has no letters');
			expect(attachedTo(mailbox.mails[0])).toHaveLength(2);
		});
	});

	describe('patient attachments to zip', () => {
		const upload = async (of: Record<string, string | Buffer>, parameters = {}) => {
			for (const [at, content] of Object.entries(of)) {
				const name = at.replace(/^\d /, '');
				const { error } = await clinic.run({
					items: [{ files: { data: file(name, content, 'text/plain') } }],
					parameters,
				});
				expect(error).toBeUndefined();
			}
		};
		const zip = async () => {
			const result = await run('patient-attachments-to-zip', [{}], {
				change: { 'List the files': { parameters: { patientId: ofZoe } } },
				after: {
					id: 'text',
					name: 'As text',
					type: 'n8n-nodes-base.extractFromFile',
					typeVersion: 1,
					position: [0, 0],
					parameters: { operation: 'binaryToPropery', binaryPropertyName: 'zip' },
				},
			});
			const [item] = result.output('Make the zip');
			const [text] = result.output('As text');
			const entries = text ? unzipSync(Buffer.from(String(text.json.data), 'base64')) : {};
			return { ...result, item, entries };
		};
		const ofZoe = by('id', SANDBOX_PATIENT_ID);

		it('holds the bytes of every file of the patient, and of nobody else', async () => {
			const large = Buffer.alloc(6_000_000, 'large');
			await upload({ 'Referral – Müller.pdf': pdf('referral'), 'large.txt': large });
			const patientId = by('id', SANDBOX_OTHER_PATIENT_ID);
			await upload({ 'of another.txt': 'of another' }, { patientId });
			const { error, item, entries } = await zip();
			expect(error).toBeUndefined();
			expect(item?.json).toEqual({ patient_id: SANDBOX_PATIENT_ID, files: 2, missing: [] });
			expect(item?.binary?.zip?.fileName).toBe(`Files of patient ${SANDBOX_PATIENT_ID}.zip`);
			expect(digests(entries)).toEqual({
				'Referral – Müller.pdf': sha256(pdf('referral')),
				'large.txt': sha256(large),
			});
		});

		it('holds files of the same name side by side', async () => {
			await upload({ '1 scan.txt': 'first', '2 scan.txt': 'second', '3 Scan.TXT': 'third' });
			await upload({ '1 NOT IN THIS ZIP.txt': 'fourth', '2 noending': '5th', '3 noending': '6th' });
			const { entries } = await zip();
			// The newest is first.
			expect(texts(entries)).toEqual({
				noending: '6th',
				'noending (2)': '5th',
				'NOT IN THIS ZIP (2).txt': 'fourth',
				'Scan.TXT': 'third',
				'scan (2).txt': 'second',
				'scan (3).txt': 'first',
			});
		});

		it('says in the zip itself which files are missing and why', async () => {
			await upload({ 'good.txt': 'good' });
			await upload({ 'broken.pdf': 'no pdf' }, { waitForProcessing: false });
			clinic.sandbox.settings.processingMs = 600_000;
			await upload({ 'slow.txt': 'slow' }, { waitForProcessing: false });
			const { error, item, entries } = await zip();
			expect(error).toBeUndefined();
			expect(item?.json).toMatchObject({
				files: 1,
				missing: [expect.any(String), expect.any(String)],
			});
			const { 'NOT IN THIS ZIP.txt': list, ...others } = texts(entries);
			expect(others).toEqual({ 'good.txt': 'good' });
			expect(list).toMatch(/No name yet \(attachment \d+\): Cliniko has not finished processing/);
			expect(list).toMatch(/broken\.pdf \(attachment \d+\): Cliniko could not read the file/);
		});

		it('is made though no file could be fetched, and ends without one where there are none', async () => {
			expect((await zip()).ran).toEqual(['Start here', 'List the files']);
			await upload({ 'broken.pdf': 'no pdf' }, { waitForProcessing: false });
			const { entries } = await zip();
			expect(Object.keys(entries)).toEqual(['NOT IN THIS ZIP.txt']);
		});
	});

	describe('notify when processed', () => {
		/** The output of the trigger for these files. */
		const news = async (of: Record<string, string | Buffer>) => {
			const poll = async () =>
				await clinic.engine.call('poll', {
					activation: JSON.stringify(of),
					activationMode: 'activate',
					parameters: triggerOf(example('notify-when-processed').nodes).parameters,
					credential: CREDENTIAL,
				});
			expect((await poll()).items).toBeNull();
			for (const [name, content] of Object.entries(of)) {
				await clinic.run({
					items: [{ files: { data: file(name, content) } }],
					parameters: { description: 'Zoë’s knee', waitForProcessing: false },
				});
			}
			const { items } = await poll();
			return (items ?? []).map(({ json }) => ({ json }));
		};

		it('tells staff of each file, and of those that could not be read in other words', async () => {
			const items = await news({ 'O’Hara knee.pdf': pdf('a'), 'O’Hara hip.pdf': 'no pdf' });
			expect(items).toHaveLength(2);
			const { error } = await run('notify-when-processed', items);
			expect(error).toBeUndefined();
			expect(mailbox.mails).toMatchObject([
				{ to: ['front.desk@your-clinic.example'], subject: 'Cliniko: a file was processed' },
				{ to: ['front.desk@your-clinic.example'], subject: 'Cliniko: a file could not be read' },
			]);
			for (const [at, { text }] of mailbox.mails.entries()) {
				expect(text).toContain(`Attachment: ${items[at]!.json.id}\n`);
				expect(text).toContain(
					`https://your-clinic.au1.cliniko.com/patients/${SANDBOX_PATIENT_ID}`,
				);
			}
		});

		it('tells nobody’s name, and nothing of what is in the files', async () => {
			await run('notify-when-processed', await news({ 'O’Hara.pdf': pdf('x'), 'Knee.pdf': 'y' }));
			expect(mailbox.mails).toHaveLength(2);
			expect(JSON.stringify(mailbox.mails)).not.toMatch(
				/hara|zo[eë]|knee|application|content_url/i,
			);
		});
	});

	/** The records, sorted by file name: files are sent concurrently. */
	function records(): ReturnType<typeof recorded> {
		return recorded(clinic.sandbox).sort((a, b) => (a.name! < b.name! ? -1 : 1));
	}

	function described(): Array<string | null> {
		return [...clinic.sandbox.clinic.attachments.values()].map(({ description }) => description);
	}

	/** Adds a second patient who matches the first in every field of the form. */
	function twin(): void {
		clinic.sandbox.clinic.addPatient({
			firstName: ZOE['First name'],
			lastName: ZOE['Last name'],
			dateOfBirth: ZOE['Date of birth'],
			email: ZOE['E-mail'],
		});
	}
});

/** The example that it hands cases over to is not there. */
const NO_OTHER_WORKFLOW: Record<string, Partial<INode>> = {
	'Ask the front desk': {
		parameters: { workflowId: { __rl: true, mode: 'id', value: 'of nobody' } },
	},
};

const SOON: Record<string, Partial<INode>> = {
	'Wait a minute': { parameters: { amount: 1, unit: 'seconds' } },
};

/** The end of a loop. */
const PASSES_NOTHING: Partial<INode> = {
	type: 'n8n-nodes-base.filter',
	typeVersion: 2.2,
	parameters: {
		conditions: {
			options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
			combinator: 'and',
			conditions: [
				{
					id: '1',
					leftValue: false,
					rightValue: '',
					operator: { type: 'boolean', operation: 'true', singleValue: true },
				},
			],
		},
	},
};

const FILE_BY_HAND = 'E-mailed files: please file by hand';

const ZOE = {
	'First name': 'Zoë',
	'Last name': "O'Hara",
	'Date of birth': '1987-05-31',
	'E-mail': 'zoe.ohara@mail.example',
};

function triggerOf(nodes: INode[]): INode {
	const targets = nodes.filter(({ type }) => /trigger$|\.emailReadImap$/i.test(type));
	expect(targets).toHaveLength(1);
	return targets[0]!;
}

function attachedTo(mail: Mail | undefined): Array<[string, string]> {
	return (mail?.attachments ?? []).map(({ name, content }) => [name, sha256(content)]);
}

function digests(entries: Record<string, Uint8Array>): Record<string, string> {
	return mapped(entries, (content) => sha256(Buffer.from(content)));
}

function texts(entries: Record<string, Uint8Array>): Record<string, string> {
	return mapped(entries, (content) => Buffer.from(content).toString());
}

function mapped(
	entries: Record<string, Uint8Array>,
	of: (content: Uint8Array) => string,
): Record<string, string> {
	return Object.fromEntries(Object.entries(entries).map(([name, content]) => [name, of(content)]));
}
