/**
 * docs/privacy.md says what n8n keeps of a run. These tests find it out and compare: the tables, and
 * the settings under test, are read from that page.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { INode } from 'n8n-workflow';

import { installN8n } from '../../n8n/install.cts';
import { startN8n } from '../../n8n/n8n.cts';
import { until } from '../../n8n/until.cts';
import type { Fault } from '../../sandbox/faults.cts';
import { pdf } from '../engine/clinic.cts';
import {
	chain,
	CREDENTIAL,
	openClinic,
	type ClinicWithN8n,
	type Execution,
	type Workflow,
} from './clinic.cts';
import { clearDatabase, PLACES, tracesOf, type Traces } from './traces.cts';

const PAGE = readFileSync(path.join(__dirname, '../../docs/privacy.md'), 'utf8');

/** A run of a workflow in which somebody sends a file with a form. */
interface Run {
	/** Settings of the node that uploads. */
	node?: Partial<INode>;
	fault?: Fault;
	/** It is started in the editor. */
	manual?: true;
	/** Somebody retries it in n8n’s list. */
	retried?: true;
	/** How it ends, and how its retry does. */
	ends: Array<'success' | 'failed'>;
}

const REFUSED: Fault = {
	on: 'create',
	act: 'before',
	do: { reply: { status: 422, body: '{"message":"Validation Failed"}' } },
};

/** By the row of the page's tables. */
const RUNS: Record<string, Run> = {
	'A run that succeeds': { ends: ['success'] },
	'A run that fails': { fault: REFUSED, ends: ['failed'] },
	'A run that fails, and succeeds when somebody retries it': {
		fault: REFUSED,
		retried: true,
		ends: ['failed', 'success'],
	},
	'A run in which a file fails, with **On Error: Continue**': {
		node: { onError: 'continueRegularOutput' },
		fault: REFUSED,
		ends: ['success'],
	},
	'A run that somebody starts in the editor': { manual: true, ends: ['success'] },
};

/** What somebody sends: texts that occur nowhere else, in the order of the tables' columns. */
interface Submission {
	content: string;
	fileName: string;
	patient: string;
}

/** The runs have been carried out one after the other, and n8n has ended. */
interface Carried {
	clinic: ClinicWithN8n;
	/** n8n's folder for temporary files. */
	temporary: string;
	submissions: Record<string, Submission>;
	/** A text that is in every place. */
	planted: string;
	traces: Traces;
}

const unique = () => randomBytes(12).toString('hex');

/** n8n's Node, which has SQLite. */
let node: string;
beforeAll(async () => {
	({ node } = await installN8n());
});

/**
 * Lets an n8n with these environment variables carry out all runs before the first test.
 *
 * @param deleted the rows of the runs that n8n does not keep, and deletes in its next cycle
 */
function useRuns(name: string, env: Record<string, string>, deleted: string[] = []): Carried {
	const carried = {} as Carried;
	beforeAll(async () => {
		const temporary = mkdtempSync(path.join(process.env.E2E_FOLDER!, 'temporary-'));
		const clinic = await openClinic(name, { env: { ...env, TMPDIR: temporary } });
		const submissions: Record<string, Submission> = {};
		Object.assign(carried, { clinic, temporary, submissions, planted: unique() });
		const traces = () => tracesOf(clinic.folder, temporary, clinic.n8n.log(), node);
		for (const [row, run] of Object.entries(RUNS)) {
			const submission = { content: unique(), fileName: unique(), patient: unique() };
			submissions[row] = submission;
			await carryOut(clinic, run, submission);
		}
		await plant(carried);
		const gone = deleted.map((row) => submissions[row]!.content);
		await until(
			'n8n has deleted what it does not keep',
			() => gone.flatMap(traces().placesOf).length === 0 || undefined,
			90,
		);
		await clinic.n8n.close();
		carried.traces = traces();
	}, 300_000);
	afterAll(async () => await carried.clinic?.close());
	return carried;
}

async function carryOut(clinic: ClinicWithN8n, run: Run, submission: Submission): Promise<void> {
	const { n8n, sandbox } = clinic;
	sandbox.clinic.addPatient({ lastName: submission.patient });
	const form = unique();
	const credentials = await clinic.addCredential(form, 'clinikoApi', CREDENTIAL);
	const workflow = await clinic.save(formWorkflow(form, credentials, run.node));
	if (run.fault) sandbox.faults.add(run.fault);
	if (run.manual) {
		const trigger = { triggerToStartFrom: { name: 'Form' } };
		await n8n.call('POST', `/rest/workflows/${workflow}/run`, trigger);
		await send(`${n8n.url}/form-test/${form}`, submission);
	} else {
		await clinic.publish(workflow);
		await send(`${n8n.url}/form/${form}`, submission);
	}
	if (run.retried) {
		const [failed] = await clinic.executions(workflow, 1);
		await n8n.call('POST', `/rest/executions/${failed!.id}/retry`, { loadWorkflow: false });
	}
	const ends = await until('the run is over', async () => {
		const filter = encodeURIComponent(JSON.stringify({ workflowId: workflow }));
		const { results } = await n8n.call<{ results: Execution[] }>(
			'GET',
			`/rest/executions?filter=${filter}`,
		);
		const isUnderWay = results.some(({ status }) => ['new', 'running'].includes(status));
		const ended = endsOf(workflow, clinic.folder);
		return isUnderWay || ended.length < run.ends.length ? undefined : ended;
	});
	expect(ends).toEqual(run.ends);
}

async function send(form: string, { content, fileName, patient }: Submission): Promise<void> {
	const body = new FormData();
	body.set('field-0', patient);
	body.set('field-1', new File([pdf(content)], `${fileName}.pdf`, { type: 'application/pdf' }));
	const response = await fetch(form, { method: 'POST', body });
	expect(response.status).toBe(200);
}

/** How the runs of a workflow have ended, also of those that n8n has not kept. */
function endsOf(workflow: string, folder: string): string[] {
	const events = readFileSync(path.join(folder, '.n8n/n8nEventLog.log'), 'utf8')
		.split('\n')
		.filter((line) => line.includes(workflow));
	return events.flatMap((line) => /"n8n\.workflow\.(success|failed)"/.exec(line)?.[1] ?? []);
}

function formWorkflow(
	form: string,
	credentials: INode['credentials'],
	node?: Partial<INode>,
): Workflow {
	const cliniko = { type: 'n8n-nodes-cliniko.cliniko', typeVersion: 1, credentials };
	return chain(form, [
		{
			name: 'Form',
			type: 'n8n-nodes-base.formTrigger',
			typeVersion: 2.2,
			webhookId: form,
			parameters: {
				formTitle: 'Before your first visit',
				formFields: {
					values: [
						{ fieldLabel: 'Last name', fieldType: 'text' },
						{ fieldLabel: 'Referral', fieldType: 'file', multipleFiles: false },
					],
				},
			},
		},
		{
			...cliniko,
			name: 'Find',
			parameters: {
				resource: 'patient',
				operation: 'find',
				lastName: "={{ $json['Last name'] }}",
			},
		},
		{
			...cliniko,
			...node,
			name: 'Upload',
			parameters: {
				patientId: { __rl: true, mode: 'id', value: '={{ $json.id }}' },
				binaryPropertyName: "={{ $('Form').item.binary.Referral }}",
			} as never,
		},
	]);
}

/** Puts the text into every place: a run that fails into n8n's own. */
async function plant({ clinic, temporary, planted }: Carried): Promise<void> {
	const submission = { content: planted, fileName: planted, patient: planted };
	await carryOut(clinic, RUNS['A run that fails']!, submission);
	for (const folder of [temporary, '.n8n'])
		writeFileSync(path.resolve(clinic.folder, folder, 'planted'), planted);
}

/** The table below a heading of the page, as the places by row and column. */
function tableOnPage(heading: string): Record<string, string[]> {
	const [, section = ''] = PAGE.split(`### ${heading}\n`);
	const rows = section
		.split(/^#/m)[0]!
		.split('\n')
		.filter((line) => line.startsWith('| A run'))
		.map((line) => line.split('|').map((cell) => cell.trim()));
	return Object.fromEntries(rows.map(([, row, ...places]) => [row, places.slice(0, -1)]));
}

/** The same table, of what was found. */
function tableOf({ submissions, traces }: Carried): Record<string, string[]> {
	const placesOf = (text: string) => traces.placesOf(text).join(', ') || 'nowhere';
	return Object.fromEntries(
		Object.entries(submissions).map(([row, submission]) => [
			row,
			Object.values(submission).map(placesOf),
		]),
	);
}

/** The environment variables on the page, as somebody would copy them. */
function settingsOnPage(): Record<string, string> {
	const lines = [...PAGE.matchAll(/^([A-Z][A-Z0-9_]+)=(\S+)$/gm)];
	return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
}

function itSearchesEverywhere(carried: Carried): void {
	it('the search finds what is planted in each place', () => {
		expect(carried.traces.placesOf(carried.planted)).toEqual(PLACES);
		expect(carried.traces.isInDatabaseFile(carried.planted)).toBe(true);
	});

	it('the API key is nowhere as it is', () => {
		expect(carried.traces.placesOf(CREDENTIAL.apiKey)).toEqual([]);
		expect(carried.traces.isInDatabaseFile(CREDENTIAL.apiKey)).toBe(false);
	});
}

describe('with n8n’s default settings', () => {
	const carried = useRuns('privacy-default', {});
	itSearchesEverywhere(carried);

	it('n8n keeps what the page says, and nothing else', () => {
		expect(tableOf(carried)).toEqual(tableOnPage('With n8n’s default settings'));
	});

	it('the database has it in the data of the runs only', () => {
		const { content: _, ...texts } = carried.submissions['A run that succeeds']!;
		const columns = Object.values(texts).flatMap(carried.traces.columnsOf);
		expect([...new Set(columns)]).toEqual(['execution_data.data']);
	});
});

describe('with the settings on the page', () => {
	const settings = settingsOnPage();
	const carried = useRuns('privacy-recommended', settings, [
		'A run that succeeds',
		'A run in which a file fails, with **On Error: Continue**',
	]);
	itSearchesEverywhere(carried);

	/** Starts n8n again, and ends it once something is so. */
	async function restart(env: Record<string, string>, isSo: () => boolean): Promise<void> {
		const { clinic, temporary } = carried;
		const n8n = await startN8n({
			folder: clinic.folder,
			env: { ...clinic.sandbox.env, ...settings, TMPDIR: temporary, ...env },
		});
		try {
			await until('n8n has done it', () => isSo() || undefined);
		} finally {
			await n8n.close();
		}
	}

	const now = () => tracesOf(carried.clinic.folder, carried.temporary, '', node);

	it('there are some', () => expect(Object.keys(settings).length).toBeGreaterThan(3));

	it('n8n keeps what the page says, and nothing else', () => {
		expect(tableOf(carried)).toEqual(tableOnPage('With these settings'));
	});

	it('what is deleted stays in the files of the database until they are cleared', () => {
		const deleted = Object.values(carried.submissions)
			.flatMap(({ fileName, patient }) => [fileName, patient])
			.filter((text) => !carried.traces.placesOf(text).includes('database'));
		expect(deleted.filter(carried.traces.isInDatabaseFile)).not.toEqual([]);
		expect(PAGE).toContain('sqlite3 database.sqlite VACUUM');
		clearDatabase(carried.clinic.folder, node);
		expect(deleted.filter(now().isInDatabaseFile)).toEqual([]);
	});

	it('after the time that is set and two starts, only files of runs in the editor are left', async () => {
		const texts = Object.values(carried.submissions).flatMap((one) => Object.values(one));
		// As if all were old enough, and with a cycle of seconds in place of an hour.
		const soon = {
			EXECUTIONS_DATA_MAX_AGE: '0',
			EXECUTIONS_DATA_HARD_DELETE_BUFFER: '0',
			EXECUTIONS_DATA_PRUNE_SOFT_DELETE_INTERVAL: '0.05',
			EXECUTIONS_DATA_PRUNE_HARD_DELETE_INTERVAL: '0.05',
		};
		await restart(soon, () => texts.every((text) => now().columnsOf(text).length === 0));
		await restart({}, () => true);
		clearDatabase(carried.clinic.folder, node);
		const { placesOf, isInDatabaseFile } = now();
		expect(texts.filter(isInDatabaseFile)).toEqual([]);
		const { content, fileName } = carried.submissions['A run that somebody starts in the editor']!;
		expect(texts.filter((text) => placesOf(text).length > 0)).toEqual([content, fileName]);
		expect(placesOf(content)).toEqual(['file store']);
	});
});
