/**
 * Preloaded into the engine's process to run it on another version of n8n: imports of n8n's
 * packages resolve to ENGINE_N8N, the folder of an installation. Modules inside that folder resolve
 * as usual.
 */
import Module from 'node:module';

const folder = process.env.ENGINE_N8N!;
const OF_N8N = /^(n8n-core|n8n-workflow|n8n-nodes-base|@n8n\/[\w-]+|reflect-metadata)(\/|$)/;

type Resolve = (
	request: string,
	parent: { filename?: string } | undefined,
	isMain: boolean,
	options?: { paths?: string[] },
) => string;

const modules = Module as unknown as { _resolveFilename: Resolve };
const resolve = modules._resolveFilename;
modules._resolveFilename = function (request, parent, isMain, options) {
	const fromOutside = !parent?.filename?.startsWith(folder);
	return OF_N8N.test(request) && fromOutside
		? resolve.call(this, request, parent, isMain, { paths: [folder] })
		: resolve.call(this, request, parent, isMain, options);
};

console.log(`This engine is ${require.resolve('n8n-core')}`);
