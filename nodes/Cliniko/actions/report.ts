import {
	NodeApiError,
	NodeOperationError,
	type IExecuteFunctions,
	type IPollFunctions,
} from 'n8n-workflow';

import { ClinikoError, withFile } from '../errors';

/**
 * The error that stops the node, as n8n shows it: with the item, the advice, and the status of the
 * reply if there was one. It contains nothing else of the request or the reply.
 *
 * @param error a ClinikoError, an error of n8n's (from an expression), or a result of this function
 * @param itemIndex undefined in a trigger, which has no items
 */
export function nodeError(
	context: IExecuteFunctions | IPollFunctions,
	error: Error,
	itemIndex?: number,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
	const node = context.getNode();
	if (!(error instanceof ClinikoError)) return new NodeOperationError(node, error, { itemIndex });
	const { description, httpCode } = error;
	// Of an error in a tool call, a model gets the message only.
	const isTool = node.type.endsWith('Tool');
	const message = isTool ? errorText(error, itemIndex) : withItem(error.message, itemIndex);
	const shown =
		httpCode === undefined
			? new NodeOperationError(node, message, { itemIndex, description: description ?? undefined })
			: new NodeApiError(
					node,
					{ message },
					{ message, itemIndex, description: description ?? undefined, httpCode: `${httpCode}` },
				);
	// n8n replaces a message that contains a word such as ENOENT, which a file's name may contain.
	shown.message = message;
	return shown;
}

/**
 * The `error` of an error item: what happened and what to do, in one text. n8n keeps nothing else of
 * the error, and people forward it by e-mail.
 *
 * @param fileName is added if the message does not mention it
 */
export function errorText(error: Error, itemIndex: number | undefined, fileName?: string): string {
	const advice = error instanceof ClinikoError ? error.description : undefined;
	return [withItem(withFile(error.message, fileName), itemIndex), advice].filter(Boolean).join(' ');
}

function withItem(message: string, itemIndex: number | undefined): string {
	return itemIndex === undefined ? message : `${message} [item ${itemIndex}]`;
}
