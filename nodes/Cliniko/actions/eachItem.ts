import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Files } from './parameters/inputFiles';
import { errorText, nodeError } from './report';

/** One output item of an operation, not yet paired to its input item. */
export type Result = Pick<INodeExecutionData, 'json' | 'binary'>;

/** The two steps of an operation. */
export interface Steps<Parameters> {
	/** Reads and validates the parameters of one item. Sends nothing. */
	read: (itemIndex: number) => Parameters;
	/** The files that all results of an item carry, its error item included. None by default. */
	files?: (itemIndex: number) => Files;
	/** Does the work for one item. */
	run: (parameters: Parameters) => Promise<Result[]>;
}

/**
 * Runs an operation on each item in turn. The parameters of all items are read before the first item
 * is run, so that a failing expression does not stop the node halfway through.
 *
 * @returns all results, each paired to its item; with "On Error: Continue", a failed item becomes an
 *   item with an `error` text
 * @throws NodeApiError or NodeOperationError that names the item, if one fails and the node is set to
 *   stop
 */
export async function eachItem<Parameters>(
	context: IExecuteFunctions,
	{ read, files: filesOf = () => ({}), run }: Steps<Parameters>,
): Promise<INodeExecutionData[]> {
	const failed = (error: unknown, itemIndex: number, { json, binary }: Files): Result[] => {
		if (!context.continueOnFail()) throw nodeError(context, error as Error, itemIndex);
		// n8n recognises what goes to its error output by the keys, and adds the JSON of the input item.
		const files = context.getNode().onError === 'continueErrorOutput' ? {} : json;
		const result = { json: { ...files, error: errorText(error as Error, itemIndex) } };
		return [binary ? { ...result, binary } : result];
	};
	const planned = context.getInputData().map((_, itemIndex) => {
		let files: Files = {};
		try {
			files = filesOf(itemIndex);
			const parameters = read(itemIndex);
			return async () =>
				await run(parameters).then(
					(results) => results.map((result) => withFiles(result, files)),
					(error) => failed(error, itemIndex, files),
				);
		} catch (error) {
			const results = failed(error, itemIndex, files);
			return async () => await Promise.resolve(results);
		}
	});
	const output: INodeExecutionData[] = [];
	for (const [itemIndex, results] of planned.entries()) {
		const pairedItem = { item: itemIndex };
		// Not `push(...results)`: a list may have more records than a call can take arguments.
		for (const result of await results()) output.push({ ...result, pairedItem });
	}
	return output;
}

function withFiles({ json, binary }: Result, files: Files): Result {
	const result = { json: { ...json, ...files.json } };
	const its = files.binary ?? binary;
	return its ? { ...result, binary: its } : result;
}
