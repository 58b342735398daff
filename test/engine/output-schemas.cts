import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { Engine } from '../../engine/engine.cts';
import type { PollRequest, RunReply, RunRequest } from '../../engine/protocol.cts';

const SCHEMAS = path.join(__dirname, '../../dist/nodes/Cliniko/__schema__/v1.0.0');

const ajv = new Ajv({ allowUnionTypes: true });
const validators = new Map<string, ValidateFunction>();

/**
 * The engine, with a check of each reply: what a Cliniko node outputs has to fit the schema that the
 * package has for it. A call whose reply does not fit is rejected.
 */
export function withCheckedOutput(engine: Engine): Engine {
	return {
		...engine,
		call: async (kind, request) => {
			const reply = await engine.call(kind, request);
			const wrong =
				kind === 'run'
					? mistakesInRun(request as RunRequest, reply as RunReply)
					: kind === 'poll'
						? mistakesIn((reply as { items: INodeExecutionData[] | null }).items ?? [], {
								parameters: (request as PollRequest).parameters,
							})
						: [];
			if (wrong.length > 0) throw new Error(`Not as its schema says: ${wrong.join('; ')}`);
			return reply;
		},
	};
}

function mistakesInRun({ workflow }: RunRequest, { run }: RunReply): string[] {
	return workflow.nodes
		.filter(({ type }) => type === 'n8n-nodes-cliniko.cliniko')
		.flatMap(({ name, parameters }) =>
			(run.data.resultData.runData[name] ?? []).flatMap(({ data }) => {
				const items = (data?.main ?? []).flatMap((output) => output ?? []);
				const { resource = 'patientAttachment', operation = 'upload' } = parameters;
				return mistakesIn(items, {
					schema: `${String(resource)}/${String(operation)}`,
					parameters,
				});
			}),
		);
}

/** @param schema its name; none is the trigger's */
function mistakesIn(
	items: INodeExecutionData[],
	{ schema = '', parameters }: { schema?: string; parameters: IDataObject },
): string[] {
	const isSimple = (parameters.simplify ?? true) === true;
	return items.flatMap(({ json }) => {
		if (isErrorItem(json)) return [];
		const validate = validatorOf(schema, isSimple);
		// Cliniko may have an empty text in place of any value, which Simplify makes null.
		const empty = Object.entries(json).filter(([, value]) => isSimple || value !== '');
		if (validate(Object.fromEntries(empty))) return [];
		return validate.errors!.map(
			({ instancePath, message, params }) =>
				`${schema || 'the trigger'}${instancePath} ${message} ${JSON.stringify(params)}`,
		);
	});
}

/** Of "On Error: Continue", which has no schema in n8n. */
function isErrorItem(json: IDataObject): boolean {
	return typeof json.error === 'string';
}

/** A schema is for Simplify on; without it, the fields that both have are of the same types. */
function validatorOf(schema: string, isSimple: boolean): ValidateFunction {
	const key = JSON.stringify([schema, isSimple]);
	const known = validators.get(key);
	if (known) return known;
	const file = `${path.join(SCHEMAS, schema)}.json`;
	if (!existsSync(file)) throw new Error(`There is no schema ${file}`);
	const { required, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as SchemaObject;
	const strict = { ...rest, required, additionalProperties: false };
	const validate = ajv.compile(isSimple ? strict : rest);
	validators.set(key, validate);
	return validate;
}
