/**
 * Descriptions of n8n's node types. They are loaded in a separate process, because some of n8n's
 * own nodes use packages that jest cannot load.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
	NodeHelpers,
	type INode,
	type INodeType,
	type INodeTypeDescription,
	type IVersionedNodeType,
} from 'n8n-workflow';

/** A node type with a version. */
export type TypeAndVersion = Pick<INode, 'type' | 'typeVersion'>;

/**
 * The descriptions of node types, n8n's own and those of this package's build.
 *
 * @returns in the same order; null if n8n does not have the type in this version
 */
export function descriptionsOf(wanted: TypeAndVersion[]): Array<INodeTypeDescription | null> {
	const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', __filename], {
		input: JSON.stringify(wanted),
		maxBuffer: 64 * 1024 ** 2,
		encoding: 'utf8',
	});
	return JSON.parse(output) as Array<INodeTypeDescription | null>;
}

function descriptionOf({ type, typeVersion }: TypeAndVersion): INodeTypeDescription | null {
	const [, packageName, name] = /^(.*)\.(\w+)$/.exec(type) ?? [];
	const { folder, className, sourcePath } =
		packageName === 'n8n-nodes-base' ? baseNode(name!) : ownNode(name!);
	if (!sourcePath) return null;
	const module = require(path.join(folder, sourcePath)) as Record<
		string,
		new () => INodeType | IVersionedNodeType
	>;
	const loaded = new module[className]!();
	const versions =
		'nodeVersions' in loaded
			? Object.keys(loaded.nodeVersions).map(Number)
			: [loaded.description.version].flat();
	return versions.includes(typeVersion)
		? NodeHelpers.getVersionedNodeType(loaded, typeVersion).description
		: null;
}

interface Source {
	folder: string;
	className: string;
	sourcePath?: string;
}

function baseNode(name: string): Source {
	const folder = path.dirname(require.resolve('n8n-nodes-base/package.json'));
	const known = JSON.parse(
		readFileSync(path.join(folder, 'dist/known/nodes.json'), 'utf8'),
	) as Record<string, Omit<Source, 'folder'>>;
	return { folder, className: '', ...known[name] };
}

function ownNode(name: string): Source {
	const folder = path.join(__dirname, '../..');
	const { n8n } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
		n8n: { nodes: string[] };
	};
	const className = name[0]!.toUpperCase() + name.slice(1);
	const sourcePath = n8n.nodes.find((one) => one.endsWith(`/${className}.node.js`));
	return { folder, className, sourcePath };
}

if (require.main === module) {
	const wanted = JSON.parse(readFileSync(0, 'utf8')) as TypeAndVersion[];
	process.stdout.write(JSON.stringify(wanted.map(descriptionOf)));
}
