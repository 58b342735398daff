import {
	NodeHelpers,
	type IExecuteFunctions,
	type INode,
	type INodeParameters,
	type INodePropertyOptions,
} from 'n8n-workflow';

import { outputFields, outputOf } from '../../../../../nodes/Cliniko/actions/parameters/output.ts';
import { Cliniko } from '../../../../../nodes/Cliniko/Cliniko.node.ts';
import { simplifiedAlert } from '../../../../../nodes/Cliniko/records/medicalAlert.ts';

const { description } = new Cliniko();

/** As n8n makes a tool of a node. */
const tool = { ...description, name: `${description.name}Tool` };

/** What n8n keeps of the parameters when the node is saved, and with their defaults when it runs. */
function parameters(saved: INodeParameters, type = description) {
	const given = { resource: 'patient', operation: 'get', ...saved };
	const node = { type: type.name, typeVersion: 1, parameters: given } as unknown as INode;
	const read = (withDefaults: boolean) =>
		NodeHelpers.getNodeParameters(type.properties, given, withDefaults, false, node, type)!;
	return { saved: read(false), run: read(true) };
}

/** The fields that are shown to the user. */
function shown(saved: INodeParameters, type = description): string[] {
	const { run } = parameters(saved, type);
	const node = { type: type.name, typeVersion: 1 } as INode;
	return type.properties
		.filter((one) => NodeHelpers.displayParameter(run, one, node, type))
		.map(({ displayName }) => displayName);
}

it('is Simplify in a workflow, and Output in a tool', () => {
	expect(shown({})).toContain('Simplify');
	expect(shown({})).not.toContain('Output');
	expect(shown({}, tool)).toContain('Output');
	expect(shown({}, tool)).not.toContain('Simplify');
	expect(shown({ simplify: 'selectedFields' }, tool)).toContain('Fields');
	expect(shown({ simplify: true }, tool)).not.toContain('Fields');
});

it('keeps what a saved workflow says, also in a tool that is saved again', () => {
	for (const type of [description, tool]) {
		const raw = parameters({ simplify: false }, type);
		expect(raw.saved.simplify).toBe(false);
		expect(parameters(raw.saved, type).run.simplify).toBe(false);
		expect(parameters({}, type).run.simplify).toBe(true);
	}
});

it('is there for each operation that has Simplify', () => {
	const withSimplify = tool.properties.filter(({ name }) => name === 'simplify');
	expect(withSimplify.length).toBeGreaterThan(30);
	const outputs = withSimplify.filter(({ displayName }) => displayName === 'Output');
	expect(outputs).toHaveLength(withSimplify.length / 2);
	for (const { options } of outputs) {
		// As saved workflows have them, besides the last.
		const values = options!.map((one) => (one as INodePropertyOptions).value);
		expect(values).toEqual([true, false, 'selectedFields']);
	}
});

describe('A record', () => {
	const record = { id: '7', name: 'Penicillin', patient: { links: {} }, created_at: '2026-01-01' };
	const output = (values: Record<string, unknown>) => {
		const context = {
			getNodeParameter: (name: string, _item: number, fallback: unknown) =>
				values[name] ?? fallback,
		} as unknown as IExecuteFunctions;
		return outputOf(context, 0, simplifiedAlert)(record);
	};

	it('is returned simplified, raw, or with the selected fields and its ID', () => {
		expect(output({})).toEqual(simplifiedAlert(record));
		expect(output({ simplify: false })).toBe(record);
		const selected = { simplify: 'selectedFields', outputFields: ['name'] };
		expect(output(selected)).toEqual({ id: '7', name: 'Penicillin' });
		expect(output({ simplify: 'selectedFields' })).toEqual({ id: '7' });
	});

	it('has all its simplified fields to select from', () => {
		const names = outputFields(simplifiedAlert)
			.at(-1)!
			.options!.map(({ name }) => name);
		expect(names).toEqual(['Patient ID', 'Name', 'Archived At', 'Created At']);
	});
});
