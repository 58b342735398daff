import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { errorText, nodeError } from './report';

/** What an operation gives for an item: one or several items without their pairing. */
export type Result = Pick<INodeExecutionData, 'json' | 'binary'>;

/** The two steps of an operation. */
export interface Steps<Parameters> {
	/** Reads and checks all parameters of the item with this index. Sends nothing. */
	read: (itemIndex: number) => Parameters;
	/** Does what these parameters ask for. */
	run: (parameters: Parameters) => Promise<Result[]>;
}

/**
 * Runs an operation item by item, in their order. The parameters of all items are read before the
 * first item is run, so that an expression that fails for one of them does not leave the others done
 * and the node stopped.
 *
 * @returns all results, each paired to its item; with "On Error: Continue" an item that fails becomes
 *   one with an `error` text
 * @throws NodeApiError or NodeOperationError, with the item, if one fails otherwise
 */
export async function eachItem<Parameters>(
	context: IExecuteFunctions,
	{ read, run }: Steps<Parameters>,
): Promise<INodeExecutionData[]> {
	const failed = (error: unknown, itemIndex: number): Result[] => {
		if (!context.continueOnFail()) throw nodeError(context, error as Error, itemIndex);
		return [{ json: { error: errorText(error as Error, itemIndex) } }];
	};
	const planned = context.getInputData().map((_, itemIndex) => {
		try {
			const parameters = read(itemIndex);
			return async () => await run(parameters);
		} catch (error) {
			const results = failed(error, itemIndex);
			return async () => await Promise.resolve(results);
		}
	});
	const output: INodeExecutionData[] = [];
	for (const [itemIndex, results] of planned.entries()) {
		const pairedItem = { item: itemIndex };
		// One by one: a call cannot take as many arguments as a list may have records.
		for (const result of await results().catch((error) => failed(error, itemIndex))) {
			output.push({ ...result, pairedItem });
		}
	}
	return output;
}
