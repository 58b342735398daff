/**
 * Writes the schemas of what the nodes output into a folder:
 * `node --require tsx/cjs scripts/output-schemas.cts FOLDER`. The build does it.
 *
 * n8n shows the fields of a node that has not run yet from them, and its AI builder reads them. n8n
 * looks for `v<version>/<resource>/<operation>.json` in `__schema__` beside the node, and for
 * `v<version>.json` if the node has no resources. They are made from the type `Output` that each
 * operation and the trigger's poll export.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const ROOT = path.join(__dirname, '..');
const NODE = path.join(ROOT, 'nodes/Cliniko');

/** The version of both nodes, in the form that n8n looks for. */
const VERSION = 'v1.0.0';

/** The part of JSON Schema that describes the output. */
export interface Schema {
	type?: string | string[];
	properties?: Record<string, Schema>;
	required?: string[];
	items?: Schema;
}

/**
 * The schemas, by their path below `__schema__`.
 *
 * @throws if a type has a part that no schema is made of here
 */
export function outputSchemas(): Record<string, Schema> {
	const { options, fileNames } = ts.parseJsonConfigFileContent(
		ts.readConfigFile(path.join(ROOT, 'tsconfig.build.json'), ts.sys.readFile).config,
		ts.sys,
		ROOT,
	);
	const program = ts.createProgram(fileNames, options);
	const checker = program.getTypeChecker();
	const schemas = fileNames.flatMap((file) => {
		const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
		const output = module && checker.tryGetMemberInModuleExports('Output', module);
		if (!output) return [];
		const { dir, name } = path.parse(path.relative(path.join(NODE, 'actions'), file));
		const target = dir.startsWith('..') ? VERSION : path.posix.join(VERSION, dir, name);
		return [
			[`${target}.json`, schemaOf(checker.getDeclaredTypeOfSymbol(resolved(output)), checker)],
		];
	});
	return Object.fromEntries(schemas) as Record<string, Schema>;

	/** An exported name may stand for a type of another file. */
	function resolved(symbol: ts.Symbol): ts.Symbol {
		return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
	}
}

/** A value may be null or left out besides its one type: n8n shows no others. */
function schemaOf(type: ts.Type, checker: ts.TypeChecker): Schema {
	const parts = type.isUnion() ? type.types : [type];
	const isNull = ({ flags }: ts.Type) => Boolean(flags & ts.TypeFlags.Null);
	const schemas = parts
		.filter((part) => !isNull(part) && !(part.flags & ts.TypeFlags.Undefined))
		.map((part) => plainSchemaOf(part, checker));
	const [schema] = schemas;
	if (!schema || schemas.some((other) => other.type !== schema.type)) {
		throw new Error(`The output has a value of several types: ${checker.typeToString(type)}`);
	}
	return parts.some(isNull) ? { ...schema, type: [schema.type as string, 'null'] } : schema;
}

function plainSchemaOf(type: ts.Type, checker: ts.TypeChecker): Schema {
	if (type.flags & ts.TypeFlags.StringLike) return { type: 'string' };
	if (type.flags & ts.TypeFlags.NumberLike) return { type: 'number' };
	if (type.flags & ts.TypeFlags.BooleanLike) return { type: 'boolean' };
	if (checker.isArrayType(type)) {
		const [item] = checker.getTypeArguments(type as ts.TypeReference);
		return { type: 'array', items: schemaOf(item!, checker) };
	}
	const fields = checker.getPropertiesOfType(type);
	const isObject = type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection);
	if (!isObject || fields.length === 0) {
		throw new Error(`The output has a value without a schema: ${checker.typeToString(type)}`);
	}
	return {
		type: 'object',
		properties: Object.fromEntries(
			fields.map((field) => [field.name, schemaOf(checker.getTypeOfSymbol(field), checker)]),
		),
		required: fields
			.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional))
			.map(({ name }) => name),
	};
}

function write(folder: string): void {
	for (const [name, schema] of Object.entries(outputSchemas())) {
		const file = path.join(folder, name);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, `${JSON.stringify(schema)}\n`);
	}
}

if (require.main === module) write(process.argv[2]!);
