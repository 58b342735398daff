/**
 * Builds dist: what n8n loads, and nothing else.
 *
 * All code becomes one file, since a verified community node may have no dependencies: what it uses
 * is inlined, and only n8n's own modules are left to be loaded. Each entry that package.json's `n8n`
 * section names is one line that exports its class from there. The result stays readable, because
 * n8n's reviewers and its scanner read it.
 */
const { execFile } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { mkdir, readdir, readFile, rm, writeFile } = require('node:fs/promises');
const path = require('node:path');
const { promisify } = require('node:util');
const esbuild = require('esbuild');
const { dest, parallel, series, src, watch } = require('gulp');

const { n8n } = JSON.parse(readFileSync('package.json', 'utf8'));

const BUNDLE = 'dist/cliniko.js';

/** `dist/nodes/X/X.node.js` is built from `nodes/X/X.node.ts`. */
const sourceOf = (entry) => entry.replace(/^dist\//, '').replace(/\.js$/, '.ts');

const clean = () => rm('dist', { recursive: true, force: true });

async function typeCheck() {
	const tsc = require.resolve('typescript/bin/tsc');
	try {
		await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json']);
	} catch ({ stdout }) {
		throw new Error(`TypeScript:\n${stdout}`);
	}
}

/** One file for all entries, since what they share is to be there once: code, and an account's queue. */
async function bundle() {
	const entries = [...n8n.nodes, ...n8n.credentials];
	const { metafile } = await esbuild.build({
		stdin: {
			contents: entries.map((entry) => `export * from './${sourceOf(entry)}';`).join('\n'),
			resolveDir: __dirname,
		},
		outfile: BUNDLE,
		bundle: true,
		platform: 'node',
		format: 'cjs',
		// The oldest n8n that is supported runs on Node 20.
		target: 'node20',
		external: ['n8n-workflow'],
		// The parser alone: the rest of the package would bring 80 KB that nothing uses.
		alias: { htmlparser2: path.resolve('node_modules/htmlparser2/dist/esm/Parser.js') },
		// No source map: the bundle is not minified and reads like its sources, and the map would be a
		// third of the package.
		sourcemap: false,
		legalComments: 'none',
		// Apostrophes, accents and tables of characters as they are.
		charset: 'utf8',
		metafile: true,
	});
	await writeFile(BUNDLE, withoutDocComments(await readFile(BUNDLE, 'utf8')));
	await Promise.all([writeLicences(metafile), ...entries.map(writeEntry)]);
}

/** esbuild keeps the doc comments of class members only: a tenth of the package, and no use by themselves. */
function withoutDocComments(code) {
	return code.replace(/^[ \t]*\/\*\*[^]*?\*\/\n/gm, '');
}

/** n8n expects `dist/nodes/X/X.node.js` to export a class `X`. */
async function writeEntry(entry) {
	const name = path.basename(entry).replace(/\..*/, '');
	const bundled = path.relative(path.dirname(entry), BUNDLE);
	await mkdir(path.dirname(entry), { recursive: true });
	await writeFile(entry, `exports.${name} = require('${bundled}').${name};\n`);
}

/** The licences of the packages that were inlined ask to be passed on with them. */
async function writeLicences({ outputs }) {
	const inlined = Object.entries(outputs[BUNDLE].inputs)
		.filter(([, { bytesInOutput }]) => bytesInOutput > 0)
		.map(([input]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
		.filter(Boolean);
	const texts = [...new Set(inlined)].sort().map(async (folder) => {
		const { name, version, license } = JSON.parse(
			await readFile(path.join(folder, 'package.json')),
		);
		if (!license) throw new Error(`${name} is inlined and names no licence`);
		const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
		const text = file ? await readFile(path.join(folder, file), 'utf8') : '';
		return `${name} ${version} (${license})\n\n${text}`;
	});
	const text = (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
	await writeFile(`${BUNDLE}.LICENSES.txt`, text);
}

const copyIcons = () => src('nodes/**/*.svg', { encoding: false }).pipe(dest('dist/nodes'));

const copyCodex = () => src('nodes/**/*.node.json').pipe(dest('dist/nodes'));

/** What n8n shows of a node that has not run: see scripts/output-schemas.cts. */
async function writeSchemas() {
	const script = ['--require', 'tsx/cjs', 'scripts/output-schemas.cts'];
	await promisify(execFile)(process.execPath, [...script, 'dist/nodes/Cliniko/__schema__']);
}

// The type check and the schemas take seconds each, and do not need each other.
const build = series(
	clean,
	parallel(typeCheck, writeSchemas),
	parallel(bundle, copyIcons, copyCodex),
);

exports.build = build;
exports.watch = () => watch(['nodes/**', 'credentials/**'], { ignoreInitial: false }, build);
exports.default = build;
