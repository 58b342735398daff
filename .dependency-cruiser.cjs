/**
 * Which folder may import which: each only from those further down in this list, and nothing in a
 * circle, type-only imports included. `npm run lint` checks it.
 */
const LAYERS = [
	['actions', 'methods'],
	['alerts', 'communications', 'patients', 'cases'],
	['fields'],
	['upload', 'download', 'find', 'trigger'],
	['once'],
	['requests'],
	['records'],
	['transport'],
];

const folder = (names) => `^nodes/Cliniko/(${names.flat().join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
	forbidden: [
		{
			name: 'no-circle',
			comment: 'Modules that import each other can only be understood together.',
			severity: 'error',
			from: {},
			to: { circular: true },
		},
		...LAYERS.slice(1).map((layer, at) => ({
			name: `no-import-up-from-${layer.join('-')}`,
			comment: 'A folder knows nothing of the ones that build on it.',
			severity: 'error',
			from: { path: folder(layer) },
			to: { path: folder(LAYERS.slice(0, at + 1)) },
		})),
		{
			name: 'nothing-but-n8n-workflow',
			comment:
				'A verified community node has no dependencies; fast-xml-parser and htmlparser2 are inlined.',
			severity: 'error',
			from: { path: '^(nodes|credentials)/' },
			to: {
				pathNot:
					'^(nodes|credentials)/|^node_modules/(n8n-workflow|fast-xml-parser|htmlparser2)/|^crypto$',
			},
		},
	],
	options: {
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		doNotFollow: { path: 'node_modules' },
	},
};
