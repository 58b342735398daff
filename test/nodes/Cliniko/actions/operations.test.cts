import {
	NodeHelpers,
	type INode,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyOptions,
} from 'n8n-workflow';

import { operationFor, properties } from '../../../../nodes/Cliniko/actions/operations.ts';
import { Cliniko } from '../../../../nodes/Cliniko/Cliniko.node.ts';

const { description } = new Cliniko();

const named = (name: string, among = properties) => among.filter((one) => one.name === name);

const valuesOf = ({ options }: INodeProperties) =>
	(options as INodePropertyOptions[]).map(({ value }) => value);

/** The parameters that the panel shows with these values and otherwise defaults. */
const shownWith = (parameters: INodeParameters & { resource: string; operation: string }) =>
	properties
		.filter((property) =>
			NodeHelpers.displayParameter(
				{ ...defaultsOf(parameters), ...parameters },
				property,
				{ typeVersion: 1 } as INode,
				description,
			),
		)
		.map(({ name }) => name);

const defaultsOf = ({ resource, operation }: { resource: string; operation: string }) =>
	Object.fromEntries(
		operationFor(resource, operation)!.fields.map(({ name, default: value }) => [name, value]),
	) as INodeParameters;

/** Whether a field is not only for tools of AI agents. */
const isOfNode = ({ displayOptions }: INodeProperties) => !displayOptions?.show?.['@tool'];

/** Name, type and default of each. */
const definitionsOf = (fields: INodeProperties[]) =>
	fields.filter(isOfNode).map(({ name, type, default: value }) => [name, type, value]);

describe('The parameters of the node', () => {
	const [resource] = named('resource');
	const resources = valuesOf(resource!);
	const operations = named('operation').flatMap((property) => {
		const [of] = property.displayOptions?.show?.resource as string[];
		return valuesOf(property).map((operation) => ({ resource: of!, operation: String(operation) }));
	});

	it('begin with an upload, for which a saved workflow names nothing', () => {
		expect(resource!.default).toBe('patientAttachment');
		const [operation] = named('operation').filter(
			({ displayOptions }) => displayOptions?.show?.resource?.[0] === 'patientAttachment',
		);
		expect(operation!.default).toBe('upload');
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
	])('do not offer an impossible combination: %s %s', (of, operation) => {
		expect(operationFor(of, operation)).toBeUndefined();
	});

	it.each(operations)('are shown for their own operation only: $resource $operation', (chosen) => {
		const { fields } = operationFor(chosen.resource, chosen.operation)!;

		expect(shownWith(chosen).sort()).toEqual(
			['resource', 'operation', ...fields.filter(isOfNode).map(({ name }) => name)].sort(),
		);
	});

	it.each([
		['patientAttachment', 'getMany', { returnAll: true }, ['limit']],
		['patient', 'getMany', { returnAll: true }, ['limit']],
		['patientAttachment', 'getMany', { of: 'allPatients' }, ['patientId']],
		['appointment', 'getMany', { of: 'allPatients' }, ['patientId']],
	])('are not shown when they mean nothing: %s %s %j', (of, operation, set, hidden) => {
		const before = shownWith({ resource: of, operation });
		const after = shownWith({ resource: of, operation, ...set });

		expect(before.filter((name) => !after.includes(name))).toEqual(hidden);
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
		expect(definitionsOf(fields)).toEqual([
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
			linkToCase: ['resourceLocator', { mode: 'list', value: '' }],
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

	it('sends 1 to 20 files at once', () => {
		expect(named('concurrency', options)[0]!.typeOptions).toMatchObject({
			minValue: 1,
			maxValue: 20,
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

describe('What can be done with an attachment', () => {
	const [operation] = named('operation').filter(
		({ displayOptions }) => displayOptions?.show?.resource?.[0] === 'patientAttachment',
	);

	it('is in the order in which people need it, and each has a sentence for n8n’s panel', () => {
		expect(operation!.options).toMatchObject([
			{ name: 'Upload', value: 'upload', action: 'Upload patient attachment' },
			{ name: 'Download', value: 'download', action: 'Download patient attachment' },
			{ name: 'Get Many', value: 'getMany', action: 'Get many patient attachments' },
			{ name: 'Get', value: 'get', action: 'Get patient attachment' },
			{ name: 'Update', value: 'update', action: 'Update patient attachment' },
			{ name: 'Archive', value: 'archive', action: 'Archive patient attachment' },
		]);
	});

	const anybody = ['patientId', 'resourceLocator', { mode: 'list', value: '' }];
	const one = ['attachmentId', 'resourceLocator', { mode: 'list', value: '' }];
	const simplify = ['simplify', 'boolean', true];

	it.each([
		['archive', [anybody, one]],
		['download', [anybody, one, ['binaryPropertyName', 'string', 'data'], simplify]],
		['get', [anybody, one, simplify]],
		[
			'getMany',
			[
				['of', 'options', 'onePatient'],
				anybody,
				['returnAll', 'boolean', false],
				['limit', 'number', 50],
				['sort', 'options', 'created_at:desc'],
				['filters', 'fixedCollection', {}],
				['archived', 'options', 'exclude'],
				simplify,
			],
		],
		['update', [anybody, one, ['description', 'string', ''], simplify]],
	])('has the parameters that saved workflows hold: %s', (name, parameters) => {
		const { fields } = operationFor('patientAttachment', name)!;

		expect(definitionsOf(fields)).toEqual(parameters);
	});

	it.each(['archive', 'download', 'get', 'update'])(
		'needs an attachment, and its patient only if one likes: %s',
		(name) => {
			const { fields } = operationFor('patientAttachment', name)!;

			expect(named('attachmentId', fields)[0]!.required).toBe(true);
			expect(named('patientId', fields)[0]!.required).toBeFalsy();
			// It narrows the list below, so it comes first.
			expect(fields[0]!.name).toBe('patientId');
		},
	);

	it('needs a patient for the attachments of one', () => {
		const { fields } = operationFor('patientAttachment', 'getMany')!;

		expect(named('patientId', fields)[0]!.required).toBe(true);
		expect(valuesOf(named('of', fields)[0]!)).toEqual(['allPatients', 'onePatient']);
	});

	it('takes an attachment from the list, by id or by address', () => {
		const { fields } = operationFor('patientAttachment', 'get')!;
		const [attachment] = named('attachmentId', fields);

		expect(attachment?.modes?.map(({ name }) => name)).toEqual(['list', 'id', 'url']);
		expect(attachment?.modes?.[0]?.typeOptions).toEqual({
			searchListMethod: 'searchAttachments',
			searchable: true,
		});
		expect(Object.keys(new Cliniko().methods.listSearch)).toContain('searchAttachments');
	});
});

describe('What can be done with a case', () => {
	const anybody = ['patientId', 'resourceLocator', { mode: 'list', value: '' }];
	const one = ['caseId', 'resourceLocator', { mode: 'list', value: '' }];
	const simplify = ['simplify', 'boolean', true];
	const changes = [
		['updateFields', 'collection', {}],
		['fieldsToEmpty', 'multiOptions', []],
	];

	it.each([
		['archive', [anybody, one]],
		['get', [anybody, one, simplify]],
		['update', [anybody, one, ...changes, simplify]],
		['create', [anybody, ['name', 'string', ''], ['additionalFields', 'collection', {}], simplify]],
		[
			'getMany',
			[
				anybody,
				['returnAll', 'boolean', false],
				['limit', 'number', 50],
				['sort', 'options', 'created_at:desc'],
				['filters', 'fixedCollection', {}],
				['archived', 'options', 'exclude'],
				['closed', 'options', 'exclude'],
				simplify,
			],
		],
	])('has the parameters that saved workflows hold: %s', (name, parameters) => {
		const { fields } = operationFor('patientCase', name)!;

		expect(definitionsOf(fields)).toEqual(parameters);
	});

	it.each([
		['create', true],
		['getMany', true],
		['get', undefined],
		['update', undefined],
		['archive', undefined],
	])('needs the patient where the case does not say whose it is: %s', (name, isRequired) => {
		const { fields } = operationFor('patientCase', name)!;

		expect(named('patientId', fields)[0]!.required).toBe(isRequired);
	});

	it('empties only fields that Cliniko’s reference says can be empty', () => {
		const [field] = named('fieldsToEmpty', operationFor('patientCase', 'update')!.fields);

		expect(valuesOf(field!)).not.toEqual(expect.arrayContaining(['name']));
		expect(valuesOf(field!)).not.toEqual(expect.arrayContaining(['contact_id']));
		expect(valuesOf(field!)).toEqual(expect.arrayContaining(['notes', 'closed', 'expiry_date']));
	});

	it('takes a case from a list', () => {
		const lists = Object.keys(new Cliniko().methods.listSearch);

		expect(lists).toEqual(expect.arrayContaining(['searchPatientCases', 'searchCasesToLink']));
	});
});

describe('What can be done with appointments', () => {
	it('has the parameters that saved workflows hold', () => {
		const { fields } = operationFor('appointment', 'getMany')!;
		const empty = { mode: 'list', value: '' };

		expect(definitionsOf(fields)).toEqual([
			['of', 'options', 'onePatient'],
			['patientId', 'resourceLocator', empty],
			['practitionerId', 'resourceLocator', empty],
			['businessId', 'resourceLocator', empty],
			['appointmentTypeId', 'resourceLocator', empty],
			['returnAll', 'boolean', false],
			['limit', 'number', 50],
			['sort', 'options', 'created_at:desc'],
			['filters', 'fixedCollection', {}],
			['archived', 'options', 'exclude'],
			['cancelled', 'options', 'exclude'],
			['simplify', 'boolean', true],
		]);
	});

	it('has lists to choose from that there are', () => {
		const { fields } = operationFor('appointment', 'getMany')!;
		const methods = fields.flatMap(({ modes = [] }) =>
			modes.flatMap(({ typeOptions }) => typeOptions?.searchListMethod ?? []),
		);

		expect(methods).toHaveLength(4);
		expect(Object.keys(new Cliniko().methods.listSearch)).toEqual(expect.arrayContaining(methods));
	});
});

describe('As a tool of an AI agent', () => {
	const described = (operation: string, field: string) =>
		named(field, operationFor('patientAttachment', operation)!.fields)[0]!.description;

	it('the node can be used', () => {
		expect(description.usableAsTool).toBe(true);
	});

	it('an operation that takes or gives a file says that it cannot cross into a tool call', () => {
		expect(described('upload', 'binaryPropertyName')).toMatch(
			/tool of an AI agent.*the file has to be in the agent’s own input.*cannot pass a file/,
		);
		expect(described('download', 'binaryPropertyName')).toMatch(
			/model that uses this node as its tool gets the record only.*a file cannot cross/,
		);
	});

	it('every field has a description, which tells a model what belongs there', () => {
		const fields = ['archive', 'download', 'get', 'getMany', 'update', 'upload'].flatMap(
			(operation) => operationFor('patientAttachment', operation)!.fields,
		);

		expect(fields.filter(({ name, description: text }) => name !== 'options' && !text)).toEqual([]);
	});
});
