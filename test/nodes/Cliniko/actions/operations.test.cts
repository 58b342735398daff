import {
	NodeHelpers,
	type INode,
	type INodeProperties,
	type INodePropertyOptions,
} from 'n8n-workflow';
import { operationFor, properties } from '../../../../nodes/Cliniko/actions/operations.ts';
import { Cliniko } from '../../../../nodes/Cliniko/Cliniko.node.ts';

const { description } = new Cliniko();

const named = (name: string, among = properties) => among.filter((one) => one.name === name);

const valuesOf = ({ options }: INodeProperties) =>
	(options as INodePropertyOptions[]).map(({ value }) => value);

/** The parameters that the panel shows where these are set. */
const shownWith = (parameters: { resource: string; operation: string }) =>
	properties
		.filter((property) =>
			NodeHelpers.displayParameter(parameters, property, { typeVersion: 1 } as INode, description),
		)
		.map(({ name }) => name);

describe('The parameters of the node', () => {
	const [resource] = named('resource');
	const resources = valuesOf(resource!);
	const operations = named('operation').flatMap((property) => {
		const [of] = property.displayOptions?.show?.resource as string[];
		return valuesOf(property).map((operation) => ({ resource: of!, operation: String(operation) }));
	});

	it('begin with an upload, for which a saved workflow names nothing', () => {
		expect(resource!.default).toBe('patientAttachment');
		expect(named('operation')[0]!.default).toBe('upload');
		expect(operations).toContainEqual({ resource: 'patientAttachment', operation: 'upload' });
	});

	it('have a default that can be done, for each resource', () => {
		for (const one of resources) {
			const [property] = named('operation').filter(
				({ displayOptions }) => displayOptions?.show?.resource?.[0] === one,
			);
			expect(operationFor(String(one), String(property?.default))).toBeDefined();
		}
	});

	it.each(operations)(
		'name only what can be done: $resource $operation',
		({ resource, operation }) => {
			expect(operationFor(resource, operation)).toMatchObject({
				value: operation,
				execute: expect.any(Function),
			});
		},
	);

	it.each([
		['patientAttachment', 'shred'],
		['invoice', 'upload'],
		['patientAttachment', 'toString'],
		['__proto__', 'upload'],
	])('do not lead to what cannot be done: %s %s', (of, operation) => {
		expect(operationFor(of, operation)).toBeUndefined();
	});

	it.each(operations)('are shown for their own operation only: $resource $operation', (chosen) => {
		const { fields } = operationFor(chosen.resource, chosen.operation)!;

		expect(shownWith(chosen).sort()).toEqual(
			['resource', 'operation', ...fields.map(({ name }) => name)].sort(),
		);
	});

	it('are all tied to a resource and an operation', () => {
		for (const { name, displayOptions } of properties) {
			if (name === 'resource') continue;
			const of = displayOptions?.show?.resource as string[];
			expect(resources).toContain(of[0]);
			if (name === 'operation') continue;
			for (const operation of displayOptions?.show?.operation as string[]) {
				expect(operations).toContainEqual({ resource: of[0], operation });
			}
		}
	});
});

describe('The upload', () => {
	const { fields } = operationFor('patientAttachment', 'upload')!;
	const options = named('options', fields)[0]!.options as INodeProperties[];

	it('is called what n8n’s panel and saved workflows know it by', () => {
		expect(operationFor('patientAttachment', 'upload')).toMatchObject({
			action: 'Upload patient attachment',
			value: 'upload',
		});
	});

	it('has the parameters that saved workflows hold', () => {
		expect(fields.map(({ name, type, default: value }) => [name, type, value])).toEqual([
			['patientId', 'resourceLocator', { mode: 'list', value: '' }],
			['binaryPropertyName', 'string', 'data'],
			['description', 'string', ''],
			['waitForProcessing', 'boolean', true],
			['simplify', 'boolean', true],
			['options', 'collection', {}],
		]);
	});

	it('has the options that saved workflows hold', () => {
		expect(
			Object.fromEntries(options.map(({ name, type, default: value }) => [name, [type, value]])),
		).toEqual({
			fileName: ['string', ''],
			ifNoFile: ['options', 'error'],
			ifAlreadyUploaded: ['options', 'upload'],
			concurrency: ['number', 4],
			maxWait: ['number', 300],
			onTimeout: ['options', 'error'],
		});
	});

	it.each([
		['ifNoFile', ['error', 'skip']],
		['ifAlreadyUploaded', ['upload', 'skip']],
		['onTimeout', ['error', 'continue']],
	])('has the choices that saved workflows hold: %s', (name, values) => {
		expect(valuesOf(named(name, options)[0]!)).toEqual(values);
	});

	it('sends 1 to 10 files at once', () => {
		expect(named('concurrency', options)[0]!.typeOptions).toMatchObject({
			minValue: 1,
			maxValue: 10,
		});
	});

	it('lists its options in the order of their names', () => {
		const names = options.map(({ displayName }) => displayName);

		expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b)));
	});

	it('takes a patient from the list, by id or by address', () => {
		const [patient] = named('patientId', fields);

		expect(patient?.required).toBe(true);
		expect(patient?.modes?.map(({ name }) => name)).toEqual(['list', 'id', 'url']);
		expect(patient?.modes?.[0]?.typeOptions).toEqual({
			searchListMethod: 'searchPatients',
			searchable: true,
		});
		expect(Object.keys(new Cliniko().methods.listSearch)).toContain('searchPatients');
	});
});
