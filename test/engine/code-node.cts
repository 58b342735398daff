/**
 * Loaded into the engine's process. n8n runs the code of a Code node in a separate process, the
 * task runner, which is part of n8n but not of its engine. Here it runs in the engine's process,
 * with the same `$input` and `$`.
 */
import path from 'node:path';
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

interface Sandbox {
	prototype: {
		runCodeAllItems: (
			this: { executeFunctions: IExecuteFunctions },
			code: string,
		) => Promise<INodeExecutionData[]>;
	};
}

const folder = path.dirname(require.resolve('n8n-nodes-base/package.json'));
const { JsTaskRunnerSandbox } = require(
	path.join(folder, 'dist/nodes/Code/JsTaskRunnerSandbox.js'),
) as { JsTaskRunnerSandbox: Sandbox };

JsTaskRunnerSandbox.prototype.runCodeAllItems = async function (code) {
	const { $input, $ } = this.executeFunctions.getWorkflowDataProxy(0);
	const run = new Function('$input', '$', `return (async () => {${code}})()`) as (
		...data: unknown[]
	) => Promise<INodeExecutionData[]>;
	// The task runner returns the result as JSON, too.
	return JSON.parse(JSON.stringify(await run($input, $))) as INodeExecutionData[];
};
