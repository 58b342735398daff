import { readdirSync } from 'node:fs';
import path from 'node:path';
import { loadOutputSchema } from 'n8n-core/dist/nodes-loader/output-schema-resolver';
import type { IDataObject, INodePropertyOptions } from 'n8n-workflow';

import type { Engine } from '../../engine/engine.cts';
import { Cliniko } from '../../nodes/Cliniko/Cliniko.node.ts';
import { node } from './clinic.cts';
import { withCheckedOutput } from './output-schemas.cts';

const NODE = path.join(__dirname, '../../dist/nodes/Cliniko');

interface ObjectSchema {
	properties: Record<string, { type: string | string[] }>;
	required: string[];
}

/** The schema that n8n finds for a node. */
const schemaOf = (resource?: string, operation?: string) =>
	loadOutputSchema({ nodeDir: NODE, version: 1, resource, operation }) as ObjectSchema | undefined;

const operations = new Cliniko().description.properties
	.filter(({ name }) => name === 'operation')
	.flatMap(({ displayOptions, options }) =>
		(options as INodePropertyOptions[]).map(
			({ value }) => [displayOptions!.show!.resource![0] as string, value as string] as const,
		),
	);

describe('What n8n shows of the output of a node that has not run', () => {
	it.each(operations)('is there for %s %s', (resource, operation) => {
		const { properties, required } = schemaOf(resource, operation)!;
		expect(Object.keys(properties).slice(0, 2)).toContain('id');
		expect(Object.keys(properties)).toEqual(expect.arrayContaining(required));
	});

	it('is there for the trigger: the fields of all its events', () => {
		const { properties, required } = schemaOf()!;
		expect(required).toEqual(['id']);
		expect(Object.keys(properties)).toEqual(
			expect.arrayContaining(['filename', 'first_name', 'starts_at']),
		);
	});

	it('is there for nothing else', () => {
		const files = readdirSync(path.join(NODE, '__schema__'), { recursive: true });
		expect(files.filter((file) => String(file).endsWith('.json'))).toHaveLength(
			operations.length + 1,
		);
	});

	it('has the fields in the order of the output, each with its type', () => {
		expect(Object.entries(schemaOf('patientAttachment', 'upload')!.properties)).toEqual([
			['id', { type: 'string' }],
			['patient_id', { type: ['string', 'null'] }],
			['filename', { type: ['string', 'null'] }],
			['description', { type: ['string', 'null'] }],
			['content_type', { type: ['string', 'null'] }],
			['size', { type: ['number', 'null'] }],
			['processing_completed', { type: ['boolean', 'null'] }],
			['created_at', { type: ['string', 'null'] }],
			['processed_at', { type: ['string', 'null'] }],
			['content_url', { type: ['string', 'null'] }],
			['patient_case_id', { type: 'string' }],
		]);
	});

	it('has for Find both what it finds and why it finds nobody', () => {
		const { properties, required } = schemaOf('patient', 'find')!;
		expect(required).toEqual(['matched']);
		expect(properties).toMatchObject({
			first_name: { type: ['string', 'null'] },
			phone_numbers: { type: 'array', items: { type: ['string', 'null'] } },
			patient_ids: { type: 'array', items: { type: 'string' } },
			advice: { type: 'string' },
		});
	});
});

describe('The check of every engine test', () => {
	const archived = async (json: IDataObject, parameters: IDataObject = {}) => {
		const run = {
			data: { resultData: { runData: { Cliniko: [{ data: { main: [[{ json }]] } }] } } },
		};
		const engine = { call: async () => await Promise.resolve({ run }) } as unknown as Engine;
		const type = 'n8n-nodes-cliniko.cliniko';
		const chosen = { resource: 'patientAttachment', operation: 'archive', ...parameters };
		await withCheckedOutput(engine).call('run', {
			workflow: {
				nodes: [node('Cliniko', type, { parameters: chosen as never })],
				connections: {},
			},
			items: [],
			credentials: {},
		});
	};

	it.each([{ id: '1', archived: true }, { error: 'Cliniko has no attachment with the ID 1.' }])(
		'passes %j',
		async (json) => {
			await expect(archived(json)).resolves.toBeUndefined();
		},
	);

	it.each([
		[{ id: 1, archived: true }, '/id must be string'],
		[{ id: '1' }, "must have required property 'archived'"],
		[{ id: '1', archived: true, more: 1 }, 'must NOT have additional properties'],
	])('refuses %j', async (json, why) => {
		await expect(archived(json)).rejects.toThrow(why);
	});

	it('allows other fields where Simplify is off, and no other types', async () => {
		const raw = { simplify: false };
		await expect(archived({ id: '1', pinned_at: '' }, raw)).resolves.toBeUndefined();
		await expect(archived({ id: 1 }, raw)).rejects.toThrow('/id must be string');
	});
});
