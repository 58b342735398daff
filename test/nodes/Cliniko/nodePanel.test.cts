/** What n8n shows of the package before anything runs: in its node panel, and on the canvas. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
	Workflow,
	type INode,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyOptions,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { Cliniko } from '../../../nodes/Cliniko/Cliniko.node.ts';
import { ClinikoTrigger } from '../../../nodes/Cliniko/ClinikoTrigger.node.ts';

/** n8n’s own search. TypeScript takes the package for an ES module, and it is loaded as CommonJS. */
const { sublimeSearch } = require('@n8n/utils/search/sublime-search') as {
	sublimeSearch: <T extends object>(typed: string, among: T[]) => Array<{ item: T }>;
};

const NODES = [new Cliniko(), new ClinikoTrigger()] as const;
const [{ description: cliniko }, { description: trigger }] = NODES;

const json = <T,>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T;
const codex = json<object>(path.join(__dirname, '../../../nodes/Cliniko/Cliniko.node.json'));

/** What n8n's search reads of a node. */
type Entry = Pick<INodeTypeDescription, 'name' | 'displayName' | 'codex'>;

const base = json<Entry[]>(
	path.join(path.dirname(require.resolve('n8n-nodes-base/package.json')), 'dist/types/nodes.json'),
);

describe('The node panel', () => {
	const panel = [...base, { ...cliniko, codex }].map((properties) => ({ properties }));
	const firstFor = (typed: string) => sublimeSearch(typed, panel)[0]?.item.properties.displayName;

	it.each([
		'cliniko',
		'upload file to patient',
		'upload patient attachment',
		'attach file',
		'attach file to patient',
		'add document to patient',
		'patient',
		'patient record',
		'patient file',
		'find patient',
		'new patient',
		'appointments',
		'medical record',
		'health record',
		'clinic',
		'practice management',
		'allied health',
		'physio',
		'referral letter',
	])('finds the node first by what it does: %s', (typed) => {
		expect(firstFor(typed)).toBe('Cliniko');
	});

	it.each(['google drive', 'form', 'send email', 'read pdf'])(
		'finds n8n’s own nodes first by what they do: %s',
		(typed) => {
			expect(firstFor(typed)).not.toBe('Cliniko');
		},
	);

	it('says what the package does: n8n takes the trigger’s description for both nodes', () => {
		expect(trigger.description).toMatch(/^Put files on patients’ records.*find patients.*start/);
	});
});

describe('On the canvas', () => {
	const valuesOf = ({ options }: INodeProperties) => options as INodePropertyOptions[];
	const operations = cliniko.properties
		.filter(({ name }) => name === 'operation')
		.flatMap((property) =>
			valuesOf(property).map(({ value, action }) => ({
				resource: property.displayOptions!.show!.resource![0] as string,
				operation: value as string,
				action,
			})),
		);

	it.each(operations)('$resource $operation is "$action"', ({ action, ...parameters }) => {
		expect(evaluate(cliniko.subtitle!, NODES[0], parameters)).toBe(action);
	});

	it.each([
		['attachmentCreated', 'On attachment created'],
		['attachmentProcessed', 'On attachment processed'],
		['patientCreated', 'On patient created'],
		['patientUpdated', 'On patient updated'],
		['patientFormCompleted', 'On patient form completed'],
		['appointmentCancelled', 'On appointment cancelled'],
	])('the event %s is "%s"', (event, sentence) => {
		expect(evaluate(trigger.subtitle!, NODES[1], { event })).toBe(sentence);
	});
});

describe('A hint', () => {
	const upload = { resource: 'patientAttachment', operation: 'upload' };
	const update = { resource: 'patientAttachment', operation: 'update' };
	const hintsFor = (parameters: INodeParameters) =>
		cliniko
			.hints!.filter(({ displayCondition }) => evaluate(displayCondition!, NODES[0], parameters))
			.map(({ message }) => message);

	it.each([
		['upload', upload],
		['upload that waits', { ...upload, options: { maxWait: 10, ifAlreadyUploaded: 'skip' } }],
		['upload that does not wait', { ...upload, waitForProcessing: false }],
		['update', { ...update, description: 'Seen' }],
		['another operation', { resource: 'patient', operation: 'get', waitForProcessing: false }],
	])('is not shown without a reason: %s', (_, parameters) => {
		expect(hintsFor(parameters)).toEqual([]);
	});

	it.each([
		[/^Longest Wait and .* do nothing/, { waitForProcessing: false, options: { maxWait: 10 } }],
		[
			/^Longest Wait and .* do nothing/,
			{ waitForProcessing: false, options: { onTimeout: 'continue' } },
		],
		[
			/may still wait up to 30 seconds/,
			{ waitForProcessing: false, options: { ifAlreadyUploaded: 'skip' } },
		],
		[/for the first item only/, { options: { concurrency: '={{ $json.count }}' } }],
	])('of an upload: %s', (message, parameters) => {
		expect(hintsFor({ ...upload, ...parameters })).toEqual([expect.stringMatching(message)]);
	});

	it('of an update warns before a description is removed', () => {
		expect(hintsFor({ ...update, description: '' })).toEqual([
			expect.stringContaining('removes the description'),
		]);
	});

	it('gives an answer for every operation, whatever its settings are', () => {
		for (const { displayCondition } of cliniko.hints!) {
			expect(evaluate(displayCondition!, NODES[0], { resource: 'patient' })).toBe(false);
		}
	});
});

describe('n8n’s AI builder', () => {
	it.each(NODES.map(({ description }) => [description.displayName, description]))(
		'reads what %s is for',
		(_, { builderHint }) => {
			expect(builderHint?.searchHint).toMatch(/patient/);
		},
	);

	it('reads that a file cannot pass through a tool call, and that no patient is to be guessed', () => {
		expect(cliniko.builderHint!.searchHint).toMatch(/Never choose a patient from Get Many/);
		expect(cliniko.builderHint!.searchHint).toMatch(/cannot pass through a tool call/);
	});

	it('is led only to nodes that n8n and this package have', () => {
		const own = NODES.map(({ description }) => description.name);
		const known = [
			...base.map(({ name }) => `n8n-nodes-base.${name}`),
			...own.map((name) => `n8n-nodes-cliniko.${name}`),
		];
		const related = cliniko.builderHint!.relatedNodes!.map(({ nodeType }) => nodeType);
		expect(known).toEqual(expect.arrayContaining(related));
	});
});

/** Evaluates an expression of a node's description, as the editor does. */
function evaluate(expression: string, type: INodeType, parameters: INodeParameters): unknown {
	const node: INode = {
		id: '1',
		name: 'Node',
		type: type.description.name,
		typeVersion: 1,
		position: [0, 0],
		parameters,
	};
	const workflow = new Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: {
			getByName: () => type,
			getByNameAndVersion: () => type,
			getKnownTypes: () => ({}),
		},
	});
	return workflow.expression.getParameterValue(expression, null, 0, 0, node.name, [], 'manual', {});
}
