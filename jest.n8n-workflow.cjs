/**
 * n8n-workflow as the tests see it: all of its exports, each loaded when it is first used. Jest loads
 * modules anew for every test file, and the whole package takes longer to load than most files to run.
 */
const SMALL_MODULES = {
	Expression: 'expression',
	NodeApiError: 'errors/node-api.error',
	NodeConnectionTypes: 'interfaces',
	NodeOperationError: 'errors/node-operation.error',
	OperationalError: 'errors/base/operational.error',
	sleep: 'utils',
	updateDisplayOptions: 'utils',
};

const load = (module) => require(`n8n-workflow/dist/cjs/${module}.js`);

const loaded = new Map();

module.exports = new Proxy(
	{},
	{
		get(_, name) {
			if (!loaded.has(name)) loaded.set(name, load(SMALL_MODULES[name] ?? 'index')[name]);
			return loaded.get(name);
		},
		has: (_, name) => name in load('index'),
		ownKeys: () => Reflect.ownKeys(load('index')),
		getOwnPropertyDescriptor: (_, name) => ({
			...Reflect.getOwnPropertyDescriptor(load('index'), name),
			configurable: true,
		}),
	},
);
