import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { errorText, nodeError } from './report';

/** What an operation gives for an item: one or several items without their pairing. */
export type Result = Pick<INodeExecutionData, 'json' | 'binary'>;

/**
 * Runs an operation item by item, in their order.
 *
 * @param work what is to be done for the item with this index
 * @returns all results, each paired to its item; with "On Error: Continue" an item that fails becomes
 *   one with an `error` text
 * @throws NodeApiError or NodeOperationError, with the item, if one fails otherwise
 */
export async function eachItem(
	context: IExecuteFunctions,
	work: (itemIndex: number) => Promise<Result[]>,
): Promise<INodeExecutionData[]> {
	const output: INodeExecutionData[] = [];
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		const pairedItem = { item: itemIndex };
		try {
			const results = await work(itemIndex);
			output.push(...results.map((result) => ({ ...result, pairedItem })));
		} catch (error) {
			if (!context.continueOnFail()) throw nodeError(context, error as Error, itemIndex);
			output.push({ json: { error: errorText(error as Error, itemIndex) }, pairedItem });
		}
	}
	return output;
}
